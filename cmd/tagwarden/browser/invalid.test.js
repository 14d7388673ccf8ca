// One event that the vendor does not take, among others that it does: the SDK has to see which, or it sends all of them for ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openShop } from './harness/shop.js';

/** Amplitude's answer to a batch with an event in it that it does not take: where in the batch that stands. */
function amplitude(request, body) {
  const bad = named(body).indexOf('Bad');
  if (bad < 0) return undefined;
  return [400, 'application/json', JSON.stringify({ code: 400, error: 'Request missing required field', events_with_invalid_fields: { time: [bad] } })];
}

const named = body => (JSON.parse(body.toString('utf8')).events ?? []).map(e => e.event_type).filter(name => /^(Good|Bad)/.test(name));

let shop;

before(async () => { shop = await openShop(['amplitude'], { amplitude }); }, { timeout: 180_000 });
after(() => shop?.close());

test('@amplitude/analytics-browser, one invalid event among five: the others arrive, at the second attempt', { timeout: 120_000 }, async () => {
  const line = (await shop.warden.snippet('amplitude', '@amplitude/analytics-browser', shop.site.origin))
    .replace(' fetchRemoteConfig:', ' autocapture: false, flushQueueSize: 100, flushIntervalMillis: 1500, fetchRemoteConfig:');
  const good = ['Good 1', 'Good 2', 'Good 3', 'Good 4'];
  const first = ['Good 1', 'Good 2', 'Bad', 'Good 3', 'Good 4'];
  for (const [place, setUp] of [['without tagwarden', line.replaceAll('/t/amplitude', '/direct/amplitude')], ['through it', line]]) {
    const { page, leave } = await shop.visit('amplitude');
    try {
      await page.evaluate(async ([setUp, names]) => {
        const loaded = (0, eval)(setUp);
        await window.sdk.started(loaded);
        for (const name of names) window.sdk.track(name, {});
      }, [setUp, first]);
      const received = [];
      for (const until = Date.now() + 15_000; Date.now() < until && received.length < 2; await pause(200)) received.push(...taken());
      await pause(6000); // a third attempt would come by now
      received.push(...taken());
      assert.deepEqual(received, [first, good], `${place}: ${shop.site.take('amplitude').map(s => `${s.method} ${s.path} ${s.status}`).join(', ')}`);
    } finally {
      await leave();
    }
  }
});

/** The events of each request since the last look. */
const taken = () => shop.standIns.amplitude.take().requests.filter(r => r.method === 'POST').map(r => named(r.body)).filter(events => events.length > 0);
