// One visit to the shop with one SDK, in a browser of its own; says what the browser sent, and what it had to complain about.
import { setTimeout as pause } from 'node:timers/promises';
import { consentCookie, names } from './warden.js';

const jane = {
  id: 'cust-48213', email: 'jane.doe@example.com', first: 'Jane', last: 'Doe', phone: '+49 30 901820 11', birthday: '1984-03-07',
  address: { street: '12 Example Street', city: 'Berlin', postalCode: '10115', country: 'DE' },
};
const shoes = { sku: 'SKU-1', name: 'Red shoes', price: 59.9, currency: 'EUR', category: 'Shoes' };

const landing = '/sale?utm_source=news&utm_medium=email&utm_campaign=spring&gclid=Cj0KCQjwTEST&fbclid=IwAR0TEST&email=jane.doe%40example.com#top';
const account = '/account/12345/orders?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJlMTIz';
const search = 'https://search.example/?q=red+shoes+jane+doe';

const longest = 25_000; // ms that this may take

/**
 * Goes through the journey. setUp is the SDK's set-up line, collector where its hits may go; without a new one for quiet milliseconds it has
 * nothing more to say, and does not try again.
 */
export async function visit(browser, { vendor, site, setUp, collector, choice, quiet }) {
  const context = await browser.newContext({
    locale: 'de-DE', viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true,
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  });
  const seen = { problems: [], cookies: [] };
  const untilQuiet = () => noneFor(quiet, site, vendor, seen);
  try {
    await context.addCookies([
      { name: consentCookie, value: choice, domain: '.' + names.site, path: '/', secure: true },
      { name: 'session', value: 's3cr3t', domain: '.' + names.site, path: '/', secure: true, httpOnly: true },
      { name: 'sdk', value: vendor, domain: names.site, path: '/', secure: true },
    ]);
    const page = await context.newPage();
    watch(page, { seen, origin: site.origin, collector });
    await journey(page, site.origin, setUp, { seen, untilQuiet });
    await untilQuiet();
    seen.cookies = (await context.cookies()).map(c => c.name);
  } finally {
    await context.close();
  }
  return seen;
}

function watch(page, { seen, origin, collector }) {
  page.on('console', m => { if (m.type() === 'error') seen.problems.push(`console: ${m.text()} (${m.location().url})`); });
  page.on('pageerror', e => seen.problems.push('page: ' + e.message));
  page.on('request', r => {
    const url = r.url();
    if (![collector, origin + '/', 'data:', 'blob:'].some(start => url.startsWith(start))) seen.problems.push(`request elsewhere: ${r.method()} ${url}`);
  });
  page.on('response', r => { if (r.status() >= 400) seen.problems.push(`${r.status()}: ${r.request().method()} ${r.url().split('?')[0]}`); });
  page.on('requestfailed', r => {
    const why = r.failure()?.errorText ?? '';
    // What is still under way when a page is left is aborted by the browser, or goes on unseen.
    if (!(seen.leaving && why === 'net::ERR_ABORTED')) seen.problems.push(`failed: ${r.method()} ${r.url().split('?')[0]} ${why}`);
  });
}

async function journey(page, origin, setUp, { seen, untilQuiet }) {
  const open = async (path, referer) => {
    seen.leaving = true;
    await page.goto(origin + path, { referer, waitUntil: 'load' });
    seen.leaving = false;
  };
  const call = (name, ...args) => page.evaluate(([n, a]) => { window.sdk[n](...a); }, [name, args]).then(() => pause(150));
  // What the set-up line gives back is what the SDK calls itself: some have to be waited for.
  const start = () => page.evaluate(async line => {
    const loaded = (0, eval)(line);
    await Promise.race([window.sdk.started(loaded), new Promise((_, fail) => { setTimeout(() => fail(new Error('the SDK did not start within 8 s')), 8000); })]);
  }, setUp);

  await open(landing, search);
  await start();
  await call('page');
  await call('track', 'Product Viewed', shoes);
  await call('track', 'Products Searched', { query: 'call me on +49 30 901820 11' });
  await call('identify', jane);
  await pause(600);
  await open(account);
  await start();
  await call('page');
  await call('track', 'Product Added', { ...shoes, quantity: 2 });
  await call('track', 'Order Completed', {
    order_id: 'ORD-1001', revenue: 129.7, total: 129.7, currency: 'EUR', coupon: 'SPRING', products: [{ ...shoes, quantity: 2 }],
    shipping_address: '12 Example Street, 10115 Berlin', email: jane.email,
  });
  await untilQuiet();
  await call('track', 'Left', { reason: 'done' });
  await open('/bye');
}

async function noneFor(quiet, site, vendor, seen) {
  const from = Date.now();
  for (let last = from; Date.now() - from < longest; last = Math.max(from, ...site.sent(vendor).map(s => s.at))) {
    if (Date.now() - last > quiet) return;
    await pause(100);
  }
  seen.problems.push(`still sending after ${longest / 1000} s`);
}
