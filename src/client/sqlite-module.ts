/**
 * SQLite's WebAssembly, compiled while its bytes come in. The page does so once for all its SQL workers,
 * beside their start and not behind it; a worker that is given none does it for itself.
 */

import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';

/** What a SQL worker is told; null: it has to compile the module itself. */
export interface ModuleMessage {
  readonly type: 'module';
  readonly module: WebAssembly.Module | null;
}

const MIME_TYPE = 'application/wasm';

/** Rejects where the file cannot be had. */
export async function compileSqlite(): Promise<WebAssembly.Module> {
  const response = await fetch(wasmUrl);
  if (!response.ok) throw new Error(`SQLite could not be loaded: HTTP status ${response.status}`);
  // A host that serves the file under another type will do; streaming would not have it.
  return response.headers.get('content-type') === MIME_TYPE
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

let compiled: Promise<WebAssembly.Module | null> | null = null;

/** The module of this page; null where it cannot be had. */
export function sharedSqlite(): Promise<WebAssembly.Module | null> {
  compiled ??= compileSqlite().catch(() => {
    // Another worker may have more luck later.
    compiled = null;
    return null;
  });
  return compiled;
}
