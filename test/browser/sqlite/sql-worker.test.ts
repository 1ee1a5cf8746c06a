/** The state machine on OPFS, in the real worker. */

import { afterEach, describe, expect, it } from 'vitest';
import { RpcFailure } from '../../../src/client/rpc.ts';
import type { Failure } from '../../../src/node/errors.ts';
import type { Entry } from '../../../src/raft/types.ts';
import { dumpScript } from '../../sqlite/dump-script.ts';
import { importOf, LogWriter } from '../../sqlite/import-log.ts';
import { logOf, messagesOf, requestOf, responseOf } from '../../sqlite/log.ts';
import { PINNED_ENTRIES, PINNED_HASH, pinnedLog } from '../../sqlite/pinned-log.ts';
import { damage, newDirectory, pathIn, poolFiles, result, SqlProcess } from './sql-process.ts';

const running: SqlProcess[] = [];

function start(worker?: Worker): SqlProcess {
  const process = new SqlProcess(worker);
  running.push(process);
  return process;
}

afterEach(() => {
  for (const process of running.splice(0)) process.kill();
});

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof RpcFailure) return error.failure;
  throw new Error(`no failure: ${String(error)}`);
}

async function applyInBatches(
  process: SqlProcess,
  log: readonly Entry[],
  size: number,
): Promise<void> {
  for (let at = 0; at < log.length; at += size) await process.apply(log.slice(at, at + size));
}

/** The index up to which everything is on the disk. */
async function checkpoint({ applier }: SqlProcess): Promise<number> {
  return result(applier.call('checkpoint', []));
}

async function exported({ reader }: SqlProcess): Promise<Uint8Array<ArrayBuffer>> {
  const { sizeBytes } = await reader.call('openExport', []);
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1_000_000) {
    bytes.set(await reader.call('readExport', [at, 1_000_000]), at);
  }
  await reader.call('closeExport', []);
  return bytes;
}

