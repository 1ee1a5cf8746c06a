/** SQLite's module as Node finds it: in its package. One serves all worlds of a thread. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadRuntime, type Runtime } from '../../sqlite/runtime.ts';

export function loadNodeRuntime(): Promise<Runtime> {
  return loadRuntime(async () => {
    const path = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm');
    return WebAssembly.compile(await readFile(path));
  });
}
