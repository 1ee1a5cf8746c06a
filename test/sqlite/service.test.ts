/** What the SQL worker does for its callers, without the worker. */

import { describe, expect, it, vi } from 'vitest';
import type { ApplyOutcome } from '../../src/node/ports.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { memoryFiles, StateFiles } from '../../src/sqlite/state-files.ts';
import { refused } from '../../src/sqlite/sql-error.ts';
import { logOf, noopEntry, requestOf } from './log.ts';
import { failureOf, loadTestRuntime, newName } from './support.ts';

const runtime = await loadTestRuntime();

const LOG = logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['INSERT INTO t VALUES(1)'])]);

async function newService(): Promise<SqlService> {
  const service = new SqlService(async (directory) => memoryFiles(runtime, directory));
  await service.open(newName(), 0);
  return service;
}

const apply = async (service: SqlService, entries: readonly Entry[]): Promise<ApplyOutcome> =>
  decodeApplyOutcome(await service.apply(encodeEntries(entries)));

function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

const index = (number: number): LogIndex => number as LogIndex;

function query(sql: string, atLeast: number | null = null, timeoutMs = 5_000) {
  return { sql, params: [], atLeast: atLeast === null ? null : index(atLeast), timeoutMs };
}

describe('a quarantined database', () => {
  it('answers no reads of data, those that wait for it included, and is told by open', async () => {
    const name = newName();
    const service = new SqlService(async () => memoryFiles(runtime, name));
    await service.open('x', 0);
    await apply(service, LOG);
    const reads = [service.query(query('SELECT 1', 9)), service.query(query('SELECT 1', 8))];
    const kind = service.classify('SELECT a FROM t', index(3));
    expect(await service.quarantine()).toEqual({ type: 'done', result: null });
    reads.push(service.query(query('SELECT a FROM t')), service.query(query('SELECT 1', 9)));
    for (const read of [...reads, service.hash()]) {
      expect(await failureOf(read)).toMatchObject({ code: 'Quarantined', applied: 'no' });
    }
    expect(await kind).toMatchObject({ readOnly: true });
    expect(await service.split('SELECT 1; SELECT 2')).toHaveLength(2);
    await service.close();
    const again = new SqlService(async () => memoryFiles(runtime, name));
    expect(await again.open('x', 0)).toMatchObject({ appliedIndex: 3, quarantined: true });
    expect(await failureOf(again.hash())).toMatchObject({ code: 'Quarantined' });
    await again.close();
  });
});

describe('an aborted query', () => {
  it('waits no longer, and is not begun', async () => {
    const service = await newService();
    const abort = new AbortController();
    const waiting = service.query(query('SELECT a FROM t', 3), abort.signal);
    abort.abort();
    expect(await failureOf(waiting)).toMatchObject({ code: 'Aborted', applied: 'no' });
    const late = service.query(query('SELECT nothing'), abort.signal);
    expect(await failureOf(late)).toMatchObject({ code: 'Aborted' });
    await apply(service, LOG);
    expect((await service.query(query('SELECT a FROM t', 3))).rows).toEqual([[1]]);
    await service.close();
  });
});

