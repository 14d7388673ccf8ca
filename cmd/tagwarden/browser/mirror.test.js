// tagwarden-mirror.js beside stand-ins of the platforms that it reads, in a real browser: before a choice, after a yes, a no and a change, on
// the next page, and where nobody can know; and what a hit is judged by then.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './harness/browser.js';
import { openSite } from './harness/site.js';
import { standIn } from './harness/vendor.js';
import { base, build, certificate, names, start } from './harness/warden.js';

/**
 * What each platform has in the page. It is run there before anything else, keeps what was chosen in localStorage as the platforms do, and
 * gives window.choose(state). Of the states, odd is one that the platform does not document.
 */
const standIns = {
  'Usercentrics 3': {
    cmp: 'usercentrics',
    page: () => {
      const is = () => localStorage.chosen ?? 'none', given = () => is() === 'yes';
      window.__ucCmp = {
        isInitialized: async () => true,
        getConsentDetails: async () => ({
          consent: { type: is() === 'none' ? 'IMPLICIT' : 'EXPLICIT', status: 'SOME_ACCEPTED', updatedAt: Number(localStorage.at ?? 1700000000000) },
          services: {
            HkocEodjb7: { name: 'Mixpanel', essential: false, consent: { given: is() === 'none' || given(), type: 'EXPLICIT' } },
            H1Vl5NidjWX: { name: 'Shop', essential: true, consent: { given: true, type: 'EXPLICIT' } },
          },
          categories: {
            marketing: { name: 'Marketing', state: is() === 'odd' ? 'PERHAPS' : is() === 'none' || given() ? 'ALL_ACCEPTED' : 'ALL_DENIED' },
            essential: { name: 'Essential', state: 'ALL_ACCEPTED' },
          },
        }),
      };
      window.choose = state => {
        localStorage.chosen = state;
        localStorage.at = Number(localStorage.at ?? 1700000000000) + 1000;
        window.dispatchEvent(new Event('UC_CONSENT'));
      };
    },
    says: yes => ({ categories: { essential: true, marketing: yes }, services: { Mixpanel: yes, Shop: true } }),
  },
  'Usercentrics 2': {
    cmp: 'usercentrics',
    page: () => {
      const is = () => localStorage.chosen ?? 'none';
      window.UC_UI = {
        isInitialized: () => true,
        getServicesBaseInfo: () => [
          { name: 'Shop', categorySlug: 'essential', isEssential: true, consent: { status: true, history: [] } },
          {
            name: 'Mixpanel', categorySlug: 'marketing', isEssential: false,
            consent: { status: is() === 'odd' ? 'perhaps' : is() !== 'no', history: [{ type: is() === 'none' ? 'implicit' : 'explicit' }] },
          },
        ],
      };
      window.choose = state => {
        localStorage.chosen = state;
        window.dispatchEvent(new CustomEvent('UC_UI_CMP_EVENT', { detail: { type: 'SAVE' } }));
      };
    },
    says: yes => ({ categories: { essential: true, marketing: yes }, services: { Mixpanel: yes, Shop: true } }),
  },
  Didomi: {
    cmp: 'didomi',
    page: () => {
      const is = () => localStorage.chosen ?? 'none';
      window.Didomi = {
        isUserStatusPartial: () => is() === 'none',
        getCurrentUserStatus: () => ({
          purposes: { analytics: { id: 'analytics', enabled: is() === 'odd' ? 1 : is() === 'yes' }, needed: { id: 'needed', enabled: true } },
          vendors: { 'c:mixpanel': { id: 'c:mixpanel', enabled: is() === 'yes' } },
          updated: is() === 'none' ? undefined : localStorage.at, regulation: 'gdpr',
        }),
      };
      window.didomiOnReady = { push: go => setTimeout(go) };
      const listeners = [];
      window.didomiEventListeners = { push: l => listeners.push(l) };
      window.choose = state => {
        localStorage.chosen = state;
        localStorage.at = new Date(Date.parse(localStorage.at ?? '2026-11-01T10:00:00.000Z') + 1000).toISOString();
        for (const l of listeners) if (l.event === 'consent.changed') l.listener({});
      };
    },
    says: yes => ({ categories: { analytics: yes, needed: true }, services: { 'c:mixpanel': yes } }),
  },
  Osano: {
    cmp: 'osano',
    page: () => {
      const is = () => localStorage.chosen;
      const consent = () => is() && { ESSENTIAL: 'ACCEPT', ANALYTICS: is() === 'odd' ? 'MAYBE' : is() === 'yes' ? 'ACCEPT' : 'DENY', OPT_OUT: is() === 'no' ? 'ACCEPT' : 'DENY' };
      const listeners = {};
      window.Osano = { cm: {
        getConsent: () => ({ ESSENTIAL: 'ACCEPT', ANALYTICS: 'ACCEPT' }), // its defaults, before anybody chose
        addEventListener(event, listener) {
          listeners[event] = listener;
          if (event === 'osano-cm-initialized') setTimeout(() => listener(consent()));
        },
      } };
      window.choose = state => {
        localStorage.chosen = state;
        listeners['osano-cm-consent-saved'](consent());
      };
    },
    says: yes => ({ categories: yes ? { ANALYTICS: true, ESSENTIAL: true } : { ANALYTICS: false, ESSENTIAL: true, OPT_OUT: false }, services: {} }),
  },
  Termly: {
    cmp: 'termly', seen: true,
    page: () => {
      const listeners = {};
      const is = () => localStorage.chosen ?? 'none';
      window.Termly = {
        getConsentState: () => ({ essential: true, analytics: is() === 'odd' ? 'perhaps' : is() !== 'no' }), // before a choice: its defaults
        on(event, listener) {
          listeners[event] = listener;
          if (event === 'initialized') setTimeout(() => listener({}));
        },
      };
      window.choose = state => {
        localStorage.chosen = state;
        listeners.consent({});
      };
    },
    says: yes => ({ categories: { analytics: yes, essential: true }, services: {} }),
  },
  Sourcepoint: {
    cmp: 'sourcepoint', seen: true,
    page: () => {
      const listeners = {};
      const is = () => localStorage.chosen ?? 'none', yes = () => is() === 'yes' || is() === 'none'; // before a choice: its defaults
      window._sp_ = {
        addEventListener(event, listener) { (listeners[event] ??= []).push(listener); },
        gdpr: {
          getCustomVendorConsents(done) {
            const grant = is() === 'odd' ? 'perhaps' : yes();
            setTimeout(() => done({
              consentedPurposes: yes() ? [{ _id: 'p1', name: 'Analytics' }] : [], consentedVendors: [],
              grants: { v1: { vendorGrant: grant, purposeGrants: { p1: grant } } },
            }, true));
          },
        },
      };
      const tell = (event, ...said) => { for (const l of listeners[event] ?? []) l(...said); };
      setTimeout(() => tell('onConsentReady', 'gdpr', 'uuid', 'string', {}), 50);
      window.choose = state => {
        localStorage.chosen = state;
        tell('onMessageChoiceSelect', 'gdpr', 1, 12); // looks at the options, which is no choice
        tell('onMessageChoiceSelect', 'gdpr', 2, state === 'no' ? 13 : 11);
        tell('onConsentReady', 'gdpr', 'uuid', 'string', {});
      };
    },
    says: yes => ({ categories: { p1: yes }, services: { v1: yes } }),
  },
};