describe('the SQL worker', () => {
  it('comes to the same hash as Node, before and after a restart', async () => {
    const directory = newDirectory();
    const first = start();
    expect(await first.open(directory)).toBe(0);
    await applyInBatches(first, pinnedLog(), 7);
    expect(await first.reader.call('hash', [])).toEqual({
      index: PINNED_ENTRIES,
      hash: PINNED_HASH,
    });
    await first.close();
    const second = start();
    expect(await second.open(directory)).toBe(PINNED_ENTRIES);
    expect(await second.reader.call('hash', [])).toEqual({
      index: PINNED_ENTRIES,
      hash: PINNED_HASH,
    });
  });

  it('opens the database of another node when it has closed the first one', async () => {
    const [former, next] = [newDirectory(), newDirectory()];
    const log = logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['CREATE TABLE u(a)'])]);
    const first = start();
    await first.open(former);
    await first.apply(log.slice(0, 2));
    await first.applier.call('close', []);
    expect(await first.open(next)).toBe(0);
    await first.apply(log);
    const schema = "SELECT name FROM sqlite_schema WHERE name IN ('t', 'u') ORDER BY 1";
    expect((await first.query(schema)).rows).toEqual([['t'], ['u']]);
    const second = start();
    expect(await second.open(former)).toBe(2);
    expect((await second.query(schema)).rows).toEqual([['t']]);
  });

  it('keeps the applied index and the data together wherever it is killed', async () => {
    const directory = newDirectory();
    const log = logOf([
      requestOf(['CREATE TABLE t(n INTEGER PRIMARY KEY, x)', 'CREATE INDEX i ON t(x)']),
      ...Array.from({ length: 3_000 }, (_, at) =>
        requestOf([`INSERT INTO t VALUES(${at + 1}, hex(randomblob(3000)))`]),
      ),
    ]);
    let durable = 0;
    let more = 0;
    for (let kills = 0; kills < 8; kills += 1) {
      const process = start();
      const applied = await process.open(directory);
      expect(applied).toBeGreaterThanOrEqual(durable);
      more += applied - durable;
      durable = applied;
      if (applied > 0) {
        const { rows } = await process.query('SELECT count(*), max(n) FROM t');
        const count = applied - 2;
        expect(rows).toEqual([[count, count === 0 ? null : count]]);
      }
      // Many batches are under way, so that some commit and are in no file yet, or not answered.
      for (let at = applied; at < log.length; at += 4) {
        void process.apply(log.slice(at, at + 4));
        if (at % 40 === 0) void checkpoint(process).then((index) => (durable = index));
      }
      // Another moment each time: in the midst of writing, and of moving the log.
      await new Promise((resolve) => setTimeout(resolve, 3 + ((kills * 37) % 60)));
      process.kill();
    }
    console.log(`${durable} entries durable over 8 kills, ${more} of them before anything said so`);

    const survivor = start();
    const applied = await survivor.open(directory);
    await survivor.apply(log.slice(applied));
    expect((await survivor.query('PRAGMA integrity_check')).rows).toEqual([['ok']]);
    const undisturbed = start();
    await undisturbed.open(newDirectory());
    await undisturbed.apply(log);
    expect(await survivor.reader.call('hash', [])).toEqual(
      await undisturbed.reader.call('hash', []),
    );
  }, 60_000);

  it('applies no entry twice', async () => {
    const directory = newDirectory();
    const log = logOf([
      requestOf(['CREATE TABLE t(a)']),
      requestOf(['INSERT INTO t VALUES(random())']),
    ]);
    const first = start();
    await first.open(directory);
    const outcomes = await first.apply(log);
    const { rows } = await first.query('SELECT * FROM t');
    expect((await first.apply(log)).at(-1)).toEqual(outcomes.at(-1));
    first.kill();
    const second = start();
    await second.open(directory);
    const again = await second.apply(log);
    expect(again.at(-1)).toEqual(outcomes.at(-1));
    expect((await second.query('SELECT * FROM t')).rows).toEqual(rows);
  });

  it('reads while it applies, at or behind an index', async () => {
    const process = start();
    const [opening, late] = [
      process.open(newDirectory()),
      process.query('SELECT n, x FROM t', { atLeast: 3 }),
    ];
    await opening;
    const insert = "INSERT INTO t VALUES(9007199254740993, x'00ff')";
    await process.apply(logOf([requestOf(['CREATE TABLE t(n, x)']), requestOf([insert])]));
    expect(await late).toEqual({
      columns: ['n', 'x'],
      rows: [[9007199254740993n, Uint8Array.of(0, 255)]],
      appliedIndex: 3,
    });
    expect(await failureOf(process.query('SELECT 1', { atLeast: 4, timeoutMs: 50 }))).toMatchObject(
      {
        code: 'Timeout',
        applied: 'no',
      },
    );
    const endless =
      'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';
    expect(await failureOf(process.query(endless, { timeoutMs: 100 }))).toMatchObject({
      code: 'Timeout',
    });
    expect(await failureOf(process.query('SELEKT'))).toMatchObject({
      code: 'Sql',
      applied: 'no',
      sqlite: { resultCode: 1, offset: 0, statement: 0 },
    });
  });

  it('imports a file, whatever dies meanwhile, and exports it again', async () => {
    const made = start();
    await made.open(newDirectory());
    const rows = 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)';
    await made.apply(
      logOf([
        requestOf([
          'CREATE TABLE t(a)',
          `INSERT INTO t ${rows} SELECT hex(randomblob(400)) FROM n`,
        ]),
      ]),
    );
    const bytes = await exported(made);
    const text = new TextDecoder('latin1').decode(bytes);
    expect(text.startsWith('SQLite format 3\0')).toBe(true);
    expect([...bytes.subarray(18, 20)]).toEqual([1, 1]);
    expect(text).not.toContain('_resqlite_');

    const directory = newDirectory();
    const source = start();
    await source.open(directory);
    expect(
      await failureOf(source.reader.call('openImport', [new Blob(['no database at all'])])),
    ).toMatchObject({ code: 'InvalidArgument' });
    const { sizeBytes } = await source.reader.call('openImport', [new Blob([bytes])]);
    const prepared = await source.reader.call('readImport', [0, sizeBytes]);
    const log = new LogWriter();
    log.addAll([requestOf(['CREATE TABLE former(a)']), ...importOf(prepared, 400_000)]);
    await source.apply(log.entries.slice(0, -1));
    await checkpoint(source);
    source.kill();
    let process = start();
    for (let kills = 0; ; kills += 1) {
      const applied = await process.open(directory);
      if (applied === log.entries.length) break;
      expect(applied).toBe(log.entries.length - 1);
      const finishing = process.apply(log.entries.slice(-1));
      finishing.catch(() => undefined);
      // Twice as late each time; at last it gets to its end.
      const moment = new Promise((resolve) => setTimeout(resolve, 2 * 2 ** kills));
      await Promise.race([finishing, moment]);
      process.kill();
      process = start();
    }
    const sum = 'SELECT count(*), sum(length(a)) FROM t';
    expect((await process.query(sum)).rows).toEqual((await made.query(sum)).rows);
    expect(await failureOf(process.query('SELECT * FROM former'))).toMatchObject({ code: 'Sql' });
    const paths = await Promise.all((await poolFiles(directory)).map(pathIn));
    const names = paths.filter((path) => path.startsWith('/database'));
    expect(new Set(names)).toEqual(new Set(['/database-0.1', '/database-0.1-wal']));
    expect((await exported(process)).length).toBe(bytes.length);
  }, 60_000);

  it('runs a dump of 15,000 statements', async () => {
    const process = start();
    await process.open(newDirectory());
    const startedMs = performance.now();
    const pieces = await process.reader.call('split', [dumpScript()]);
    const splitMs = performance.now() - startedMs;
    const requests = [];
    for (let at = 0; at < pieces.length; at += 256) {
      const some = pieces.slice(at, at + 256).map(({ sql }) => sql);
      requests.push(requestOf(some, { mode: 'each', foreignKeys: false, rows: false }));
    }
    const log = logOf(requests);
    const applyMs = performance.now();
    const outcomes = [];
    for (const entry of log) outcomes.push(...(await process.apply([entry])));
    const rate = Math.round(15_000 / ((performance.now() - applyMs) / 1_000));
    console.log(`15,000 statements cut in ${Math.round(splitMs)} ms, ${rate} applied a second`);
    const messages = outcomes.slice(1).flatMap((outcome) => messagesOf(responseOf(outcome)));
    expect(messages).toHaveLength(15_000);
    expect(messages.filter((message) => message !== null)).toEqual([]);
  }, 60_000);
});

