// Looks for planted strings in bytes, in whatever encoding they travel.
//
// testdata/planted.txt, one string a line, is of the recordings that the project is tested with (captures/planted.txt): what the invented
// person of the journey is called, and where she lives, clicks and logs in.
import fs from 'node:fs';
import zlib from 'node:zlib';

export const planted = fs.readFileSync(new URL('../testdata/planted.txt', import.meta.url), 'utf8').split('\n').filter(Boolean);

const deepest = 5; // how many encodings are taken off, one inside another

/** Everything that text may stand for: itself, and what comes out when an encoding is taken off, again and again. */
export function* readings(bytes, depth = 0, seen = new Set()) {
  const text = Buffer.isBuffer(bytes) ? bytes.toString('utf8') : bytes;
  if (text === '' || seen.has(text)) return;
  seen.add(text);
  yield text;
  if (depth === deepest) return;
  if (Buffer.isBuffer(bytes)) {
    for (const open of [zlib.gunzipSync, zlib.inflateSync, zlib.inflateRawSync]) {
      try { yield* readings(open(bytes), depth + 1, seen); } catch { /* not that encoding */ }
    }
  }
  if (/%[0-9a-f]{2}/i.test(text)) yield* readings(unpercent(text), depth + 1, seen);
  if (text.includes('+')) yield* readings(text.replaceAll('+', ' '), depth + 1, seen);
  if (text.includes('\\')) yield* readings(unescape(text), depth + 1, seen);
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{8,}={0,2}/g)) {
    for (let from = 0; from < 4 && from < run.length; from++) { // what stands in front may not belong to it
      const opened = Buffer.from(run.slice(from).replaceAll('-', '+').replaceAll('_', '/'), 'base64');
      if (looksLikeText(opened)) yield* readings(opened, depth + 1, seen);
    }
    if (/^([0-9a-f]{2}){4,}$/i.test(run)) {
      const opened = Buffer.from(run, 'hex');
      if (looksLikeText(opened)) yield* readings(opened, depth + 1, seen);
    }
  }
}

const unpercent = text => Buffer.from(text.replace(/%([0-9a-f]{2})|[^]/gi, (one, hex) => hex ? String.fromCharCode(parseInt(hex, 16)) : Buffer.from(one, 'utf8').toString('latin1')), 'latin1').toString('utf8');
const unescape = text => text.replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))).replace(/\\(.)/g, '$1');

/** Most of what is no encoding decodes to noise: that is not followed further. */
function looksLikeText(bytes) {
  if (bytes.length < 4) return false;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  let printable = 0;
  for (const b of bytes) if ((b >= 0x20 && b < 0x7f) || b === 9 || b === 10 || b === 13 || b >= 0xc0) printable++;
  return printable / bytes.length > 0.8;
}

/** The planted strings that are in what was received, in whatever encoding. */
export function leaks(requests, strings = planted) {
  const found = new Set();
  for (const request of requests) {
    for (const part of [Buffer.from(request.target), Buffer.from(JSON.stringify(request.headers)), request.body]) {
      for (const text of readings(part)) {
        const lower = text.toLowerCase();
        for (const s of strings) if (lower.includes(s.toLowerCase())) found.add(s);
      }
    }
  }
  return [...found];
}

/** Tells whether a text is in what was received, in whatever encoding. */
export const holds = (requests, text) => leaks(requests, [text]).length > 0;
