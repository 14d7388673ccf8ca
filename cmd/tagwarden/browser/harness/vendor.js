// Stands in for a vendor: answers as the vendor would, and keeps every request.
import http from 'node:http';

const json = body => [200, 'application/json', typeof body === 'string' ? body : JSON.stringify(body)];

/** What each vendor answers: [method, path, answer]. Whatever is not here it would not have, either. */
const answers = {
  segment: [
    ['GET', /^\/v1\/projects\/[^/]+\/settings$/, json({
      integrations: { 'Segment.io': { apiKey: 'WRITE_KEY', addBundledMetadata: true, unbundledIntegrations: [], bundledIntegrations: [], maybeBundledConfigIds: {}, versionSettings: { version: '4.4.7', componentTypes: ['browser'] } } },
      plan: { track: { __default: { enabled: true, integrations: {} } }, identify: { __default: { enabled: true } }, group: { __default: { enabled: true } } },
      edgeFunction: {}, analyticsNextEnabled: true, middlewareSettings: {}, enabledMiddleware: {}, metrics: { sampleRate: 0 }, legacyVideoPluginsEnabled: false, remotePlugins: [],
    })],
    ['POST', /^\/v1\/[tpigasmb]$/, json('{"success":true}')],
  ],
  posthog: [
    ['GET', /^\/array\/[^/]+\/config\.js$/, [200, 'application/javascript', '(function(){window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};})();']],
    ['GET', /^\/array\/[^/]+\/config$/, json({
      token: 'phc_PROJECT_KEY', supportedCompression: ['gzip', 'gzip-js'], hasFeatureFlags: true, sessionRecording: false, heatmaps: false, capturePerformance: false,
      captureDeadClicks: false, autocaptureExceptions: false, autocapture_opt_out: false, surveys: false, siteApps: [], isAuthenticated: false, toolbarParams: {}, defaultIdentifiedOnly: true,
    })],
    ['GET', /^\/static\/[\w.\/-]+\.js$/, [200, 'application/javascript', '']], // parts of the library that are loaded when wanted
    ['POST', /^\/(flags|decide)\/?$/, json({ flags: {}, featureFlags: {}, errorsWhileComputingFlags: false, requestId: '3f0c2a54-0000-4000-8000-000000000000' })],
    ['POST', /^\/(e|i\/v0\/e|capture|batch)\/?$/, json('{"status":"Ok"}')],
  ],
  snowplow: [['POST', /^\/com\.snowplowanalytics\.snowplow\/tp2$/, [200, 'text/plain', 'ok']]],
  mixpanel: [['POST', /^\/(track|engage|groups)\/$/, json('{"status":1,"error":null}')]],
  rudderstack: [
    ['GET', /^\/sourceConfig\/$/, json({ source: { id: 'source-1', name: 'Shop', enabled: true, workspaceId: 'workspace-1', config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } }, destinations: [] } })],
    ['POST', /^\/v1\/(page|track|identify|group|alias|batch)$/, [200, 'text/plain', 'OK']],
    ['POST', /^\/beacon\/v1\/batch$/, [200, 'text/plain', 'OK']],
  ],
  jitsu: [['POST', /^\/api\/s\/(page|track|identify|group)$/, json('{"ok":true}')]],
  amplitude: [['POST', /^\/2\/httpapi$/, json({ code: 200, events_ingested: 1, payload_size_bytes: 1, server_upload_time: 1790000000000 })]],
};

/** The roles of a vendor's hosts, as the catalog calls them. */
const hosts = { segment: ['api', 'settings'], posthog: ['api', 'assets'], rudderstack: ['api', 'settings'] };

/** Starts one. own(request, body) may answer in place of what the vendor would by itself: [status, type, body], or nothing. */
export async function standIn(id, own = () => undefined) {
  const received = [], unknown = [];
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', c => chunks.push(c));
    request.on('end', () => {
      const path = request.url.split('?')[0];
      const headers = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
      received.push({ method: request.method, target: request.url, headers, body: Buffer.concat(chunks) });
      const known = answers[id].find(([method, pattern]) => method === request.method && pattern.test(path));
      if (!known) unknown.push(`${request.method} ${path}`);
      const [status, type, body] = own(request, Buffer.concat(chunks)) ?? (known ? known[2] : [404, 'text/plain', 'not found']);
      // A vendor's cookies and open doors are the vendor's: none of them may reach the page.
      response.writeHead(status, { 'Content-Type': type, 'Set-Cookie': 'vendor_id=4711; Path=/; SameSite=None; Secure', 'Access-Control-Allow-Origin': '*' });
      response.end(body);
    });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return {
    id, hosts: hosts[id] ?? ['api'], url: `http://127.0.0.1:${server.address().port}`,
    /** What was received since the last call. */
    take: () => ({ requests: received.splice(0), unknown: unknown.splice(0) }),
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections(); }),
  };
}

export const vendors = Object.keys(answers);
