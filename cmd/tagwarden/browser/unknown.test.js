// What an SDK asks for that tagwarden does not know of its vendor: the page's console stays clean, whatever it is asked for as.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openShop } from './harness/shop.js';

let shop;

before(async () => { shop = await openShop(['posthog']); }, { timeout: 180_000 });
after(() => shop?.close());

for (const place of ['same origin', 'another origin']) {
  test(`unknown requests, ${place}`, { timeout: 60_000 }, async () => {
    const address = place === 'same origin' ? `${shop.site.origin}/t/posthog` : `${shop.site.collector}/posthog`;
    const { page, problems, leave } = await shop.visit('posthog');
    try {
      await page.evaluate(async address => {
        const json = { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Telepathy': '1' }, body: '{}' };
        for (const options of [undefined, { method: 'POST', body: '{}' }, json]) {
          const answer = await fetch(address + '/i/v9/telepathy', options);
          if (!answer.ok || await answer.text() !== '') throw new Error(`answered with ${answer.status}`);
        }
        navigator.sendBeacon(address + '/i/v9/telepathy', '{}');
        for (const [tag, name, path] of [['script', 'src', '/static/telepathy.exe'], ['script', 'src', '/array/jane.doe/config.js'], ['link', 'href', '/static/telepathy'], ['img', 'src', '/telepathy.gif']]) {
          await new Promise(done => {
            const element = document.createElement(tag);
            if (tag === 'link') element.rel = 'stylesheet';
            element.onload = element.onerror = done;
            element[name] = address + path;
            document.body.append(element);
          });
        }
      }, address);
      await pause(500);
      assert.deepEqual(problems, []);
      assert.deepEqual(shop.standIns.posthog.take().requests, [], 'nothing of it reaches the vendor');
    } finally {
      await leave();
    }
  });
}
