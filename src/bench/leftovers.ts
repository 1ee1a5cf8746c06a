/**
 * What benchmarks keep on the disk, all of it under one beginning of names, and what one that was broken
 * off has left there.
 */

const PREFIX = 'resqlite-benchmark-';
/** Held by whoever conducts a benchmark in this origin. */
const LOCK = 'resqlite:benchmark';

/** For a file, a folder or a database; no two are the same. */
export function benchmarkName(): string {
  return `${PREFIX}${crypto.randomUUID()}`;
}

/** Runs `work` as the only benchmark of this origin. Rejects where there is one already. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock === null) throw new Error('another tab runs a benchmark');
    await removeLeftovers();
    return work();
  });
}

async function removeLeftovers(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of root.keys()) if (name.startsWith(PREFIX)) names.push(name);
  for (const name of names) await root.removeEntry(name, { recursive: true });
  // Not every engine lists them, and none needs them gone.
  const databases = (await indexedDB.databases?.()) ?? [];
  for (const { name = '' } of databases)
    if (name.startsWith(PREFIX)) indexedDB.deleteDatabase(name);
}
