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

/** Where bundlers, or nobody, have put the file, and what belongs to it. */
export function sqliteFolder(): string {
  return new URL('.', new URL(wasmUrl, document.baseURI)).href;
}

/** Rejects where the file cannot be had, and says where it was looked for. */
export async function compileSqlite(url = wasmUrl): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    // A host that serves the file under another type will do; streaming would not have it.
    return response.headers.get('content-type') === MIME_TYPE
      ? await WebAssembly.compileStreaming(response)
      : await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`SQLite could not be loaded from ${url}: ${reason}`, { cause: error });
  }
}

let compiled: Promise<WebAssembly.Module | null> | null = null;

/** The module of this page; null where it cannot be had. */
export function sharedSqlite(url?: string): Promise<WebAssembly.Module | null> {
  compiled ??= compileSqlite(url).catch(() => {
    // Another worker may have more luck later.
    compiled = null;
    return null;
  });
  return compiled;
}
