// What today's SDKs ask for beside events: each gets through to the vendor, and the page has nothing to complain about.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { holds } from './harness/leak.js';
import { openShop } from './harness/shop.js';

const json = body => [200, 'application/json', JSON.stringify(body)];

/** What the stand-ins answer beside what they do in a journey. */
const own = {
  posthog: request => {
    const path = request.url.split('?')[0];
    if (path === '/i/v1/logs' || path === '/i/v1/metrics') return json({});
    if (path === '/api/product_tours/') return json({ product_tours: [] });
    if (path === '/api/surveys/') return json({ surveys: [] });
    if (path === '/api/early_access_features/') return json({ earlyAccessFeatures: [] });
    return undefined;
  },
  mixpanel: request => {
    if (request.url.startsWith('/flags/')) return json({ flags: { banner: { variant_key: 'b', variant_value: 'blue' } } });
    if (request.url.startsWith('/settings/')) return json({ sdk_config: { config: { record_sessions_percent: 0 } } });
    return undefined;
  },
};

/** What a page does with the SDK, and what the vendor then gets: method, path, and a text in query or body. */
const asked = [
  {
    vendor: 'posthog', sdk: 'posthog-js', setUp: line => line,
    act: async () => {
      window.posthog.captureLog({ body: 'Payment failed', level: 'error', attributes: { order_id: 'ORDER-1' } });
      window.posthog.metrics.count('orders_created', 1);
      await window.posthog.metrics.flush();
      window.posthog.getSurveys(() => {}, true);
      window.posthog.getEarlyAccessFeatures(() => {}, true);
    },
    arrives: [['POST', '/i/v1/logs', 'posthogDistinctId'], ['POST', '/i/v1/metrics', 'orders_created'], ['GET', '/api/surveys/', 'token='], ['GET', '/api/early_access_features/', 'token=']],
  },
  {
    vendor: 'mixpanel', sdk: 'mixpanel-browser', setUp: line => line.replace(' });', ", flags: true, remote_settings_mode: 'fallback' });"),
    act: async () => { window.sdk.track('Product Viewed', { sku: 'SKU-1' }); },
    arrives: [['GET', '/flags/', 'context='], ['GET', '/settings/', 'sdk_config=1'], ['POST', '/track/', 'Product Viewed']],
  },
  {
    vendor: 'rudderstack', sdk: '@rudderstack/analytics-js', setUp: line => line.replace('configUrl:', 'useBeacon: true, beaconQueueOptions: { flushQueueInterval: 500 }, configUrl:'),
    act: async () => { for (let i = 0; i < 12; i++) window.sdk.track(`Seen ${i}`, { list: 'sale' }); },
    arrives: [['GET', '/sourceConfig/', 'writeKey='], ['POST', '/beacon/v1/batch', 'Seen 11']],
  },
];

let shop;

before(async () => { shop = await openShop(asked.map(a => a.vendor), own); }, { timeout: 180_000 });
after(() => shop?.close());

for (const { vendor, sdk, setUp, act, arrives } of asked) {
  test(`${sdk}: ${arrives.map(([, path]) => path).join(', ')}`, { timeout: 60_000 }, async () => {
    const line = setUp(await shop.warden.snippet(vendor, sdk, shop.site.origin));
    const { page, problems, leave } = await shop.visit(vendor);
    try {
      await page.evaluate(async line => {
        const loaded = (0, eval)(line);
        await window.sdk.started(loaded);
        await new Promise(done => { setTimeout(done, 500); }); // settings are there
      }, line);
      await page.evaluate(act);
      const received = [];
      const missing = () => arrives.filter(([method, path, text]) => !received.some(r => r.method === method && r.target.split('?')[0] === path && holds([r], text)));
      for (const until = Date.now() + 15_000; Date.now() < until && missing().length > 0; await pause(200)) {
        await page.evaluate(() => window.posthog?.flushLogs?.());
        received.push(...shop.standIns[vendor].take().requests);
      }
      assert.deepEqual(missing(), [], `arrived: ${received.map(r => `${r.method} ${r.target.split('?')[0]}`).join(', ')}; sent: ${shop.site.take(vendor).map(s => `${s.method} ${s.path} ${s.status}`).join(', ')}`);
      assert.deepEqual(problems, [], 'the page has nothing to complain about');
    } finally {
      await leave();
    }
  });
}
