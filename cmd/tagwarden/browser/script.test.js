// tagwarden.js finds its own address where no browser tells it: as a module, by a trace, in whatever way the browser writes one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const source = fs.readFileSync(new URL('../../../proxy/visitor/pages/tagwarden.js', import.meta.url), 'utf8');
const own = 'https://shop.example:8443/t/privacy/tagwarden.js';

const traces = {
  Chromium: `Error\n    at ${own}:3:66\n    at ${own}:20:3\n    at https://shop.example/app.js:1:1`,
  'Chromium, a named function': `Error\n    at anonymous (${own}:3:66)\n    at https://shop.example/app.js:1:1`,
  Firefox: `@${own}:3:66\n@${own}:20:2\nimport*@https://shop.example/app.js:1:1\n`,
  Safari: `@${own}:3:71\nmodule code@${own}:20:3\nevaluate@[native code]\nmoduleEvaluation@[native code]`,
  'with a query': `Error\n    at ${own}?v=2:3:66`,
};

for (const [browser, stack] of Object.entries(traces)) {
  for (const currentScript of [null, { src: own }]) {
    test(`${browser}, ${currentScript ? 'a script' : 'a module'}`, async () => {
      const asked = [];
      const window = {};
      vm.runInNewContext(source, {
        window, document: { currentScript, cookie: '' }, navigator: {}, URL, URLSearchParams, location: { search: '' }, Object, JSON,
        Error: () => ({ stack: currentScript ? '' : stack }),
        fetch: async to => { asked.push(String(to)); return { ok: true, json: async () => ({}) }; },
      });
      await window.tagwarden.standing();
      assert.deepEqual(asked, ['https://shop.example:8443/t/privacy/objections']);
    });
  }
}
