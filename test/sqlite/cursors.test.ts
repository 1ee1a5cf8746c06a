/** Results that are kept: what is read of them, in any order, and when they end. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SqlValue } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { Cursors } from '../../src/sqlite/cursors.ts';
import {
  CURSOR_BATCH_BYTES,
  CURSOR_BATCH_ROWS,
  CURSOR_IDLE_MS,
  MAX_CURSORS,
  MAX_SCRATCH_FILES,
} from '../../src/sqlite/limits.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { memoryFiles, type StateFiles } from '../../src/sqlite/state-files.ts';
import { logOf, requestOf } from './log.ts';
import { failureOf, loadTestRuntime, newName } from './support.ts';

const runtime = await loadTestRuntime();

afterEach(() => {
  vi.useRealTimers();
});

const NUMBERS = 'WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT';
const LOG = logOf([
  requestOf(['CREATE TABLE t(a)']),
  requestOf(['INSERT INTO t VALUES(1), (2)']),
  requestOf(['DELETE FROM t']),
]);

interface Opened {
  readonly service: SqlService;
  readonly cursors: Cursors;
  readonly files: StateFiles;
}

/** With blocks of a few rows, most of them in the scratch file. */
async function open(limits: ConstructorParameters<typeof Cursors>[1] = {}): Promise<Opened> {
  const files = memoryFiles(runtime, newName());
  const service = new SqlService(async () => files);
  const cursors = new Cursors(service, { blockBytes: 64, memoryBytes: 256, ...limits });
  await service.open('x', 0);
  return { service, cursors, files };
}

function query(sql: string, params: readonly SqlValue[] = [], timeoutMs = 5_000) {
  return { sql, params, atLeast: null, timeoutMs };
}

/** How many scratch files can still be made. */
function freeScratchFiles(files: StateFiles): number {
  const made = [];
  try {
    for (;;) made.push(files.createScratch());
  } catch {
    for (const { file, remove } of made) {
      file.close();
      remove();
    }
    return made.length;
  }
}

describe('a kept result', () => {
  it('is read in any order, from memory and from the scratch file', async () => {
    const { service, cursors } = await open();
    const opened = await cursors.openCursor(query(`${NUMBERS} i, 'row ' || i FROM n`, [1_000]));
    expect(opened).toEqual({
      cursor: opened.cursor,
      columns: ['i', "'row ' || i"],
      rowCount: 1_000,
      appliedIndex: 0,
    });
    const row = (i: number): SqlValue[] => [i, `row ${i}`];
    for (const from of [0, 998, 500, 501, 3, 999, 17]) {
      const rows = await cursors.readCursor(opened.cursor, from, 2);
      expect(rows).toEqual([row(from), row(from + 1)].slice(0, 1_000 - from));
    }
    const all = await cursors.readCursor(opened.cursor, 0, 2_000);
    expect(all).toEqual(Array.from({ length: 1_000 }, (_, i) => row(i)));
    expect(await cursors.readCursor(opened.cursor, 1_000, 1)).toEqual([]);
    expect(await cursors.readCursor(opened.cursor, 5, 0)).toEqual([]);
    await service.close();
  });

  it('of no rows tells its columns', async () => {
    const { service, cursors } = await open();
    const opened = await cursors.openCursor(query('SELECT 1 AS a, 2 AS b WHERE 0'));
    expect(opened).toMatchObject({ columns: ['a', 'b'], rowCount: 0 });
    expect(await cursors.readCursor(opened.cursor, 0, 10)).toEqual([]);
    await service.close();
  });

  it('gives batches bounded in rows and bytes, and one row however large', async () => {
    const { service, cursors } = await open();
    const many = await cursors.openCursor(query(`${NUMBERS} i FROM n`, [CURSOR_BATCH_ROWS + 1]));
    expect(await cursors.readCursor(many.cursor, 0, 1e9)).toHaveLength(CURSOR_BATCH_ROWS);
    const third = Math.floor(CURSOR_BATCH_BYTES / 3);
    const wide = await cursors.openCursor(query(`${NUMBERS} zeroblob(${third}) FROM n`, [5]));
    expect(await cursors.readCursor(wide.cursor, 0, 5)).toHaveLength(2);
    expect(await cursors.readCursor(wide.cursor, 4, 5)).toHaveLength(1);
    const huge = await cursors.openCursor(query('SELECT zeroblob(1000000)'));
    expect(await cursors.readCursor(huge.cursor, 0, 5)).toMatchObject([[{ length: 1_000_000 }]]);
    await service.close();
  });

  it('is of one state, whatever is applied, checkpointed or restored meanwhile', async () => {
    const { service, cursors } = await open({ memoryBytes: 0 });
    await service.apply(encodeEntries(LOG.slice(0, 3)));
    const opened = await cursors.openCursor(query('SELECT a FROM t ORDER BY a'));
    expect(opened.appliedIndex).toBe(3);
    await service.apply(encodeEntries(LOG.slice(3)));
    expect((await service.query(query('SELECT a FROM t'))).rows).toEqual([]);
    await service.checkpoint();
    const snapshot = await service.openSnapshot();
    if (snapshot.type !== 'done') throw new Error('no snapshot');
    const { sizeBytes, hash } = snapshot.result;
    await service.beginStage({ file: 1, sizeBytes, hash, index: LOG.length as LogIndex });
    const bytes = await service.readSnapshot(0, sizeBytes);
    if (bytes.type !== 'done') throw new Error('no bytes');
    await service.writeStage(0, bytes.result);
    await service.finishStage();
    expect(await service.restore(1)).toMatchObject({ type: 'done' });
    expect(await cursors.readCursor(opened.cursor, 0, 10)).toEqual([[1], [2]]);
    await service.close();
  });

  it('of rows from elsewhere is read the same', async () => {
    const { service, cursors } = await open();
    const rows = Array.from({ length: 50 }, (_, i) => [`line ${i}`]);
    const opened = cursors.keep(['sql'], rows.values(), 3 as LogIndex);
    expect(opened).toMatchObject({ columns: ['sql'], rowCount: 50, appliedIndex: 3 });
    expect(await cursors.readCursor(opened.cursor, 48, 5)).toEqual([['line 48'], ['line 49']]);
    await service.close();
  });
});

