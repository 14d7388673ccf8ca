// Real SDKs from npm, in a real browser, through a running tagwarden: nothing but the set-up line differs from a site without it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './harness/browser.js';
import { holds, leaks } from './harness/leak.js';
import { openSite } from './harness/site.js';
import { standIn, vendors } from './harness/vendor.js';
import { visit } from './harness/visit.js';
import { build, certificate, names, start } from './harness/warden.js';

const always = line => line;

/**
 * What is known of each SDK: its name among the snippets; quiet, how many ms it may keep events to itself; abroad, how it is told to send
 * cookies to another origin (always: it does anyway); named, how an event's name is written; leaves, whether it surely sends what is left as a
 * page is left (false: some of it is kept for the next page).
 */
const sdks = {
  segment: { sdk: '@segment/analytics-next', abroad: line => line.replace('apiHost:', "deliveryStrategy: { config: { credentials: 'include' } }, apiHost:") },
  posthog: { sdk: 'posthog-js', quiet: 4000 },
  snowplow: { sdk: '@snowplow/browser-tracker', abroad: always, named: name => name === 'Product Viewed' ? name : name.toLowerCase().replaceAll(' ', '_') + '/' },
  mixpanel: { sdk: 'mixpanel-browser', quiet: 6000, abroad: always, leaves: false },
  amplitude: { sdk: '@amplitude/analytics-browser', leaves: false },
  rudderstack: { sdk: '@rudderstack/analytics-js' },
  jitsu: { sdk: '@jitsu/js', leaves: false },
};

const events = ['Product Viewed', 'Products Searched', 'Product Added', 'Order Completed'];
const storm = 20; // requests to one address: more than a journey has events means that something tries again and again

let dir, warden, site, browser;
const standIns = {};

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tagwarden-browser-'));
  const tls = await certificate(dir);
  for (const id of vendors) standIns[id] = await standIn(id);
  site = await openSite(tls, vendors);
  warden = await start(dir, await build(dir), { tls, origin: site.origin, vendors: Object.values(standIns) });
  site.passOnTo(warden.port);
  browser = await launch();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await site?.stop();
  const code = await warden?.stop();
  for (const s of Object.values(standIns)) await s.stop();
  fs.rmSync(dir, { recursive: true, force: true });
  assert.equal(code, 0, 'tagwarden ends cleanly');
});

// Libraries wait most of the time: several visits are under way together, one with each library.
describe('journeys', { concurrency: 4 }, () => {
  for (const vendor of vendors) describe(vendor, { concurrency: 1 }, () => journeys(vendor));
});

function journeys(vendor) {
  const { sdk, abroad, named = name => name, quiet = 3000, leaves = true } = sdks[vendor];
  const requests = {}; // how many a permitted visit took, by place
  for (const place of ['same origin', 'another origin with credentials', 'another origin']) {
    if (place === 'another origin with credentials' && !abroad) continue; // it cannot be told to send cookies there
    if (place === 'another origin' && abroad === always) continue;
    for (const choice of ['yes', 'no']) {
      test(`${sdk}, ${place}, consent: ${choice}`, { timeout: 120_000 }, async () => {
        const here = place === 'same origin';
        const origin = here ? site.origin : site.collector;
        let setUp = await warden.snippet(vendor, sdk, origin);
        if (place === 'another origin with credentials') setUp = abroad(setUp);
        const before = await warden.decided(vendor);
        const seen = await visit(browser, { vendor, site, setUp, choice, quiet, collector: here ? `${origin}/t/${vendor}/` : `${origin}/${vendor}/` });
        const decided = Object.keys(since(before, await warden.decided(vendor)));
        const { requests: received, unknown } = standIns[vendor].take();
        const sent = site.take(vendor);
        const told = JSON.stringify({ setUp, sent: count(sent), received: count(received), decided, problems: seen.problems }, null, 1);

        // Permitted or denied, for the page it is as if all were well.
        assert.deepEqual(seen.problems, [], `the page has nothing to complain about\n${told}\n${warden.log()}`);
        assert.ok(!seen.cookies.includes('vendor_id'), 'no cookie of the vendor reaches the page');
        assert.deepEqual(sent.filter(s => s.status < 200 || s.status > 299), [], `every hit is answered well\n${told}`);
        assert.ok(sent.length >= 2, `the SDK sends something\n${told}`);
        for (const [address, n] of Object.entries(count(sent))) assert.ok(n <= storm, `no retry storm: ${n} times ${address}\n${told}`);

        // What the vendor gets is what it knows, and nothing that was planted.
        assert.deepEqual(unknown, [], `the vendor gets no request that it does not know\n${told}`);
        assert.deepEqual(leaks(received), [], `nothing that was planted reaches the vendor\n${told}`);
        assert.deepEqual(received.flatMap(r => r.headers).filter(ofVisitor), [], 'none of the visitor\'s own headers reaches the vendor');

        // Consent is in a cookie. Where that does not travel, or only with what is sent as a page is left, nobody knows of it.
        if (choice === 'yes' && place !== 'another origin') {
          requests[place] = sent.length;
          for (const name of leaves ? [...events, 'Left'] : events) assert.ok(holds(received, named(name)), `${name} arrives\n${told}`);
          assert.ok(decided.includes('permit permitted') && decided.every(d => d === 'permit permitted' || (!here && d === 'deny no_consent')), told);
        } else if (choice === 'yes') {
          assert.ok(decided.includes('deny no_consent') && decided.every(d => d === 'deny no_consent' || d === 'permit permitted'), told);
        } else {
          assert.equal(received.length, 0, `nothing arrives\n${told}`);
          assert.ok(decided.length > 0 && decided.every(d => d === 'deny consent_refused' || (!here && d === 'deny no_consent')), told);
          if (requests[place]) assert.ok(sent.length <= requests[place] + 3, `denied takes ${sent.length} requests, permitted ${requests[place]}\n${told}`);
        }
      });
    }
  }
}

/** Headers that say who the visitor is. Segment's and RudderStack's Authorization is the site's own public write key. */
const ofVisitor = ([name, value]) => /^(cookie|referer|x-forwarded-for|origin|sec-ch-.*)$/i.test(name)
  || (/^authorization$/i.test(name) && value !== 'Basic ' + Buffer.from('WRITE_KEY:').toString('base64'));

/** How many requests went to each address. */
function count(list) {
  const counts = {};
  for (const { method, path: p, target = p } of list) {
    const address = `${method} ${target.split('?')[0]}`;
    counts[address] = (counts[address] ?? 0) + 1;
  }
  return counts;
}

/** What was decided between two looks. */
function since(then, now) {
  return Object.fromEntries(Object.entries(now).map(([k, n]) => [k, n - (then[k] ?? 0)]).filter(([, n]) => n > 0));
}