describe('storage', () => {
  it('that is denied is an error, for the page too', async () => {
    const worker = new Worker(new URL('./denied-worker.ts', import.meta.url), { type: 'module' });
    const process = start(worker);
    const read = failureOf(process.query('SELECT 1'));
    expect(
      await failureOf(process.applier.call('open', [newDirectory(), 0, 'usual'])),
    ).toMatchObject({
      code: 'StorageDenied',
      applied: 'no',
      message: expect.stringContaining('blocked by the user'),
    });
    expect(await read).toMatchObject({ code: 'StorageDenied' });
  });

  it('that another worker still holds is waited for', async () => {
    const directory = newDirectory();
    const first = start();
    await first.open(directory);
    await first.apply(pinnedLog().slice(0, 10));
    await checkpoint(first);
    const second = start();
    const opening = second.open(directory);
    // It has begun to try by the time it answers something else.
    await failureOf(second.query('SELECT 1', { timeoutMs: 300 }));
    first.kill();
    expect(await opening).toBe(10);
  });

  it('that another worker does not give back is an error, and nothing is lost', async () => {
    const directory = newDirectory();
    const first = start();
    await first.open(directory);
    const second = start();
    expect(await failureOf(second.applier.call('open', [directory, 0, 'usual']))).toMatchObject({
      code: 'StorageDenied',
      message: expect.stringContaining('in use by another tab'),
    });
    await first.apply(pinnedLog());
    await checkpoint(first);
    first.kill();
    const third = start();
    expect(await third.open(directory)).toBe(PINNED_ENTRIES);
  }, 30_000);

  it.each([
    ['a header of the pool', 0],
    ['the header of the database', 4_096],
  ])('in which %s is damaged is made anew from the log', async (_what, at) => {
    const directory = newDirectory();
    const first = start();
    await first.open(directory);
    await first.apply(pinnedLog());
    await first.close();
    for (const file of await poolFiles(directory)) {
      const { size } = await file.getFile();
      if (size <= 4_096) continue;
      await damage(file, at);
    }
    const second = start();
    expect(await second.open(directory)).toBe(0);
    await second.apply(pinnedLog());
    expect((await second.reader.call('hash', [])).hash).toBe(PINNED_HASH);
  });

  it('that has lost the write-ahead log is left as it is where nobody else has the data', async () => {
    const directory = newDirectory();
    const first = start();
    await first.open(directory);
    await first.apply(pinnedLog());
    await first.close();
    for (const file of await poolFiles(directory)) {
      if ((await pathIn(file)).endsWith('-wal')) await damage(file, 0);
    }
    // Only the first of them sees how it was lost.
    for (const process of [start(), start()]) {
      const opening = process.applier.call('open', [directory, 0, 'only-copy']);
      expect(await failureOf(opening)).toMatchObject({ code: 'Corrupt' });
      process.kill();
    }
    const paths = await Promise.all((await poolFiles(directory)).map((file) => pathIn(file)));
    expect(paths).toContain('/database-0');
    expect(await start().open(directory)).toBe(0);
  }, 30_000);

  it('is rebuilt by VACUUM, also when the worker is killed meanwhile, and keeps no file of it', async () => {
    const insert =
      'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) ' +
      'INSERT INTO t SELECT i, hex(randomblob(500)) FROM n';
    const log = logOf([
      requestOf(['CREATE TABLE t(n, x)', insert]),
      requestOf(['DELETE FROM t WHERE n % 2 = 0']),
      { mode: 'vacuum' },
    ]);
    const directory = newDirectory();
    const [killed, undisturbed] = [start(), start()];
    await killed.open(directory);
    await killed.apply(log.slice(0, 3));
    void killed.apply(log.slice(3)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    killed.kill();
    const second = start();
    const applied = await second.open(directory);
    await second.apply(log.slice(applied));
    expect((await second.query('PRAGMA freelist_count')).rows).toEqual([[0]]);
    expect((await second.query('SELECT count(*), max(rowid) FROM t')).rows).toEqual([[500, 500]]);
    await undisturbed.open(newDirectory());
    await undisturbed.apply(log);
    expect(await second.reader.call('hash', [])).toEqual(await undisturbed.reader.call('hash', []));
    await second.close();
    const paths = await Promise.all((await poolFiles(directory)).map((file) => pathIn(file)));
    expect(paths.filter((path) => path !== '').toSorted()).toEqual([
      '/database-0',
      '/database-0-wal',
    ]);
  }, 60_000);

  it('is opened anew in another module, and a killed worker gives it back all the same', async () => {
    const directory = newDirectory();
    const first = start();
    await first.open(directory);
    await first.apply(pinnedLog().slice(0, 40));
    const snapshot = first.applier.call('openSnapshot', []);
    expect(await first.applier.call('reopen', [])).toEqual({ type: 'done', result: 40 });
    expect((await snapshot).type).not.toBe('failed');
    await first.apply(pinnedLog().slice(40));
    expect((await first.reader.call('hash', [])).hash).toBe(PINNED_HASH);
    expect(await first.applier.call('reopen', [])).toEqual({
      type: 'done',
      result: PINNED_ENTRIES,
    });
    first.kill();
    const second = start();
    expect(await second.open(directory)).toBe(PINNED_ENTRIES);
    expect((await second.reader.call('hash', [])).hash).toBe(PINNED_HASH);
  }, 30_000);

  it('that was given back can be opened at once', async () => {
    const directory = newDirectory();
    for (let round = 0; round < 5; round += 1) {
      const process = start();
      expect(await process.open(directory)).toBe(round);
      await process.apply(pinnedLog().slice(round, round + 1));
      await process.applier.call('close', []);
    }
  });
});
