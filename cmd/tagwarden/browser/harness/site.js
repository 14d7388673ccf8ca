// A shop on an origin of its own, which passes what is under its base path on to tagwarden, as the site's web server would.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import * as esbuild from 'esbuild';
import { base, names } from './warden.js';

/** An SDK as a site would bundle it. */
async function bundle(vendor) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [new URL(`../sdks/${vendor}.js`, import.meta.url).pathname], bundle: true, write: false, format: 'iife', target: 'es2020', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  });
  return outputFiles[0].text;
}

// The titles hold the name of the person who is logged in, as titles do.
const html = script => `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Orders of Jane Doe - Shop</title></head>
<body><h1>Shop</h1><a href="/files/price-list.pdf">Price list</a><form><input name="email"><button type="button">Send</button></form>${script}</body></html>`;

/** Passes a request on to a vendor's stand-in past tagwarden, as a site without it would: what is compared with. */
function passBy(request, response, { url, vendor, path, sent }) {
  sent.push({ vendor, method: request.method, path, at: Date.now(), status: 200 });
  const onward = http.request(url + path + (/\?.*$/.exec(request.url)?.[0] ?? ''), { method: request.method, headers: request.headers }, answer => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

/** Passes a request on to tagwarden, as it is, and notes how it was answered. */
function passOn(request, response, { port, host, under, sent }) {
  const path = request.url.split('?')[0];
  const hit = { vendor: path.slice(under.length).split('/')[1], method: request.method, path, at: Date.now(), status: 0 };
  sent.push(hit);
  const onward = https.request({ host: '127.0.0.1', port, method: request.method, path: request.url, rejectUnauthorized: false,
    headers: { ...request.headers, host, 'x-forwarded-for': '203.0.113.77' } }, answer => {
    hit.status = answer.statusCode;
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => {
    hit.status = 502;
    if (!response.headersSent) response.writeHead(502);
    response.end();
  });
  request.pipe(onward);
}

/**
 * Opens the shop, and beside it the collector's own origin. Hits at both are noted: a browser does not tell of those that it sends as a page is
 * left. Direct are the addresses of stand-ins, by vendor, that are reached past tagwarden as well.
 */
export async function openSite(tls, vendors, direct = {}) {
  const bundles = Object.fromEntries(await Promise.all(vendors.map(async v => [v, await bundle(v)])));
  const secure = { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) };
  const sent = [];
  let port; // tagwarden's: known only when it is up, and it has to know the origin first
  const shop = https.createServer(secure, (request, response) => {
    const url = new URL(request.url, 'https://' + names.site);
    const script = /^\/sdk\/(\w+)\.js$/.exec(url.pathname);
    const by = /^\/direct\/(\w+)(\/.*)$/.exec(url.pathname);
    if (by) {
      passBy(request, response, { url: direct[by[1]], vendor: by[1], path: by[2], sent });
    } else if (url.pathname.startsWith(base + '/')) {
      passOn(request, response, { port, host: names.site, under: base, sent });
    } else if (script) {
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' });
      response.end(bundles[script[1]]);
    } else if (url.pathname === '/favicon.ico') {
      response.writeHead(204);
      response.end();
    } else {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
      const vendor = /(?:^|; )sdk=(\w+)/.exec(request.headers.cookie ?? '')?.[1]; // which SDK this visit is about
      response.end(html(vendor && url.pathname !== '/bye' ? `<script src="/sdk/${vendor}.js"></script>` : ''));
    }
  });
  const collector = https.createServer(secure, (request, response) => passOn(request, response, { port, host: names.collector, under: '', sent }));
  for (const server of [shop, collector]) await new Promise(done => server.listen(0, '127.0.0.1', done));
  return {
    origin: `https://${names.site}:${shop.address().port}`,
    collector: `https://${names.collector}:${collector.address().port}`,
    passOnTo(given) { port = given; },
    /** What was sent to one vendor, as visits about several may be under way; take takes it away. */
    sent: vendor => sent.filter(s => s.vendor === vendor),
    take(vendor) {
      const taken = sent.filter(s => s.vendor === vendor);
      sent.splice(0, sent.length, ...sent.filter(s => s.vendor !== vendor));
      return taken;
    },
    async stop() {
      for (const server of [shop, collector]) await new Promise(done => { server.close(done); server.closeAllConnections(); });
    },
  };
}
