// A visitor objects in the preference centre, in each language, with the keyboard alone, with and without JavaScript: a real SDK's next event is
// denied, and permitted again once the objection is taken back. TAGWARDEN_SCREENSHOTS names a folder to leave pictures in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { openSite } from './harness/site.js';
import { standIn } from './harness/vendor.js';
import { base, build, certificate, consentCookie, names, start } from './harness/warden.js';

let dir, warden, site, browser, vendor;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-objections-'));
  const tls = await certificate(dir);
  vendor = await standIn('segment');
  site = await openSite(tls, ['segment']);
  warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: [vendor] });
  site.passOnTo(warden.port);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND'],
  });
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await site?.stop();
  const code = await warden?.stop();
  await vendor?.stop();
  fs.rmSync(dir, { recursive: true, force: true });
  assert.equal(code, 0, 'tagwarden ends cleanly');
});

const words = {
  en: { all: 'Object to everything', back: 'Take everything back', object: /^I object/, save: 'Save my choice', none: 'No objection is in force in this browser.' },
  de: { all: 'Allem widersprechen', back: 'Alles zurücknehmen', object: /^Ich widerspreche/, save: 'Entscheidung speichern', none: 'In diesem Browser gilt kein Widerspruch.' },
  fr: { all: /opposer à tout/i, back: /retirer/i, object: /oppose/i, save: /enregistrer/i, none: /Aucune opposition/ },
};
const purpose = 'audience-measurement';

/** A browser of somebody who consented to analytics. Cookies travel with her, whether or not scripts run. */
async function visitor(lang, javaScriptEnabled, cookies = []) {
  const context = await browser.newContext({ locale: lang, viewport: { width: 900, height: 1100 }, ignoreHTTPSErrors: true, javaScriptEnabled });
  await context.addCookies(cookies.length ? cookies : [
    { name: consentCookie, value: 'yes', domain: '.' + names.site, path: '/', secure: true },
    { name: 'sdk', value: 'segment', domain: names.site, path: '/', secure: true },
  ]);
  return context;
}

/** The SDK sends an event from a page of the shop; says how events were decided since. */
async function sendsAnEvent(context, name) {
  const then = await warden.decided('segment');
  vendor.take();
  const page = await context.newPage();
  await page.goto(site.origin + '/sale', { waitUntil: 'load' });
  const setUp = await warden.snippet('segment', '@segment/analytics-next', site.origin);
  await page.evaluate(async line => { await window.sdk.started((0, eval)(line)); }, setUp);
  await page.evaluate(n => { window.sdk.track(n, { price: 3 }); }, name);
  let decided = [];
  for (let i = 0; i < 150; i++) { // the event is sent some time after it was made
    const now = await warden.decided('segment');
    decided = Object.keys(now).filter(k => now[k] > (then[k] ?? 0) && !k.startsWith('deny no_activity'));
    if (decided.length > 0) break;
    await pause(100);
  }
  await pause(300);
  await page.close();
  const got = vendor.take().requests.filter(r => r.body.toString().includes(name)).length;
  return { decided, got };
}

/** Presses Tab until an element of that role and text has the focus, and what follows. */
async function byKeyboard(page, role, text, key) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const focused = page.locator('*:focus');
    if (await focused.count() === 0) continue;
    const said = await page.getByRole(role, { name: text }).and(focused).count();
    if (said > 0) {
      await page.keyboard.press(key);
      return;
    }
  }
  assert.fail(`no ${role} "${text}" is reached with the keyboard:\n${(await page.locator('body').innerText()).slice(0, 2000)}`);
}

async function picture(page, name) {
  if (process.env.TAGWARDEN_SCREENSHOTS) await page.screenshot({ path: path.join(process.env.TAGWARDEN_SCREENSHOTS, name + '.png'), fullPage: true });
}

