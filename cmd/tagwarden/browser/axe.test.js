// What people read, as a browser shows it: the notice, the preference centre, the record of processing and an assessment, looked over by
// axe, narrow and wide, by day and by night, and as they print. TAGWARDEN_SCREENSHOTS names a folder for pictures.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from './harness/browser.js';
import { build } from './harness/warden.js';

const run = promisify(execFile);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.TAGWARDEN_SCREENSHOTS;
const languages = ['en', 'de', 'fr'];
const centres = new URL('../../../proxy/visitor/', import.meta.url).pathname;

let dir, browser;
const files = {}; // by name

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-axe-'));
  const binary = await build(dir);
  const tagwarden = (...args) => run(binary, args, { cwd: dir, maxBuffer: 1 << 24 }).then(done => done.stdout);
  await tagwarden('init', 'shop');
  const config = ['--config', 'shop/tagwarden.yaml'];
  await tagwarden('lia', 'approve', 'LIA-2026-001', '--key', 'shop/approver.key', ...config);
  await tagwarden('notice', '--out', 'pages', ...config);
  for (const lang of languages) files[`notice.${lang}`] = path.join(dir, 'pages', `notice.${lang}.html`);
  const keep = async (name, ...args) => {
    files[name] = path.join(dir, `${name}.html`);
    fs.writeFileSync(files[name], await tagwarden(...args, ...config));
  };
  await keep('record', 'report', 'art30', '--format', 'html');
  await keep('assessment', 'lia', 'render', 'LIA-2026-001', '--format', 'html');
  // The preference centre as its own tests hold it, with its style beside it.
  fs.copyFileSync(path.join(centres, 'pages/style.css'), path.join(dir, 'style.css'));
  for (const lang of languages) {
    files[`centre.${lang}`] = path.join(dir, `centre.${lang}.html`);
    fs.copyFileSync(path.join(centres, `testdata/some.${lang}.html`), files[`centre.${lang}`]);
  }
  browser = await launch();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

const names = [...languages.map(l => `notice.${l}`), ...languages.map(l => `centre.${l}`), 'record', 'assessment'];

for (const name of names) {
  test(`${name} has no finding, and nothing sticks out`, { timeout: 120_000 }, async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    try {
      for (const [width, colorScheme] of [[360, 'light'], [1280, 'light'], [360, 'dark'], [1280, 'dark']]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.goto('file://' + files[name]);
        const at = `${name} at ${width}, ${colorScheme}`;
        if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = true; }));
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${at}: nothing sticks out`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
        assert.deepEqual(violations.map(v => [v.id, v.help, v.nodes.map(n => n.html).slice(0, 3)]), [], at);
      }
    } finally {
      await context.close();
    }
  });
}

test('axe sees what is wrong', { timeout: 60_000 }, async () => {
  const page = await browser.newPage();
  await page.setContent('<!DOCTYPE html><html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"><p style="color:#ccc;background:#fff">pale</p></main>');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(violations.map(v => v.id).filter(id => ['image-alt', 'color-contrast'].includes(id)).sort(), ['color-contrast', 'image-alt']);
  await page.close();
});

test('the notice folds what is long, opens it in print, and leads to its other languages', { timeout: 60_000 }, async () => {
  const page = await browser.newPage({ viewport: { width: 360, height: 800 }, javaScriptEnabled: true });
  await page.goto('file://' + files['notice.de']);
  const table = page.locator('details .rows').first();
  assert.ok(!await table.isVisible(), 'the data are folded');
  await page.locator('summary', { hasText: 'Daten, die weitergegeben werden' }).first().click();
  assert.ok(await table.isVisible(), 'and unfold');
  assert.equal(await table.locator('tbody tr').first().evaluate(e => getComputedStyle(e).display), 'block', 'rows are cards on a phone');
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.equal(await table.locator('tbody tr').first().evaluate(e => getComputedStyle(e).display), 'table-row', 'and rows where there is room');
  await page.reload();
  await page.emulateMedia({ media: 'print' });
  const heights = await page.locator('details > :not(summary)').evaluateAll(all => all.map(e => e.getBoundingClientRect().height));
  assert.ok(heights.length > 0 && heights.every(h => h > 0), `all is open in print: ${heights}`);
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('link', { name: 'Français' }).click();
  assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
  await page.close();
});
