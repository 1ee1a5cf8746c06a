/** What the package holds, and by which names. */

import { basename } from 'node:path';

export const FOLDER = 'lib';

/** By their names in the package; the first is the library itself, the others stand on it. */
export const ENTRIES: Readonly<Record<string, string>> = {
  resqlite: 'client/resqlite',
  drizzle: 'integrations/drizzle',
  kysely: 'integrations/kysely',
  preact: 'integrations/preact',
  react: 'integrations/react',
  sqlocal: 'integrations/sqlocal',
};

/** Files beside the entries, which start them. */
export const WORKERS: readonly string[] = ['node-worker', 'sql-worker'];

/** How the file's name begins that has PeerJS. */
export const SIGNALLING_NAME = 'peerjs';

export const WASM = '@sqlite.org/sqlite-wasm/sqlite3.wasm';
export const WASM_FILE = basename(WASM);

/** Packages of whoever uses the entry. */
export const PEERS = /^(?:drizzle-orm|kysely|preact|react)(?:\/|$)/;
