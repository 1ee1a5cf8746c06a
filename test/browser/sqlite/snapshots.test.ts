/** Snapshots on OPFS: from one directory to another while writes go on, and whatever dies. */

import { afterEach, describe, expect, it } from 'vitest';
import type { OpenedSnapshot } from '../../../src/node/ports.ts';
import type { Entry } from '../../../src/raft/types.ts';
import { logOf, requestOf } from '../../sqlite/log.ts';
import { damage, newDirectory, pathIn, poolFiles, result, SqlProcess } from './sql-process.ts';

const CHUNK_BYTES = 128 * 1024;
const BEFORE = 24;

const running: SqlProcess[] = [];

function start(): SqlProcess {
  const process = new SqlProcess();
  running.push(process);
  return process;
}

afterEach(() => {
  for (const process of running.splice(0)) process.kill();
});

/** Some megabytes, and more to come. */
const LOG = logOf([
  requestOf(['CREATE TABLE t(id INTEGER PRIMARY KEY, x)', 'CREATE INDEX i ON t(id, x)']),
  ...Array.from({ length: 50 }, () =>
    requestOf([
      'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) ' +
        'INSERT INTO t(x) SELECT hex(randomblob(500)) FROM n',
    ]),
  ),
]);

async function applyTo(process: SqlProcess, log: readonly Entry[]): Promise<void> {
  for (const entry of log) await process.apply([entry]);
}

/** All of it is on the disk. */
async function opened(directory: string, count: number, file = 0): Promise<SqlProcess> {
  const process = start();
  await process.open(directory, file);
  await applyTo(process, LOG.slice(0, count));
  expect(await result(process.applier.call('checkpoint', []))).toBe(count);
  return process;
}

async function copyChunks(
  from: SqlProcess,
  snapshot: OpenedSnapshot,
  to: SqlProcess,
  file: number,
): Promise<void> {
  await result(to.applier.call('beginStage', [{ ...snapshot, file }]));
  for (let offset = 0; offset < snapshot.sizeBytes; offset += CHUNK_BYTES) {
    const chunk = await result(from.applier.call('readSnapshot', [offset, CHUNK_BYTES]));
    await result(to.applier.call('writeStage', [offset, chunk]));
  }
  await result(to.applier.call('finishStage', []));
}

/** The files of a worker that was killed, once they are given back. */
async function waitUntilFree(directory: string): Promise<FileSystemFileHandle[]> {
  const files = await poolFiles(directory);
  for (const file of files) {
    await expect.poll(() => isFree(file)).toBe(true);
  }
  return files;
}

async function isFree(file: FileSystemFileHandle): Promise<boolean> {
  try {
    const writable = await file.createWritable({ keepExistingData: true });
    await writable.abort();
    return true;
  } catch {
    return false;
  }
}

/** Of a machine that applied the log up to there. */
async function expectedHash(count: number): Promise<{ index: number; hash: string }> {
  const process = await opened(newDirectory(), count);
  const hash = await process.reader.call('hash', []);
  await process.close();
  return hash;
}