let dir, warden, site, browser, segment;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-mirror-'));
  const tls = await certificate(dir);
  segment = await standIn('segment');
  site = await openSite(tls, []);
  warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: [segment], signals: 'mirror: { categories: { ANALYTICS: analytics } }' });
  site.passOnTo(warden.port);
  browser = await launch();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await site?.stop();
  const code = await warden?.stop();
  await segment?.stop();
  fs.rmSync(dir, { recursive: true, force: true });
  assert.equal(code, 0, 'tagwarden ends cleanly');
});

/** A visitor of pages with these stand-ins. Time in the pages stands still until it is let go on. */
async function visitor(...of) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', e => problems.push(e.message));
  page.on('console', m => { if (m.type() === 'error') problems.push(m.text()); });
  await page.clock.install({ time: new Date('2026-11-29T12:00:00Z') });
  for (const stand of of) await page.addInitScript(stand);
  const pass = ms => page.clock.runFor(ms);
  return {
    page, problems, pass,
    /** Opens a page with the script in it, after the platform or before it. */
    async open(attributes = {}) {
      await page.goto(site.origin + '/');
      await page.evaluate(([src, given]) => new Promise((done, fail) => {
        const script = Object.assign(document.createElement('script'), { src, onload: done, onerror: fail });
        Object.assign(script.dataset, given);
        document.head.append(script);
      }), [`${base}/privacy/tagwarden-mirror.js`, attributes]);
      await pass(1500);
    },
    async choose(state) {
      await page.evaluate(s => window.choose(s), state);
      await pass(1500);
    },
    /** What stands in the cookie, undefined where there is none. */
    async cookie(name = 'tagwarden-choices') {
      const found = (await context.cookies()).filter(c => c.name === name);
      assert.ok(found.length <= 1, 'one cookie');
      if (!found.length) return undefined;
      assert.ok(found[0].secure && found[0].sameSite === 'Lax' && found[0].path === '/' && found[0].domain === names.site, 'of the site alone');
      return JSON.parse(decodeURIComponent(found[0].value));
    },
    others: async () => (await context.cookies()).map(c => c.name).filter(n => n !== 'tagwarden-choices'),
    leave: () => context.close(),
  };
}

