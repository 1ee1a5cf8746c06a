/** Entries that are answered and not committed yet: nobody can tell, whatever comes next. */

import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { FileImport } from '../../src/sqlite/file-import.ts';
import { COMMIT_DELAY_MS, MAX_UNCOMMITTED_ENTRIES } from '../../src/sqlite/limits.ts';
import { LiveQueries } from '../../src/sqlite/live-queries.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { Speculations } from '../../src/sqlite/speculations.ts';
import { SqliteError } from '../../src/sqlite/sql-error.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { Vfs } from '../../src/sqlite/vfs.ts';
import { logOf, requestOf, responseOf } from './log.ts';
import { failureOf, loadTestRuntime, newName, newPath, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
const LOG = logOf([
  requestOf(['CREATE TABLE t(a PRIMARY KEY ON CONFLICT ROLLBACK)']),
  ...[1, 2, 3, 1, 4].map((value) =>
    requestOf([{ sql: 'INSERT INTO t VALUES(?)', params: [value] }]),
  ),
]);
const TABLE = 2;
/** The one behind which a statement has ended the transaction. */
const ENDS = 5;

/** What a process would find that opened the files as they are now. */
function openCopy(path: string): TestNode {
  const vfs = new Vfs(runtime, null);
  const copied = newPath();
  for (const [suffix, kind] of [
    ['', 'database'],
    ['-wal', 'wal'],
  ] as const) {
    const [from, to] = [vfs.open(path + suffix, kind), vfs.open(copied + suffix, kind)];
    to.write(0, from.read(0, from.sizeBytes()));
    from.close();
    to.close();
  }
  return new TestNode(runtime, {}, copied);
}

describe('a transaction that stays open', () => {
  let node: TestNode;

  beforeEach(() => {
    node = new TestNode(runtime);
    onTestFinished(() => node.close());
    node.apply(LOG.slice(0, TABLE));
  });

  function stored(): number {
    const other = openCopy(node.path);
    const { appliedIndex } = other.applier;
    expect(other.get('SELECT count(*) FROM t')).toEqual([appliedIndex - TABLE]);
    other.close();
    return appliedIndex;
  }

  it('holds the data and the index together, until it is committed', () => {
    for (const entry of LOG.slice(TABLE, 4)) node.apply([entry], true);
    expect(node.applier.appliedIndex).toBe(4);
    expect(node.applier.uncommitted).toEqual(LOG.slice(TABLE, 4));
    expect(stored()).toBe(TABLE);
    node.applier.commit();
    expect(node.applier.uncommitted).toEqual([]);
    expect(stored()).toBe(4);
  });

  it('is committed by a call that wants that', () => {
    node.apply(LOG.slice(TABLE, 3), true);
    node.apply(LOG.slice(3, 4));
    expect(stored()).toBe(4);
    node.applier.commit();
  });

  it('loses nothing of former calls where a statement ends it', () => {
    const outcomes = LOG.slice(TABLE).flatMap((entry) => node.apply([entry], true));
    const all = new TestNode(runtime);
    expect([...all.apply(LOG.slice(0, TABLE)), ...outcomes].slice(TABLE)).toEqual(
      all.apply(LOG.slice(TABLE)),
    );
    all.close();
    expect(responseOf(outcomes[ENDS - TABLE])).toMatchObject({ committed: false });
    node.applier.commit();
    expect(node.get('SELECT group_concat(a) FROM t')).toEqual(['1,2,3,4']);
  });

  it('does not get long', () => {
    const values = Array.from({ length: MAX_UNCOMMITTED_ENTRIES }, (_, at) =>
      requestOf([{ sql: 'INSERT INTO t VALUES(?)', params: [at] }]),
    );
    const log = logOf([requestOf(['SELECT 1']), ...values]);
    const [last] = log.slice(-1) as [Entry];
    for (const entry of log.slice(TABLE, -1)) node.apply([entry], true);
    expect(stored()).toBe(TABLE);
    node.apply([last], true);
    expect(stored()).toBe(last.index);
  });

  it('that cannot be committed stops the database', () => {
    node.apply(LOG.slice(TABLE, 3), true);
    node.database.commit = () => {
      throw new SqliteError(778, 'disk I/O error');
    };
    node.applier.commit();
    node.applier.commit();
    expect(node.applier.apply(LOG.slice(3, 4), true)).toEqual({
      type: 'failed',
      reason: 'SqliteError: disk I/O error',
    });
  });
});

describe('the service', () => {
  let service: SqlService;
  let path: string;

  beforeEach(async () => {
    const files = memoryFiles(runtime, newName());
    path = files.location(0).path;
    service = new SqlService(async () => files);
    onTestFinished(() => service.close());
    await service.open('x', 0);
  });

  async function apply(entries: readonly Entry[]): Promise<string> {
    return decodeApplyOutcome(await service.apply(encodeEntries(entries))).type;
  }

  function stored(): number {
    const other = openCopy(path);
    const { appliedIndex } = other.applier;
    other.close();
    return appliedIndex;
  }

  it('commits what nobody asks for soon', async () => {
    for (const entry of LOG) expect(await apply([entry])).toBe('applied');
    await vi.waitFor(() => expect(stored()).toBe(LOG.length), { timeout: 100 * COMMIT_DELAY_MS });
  });

  it('has nobody who commits it only for hearing of it', async () => {
    const slot = new FileImport(service);
    const speculations = new Speculations(service);
    const lives = new LiveQueries(service, () => undefined);
    const live = await lives.openLive('SELECT * FROM t', []);
    for (const entry of LOG) await apply([entry]);
    expect(service.present?.uncommitted.length).toBeGreaterThan(0);
    expect((await lives.readLive(live, 10_000)).rows).toHaveLength(4);
    expect(service.present?.uncommitted).toEqual([]);
    await slot.closeImport();
    const id = await speculations.beginTransaction(LOG.length as LogIndex, 10_000);
    await speculations.discardTransaction(id);
  });

  it('shows what is not committed yet, and commits it first', async () => {
    await apply(LOG.slice(0, 4));
    const query = { sql: 'SELECT a FROM t', params: [], atLeast: null, timeoutMs: 10_000 };
    expect(await service.query(query)).toMatchObject({ rows: [[1], [2]], appliedIndex: 4 });
    expect(stored()).toBe(4);
    await apply(LOG.slice(4));
    expect(await service.checkpoint()).toEqual({ type: 'done', result: LOG.length });
    expect(stored()).toBe(LOG.length);
  });

  it('applies it again where the module cannot be trusted any more', async () => {
    await apply(LOG.slice(0, 2));
    await service.checkpoint();
    await apply(LOG.slice(2, 3));
    await apply(LOG.slice(3, 4));
    const { connection } = service.take().databaseAsIs;
    expect(service.present?.uncommitted).toEqual(LOG.slice(2, 4));
    connection.status = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    expect(await apply(LOG.slice(4, 5))).toBe('stuck');
    expect(await failureOf(service.hash())).toMatchObject({ code: 'StorageLost' });
    expect(await service.reopen()).toEqual({ type: 'done', result: 4 });
    expect(await apply(LOG.slice(4))).toBe('applied');
    expect((await service.hash()).index).toBe(LOG.length);
  });

  it('closes with everything committed', async () => {
    await apply(LOG);
    await service.close();
    expect(stored()).toBe(LOG.length);
  });
});
