// What is posted of a choice: by tagwarden.choice as the page gives it, and by tagwarden-mirror.js once for each choice that it copies.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const page = name => fs.readFileSync(new URL('../../../proxy/visitor/pages/' + name, import.meta.url), 'utf8');
const beside = 'https://shop.example/t/privacy/';
const settled = () => new Promise(done => setTimeout(done, 20));

test('tagwarden.choice', async () => {
  const asked = [];
  const window = {};
  vm.runInNewContext(page('tagwarden.js'), {
    window, document: { currentScript: { src: beside + 'tagwarden.js' }, cookie: '' }, navigator: {}, URL, URLSearchParams, location: { search: '' }, Object, JSON, Error, Date,
    fetch: async (to, what) => { asked.push([String(to), what]); return { ok: true, json: async () => ({ recorded: true }) }; },
  });
  const became = await window.tagwarden.choice({ categories: { analytics: true, marketing: false }, text: 'Do you agree?', version: '7' }, { 'client_id:ga4': '1.2' });
  assert.deepEqual(became, { recorded: true });
  const [to, what] = asked[0];
  const { time, ...rest } = JSON.parse(what.body);
  assert.equal(to, beside + 'choices');
  assert.equal(what.method, 'POST');
  assert.equal(what.credentials, 'include');
  assert.deepEqual(rest, { categories: { analytics: true, marketing: false }, text: 'Do you agree?', version: '7', ids: { 'client_id:ga4': '1.2' } });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  // What the site's server signed is sent as it is.
  await window.tagwarden.choice({ categories: { analytics: true }, time: '2026-05-04T12:00:00Z', user_id: 'u', proof: 'aa' });
  assert.deepEqual(JSON.parse(asked[1][1].body), { categories: { analytics: true }, time: '2026-05-04T12:00:00Z', user_id: 'u', proof: 'aa' });
});

test('tagwarden-mirror.js', async () => {
  const asked = [], listeners = {};
  let jar = '';
  const document = {
    currentScript: { src: beside + 'tagwarden-mirror.js', dataset: {} },
    get cookie() { return jar; },
    set cookie(text) { jar = /Max-Age=0/.test(text) ? '' : text.split(';')[0]; },
  };
  const window = { Osano: { cm: { addEventListener: (event, then) => { listeners[event] = then; } } } };
  let fails = false;
  vm.runInNewContext(page('tagwarden-mirror.js'), {
    window, document, URL, JSON, Date, Object, Error, Promise, location: { protocol: 'https:' }, setTimeout: () => {}, encodeURIComponent, decodeURIComponent,
    fetch: async (to, what) => { asked.push([String(to), what]); if (fails) throw Error('down'); return { ok: true }; },
  });
  await settled();
  listeners['osano-cm-initialized']({ ANALYTICS: 'ACCEPT', MARKETING: 'DENY' });
  await settled();
  assert.equal(asked.length, 1, 'a choice that is found');
  const [to, what] = asked[0];
  const body = JSON.parse(what.body);
  assert.equal(to, beside + 'choices');
  assert.deepEqual(body.categories, { ANALYTICS: true, MARKETING: false });
  assert.equal(body.platform, 'osano');
  assert.ok(Date.parse(body.time) > 0);
  listeners['osano-cm-initialized']({ ANALYTICS: 'ACCEPT', MARKETING: 'DENY' });
  await settled();
  assert.equal(asked.length, 1, 'the same again is not posted again');
  fails = true;
  listeners['osano-cm-consent-saved']({ ANALYTICS: 'DENY', MARKETING: 'DENY' });
  await settled();
  assert.equal(asked.length, 2, 'another choice');
  assert.match(decodeURIComponent(jar), /"ANALYTICS":false/, 'the cookie stands, whatever becomes of the record');
  listeners['osano-cm-consent-saved']({ ANALYTICS: 'PERHAPS' });
  await settled();
  assert.equal(asked.length, 2, 'what is not understood is nothing');
});
