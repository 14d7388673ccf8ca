// The page of the demonstration, in a real browser: it begins with a hit; one is denied, one is forwarded, and fields are struck; an
// objection, an assessment that expires, what the log says of a hit, and its proof.
// TAGWARDEN_PICTURE names a file for a picture of it: `make picture` writes that of README.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
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

/** Opens the page, as another visitor each time; problems are what its console says. */
async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 1000 }, colorScheme: 'light', ...options });
  const page = await context.newPage(), problems = [];
  page.on('console', m => { if (m.type() === 'error') problems.push(m.text()); });
  page.on('pageerror', e => problems.push(e.message));
  const first = await last(page, () => page.goto(address.replace('127.0.0.1', 'localhost')));
  return { context, page, problems, first };
}

let seen = 0; // the number of the newest hit, of all visitors

/** Does something, and returns the hit that it sent, as it is shown. */
async function last(page, something) {
  await something();
  await page.waitForFunction(n => document.querySelector('#hits article strong')?.textContent === '#' + n, ++seen);
  return page.locator('#hits article').first();
}

test('a hit is there at once, one is denied, one is forwarded, and fields are struck', async () => {
  const { context, page, problems, first } = await open();
  const send = async (choice, what) => {
    await page.click(`[data-choice="${choice}"]`);
    return last(page, () => page.click(`[data-send="${what}"]`));
  };
  assert.match(await first.locator('.body p').first().textContent(), /page_view travels on matomo-cookieless \(legitimate interest\)/);

  const denied = await send('no', 'ga4');
  assert.equal(await denied.locator('header .deny').textContent(), 'nothing forwarded');
  assert.equal(await denied.locator('tr:not(.dropped) td').count(), 0, 'no field is left');
  assert.equal(await denied.locator('details', { hasText: 'received' }).count(), 0);

  const forwarded = await send('yes', 'ga4');
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

test('who objects is not counted any more, and is again where that is taken back', async () => {
  const { context, page, problems } = await open();
  const said = article => article.locator('.body p').first().textContent();
  const objects = async wanted => {
    await page.click('#privacy');
    await page.waitForURL('**/privacy/');
    await page.locator('#p-audience-measurement').setChecked(wanted);
    await page.click('button[value="save"]');
    await page.waitForLoadState();
    return last(page, () => page.goto(address.replace('127.0.0.1', 'localhost')));
  };
  const objected = await objects(true);
  assert.match(await said(objected), /^page_view denied: objection, the visitor objected$/);
  assert.equal(await objected.locator('details', { hasText: 'received' }).count(), 0);
  assert.match(await said(await objects(false)), /travels on matomo-cookieless/);
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 60_000 });

test('an assessment expires and is reviewed again, and the log proves both decisions', async () => {
  const { context, page, problems, first } = await open();
  const log = async (article, says) => {
    await article.locator('details.log summary').click();
    const proved = article.locator('details.log .good').first();
    await proved.waitFor({ timeout: 30_000 }); // the server signs a checkpoint every few seconds
    assert.match(await proved.textContent(), /^✓ Proved: record \d+ is in the log shop\.example\/tagwarden, /);
    assert.match(await article.locator('details.log code').first().textContent(), says);
    const proof = await page.request.get(new URL(await article.locator('details.log a').first().getAttribute('href'), page.url()).href);
    assert.equal((await proof.json()).format, 'tagwarden proof 1');
    return article.locator('details.log > div > code').allTextContents();
  };
  const expired = await last(page, () => page.click('[data-review="overdue"]'));
  assert.match(await expired.locator('.body p').first().textContent(), /denied: assessment_expired, the review of its assessment is overdue$/);
  assert.match(await page.locator('#assessment').textContent(), /what rests on it is refused/);
  await log(expired, /deny\s+assessment_expired/);

  const again = await last(page, () => page.click('[data-review="done"]'));
  assert.match(await again.locator('.body p').first().textContent(), /travels on matomo-cookieless/);
  assert.match(await page.locator('#assessment').textContent(), /version 3\. It holds/);

  const commands = await log(first, /permit\s+permitted/);
  const folder = fs.mkdtempSync(path.join(dir, 'commands-'));
  for (const command of commands) { // as the page shows them
    const [verb, ...words] = command.split(' ');
    assert.equal(verb, 'tagwarden');
    const { status, stdout, stderr } = spawnSync(path.join(dir, 'tagwarden'), words, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, command + '\n' + stdout + stderr);
  }
  assert.equal(commands.length, 3);
  assert.deepEqual(problems, []);
  await context.close();
}, { timeout: 90_000 });

test('it fits a phone', async () => {
  const { context, page } = await open({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} wide`);
  await context.close();
}, { timeout: 60_000 });