describe('the service', () => {
  it('begins a quarantined database anew where the log holds all of it', async () => {
    const service = await newService();
    const name = newName();
    await service.close();
    await service.open(name, 0);
    await apply(service, LOG);
    await service.quarantine();
    await service.close();
    expect(await service.open(name, 0)).toMatchObject({
      appliedIndex: LOG.length,
      quarantined: true,
    });
    await service.close();
    expect(await service.open(name, 0, 'anew')).toMatchObject({
      appliedIndex: 0,
      quarantined: false,
    });
    await apply(service, LOG);
    expect((await service.query(query('SELECT a FROM t'))).rows).toEqual([[1]]);
    await service.close();
  });

  it('opens another database when the first one was closed: a node without memory is replaced', async () => {
    const service = await newService();
    await apply(service, LOG);
    await service.close();
    expect(await failureOf(service.hash())).toMatchObject({ code: 'Closed' });
    expect(await service.open(newName(), 0)).toMatchObject({ appliedIndex: 0, quarantined: false });
    await apply(service, LOG);
    expect((await service.query(query('SELECT a FROM t'))).rows).toEqual([[1]]);
    expect(await failureOf(service.open(newName(), 0))).toMatchObject({ code: 'InvalidArgument' });
    await service.close();
  });

  it('opens, applies and reads', async () => {
    const service = await newService();
    expect(await apply(service, LOG)).toMatchObject({ type: 'applied' });
    expect(await service.query(query('SELECT a FROM t'))).toEqual({
      columns: ['a'],
      rows: [[1]],
      appliedIndex: 3,
    });
    expect(await service.classify('SELECT 1', null)).toMatchObject({ readOnly: true });
    expect(await service.split('SELECT 1; SELECT 2')).toHaveLength(2);
    expect(await service.hash()).toEqual({
      index: 3,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    await service.close();
  });

  it('tells the applied index when it opens what is there', async () => {
    const path = newName();
    const first = new SqlService(async () => memoryFiles(runtime, path));
    expect(await first.open('x', 0)).toMatchObject({ appliedIndex: 0, quarantined: false });
    await apply(first, LOG);
    await first.close();
    const second = new SqlService(async () => memoryFiles(runtime, path));
    expect(await second.open('x', 0)).toMatchObject({ appliedIndex: 3, quarantined: false });
    await second.close();
  });

  it('lets a read wait until its index is applied', async () => {
    const service = await newService();
    const read = service.query(query('SELECT count(*) FROM t', 3));
    const kind = service.classify('SELECT a FROM t', index(3));
    await apply(service, LOG.slice(0, 2));
    await apply(service, LOG.slice(2));
    expect(await read).toMatchObject({ rows: [[1]], appliedIndex: 3 });
    expect(await kind).toMatchObject({ readOnly: true, error: null });
    await service.close();
  });

  it('fails a read whose index is not applied in time', async () => {
    const service = await newService();
    const failure = await failureOf(service.query(query('SELECT 1', 9, 20)));
    expect(failure).toMatchObject({ code: 'Timeout', applied: 'no' });
    await service.close();
  });

  it('lets a read wait until the database is open', async () => {
    const gate = newGate();
    const service = new SqlService(async (directory) => {
      await gate.opened;
      return memoryFiles(runtime, directory);
    });
    const read = service.query(query('SELECT 7'));
    const opening = service.open(newName(), 0);
    gate.open();
    expect((await read).rows).toEqual([[7]]);
    await opening;
    await service.close();
  });

  it('tells everybody why it could not open', async () => {
    const service = new SqlService(async () => {
      throw refused('StorageDenied', 'no room');
    });
    const read = service.query(query('SELECT 1'));
    const failures = await Promise.all([failureOf(service.open('x', 0)), failureOf(read)]);
    expect(failures.map(({ code }) => code)).toEqual(['StorageDenied', 'StorageDenied']);
    expect(await failureOf(service.hash())).toMatchObject({ message: 'no room' });
  });

  it('fails what waits when it is closed, and everything after', async () => {
    const service = await newService();
    const read = service.query(query('SELECT 1', 9));
    await service.close();
    expect(await failureOf(read)).toMatchObject({ code: 'Closed' });
    expect(await failureOf(service.apply(encodeEntries(LOG)))).toMatchObject({ code: 'Closed' });
    expect(await failureOf(service.split('x'))).toMatchObject({ code: 'Closed' });
    await service.close();
  });

  it('gives the files back when it is closed while it opens', async () => {
    const gate = newGate();
    let closed = 0;
    const service = new SqlService(async (directory) => {
      await gate.opened;
      const close = (): void => void (closed += 1);
      const options = { prefix: `/${directory}-`, vfsName: null, lostSomething: false };
      return new StateFiles(runtime, { ...options, list: () => [], close, abandon: close });
    });
    const opening = failureOf(service.open(newName(), 0));
    await service.close();
    gate.open();
    expect(await opening).toMatchObject({ code: 'Closed' });
    expect(closed).toBe(1);
  });

  it('opens once', async () => {
    const service = await newService();
    expect(await failureOf(service.open(newName(), 0))).toMatchObject({ code: 'InvalidArgument' });
    expect((await service.query(query('SELECT 1'))).rows).toEqual([[1]]);
    await service.close();
  });

  it('refuses entries that cannot be read', async () => {
    const service = await newService();
    expect(await failureOf(service.apply(Uint8Array.of(1, 2, 3)))).toMatchObject({
      code: 'Internal',
    });
    expect(await apply(service, LOG)).toMatchObject({ type: 'applied' });
    await service.close();
  });
});

describe('opening anew (SM9)', () => {
  it('has another module on the same files; readers wait, and nothing is lost', async () => {
    const name = newName();
    const asked: boolean[] = [];
    const gate = newGate();
    const service = new SqlService(async (directory, isAnew) => {
      asked.push(isAnew);
      if (isAnew) await gate.opened;
      return memoryFiles(runtime, directory);
    });
    await service.open(name, 0);
    await apply(service, LOG);
    const changes: string[] = [];
    service.listen({ giveWay: () => void changes.push('give way') });
    const reopening = service.reopen();
    const waiting = service.query(query('SELECT a FROM t', LOG.length));
    expect(changes).toEqual(['give way']);
    gate.open();
    expect(await reopening).toEqual({ type: 'done', result: LOG.length });
    expect((await waiting).rows).toEqual([[1]]);
    expect(asked).toEqual([false, true]);
    await service.skip(index(LOG.length + 1));
    expect(await apply(service, [noopEntry(LOG.length + 1)])).toMatchObject({ type: 'applied' });
    await service.close();
  });

  it('is closed when it is there, and can be replaced then', async () => {
    const gate = newGate();
    const open = new Set<StateFiles>();
    const service = new SqlService(async (_directory, isAnew) => {
      if (isAnew) await gate.opened;
      const files = memoryFiles(runtime, name);
      open.add(files);
      for (const end of ['close', 'abandon'] as const) {
        vi.spyOn(files, end).mockImplementation(() => void open.delete(files));
      }
      return files;
    });
    const name = newName();
    await service.open('x', 0);
    const reopening = service.reopen();
    const closing = service.close();
    gate.open();
    await Promise.all([reopening, closing]);
    expect([...open]).toEqual([]);
    await service.open('x', 0);
    expect(open.size).toBe(1);
    await service.close();
  });
});
