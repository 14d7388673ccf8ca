// Many events in one batch: the same arrive at the vendor as without tagwarden. Libraries don't try again what is answered with 413, and a
// shop's list of products is soon seen by 40 impressions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import zlib from 'node:zlib';
import { openShop } from './harness/shop.js';

/** How each SDK is told to send what it has as one batch, and where in a request its events are. */
const sdks = {
  posthog: {
    sdk: 'posthog-js',
    batched: line => line.replace(' ui_host:', ' rate_limiting: { events_per_second: 1000, events_burst_limit: 1000 }, ui_host:'),
    events: body => (Array.isArray(body) ? body : body.batch ?? body.data ?? [body]).map(e => e.event),
  },
  segment: {
    sdk: '@segment/analytics-next',
    batched: line => line.replace('apiHost:', "deliveryStrategy: { strategy: 'batching', config: { size: 150, timeout: 3000 } }, apiHost:"),
    events: body => (body.batch ?? [body]).map(e => e.event),
  },
  amplitude: {
    sdk: '@amplitude/analytics-browser',
    batched: line => line.replace(' fetchRemoteConfig:', ' autocapture: false, flushQueueSize: 150, flushIntervalMillis: 3000, fetchRemoteConfig:'),
    events: body => (body.events ?? []).map(e => e.event_type),
  },
};
const sizes = [40, 150];

let shop;

before(async () => { shop = await openShop(Object.keys(sdks)); }, { timeout: 180_000 });
after(() => shop?.close());

describe('batches', { concurrency: 3 }, () => {
  for (const [vendor, how] of Object.entries(sdks)) describe(vendor, { concurrency: 1 }, () => batches(vendor, how));
});

function batches(vendor, { sdk, batched, events }) {
  for (const size of sizes) {
    test(`${sdk}, ${size} events in one batch`, { timeout: 120_000 }, async () => {
      const line = batched(await shop.warden.snippet(vendor, sdk, shop.site.origin));
      const direct = line.replaceAll(`/t/${vendor}`, `/direct/${vendor}`);
      assert.notEqual(direct, line, 'the set-up line names the address');
      const without = await impressions(vendor, direct, size, events);
      const through = await impressions(vendor, line, size, events);
      assert.equal(without.largest, size, `the SDK sends them as one batch: ${JSON.stringify(without.sizes)}`);
      assert.equal(without.names.length, size, `${size} events arrive without tagwarden`);
      assert.deepEqual(through.problems, [], 'the page has nothing to complain about');
      assert.deepEqual(through.names, without.names, `the same events arrive; by request: ${JSON.stringify(through.sizes)}, answered: ${through.answers}`);
      assert.equal(through.largest, size, `they arrive as the batch that they left in: ${JSON.stringify(through.sizes)}`);
    });
  }
}

/** Has a page see that many products, and tells what of it arrived. */
async function impressions(vendor, setUp, size, events) {
  const { page, problems, leave } = await shop.visit(vendor);
  try {
    await page.evaluate(async ([line, n]) => {
      const loaded = (0, eval)(line);
      await window.sdk.started(loaded);
      await new Promise(done => { setTimeout(done, 300); }); // what it says by itself has gone
      for (let i = 0; i < n; i++) window.sdk.track(`Seen ${i}`, { list: 'sale' });
    }, [setUp, size]);
    const received = [];
    for (const until = Date.now() + 20_000; Date.now() < until && count(received, events) < size; await pause(200)) {
      received.push(...shop.standIns[vendor].take().requests);
    }
    await pause(1500); // what comes twice comes now
    received.push(...shop.standIns[vendor].take().requests);
    const arrived = received.map(r => named(r, events));
    const sizes = arrived.map(a => a.length).filter(n => n > 0);
    return { problems, sizes, largest: Math.max(0, ...sizes), names: arrived.flat().sort(), answers: shop.site.take(vendor).map(s => `${s.method} ${s.path} ${s.status}`).join(', ') };
  } finally {
    await leave();
  }
}

/** The names of the impressions in a request. */
function named(request, events) {
  if (request.method !== 'POST' || request.body.length === 0) return [];
  const body = request.body[0] === 0x1f ? zlib.gunzipSync(request.body) : request.body;
  let value;
  try { value = JSON.parse(body.toString('utf8')); } catch { return []; }
  return events(value).filter(name => /^Seen \d+$/.test(name));
}

const count = (received, events) => received.reduce((n, r) => n + named(r, events).length, 0);
