// The preference centre, in a real browser: by keyboard alone, with and without JavaScript, in every language; and what it does to a real SDK's
// next hit. TAGWARDEN_SCREENSHOTS names a folder for pictures of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from './harness/browser.js';
import { openSite } from './harness/site.js';
import { standIn } from './harness/vendor.js';
import { base, build, certificate, consentCookie, names, start } from './harness/warden.js';

const choice = '__Host-tagwarden-objections', undo = '__Host-tagwarden-undo';
const vendor = 'segment', sdk = '@segment/analytics-next', purpose = 'audience-measurement';
const pictures = process.env.TAGWARDEN_SCREENSHOTS;

/** What the page says once something is saved, and once it is taken back. */
const languages = {
  en: { saved: 'Your choice is saved and in force.', back: 'Your choice is taken back.' },
  de: { saved: 'Ihre Entscheidung ist gespeichert und wirksam.', back: 'Ihre Entscheidung ist zurückgenommen.' },
  fr: { saved: 'Votre choix est enregistré et pris en compte.', back: 'Votre refus est retiré.' },
};

let dir, warden, site, browser, segment;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-privacy-'));
  const tls = await certificate(dir);
  segment = await standIn(vendor);
  site = await openSite(tls, [vendor]);
  warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: [segment] });
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

/** A browser of its own, and a page in it that notes what it complains about. */
async function open(options) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('console', m => { if (m.type() === 'error') problems.push(m.text()); });
  page.on('pageerror', e => problems.push(e.message));
  const cookies = async () => Object.fromEntries((await context.cookies()).map(c => [c.name, c]));
  return { context, page, problems, cookies };
}

/** Goes on with the Tab key until the element is focused, and says how often that took. */
async function tabTo(page, selector) {
  for (let n = 1; n <= 40; n++) {
    await page.keyboard.press('Tab');
    if (await page.locator(selector).first().evaluate(e => e === document.activeElement)) {
      const outline = await page.locator(selector).first().evaluate(e => getComputedStyle(e).outlineStyle);
      assert.notEqual(outline, 'none', `one sees that ${selector} is focused`);
      return n;
    }
  }
  throw new Error(`${selector} cannot be reached by keyboard`);
}

/** Presses Enter, and waits for the page that it leads to. */
async function enter(page) {
  const loaded = page.waitForEvent('load');
  await page.keyboard.press('Enter');
  await loaded;
}

const privacy = lang => `${site.origin}${base}/privacy/?lang=${lang}`;

for (const javaScriptEnabled of [true, false]) {
  for (const [lang, said] of Object.entries(languages)) {
    test(`by keyboard, ${lang}, JavaScript: ${javaScriptEnabled}`, { timeout: 60_000 }, async () => {
      const { context, page, problems, cookies } = await open({ javaScriptEnabled, locale: lang });
      try {
        await page.goto(privacy(lang));
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.deepEqual(await cookies(), {}, 'looking sets no cookie');

        await tabTo(page, `#p-${purpose}`);
        await page.keyboard.press('Space');
        await tabTo(page, 'button[value=save]');
        await enter(page);
        assert.ok((await page.locator('[role=status]').innerText()).includes(said.saved));
        assert.ok(await page.locator(`#p-${purpose}`).isChecked());
        assert.equal(await page.evaluate(() => document.querySelector(':target')?.id), 'status', 'what was done is where the page is now');
        const { [choice]: kept, ...others } = await cookies();
        assert.deepEqual(Object.keys(others), [], 'one cookie, which only holds the choice');
        assert.equal(kept.value, purpose);
        assert.ok(kept.secure && !kept.httpOnly && kept.sameSite === 'Lax' && kept.path === '/');
        await picture(page, `${lang}${javaScriptEnabled ? '' : '-no-js'}`);

        await page.goto(privacy(lang));
        await tabTo(page, 'button[value=all]');
        await enter(page);
        assert.equal((await cookies())[choice].value, `all/${purpose}`);
        await tabTo(page, 'button[value=back]');
        await enter(page);
        assert.ok((await page.locator('[role=status]').innerText()).includes(said.back));
        assert.deepEqual(await cookies(), {});
        assert.deepEqual(problems, []);
      } finally {
        await context.close();
      }
    });
  }
}

