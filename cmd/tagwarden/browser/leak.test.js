// The search for planted strings finds them in every encoding: a test that would not see a leak shows nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { leaks, planted } from './harness/leak.js';

const base64 = s => Buffer.from(s).toString('base64');
const request = (target, body = '', headers = []) => [{ target, headers, body: Buffer.from(body) }];

const encodings = {
  'as it is': s => request('/x', s),
  'in another case': s => request('/x', s.toUpperCase()),
  'percent': s => request('/x?a=' + encodeURIComponent(s)),
  'percent, every byte': s => request('/x?a=' + [...Buffer.from(s)].map(b => '%' + b.toString(16)).join('')),
  'percent, twice': s => request('/x?a=' + encodeURIComponent(encodeURIComponent(s))),
  'a plus for a space': s => request('/x?a=' + s.replaceAll(' ', '+')),
  'base64': s => request('/x?a=' + base64('{"a":"' + s + '"}')),
  'base64 after other letters': s => request('/x?a=v2' + base64('{"a":"' + s + '"}')),
  'base64url': s => request('/x?a=' + Buffer.from('{"a":"??>>' + s + '"}').toString('base64url')),
  'base64 in JSON in base64': s => request('/x', JSON.stringify({ a: base64(JSON.stringify({ b: base64('<' + s + '>') })) })),
  'hex': s => request('/x', Buffer.from('<' + s + '>').toString('hex')),
  'JSON escapes': s => request('/x', '"' + [...s].map(c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')).join('') + '"'),
  'gzip': s => request('/x', zlib.gzipSync(JSON.stringify({ a: s }))),
  'gzip in base64': s => request('/x', 'data=' + encodeURIComponent(zlib.gzipSync(JSON.stringify({ a: s })).toString('base64'))),
  'in a header': s => request('/x', '', [['Referer', 'https://shop.example/?a=' + encodeURIComponent(s)]]),
};

for (const [name, encode] of Object.entries(encodings)) {
  test(`a planted string is found: ${name}`, () => {
    for (const s of planted) assert.ok(leaks(encode(s)).includes(s), s);
  });
}

test('nothing is found where nothing is', () => {
  assert.deepEqual(leaks(request('/g/collect?v=2&cid=123456789.1700000000&dl=https%3A%2F%2Fshop.example%2Fsale', '{"event":"Product Viewed","anonymousId":"7b0e9c1e-0d5f-4f0c-9a43-0d7cf3a0b6ac"}')), []);
});
