/** What the SQL worker does for its callers, without the worker. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/node/errors.ts';
import type { ApplyOutcome } from '../../src/node/ports.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { SqlDatabase } from '../../src/sqlite/database.ts';
import type { PooledDatabase } from '../../src/sqlite/pool.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { refused, SqlFailure } from '../../src/sqlite/sql-error.ts';
import { LocalStateMachine, WorkerStateMachine } from '../../src/sqlite/state-machine.ts';
import { logOf, requestOf } from './log.ts';
import { loadTestRuntime, newPath, TestNode } from './support.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await loadTestRuntime();
});

const LOG = logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['INSERT INTO t VALUES(1)'])]);

function openInMemory(path: string): PooledDatabase {
  const database = new SqlDatabase(runtime, { vfs: null, path });
  return { database, close: () => database.close() };
}

async function newService(): Promise<SqlService> {
  const service = new SqlService(async (directory) => openInMemory(directory));
  await service.open(newPath());
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

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SqlFailure) return error.failure;
  throw new Error(`no failure: ${String(error)}`);
}

describe('the service', () => {
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
    expect((await service.export()).length).toBeGreaterThan(0);
    await service.close();
  });

  it('tells the applied index when it opens what is there', async () => {
    const path = newPath();
    const first = new SqlService(async () => openInMemory(path));
    expect(await first.open('x')).toEqual({ appliedIndex: 0 });
    await apply(first, LOG);
    await first.close();
    const second = new SqlService(async () => openInMemory(path));
    expect(await second.open('x')).toEqual({ appliedIndex: 3 });
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
      return openInMemory(directory);
    });
    const read = service.query(query('SELECT 7'));
    const opening = service.open(newPath());
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
    const failures = await Promise.all([failureOf(service.open('x')), failureOf(read)]);
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
      const { database } = openInMemory(directory);
      return {
        database,
        close: () => {
          database.close();
          closed += 1;
        },
      };
    });
    const opening = failureOf(service.open(newPath()));
    await service.close();
    gate.open();
    expect(await opening).toMatchObject({ code: 'Closed' });
    expect(closed).toBe(1);
  });

  it('opens once', async () => {
    const service = await newService();
    expect(await failureOf(service.open(newPath()))).toMatchObject({ code: 'InvalidArgument' });
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

describe('the state machine over a worker', () => {
  const outcomeOf = (machine: WorkerStateMachine | LocalStateMachine): Promise<ApplyOutcome> =>
    new Promise((resolve) => {
      let returned = false;
      machine.apply(LOG, (outcome) => {
        // Never before the call that started the work has returned.
        expect(returned).toBe(true);
        resolve(outcome);
      });
      returned = true;
    });

  it('gives the outcomes of the service', async () => {
    const service = await newService();
    const outcome = await outcomeOf(new WorkerStateMachine(service));
    const local = new TestNode(runtime);
    expect(outcome).toEqual({ type: 'applied', outcomes: local.apply(LOG) });
    local.close();
    await service.close();
  });

  it('fails where the worker is gone, and where it talks nonsense', async () => {
    const gone = { apply: () => Promise.reject(new Error('terminated')) };
    expect(await outcomeOf(new WorkerStateMachine(gone))).toEqual({
      type: 'failed',
      reason: 'the SQL worker failed: terminated',
    });
    const mad = { apply: async () => Uint8Array.of(9) };
    expect(await outcomeOf(new WorkerStateMachine(mad))).toMatchObject({ type: 'failed' });
  });

  it('on the same thread gives the same', async () => {
    const node = new TestNode(runtime);
    const other = new TestNode(runtime);
    const outcome = await outcomeOf(new LocalStateMachine(node.applier, queueMicrotask));
    expect(outcome).toEqual({ type: 'applied', outcomes: other.apply(LOG) });
    node.close();
    other.close();
  });
});