for (const [lang, w] of Object.entries(words)) {
  for (const scripts of [true, false]) {
    test(`${lang}, keyboard only, ${scripts ? 'with' : 'without'} JavaScript`, { timeout: 120_000 }, async () => {
      const shopper = await visitor(lang, true);
      try {
        const first = await sendsAnEvent(shopper, 'Before');
        assert.deepEqual(first.decided, ['permit permitted'], warden.log());
        assert.ok(first.got > 0, 'the vendor gets it');

        const inCentre = async act => {
          const centre = await visitor(lang, scripts, await shopper.cookies());
          const page = await centre.newPage();
          const problems = [];
          page.on('console', m => { if (m.type() === 'error') problems.push(m.text()); });
          page.on('pageerror', e => problems.push(e.message));
          await page.goto(`${site.origin}${base}/privacy/`, { waitUntil: 'load' });
          assert.equal(await page.locator('html').getAttribute('lang'), lang, 'the page is in the browser\'s language');
          await act(page);
          assert.deepEqual(problems, [], 'the page has nothing to complain about');
          await shopper.clearCookies();
          await shopper.addCookies(await centre.cookies());
          await centre.close();
        };
        const status = page => page.getByRole('status').innerText();

        await inCentre(async page => {
          assert.match(await status(page), w.none instanceof RegExp ? w.none : new RegExp(w.none));
          await picture(page, `${lang}-${scripts}-before`);
          await byKeyboard(page, 'button', w.all, 'Enter');
          await page.waitForURL(/done|[?&]/);
          assert.doesNotMatch(await status(page), w.none instanceof RegExp ? w.none : new RegExp(w.none));
          await picture(page, `${lang}-${scripts}-objected`);
        });
        const denied = await sendsAnEvent(shopper, 'While');
        assert.deepEqual(denied, { decided: ['deny objection'], got: 0 }, warden.log());

        await inCentre(async page => {
          await byKeyboard(page, 'button', w.back, 'Enter');
          await page.waitForURL(/done|[?&]/);
          assert.match(await status(page), w.none instanceof RegExp ? w.none : new RegExp(w.none));
        });
        const again = await sendsAnEvent(shopper, 'Again');
        assert.deepEqual(again.decided, ['permit permitted'], warden.log());
        assert.ok(again.got > 0, 'the vendor gets it again');

        // One purpose alone, by its box.
        await inCentre(async page => {
          const box = page.locator(`input[type=checkbox][value="${purpose}"]`);
          await byKeyboard(page, 'checkbox', /Measure/, 'Space');
          assert.ok(await box.isChecked());
          await byKeyboard(page, 'button', w.save, 'Enter');
          await page.waitForURL(/done|[?&]/);
          assert.ok(await box.isChecked(), 'it is still ticked after it was saved');
          await picture(page, `${lang}-${scripts}-one`);
        });

        const set = (await shopper.cookies()).map(c => c.name).filter(n => n.startsWith('__Host-'));
        assert.deepEqual(set.sort(), ['__Host-tagwarden-objections', '__Host-tagwarden-undo'], 'no other cookie is set');
      } finally {
        await shopper.close();
      }
    });
  }
}

test('a site\'s own front end, by tagwarden.js', { timeout: 60_000 }, async () => {
  const shopper = await visitor('en', true);
  try {
    assert.deepEqual((await sendsAnEvent(shopper, 'Before')).decided, ['permit permitted']);
    const page = await shopper.newPage();
    await page.goto(site.origin + '/sale?utm_campaign=spring', { waitUntil: 'load' });
    await page.addScriptTag({ url: `${site.origin}${base}/privacy/tagwarden.js` });
    assert.equal(await page.evaluate(() => navigator.globalPrivacyControl), false);
    const said = await page.evaluate(() => window.tagwarden.object(['all']));
    assert.deepEqual(said.in_force, ['all']);
    assert.equal(await page.evaluate(() => navigator.globalPrivacyControl), true, 'other scripts of the page can ask');
    assert.deepEqual((await sendsAnEvent(shopper, 'While')).decided, ['deny objection']);
    assert.deepEqual((await page.evaluate(() => window.tagwarden.takeBack(['all']))).in_force, []);
    assert.deepEqual((await page.evaluate(() => window.tagwarden.standing())).in_force, []);
    assert.deepEqual((await sendsAnEvent(shopper, 'Again')).decided, ['permit permitted']);
  } finally {
    await shopper.close();
  }
});
