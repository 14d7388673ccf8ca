// Global Privacy Control in California, in a real browser: a real SDK's hits are opted out, also once the browser sends the signal no more; the
// preference centre and a site's own line say so; and what is kept is taken back there. TAGWARDEN_SCREENSHOTS names a folder for pictures of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from './harness/browser.js';
import { openSite } from './harness/site.js';
import { standIn } from './harness/vendor.js';
import { base, build, certificate, names, start } from './harness/warden.js';

const vendor = 'segment', sdk = '@segment/analytics-next';
const pictures = process.env.TAGWARDEN_SCREENSHOTS;

let dir, warden, site, browser, segment;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-gpc-'));
  const tls = await certificate(dir);
  segment = await standIn(vendor);
  site = await openSite(tls, [vendor]);
  warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: [segment], region: 'US-CA', sells: true });
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

const privacy = lang => `${site.origin}${base}/privacy/?lang=${lang}`;

/** Keeps pictures of a page, wide and narrow, by day and by night. */
async function picture(page, name) {
  for (const [width, colorScheme] of [[1100, 'light'], [360, 'light'], [1100, 'dark'], [360, 'dark']]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width}: nothing sticks out`);
    if (pictures) await page.screenshot({ path: path.join(pictures, `gpc-${name}-${width}-${colorScheme}.png`), fullPage: true });
  }
}

/** What is decided of a page's hits. */
async function decided(page, event) {
  const setUp = await warden.snippet(vendor, sdk, site.origin);
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
}

const line = /^Opt-Out Request Honored: your browser's Global Privacy Control signal has opted you out/;

test('an opt-out by Global Privacy Control is honored, shown, kept and taken back', { timeout: 120_000 }, async () => {
  const cookies = [{ name: 'sdk', value: vendor, domain: names.site, path: '/', secure: true }];
  const signals = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', extraHTTPHeaders: { 'Sec-GPC': '1' } });
  await signals.addCookies(cookies);
  const first = await signals.newPage();
  assert.deepEqual(await decided(first, 'Signalled'), ['deny opted_out']);
  await first.addScriptTag({ url: `${site.origin}${base}/privacy/tagwarden.js` });
  const said = await first.evaluate(() => window.tagwarden.gpc());
  assert.match(said.text, line);
  assert.deepEqual({ ...said, text: '' }, { sent: true, read: true, honored: true, kept: true, purposes: ['audience-measurement'], text: '' });
  for (const lang of ['en', 'de', 'fr']) {
    await first.goto(privacy(lang));
    assert.equal(await first.locator('[role=status] strong').count(), 1);
    assert.equal(await first.locator('button[value=kept]').count(), 0, 'nothing is taken back while the signal is sent');
    await picture(first, `honored-${lang}`);
  }
  await first.goto(privacy('en'));
  assert.match(await first.locator('[role=status] strong').innerText(), line);
  assert.ok(!(await first.locator('[role=status]').innerText()).includes('no objection or withdrawal'));

  // The same browser, which sends the signal no more.
  const silent = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', storageState: await signals.storageState() });
  await signals.close();
  const page = await silent.newPage();
  assert.deepEqual(await decided(page, 'Silent'), ['deny opted_out']);
  await page.goto(privacy('en'));
  await picture(page, 'kept');
  await page.locator('button[value=kept]').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=kept/);
  assert.match(await page.locator('[role=status]').innerText(), /is no longer kept for this browser/);
  await picture(page, 'taken-back');
  assert.deepEqual(await decided(page, 'After'), ['permit permitted']);
  const received = segment.take().requests.map(r => r.body.toString()).join('\n');
  assert.ok(received.includes('"After"') && !received.includes('"Signalled"') && !received.includes('"Silent"'), received);
  await silent.close();
});
