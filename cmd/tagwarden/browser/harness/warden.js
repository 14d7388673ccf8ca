// Builds tagwarden, writes a configuration, starts it and ends it.
import { execFile, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = new URL('../../../../', import.meta.url).pathname;

/** Host names of the site and of the collector beside it: browsers resolve *.localhost themselves, and trust it. */
export const names = { site: 'shop.localhost', collector: 't.shop.localhost' };
export const base = '/t';
export const consentCookie = 'site_consent';

export async function build(dir) {
  const binary = path.join(dir, 'tagwarden');
  await run('go', ['build', '-o', binary, './cmd/tagwarden'], { cwd: repository, env: { ...process.env, CGO_ENABLED: '0' } });
  return binary;
}

/** A certificate for both names, made for this run: SDKs are pointed at https, as on a real site. */
export async function certificate(dir) {
  const files = { cert: path.join(dir, 'cert.pem'), key: path.join(dir, 'key.pem') };
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=' + names.site,
    '-addext', `subjectAltName=DNS:${names.site},DNS:${names.collector}`, '-keyout', files.key, '-out', files.cert]);
  fs.chmodSync(files.key, 0o600);
  return files;
}

const file = ({ tls, origin, vendors, signals = '', region = 'DE' }) => `version: 1
listen: 127.0.0.1:0
tls: { cert: ${tls.cert}, key: ${tls.key} }
admin: { listen: 127.0.0.1:0 }
data: ./data
keys: { root: ./root.key }
policy: ./policy
trusted_proxies: [127.0.0.0/8]
sites:
  shop:
    hosts: [${names.site}, ${names.collector}]
    base: ${base}
    origins: ["${origin}"]
    region: { default: ${region} }
    signals:
      gpc: {}
      own: [{ cookie: ${consentCookie}, category: analytics, granted: ["yes"], refused: ["no"] }]${signals && '\n      ' + signals}
vendors:
${vendors.map(v => `  ${v.id}: { catalog: ${v.id}, upstreams: { ${v.hosts.map(h => `${h}: "${v.url}"`).join(', ')} }, private: true, prefix: /${v.id} }`).join('\n')}
delivery: { mode: direct }
`;

const policy = ({ vendors, sells }) => ({
  'purposes.yaml': `purposes:
  audience-measurement:
    title: Measure the audience of our pages
    description: Counts of pages, visits and orders, to find errors and improve content.
    categories: [analytics]
${sells ? `    gpc: ignore
    us: [sale, sharing]
` : ''}`,
  'activities.yaml': `activities:
${vendors.map(v => `  - { id: ${v.id}-with-consent, vendor: ${v.id}, purposes: [audience-measurement], basis: consent, retention: 14 months, profile: standard, events: ["*"] }`).join('\n')}
${sells ? vendors.map(v => `  - { id: ${v.id}-until-opt-out, vendor: ${v.id}, purposes: [audience-measurement], basis: opt_out, retention: 14 months, profile: standard, events: ["*"], regions: [US] }`).join('\n') : ''}
`,
  // What a shop would let through with consent. Nothing in it lets the invented person's name, address or ids through, so that the strings
  // planted in the journey have no business at a vendor even then.
  'profiles.yaml': `profiles:
  standard:
    classes:
      event_name: keep
      event_id: keep
      page_id: keep
      client_id: { pseudonymise: { rotate: week } }
      device_id: { pseudonymise: { rotate: week } }
      session_id: { pseudonymise: { rotate: day } }
      user_id: { pseudonymise: { rotate: week } }
      external_id: { pseudonymise: { rotate: week } }
      url: { url: { query: [utm_source, utm_medium, utm_campaign], ids: template } }
      referrer: { generalise: origin }
      campaign: keep
      search_term: scrub
      interaction: keep
      product: keep
      revenue: keep
      transaction_id: keep
      cache_buster: keep
      timestamp: { truncate: minute }
      language: { generalise: primary }
      screen: { generalise: bucket }
      user_agent: { generalise: family }
`,
});

/** Starts tagwarden; it is ended with stop(). */
export async function start(dir, binary, options) {
  const config = path.join(dir, 'tagwarden.yaml');
  fs.mkdirSync(path.join(dir, 'policy'), { recursive: true });
  fs.writeFileSync(config, file(options));
  fs.writeFileSync(path.join(dir, 'root.key'), crypto.randomBytes(32).toString('base64') + '\n', { mode: 0o600 });
  for (const [name, text] of Object.entries(policy(options))) fs.writeFileSync(path.join(dir, 'policy', name), text);

  const child = spawn(binary, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', log = '';
  child.stderr.on('data', d => { log += d; });
  const ended = new Promise(done => child.on('exit', code => done(code)));
  const ready = await new Promise((done, fail) => {
    child.stdout.on('data', d => {
      out += d;
      const line = /^ready hits=(\S+) admin=(\S+) policy=(\S+)$/m.exec(out);
      if (line) done({ hits: line[1], admin: line[2] });
    });
    ended.then(code => fail(new Error(`tagwarden ended with ${code}:\n${log}`)));
  });
  const port = Number(ready.hits.split(':').pop());

  return {
    port,
    log: () => log,
    /** The set-up line for an SDK, as `tagwarden snippet` prints it. */
    async snippet(vendor, sdk, origin) {
      const { stdout } = await run(binary, ['snippet', '--config', config, '--origin', origin, vendor]);
      const lines = stdout.split('\n');
      const at = lines.indexOf('// ' + sdk);
      if (at < 0) throw new Error(`no snippet for ${sdk} in:\n${stdout}`);
      return lines[at + 1];
    },
    /** How many events of a vendor were decided how: { "permit permitted": 12, "deny consent_refused": 3 }. */
    async decided(vendor) {
      const text = await (await fetch(`http://${ready.admin}/metrics`)).text();
      const counts = {};
      for (const [, labels, n] of text.matchAll(/^tagwarden_events_total\{(.*)\} (\d+)$/gm)) {
        const of = Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(m => [m[1], m[2]]));
        if (of.vendor === vendor) counts[`${of.decision} ${of.reason}`] = Number(n);
      }
      return counts;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 8000);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}