describe('a snapshot', () => {
  it('of some megabytes travels to another directory while writes go on', async () => {
    const from = await opened(newDirectory(), BEFORE);
    const directory = newDirectory();
    const to = await opened(directory, 3);
    const snapshot = await result(from.applier.call('openSnapshot', []));
    expect(snapshot.index).toBe(BEFORE);
    expect(snapshot.sizeBytes).toBeGreaterThan(4 * 2 ** 20);
    const copying = copyChunks(from, snapshot, to, 1);
    await Promise.all([copying, applyTo(from, LOG.slice(BEFORE)), applyTo(to, LOG.slice(3, 12))]);
    expect(await from.applier.call('checkpoint', [])).toMatchObject({ type: 'refused' });
    await from.applier.call('closeSnapshot', []);
    expect(await result(from.applier.call('checkpoint', []))).toBe(LOG.length);

    const late = to.query('SELECT count(*) FROM t', { atLeast: BEFORE });
    expect(await result(to.applier.call('restore', [1]))).toBe(BEFORE);
    expect(await late).toMatchObject({ rows: [[(BEFORE - 2) * 100]], appliedIndex: BEFORE });
    expect(await to.reader.call('hash', [])).toEqual(await expectedHash(BEFORE));
    await applyTo(to, LOG.slice(BEFORE));
    const hash = await from.reader.call('hash', []);
    expect(await to.reader.call('hash', [])).toEqual(hash);
    await to.close();
    const again = start();
    expect(await again.open(directory, 1)).toBe(LOG.length);
    expect(await again.reader.call('hash', [])).toEqual(hash);
  });
  it('counts, or does not, as the log says, where the process dies before the restore', async () => {
    const from = await opened(newDirectory(), BEFORE);
    const snapshot = await result(from.applier.call('openSnapshot', []));
    for (const file of [0, 1]) {
      const directory = newDirectory();
      const to = await opened(directory, 5);
      await copyChunks(from, snapshot, to, 1);
      to.kill();
      const count = file === 0 ? 5 : BEFORE;
      const again = start();
      expect(await again.open(directory, file)).toBe(count);
      expect(await again.reader.call('hash', [])).toEqual(await expectedHash(count));
      const paths = await Promise.all((await poolFiles(directory)).map(pathIn));
      const others = paths.filter((path) => path !== '' && !path.startsWith(`/database-${file}`));
      expect(others).toEqual([]);
    }
  });

  it('being received is no danger to the state, wherever the process dies', async () => {
    const from = await opened(newDirectory(), BEFORE);
    const snapshot = await result(from.applier.call('openSnapshot', []));
    const directory = newDirectory();
    let process = await opened(directory, 10);
    for (let kills = 0; kills < 6; kills += 1) {
      const copying = copyChunks(from, snapshot, process, 1);
      copying.catch(() => undefined);
      const applying = process.apply(LOG.slice(10, 11));
      applying.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1 + kills * 13));
      process.kill();
      process = start();
      expect([10, 11]).toContain(await process.open(directory));
    }
    await applyTo(process, LOG.slice(0, 11));
    expect(await process.reader.call('hash', [])).toEqual(await expectedHash(11));
  });

  it.each([
    ['the stage', '/database-1', 5],
    ['its write-ahead log', '/database-1-wal', 5],
    ['the database', '/database-0', 0],
    ['its write-ahead log', '/database-0-wal', 0],
  ])('where the pool loses %s (%s), %d entries are left', async (_what, path, left) => {
    const from = await opened(newDirectory(), 9);
    const directory = newDirectory();
    const to = await opened(directory, 5);
    await copyChunks(from, await result(from.applier.call('openSnapshot', [])), to, 1);
    to.kill();
    const files = await waitUntilFree(directory);
    for (const file of files) if ((await pathIn(file)) === path) await damage(file, 0);
    const again = start();
    expect(await again.open(directory)).toBe(left);
    await applyTo(again, LOG.slice(left, 9));
    expect(await again.reader.call('hash', [])).toEqual(await expectedHash(9));
  });

  it('quarantine survives the process, and ends with a restore', async () => {
    const from = await opened(newDirectory(), 9);
    const directory = newDirectory();
    const to = await opened(directory, 5);
    await result(to.applier.call('quarantine', []));
    to.kill();
    const again = start();
    expect(await again.applier.call('open', [directory, 0, 'usual'])).toMatchObject({
      appliedIndex: 5,
      quarantined: true,
    });
    await expect(again.query('SELECT 1')).rejects.toMatchObject({
      failure: { code: 'Quarantined', applied: 'no' },
    });
    await copyChunks(from, await result(from.applier.call('openSnapshot', [])), again, 1);
    expect(await result(again.applier.call('restore', [1]))).toBe(9);
    expect((await again.query('SELECT count(*) FROM t')).rows).toEqual([[700]]);
  });
});
