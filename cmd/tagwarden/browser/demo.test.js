// The page of the demonstration, in a real browser: a hit that is denied, one that is forwarded, and what is left of its fields.
// TAGWARDEN_PICTURE names a file for a picture of it: `make picture` writes that of README.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './harness/browser.js';
import { build } from './harness/warden.js';

let dir, demo, browser, address;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-demo-'));
  demo = spawn(await build(dir), ['demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  address = await new Promise((found, failed) => {
    let said = '';
    demo.stdout.setEncoding('utf8').on('data', text => {
      const open = /open +(http:\/\/\S+\/) /.exec(said += text);
      if (open) found(open[1]);
    });
    demo.on('exit', code => failed(new Error(`it ended with ${code}: ${said}`)));
  });
  browser = await launch();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  if (demo) {
    const ended = new Promise(resolve => demo.on('exit', resolve));
    demo.kill('SIGINT');
    await ended;
  }
  fs.rmSync(dir, { recursive: true, force: true });
});

test('a hit is denied, one is forwarded, and fields are struck', async () => {
  const context = await browser.newContext({ viewport: { width: 1180, height: 1000 }, colorScheme: 'light' });
  const page = await context.newPage(), problems = [];
  page.on('console', m => { if (m.type() === 'error') problems.push(m.text()); });
  page.on('pageerror', e => problems.push(e.message));
  await page.goto(address.replace('127.0.0.1', 'localhost'));
  const send = async (choice, what, number) => {
    await page.click(`[data-choice="${choice}"]`);
    await page.click(`[data-send="${what}"]`);
    await page.waitForFunction(n => document.querySelector('#hits article strong')?.textContent === '#' + n, number);
    return page.locator('#hits article').first();
  };

  const denied = await send('no', 'ga4', 1);
  assert.equal(await denied.locator('header .deny').textContent(), 'nothing forwarded');
  assert.equal(await denied.locator('tr:not(.dropped) td').count(), 0, 'no field is left');
  assert.equal(await denied.locator('details', { hasText: 'received' }).count(), 0);

  const forwarded = await send('yes', 'ga4', 2);
  assert.equal(await forwarded.locator('header .permit').textContent(), 'forwarded');
  assert.ok(await forwarded.locator('tr.dropped').count() > 0, 'fields are dropped');
  assert.ok(await forwarded.locator('tr.changed').count() > 0, 'fields are changed');
  const got = await forwarded.locator('details', { hasText: 'received' }).locator('pre').textContent();
  assert.match(got, /en=page_view/);
  for (const secret of ['jane', 'Jane', 'cust-48213', 'gclid']) {
    assert.ok(!got.includes(secret), `${secret} did not leave`);
  }

  if (process.env.TAGWARDEN_PICTURE) { // both hits: all of the one that is forwarded, and of the one that is not how it ended
    const below = await page.locator('#hits article').nth(1).boundingBox();
    await page.screenshot({ path: process.env.TAGWARDEN_PICTURE, fullPage: true, clip: { x: 0, y: 0, width: 1180, height: Math.ceil(below.y) + 112 } });
  }
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 60_000 });
