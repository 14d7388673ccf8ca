// A shop, tagwarden and stand-ins for some vendors, opened together, with a browser to visit it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launch } from './browser.js';
import { openSite } from './site.js';
import { standIn } from './vendor.js';
import { build, certificate, consentCookie, names, start } from './warden.js';

/** Opens it. own is how a stand-in answers in place of what it would by itself, by vendor (see standIn); close() ends everything. */
export async function openShop(vendors, own = {}) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-shop-'));
  const tls = await certificate(dir);
  const standIns = {};
  for (const id of vendors) standIns[id] = await standIn(id, own[id]);
  const site = await openSite(tls, vendors, Object.fromEntries(Object.entries(standIns).map(([id, s]) => [id, s.url])));
  const warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: Object.values(standIns) });
  site.passOnTo(warden.port);
  const browser = await launch();
  return {
    warden, site, standIns,
    /** A page of the shop, of a visitor who consented, with the vendor's SDK on it. problems is what its console complains of. */
    async visit(vendor) {
      const problems = [];
      const context = await browser.newContext({ ignoreHTTPSErrors: true, userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36' });
      await context.addCookies([
        { name: consentCookie, value: 'yes', domain: '.' + names.site, path: '/', secure: true },
        { name: 'sdk', value: vendor, domain: names.site, path: '/', secure: true },
      ]);
      const page = await context.newPage();
      page.on('console', m => { if (m.type() === 'error') problems.push(`console: ${m.text()} (${m.location().url})`); });
      page.on('pageerror', e => problems.push('page: ' + e.message));
      await page.goto(site.origin + '/sale', { waitUntil: 'load' });
      standIns[vendor].take();
      site.take(vendor);
      return { page, problems, leave: () => context.close() };
    },
    async close() {
      await browser.close();
      await site.stop();
      const code = await warden.stop();
      for (const s of Object.values(standIns)) await s.stop();
      fs.rmSync(dir, { recursive: true, force: true });
      assert.equal(code, 0, 'tagwarden ends cleanly');
    },
  };
}
