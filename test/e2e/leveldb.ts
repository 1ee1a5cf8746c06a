/**
 * Chromium's IndexedDB on disk, while no browser has it open. A torn last record of LevelDB's log is
 * what a crash of machine or browser leaves behind; Chromium deletes the origin's whole IndexedDB at
 * the second start after it.
 */

import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** Enough to tear the last record, and no other. */
const TORN_BYTES = 5;

/**
 * Cuts the tail off the newest log of the LevelDB behind the IndexedDB of `http://localhost:port`.
 * False where there is nothing to cut.
 */
export async function tearIndexedDb(profile: string, port: number): Promise<boolean> {
  const name = `http_localhost_${port}.indexeddb.leveldb`;
  const folder = join(profile, 'Default/IndexedDB', name);
  const logs = (await readdir(folder)).filter((file) => /^\d+\.log$/.test(file)).toSorted();
  const newest = join(folder, logs.at(-1) ?? '');
  const { size } = await stat(newest);
  if (size <= TORN_BYTES) return false;
  await truncate(newest, size - TORN_BYTES);
  return true;
}