/** What the cookie says, but for its date. */
const told = ({ v, at, ...rest }) => (assert.equal(v, 1), rest);

for (const [name, { cmp, page: stand, says, seen }] of Object.entries(standIns)) {
  test(`${name}: before a choice, yes, no, and on the next page`, { timeout: 60_000 }, async () => {
    const v = await visitor(stand);
    try {
      await v.open();
      assert.equal(await v.cookie(), undefined, 'nobody chose');

      await v.choose('yes');
      const yes = await v.cookie();
      assert.deepEqual(told(yes), { cmp, ...says(true) });
      assert.ok(yes.at > 0, 'it is dated');

      await v.open();
      assert.deepEqual(await v.cookie(), yes, 'on the next page it is as it was');

      await v.choose('no');
      const no = await v.cookie();
      assert.deepEqual(told(no), { cmp, ...says(false) });
      assert.ok(no.at > yes.at, 'dated anew');

      await v.open();
      assert.deepEqual(await v.cookie(), no);
      await v.choose('yes');
      assert.deepEqual(told(await v.cookie()), { cmp, ...says(true) }, 'and a change of mind');
      assert.deepEqual(await v.others(), []);
      assert.deepEqual(v.problems, []);
    } finally {
      await v.leave();
    }
  });

  test(`${name}: what is not understood is no yes`, { timeout: 60_000 }, async () => {
    const v = await visitor(stand);
    try {
      await v.open();
      await v.choose('yes');
      assert.notEqual(await v.cookie(), undefined);
      await v.choose('odd');
      assert.equal(await v.cookie(), undefined, 'what was known before does not stand');
      await v.open();
      assert.equal(await v.cookie(), undefined);
      if (seen) { // nobody saw this yes being chosen
        await v.page.evaluate(() => { localStorage.chosen = 'yes'; });
        await v.open();
        assert.equal(await v.cookie(), undefined, 'a state is no act');
      }
      assert.deepEqual(v.problems, []);
    } finally {
      await v.leave();
    }
  });
}

test('a platform that comes later, never, or twice', { timeout: 60_000 }, async () => {
  const osano = standIns.Osano.page;
  for (const [what, stands] of [
    ['never', []],
    ['breaks', [() => { window.Termly = { on() { throw Error('no'); }, getConsentState() { throw Error('no'); } }; }]],
    ['says nothing', [() => { window.__ucCmp = { isInitialized: () => new Promise(() => {}), getConsentDetails() {} }; }]],
    ['twice', [osano, standIns.Didomi.page]],
  ]) {
    const v = await visitor(...stands);
    try {
      await v.page.goto(site.origin + '/');
      await v.page.evaluate(() => {
        localStorage.chosen = 'yes';
        const stale = { v: 1, cmp: 'osano', categories: { ANALYTICS: true, ESSENTIAL: true }, services: {} };
        document.cookie = 'tagwarden-choices=' + encodeURIComponent(JSON.stringify(stale)) + '; Path=/; SameSite=Lax; Secure';
      });
      await v.open();
      await v.pass(25_000);
      assert.equal(await v.cookie(), undefined, what);
    } finally {
      await v.leave();
    }
  }
  const v = await visitor();
  try {
    await v.open({ cookie: 'choices', cmp: 'osano' });
    await v.page.evaluate(`(${osano})()`);
    await v.pass(1000);
    await v.choose('yes');
    assert.deepEqual(told(await v.cookie('choices')), { cmp: 'osano', ...standIns.Osano.says(true) }, 'later, under a name of the site\'s');
  } finally {
    await v.leave();
  }
});

test('a hit is judged by it', { timeout: 60_000 }, async () => {
  const v = await visitor(standIns.Osano.page);
  try {
    const decided = async () => {
      const before = await warden.decided('segment');
      assert.equal(await v.page.evaluate(async to => (await fetch(to, {
        method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ type: 'track', event: 'Seen', anonymousId: 'a4cf1b6e-9b0a-4a58-9d0e-1d5f0f3b2a11', writeKey: 'KEY' }),
      })).status, `${base}/segment/v1/t`), 200);
      const now = await warden.decided('segment');
      return Object.keys(now).filter(k => now[k] !== before[k]);
    };
    await v.open();
    assert.deepEqual(await decided(), ['deny no_consent']);
    await v.choose('yes');
    assert.deepEqual(await decided(), ['permit permitted']);
    await v.choose('no');
    assert.deepEqual(await decided(), ['deny consent_refused']);
  } finally {
    await v.leave();
  }
});
