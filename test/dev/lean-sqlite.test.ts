/** What is left of sqlite-wasm's JavaScript; that it runs is shown by every test in a browser. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';

import { parseAst } from 'vite';
import { expect, test } from 'vitest';
import { withoutUnusedParts } from '../../src/dev/lean-sqlite.ts';

const wasm = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm');
const code = readFileSync(join(dirname(wasm), 'index.mjs'), 'utf8');

function lines(text: string): number {
  return text.split('\n').length;
}

test('parts that nobody uses go, the rest stays where it is', () => {
  const lean = withoutUnusedParts(code);
  expect(() => parseAst(lean)).not.toThrow();
  expect([lean.length, lines(lean)]).toEqual([code.length, lines(code)]);
  const gone = ['sqlite3.oo1 = {', 'sqlite3.kvvfs = ', 'new Worker(', 'createPreloadedFile', 'FS.'];
  expect(gone.filter((part) => !code.includes(part))).toEqual([]);
  expect(gone.filter((part) => lean.includes(part))).toEqual(['createPreloadedFile', 'FS.']);
  expect(lean).toContain('sqlite3.installOpfsSAHPoolVfs = ');
  expect(lean).toMatch(/export \{ sqlite3InitModule as default\s*\};\s*$/);
});

test.each([
  ['sqlite3.kvvfs = ', 'sqlite3.other = ', 'databases in localStorage'],
  ['var MEMFS = {', 'var OTHER = {', 'files in memory'],
])('another package than is known here is refused: without %s', (from, to, told) => {
  expect(() => withoutUnusedParts(code.replaceAll(from, to))).toThrow(told);
});
