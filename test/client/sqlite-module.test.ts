/** SQLite's module as the page gets it, whatever a host makes of the file. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** The shortest module there is: a magic number and a version. */
const SHORTEST = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

let answers: Response[];

beforeEach(() => {
  answers = [];
  vi.resetModules();
  vi.stubGlobal('fetch', async () => answers.shift() ?? Promise.reject(new Error('no network')));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The module as a fresh load has it. */
function load() {
  return import('../../src/client/sqlite-module.ts');
}

function served(type: string): Response {
  return new Response(SHORTEST, { headers: { 'content-type': type } });
}

test('is compiled while it comes in, and as a whole from a host that calls it something else', async () => {
  const { compileSqlite } = await load();
  const streaming = vi.spyOn(WebAssembly, 'compileStreaming');
  answers = [served('application/wasm'), served('application/octet-stream')];
  expect(await compileSqlite()).toBeInstanceOf(WebAssembly.Module);
  expect(streaming).toHaveBeenCalledTimes(1);
  expect(await compileSqlite()).toBeInstanceOf(WebAssembly.Module);
  expect(streaming).toHaveBeenCalledTimes(1);
});

test('is compiled once for the page; where it cannot be had the next worker tries again', async () => {
  const { sharedSqlite } = await load();
  answers = [new Response('', { status: 404 }), served('application/wasm')];
  expect(await sharedSqlite()).toBe(null);
  const module = await sharedSqlite();
  expect(module).toBeInstanceOf(WebAssembly.Module);
  expect(await sharedSqlite()).toBe(module);
});