/** Keeps pictures of a page: wide and narrow, by day and by night. */
async function picture(page, name) {
  for (const [width, colorScheme] of [[1100, 'light'], [360, 'light'], [1100, 'dark'], [360, 'dark']]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width}: nothing sticks out`);
    if (pictures) await page.screenshot({ path: path.join(pictures, `privacy-${name}-${width}-${colorScheme}.png`), fullPage: true });
  }
}

test('a real SDK is denied from the next hit on, and permitted again', { timeout: 120_000 }, async () => {
  const { context, page, problems, cookies } = await open();
  try {
    await context.addCookies([
      { name: consentCookie, value: 'yes', domain: names.site, path: '/', secure: true },
      { name: 'sdk', value: vendor, domain: names.site, path: '/', secure: true },
    ]);
    const setUp = await warden.snippet(vendor, sdk, site.origin);
    /** What is decided of one page's hits. */
    const decided = async event => {
      const before = await warden.decided(vendor);
      await page.goto(site.origin + '/');
      await page.evaluate(async line => { await window.sdk.started((0, eval)(line)); }, setUp);
      await page.evaluate(name => { window.sdk.track(name, {}); }, event);
      for (let n = 0; n < 100; n++) {
        await pause(100);
        const now = await warden.decided(vendor);
        const fresh = Object.keys(now).filter(k => now[k] !== before[k]);
        if (fresh.length > 0 && site.sent(vendor).some(s => s.method === 'POST')) {
          site.take(vendor);
          return fresh;
        }
      }
      throw new Error('nothing was decided within ten seconds');
    };
    const privacyButton = async value => {
      await page.goto(privacy('en'));
      await page.locator(`button[value=${value}]`).first().click();
      await page.waitForURL(/done=/);
    };

    assert.deepEqual(await decided('Before'), ['permit permitted']);
    await privacyButton('all');
    const objected = await cookies();
    assert.ok(objected[choice].value === 'all' && objected[undo].httpOnly && objected[undo].sameSite === 'Strict', 'the identifier that the SDK made is known');
    assert.deepEqual(await decided('Objected'), ['deny objection']);

    // Without the cookie it still stands: for the identifier, in the store.
    await context.clearCookies({ name: choice });
    assert.deepEqual(await decided('Remembered'), ['deny objection']);

    await privacyButton('back');
    assert.equal((await cookies())[undo], undefined);
    assert.deepEqual(await decided('After'), ['permit permitted']);

    const received = segment.take().requests.map(r => r.body.toString()).join('\n');
    assert.ok(received.includes('"Before"') && received.includes('"After"') && !received.includes('"Objected"') && !received.includes('"Remembered"'), received);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
});

test('tagwarden.js does the same for a front end, and answers navigator.globalPrivacyControl', { timeout: 60_000 }, async () => {
  const { context, page, problems } = await open();
  try {
    await page.goto(site.origin + '/?utm_campaign=spring');
    await page.addScriptTag({ url: `${site.origin}${base}/privacy/tagwarden.js` });
    const seen = await page.evaluate(async of => [
      navigator.globalPrivacyControl,
      await window.tagwarden.object([of]), navigator.globalPrivacyControl,
      await window.tagwarden.object(['all'], { 'client_id:segment': '0190a0b0-0000-7000-8000-000000000001' }), navigator.globalPrivacyControl,
      await window.tagwarden.standing(),
      await window.tagwarden.takeBack(['all'], { 'client_id:segment': '0190a0b0-0000-7000-8000-000000000001' }), navigator.globalPrivacyControl,
      await window.tagwarden.object(['all'], { email: 'jane.doe@example.com' }).catch(e => ({ code: e.code, status: e.status })),
    ], purpose);
    assert.deepEqual(seen, [
      false,
      { in_force: [purpose], identified: 0 }, false,
      { in_force: ['all', purpose], identified: 1 }, true,
      { in_force: ['all', purpose], identified: 0 },
      { in_force: [], identified: 1 }, false,
      { code: 'identifier', status: 403 },
    ]);
    assert.deepEqual(problems.filter(p => !p.includes('403')), []);
  } finally {
    await context.close();
  }
});

for (const [how, load] of Object.entries({
  'in the page': src => ({ type: 'module', content: `window.loaded = import(${JSON.stringify(src)})` }),
  'by its address': src => ({ type: 'module', url: src }),
  'from another module': src => ({ type: 'module', content: `import ${JSON.stringify(src)}; window.loaded = true` }),
})) {
  test(`tagwarden.js as a module, ${how}`, { timeout: 60_000 }, async () => {
    const { context, page, problems } = await open();
    try {
      await page.goto(site.origin + '/deeply/below/');
      await page.addScriptTag(load(`${site.origin}${base}/privacy/tagwarden.js`));
      await page.waitForFunction(() => window.tagwarden);
      const seen = await page.evaluate(async of => [await window.tagwarden.object([of]), await window.tagwarden.standing()], purpose);
      assert.deepEqual(seen, [{ in_force: [purpose], identified: 0 }, { in_force: [purpose], identified: 0 }]);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
    }
  });
}

test('only the site\'s own pages frame it', { timeout: 60_000 }, async () => {
  const { context, page } = await open();
  try {
    const framed = async origin => {
      await page.goto(origin);
      await page.evaluate(src => {
        const frame = document.createElement('iframe');
        frame.src = src;
        document.body.append(frame);
        return new Promise(done => { frame.onload = done; });
      }, privacy('en'));
      return page.frames().length > 1 && await page.frames()[1].locator('#choose').count() === 1;
    };
    assert.ok(await framed(site.origin + '/'), 'the site itself');
    assert.ok(!await framed(site.origin.replace(names.site, 'elsewhere.localhost') + '/'), 'somebody else');
  } finally {
    await context.close();
  }
});