describe('opening', () => {
  it('waits for the index, and not beyond its time', async () => {
    const { service, cursors } = await open();
    const opening = cursors.openCursor({ ...query('SELECT a FROM t'), atLeast: 3 as LogIndex });
    await service.apply(encodeEntries(LOG.slice(0, 3)));
    expect(await opening).toMatchObject({ rowCount: 2, appliedIndex: 3 });
    const late = cursors.openCursor({ ...query('SELECT 1', [], 20), atLeast: 99 as LogIndex });
    expect(await failureOf(late)).toMatchObject({ code: 'Timeout', applied: 'no' });
    await service.close();
  });

  it('ends a query that takes longer than it may, and keeps nothing of it', async () => {
    const { service, cursors, files } = await open();
    const endless = query(`${NUMBERS} i FROM n`, [1e12], 100);
    expect(await failureOf(cursors.openCursor(endless))).toMatchObject({ code: 'Timeout' });
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES);
    expect((await service.query(query('SELECT 1'))).rows).toEqual([[1]]);
    await service.close();
  });

  it('keeps what queries keep to: reads alone, one statement, no tables of ours', async () => {
    const { service, cursors } = await open();
    for (const sql of ['CREATE TABLE x(a)', 'SELECT 1; SELECT 2', 'SELECT * FROM nothing']) {
      expect((await failureOf(cursors.openCursor(query(sql)))).applied).toBe('no');
    }
    const ours = cursors.openCursor(query('SELECT * FROM _resqlite_meta'));
    expect((await failureOf(ours)).code).toBe('InvalidArgument');
    await service.close();
  });
});

describe('what is kept is bounded', () => {
  it('in bytes', async () => {
    const { service, cursors, files } = await open({ totalBytes: 10_000 });
    const large = cursors.openCursor(query(`${NUMBERS} i FROM n`, [1_500]));
    expect(await failureOf(large)).toMatchObject({ code: 'TooLarge', applied: 'no' });
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES);
    expect(await cursors.openCursor(query(`${NUMBERS} i FROM n`, [500]))).toBeDefined();
    await service.close();
  });

  it('in number, and in scratch files', async () => {
    const { service, cursors } = await open();
    const opened = [];
    for (let at = 0; at < MAX_CURSORS; at += 1) {
      opened.push(await cursors.openCursor(query('SELECT 1')));
    }
    const one = cursors.openCursor(query('SELECT 1'));
    expect(await failureOf(one)).toMatchObject({ code: 'Overloaded', applied: 'no' });
    for (const { cursor } of opened) await cursors.closeCursor(cursor);
    for (let at = 0; at < MAX_SCRATCH_FILES; at += 1) {
      await cursors.openCursor(query(`${NUMBERS} i FROM n`, [100]));
    }
    const spilling = cursors.openCursor(query(`${NUMBERS} i FROM n`, [100]));
    expect(await failureOf(spilling)).toMatchObject({ code: 'Overloaded', applied: 'no' });
    expect(await cursors.openCursor(query('SELECT 1'))).toMatchObject({ rowCount: 1 });
    await service.close();
  });

  it('in time: what nobody reads is dropped and says so, what is read stays', async () => {
    const { service, cursors, files } = await open();
    vi.useFakeTimers();
    const { cursor } = await cursors.openCursor(query(`${NUMBERS} i FROM n`, [100]));
    for (let round = 0; round < 3; round += 1) {
      vi.advanceTimersByTime(CURSOR_IDLE_MS - 1);
      expect(await cursors.readCursor(cursor, 99, 1)).toEqual([[99]]);
    }
    vi.advanceTimersByTime(CURSOR_IDLE_MS);
    const failed = await failureOf(cursors.readCursor(cursor, 0, 1));
    expect(failed).toMatchObject({
      code: 'Closed',
      message: expect.stringContaining('10 minutes'),
    });
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES);
    await service.close();
  });
});

describe('a kept result ends', () => {
  it('when it is closed, once and for all', async () => {
    const { service, cursors, files } = await open();
    const { cursor } = await cursors.openCursor(query(`${NUMBERS} i FROM n`, [100]));
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES - 1);
    await cursors.closeCursor(cursor);
    await cursors.closeCursor(cursor);
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES);
    expect(await failureOf(cursors.readCursor(cursor, 0, 1))).toMatchObject({ code: 'Closed' });
    await service.close();
  });

  it('with its database', async () => {
    const { service, cursors, files } = await open();
    const { cursor } = await cursors.openCursor(query(`${NUMBERS} i FROM n`, [100]));
    await service.close();
    expect(freeScratchFiles(files)).toBe(MAX_SCRATCH_FILES);
    expect(await failureOf(cursors.readCursor(cursor, 0, 1))).toMatchObject({ code: 'Closed' });
    expect(await failureOf(cursors.openCursor(query('SELECT 1')))).toMatchObject({
      code: 'Closed',
    });
  });
});
