/**
 * The program that runs this page in a browser of its own, such as `npm run node`. It puts a function under
 * this symbol before the page's scripts run, and hears of every database that the page opens. In the browser
 * of a person nothing is there.
 */

import type { Database } from './database.ts';

/**
 * `opened` is what `open` answers its caller, the same handle and the same error. Where the caller waits for
 * migrations it is a handle of the host's own, there as soon as the node runs: whatever comes of them, the
 * node goes on until the host closes that, or the node has ended and the page has closed its own.
 */
export type PageHost = (opened: Promise<Database>) => void;

const HOST = Symbol.for('resqlite.host');

/** Null: a person looks at this page. */
export function pageHost(): PageHost | null {
  return (globalThis as { [HOST]?: PageHost })[HOST] ?? null;
}
