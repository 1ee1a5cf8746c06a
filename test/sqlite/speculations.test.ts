/**
 * The transactions of one tab among everything else that uses its database: who gives way to whom, what
 * is dropped, the clock; and that any interleaving of any transactions on nodes that lag comes to what
 * some serial order comes to.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Statement, StateRequest, TransactionRequest } from '../../src/node/sql.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import {
  MAX_TRANSACTION_MS,
  MAX_TRANSACTION_SKEW_MS,
  MAX_TRANSACTIONS,
  TRANSACTION_IDLE_MS,
} from '../../src/sqlite/limits.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { Speculations } from '../../src/sqlite/speculations.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { WorkerStateMachine } from '../../src/sqlite/state-machine.ts';
import { executeEntry, registration, requestOf, responseOf, STAMP_MS } from './log.ts';
import { copy, resultOf, TestMachine } from './machine.ts';
import { failureOf, loadTestRuntime, newName } from './support.ts';

const runtime = await loadTestRuntime();

const AT_START = 0 as LogIndex;
const LONG_MS = 1_000_000;
const MORE_RUNS = process.env['DIFFERENTIAL_RUNS'];
/** Few runs are always the same, so that they hold enough of everything; more of them are drawn anew. */
const PARAMETERS =
  MORE_RUNS === undefined ? { numRuns: 30, seed: 1 } : { numRuns: Number(MORE_RUNS) };
const SCHEMA = requestOf(['CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER)']);

/** The log of a cluster, as if committed at once. */
class Log {
  readonly entries: Entry[] = [registration()];
  /** By the place of its entry. */
  readonly transactionAt = new Map<number, Running>();

  append(request: StateRequest): void {
    const sequence = this.entries.length;
    const body = encodeRequest(request);
    const stampMs = STAMP_MS + sequence;
    this.entries.push(executeEntry(sequence + 1, { sequence, stampMs, body }));
  }
}

/** One tab's SQL worker. */
class Tab {
  readonly service = new SqlService(async (name) => memoryFiles(runtime, name));
  readonly clocks = { now: 0, wall: STAMP_MS };
  readonly speculations = new Speculations(this.service, {
    nowMs: () => this.clocks.now,
    wallMs: () => this.clocks.wall,
  });
  /** Places of the entries that took effect. */
  readonly committed = new Set<number>();
  readonly #log: Log;
  #applied = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  static async open(log: Log): Promise<Tab> {
    const tab = new Tab(log);
    await tab.service.open(newName(), 0);
    return tab;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Applies all of the log; whether its last entry took effect. */
  async catchUp(): Promise<boolean> {
    const { entries } = this.#log;
    const bytes = encodeEntries(entries.slice(this.#applied));
    const outcome = decodeApplyOutcome(await this.service.apply(bytes));
    if (outcome.type !== 'applied') throw new Error(outcome.reason);
    for (const [at, one] of outcome.outcomes.entries()) {
      if (one.type !== 'executed' || !responseOf(one).committed) continue;
      this.committed.add(this.#applied + at);
    }
    this.#applied = entries.length;
    return this.committed.has(entries.length - 1);
  }

  begin(): Promise<number> {
    return this.speculations.beginTransaction(AT_START, LONG_MS);
  }

  async rows(id: number, sql: string): Promise<readonly (readonly unknown[])[]> {
    const outcome = await this.speculations.runInTransaction(id, { sql }, false);
    if (outcome.type === 'error') throw new Error(outcome.error.message);
    return outcome.result.rows;
  }

  async request(id: number): Promise<TransactionRequest> {
    const request = await this.speculations.finishTransaction(id);
    if (request === null) throw new Error('there is nothing to commit');
    return request;
  }

  async query(sql: string): Promise<readonly (readonly unknown[])[]> {
    const { rows } = await this.service.query({ sql, params: [], atLeast: null, timeoutMs: 5_000 });
    return rows;
  }
}

async function newTab(): Promise<{ log: Log; tab: Tab }> {
  const log = new Log();
  log.append(SCHEMA);
  const tab = await Tab.open(log);
  await tab.catchUp();
  return { log, tab };
}

describe('an open transaction', () => {
  it('holds up neither queries nor entries nor other transactions, and shows to none', async () => {
    const { log, tab } = await newTab();
    const [first, second] = [await tab.begin(), await tab.begin()];
    await tab.rows(first, 'INSERT INTO t(id, a) VALUES(1, 1)');
    expect(await tab.query('SELECT * FROM t')).toEqual([]);
    await tab.rows(second, 'INSERT INTO t(id, a) VALUES(2, 2)');
    // Asked for before the first one goes on, and answered behind it.
    const [asked, seen] = await Promise.all([
      tab.query('SELECT * FROM t'),
      tab.rows(first, 'SELECT id FROM t'),
    ]);
    expect([asked, seen]).toEqual([[], [[1]]]);
    expect(await tab.service.hash()).toMatchObject({ index: 2 });
    log.append(await tab.request(first));
    log.append(await tab.request(second));
    expect(await tab.catchUp()).toBe(true);
    expect(await tab.query('SELECT id FROM t')).toEqual([[1], [2]]);
  });

  it('is discarded without a trace', async () => {
    const { tab } = await newTab();
    const id = await tab.begin();
    await tab.rows(id, 'INSERT INTO t(a) VALUES(1)');
    await tab.speculations.discardTransaction(id);
    expect(await tab.query('SELECT * FROM t')).toEqual([]);
    expect((await failureOf(tab.rows(id, 'SELECT 1'))).code).toBe('Timeout');
  });

  it('that only read has nothing to commit, be its reads older than the state', async () => {
    const { log, tab } = await newTab();
    const id = await tab.begin();
    await tab.rows(id, 'SELECT count(*) FROM t');
    log.append(requestOf(['INSERT INTO t(a) VALUES(1)']));
    await tab.catchUp();
    expect(await tab.speculations.finishTransaction(id)).toBe(null);
  });

  it('is gone with a conflict, and the next one sees what caused it', async () => {
    const { log, tab } = await newTab();
    const id = await tab.begin();
    await tab.rows(id, 'SELECT count(*) FROM t');
    log.append(requestOf(['INSERT INTO t(a) VALUES(1)']));
    await tab.catchUp();
    expect((await failureOf(tab.rows(id, 'SELECT 1'))).code).toBe('Conflict');
    expect((await failureOf(tab.request(id))).code).toBe('Timeout');
    expect(await tab.rows(await tab.begin(), 'SELECT count(*) FROM t')).toEqual([[1]]);
  });

  it('ends with the data that it is about: quarantined, or closed', async () => {
    const { tab } = await newTab();
    const ids = [await tab.begin(), await tab.begin()] as const;
    await tab.rows(ids[0], 'INSERT INTO t(a) VALUES(1)');
    await tab.service.quarantine();
    expect((await failureOf(tab.rows(ids[0], 'SELECT 1'))).code).toBe('Quarantined');
    expect((await failureOf(tab.begin())).code).toBe('Quarantined');
    await tab.service.close();
    expect((await failureOf(tab.rows(ids[1], 'SELECT 1'))).code).toBe('Closed');
  });

  it('conflicts where an older state than it began on takes the place of the data', async () => {
    const { log, tab } = await newTab();
    const lagging = await Tab.open(log);
    await lagging.catchUp();
    log.append(requestOf(['INSERT INTO t(a) VALUES(1)']));
    await tab.catchUp();
    const ids = await Promise.all(
      [2, 3].map((index) => tab.speculations.beginTransaction(index as LogIndex, LONG_MS)),
    );
    const [from, to] = [lagging, tab].map(
      ({ service }) => new TestMachine(new WorkerStateMachine(service)),
    ) as [TestMachine, TestMachine];
    await copy(from, resultOf(await from.openSnapshot()), to, 1);
    resultOf(await to.finishStage());
    expect(resultOf(await to.restore(1))).toBe(2);
    expect(await tab.rows(ids[0] ?? 0, 'SELECT count(*) FROM t')).toEqual([[0]]);
    expect((await failureOf(tab.rows(ids[1] ?? 0, 'SELECT 1'))).code).toBe('Conflict');
  });
});

describe('bounds', () => {
  it('of their number', async () => {
    const { tab } = await newTab();
    const first = await tab.begin();
    for (let i = 1; i < MAX_TRANSACTIONS; i += 1) await tab.begin();
    const failure = await failureOf(tab.begin());
    expect(failure.code).toBe('Overloaded');
    expect(failure.message).toContain(`${MAX_TRANSACTIONS} transactions`);
    await tab.speculations.discardTransaction(first);
    await tab.begin();
  });

  it('of the time unused, and of all the time', async () => {
    const { tab } = await newTab();
    const [unused, used] = [await tab.begin(), await tab.begin()];
    const step = TRANSACTION_IDLE_MS / 2;
    for (tab.clocks.now = step; tab.clocks.now < MAX_TRANSACTION_MS; tab.clocks.now += step) {
      expect(await tab.rows(used, 'SELECT 1')).toEqual([[1]]);
    }
    for (const id of [unused, used]) {
      const { code, message } = await failureOf(tab.rows(id, 'SELECT 1'));
      expect(code).toBe('Timeout');
      expect(message).toContain('30 s unused, or 60 s in all');
    }
  });

  it('of the clock: one that is far off costs one attempt', async () => {
    const { log, tab } = await newTab();
    tab.clocks.wall = STAMP_MS + 24 * 60 * 60 * 1_000;
    const commit = async (): Promise<boolean> => {
      const id = await tab.begin();
      await tab.rows(id, "INSERT INTO t(a) VALUES(strftime('%s', 'now'))");
      log.append(await tab.request(id));
      return tab.catchUp();
    };
    // Which entry is old and which clock is wrong cannot be told before.
    expect([await commit(), await commit(), await commit()]).toEqual([false, true, true]);
    const [[seconds]] = (await tab.query('SELECT max(a) FROM t')) as [[number]];
    expect(Math.abs(seconds * 1_000 - STAMP_MS)).toBeLessThan(MAX_TRANSACTION_SKEW_MS);
  });

  it('of the clock: it is never behind what the log says', async () => {
    const { log, tab } = await newTab();
    tab.clocks.wall = STAMP_MS - 5_000;
    log.append(requestOf(["INSERT INTO t(a) VALUES(strftime('%s', 'now'))"]));
    await tab.catchUp();
    const id = await tab.begin();
    const sql = "SELECT strftime('%s', 'now') >= a, a > 0 FROM t";
    expect(await tab.rows(id, sql)).toEqual([[1, 1]]);
  });
});

/** What a transaction of the model does, one step a statement; amounts hang on what it has read. */
type Step =
  | { readonly type: 'read' | 'delete' | 'double'; readonly id: number }
  | { readonly type: 'put'; readonly id: number }
  | { readonly type: 'count' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constantFrom('read', 'delete', 'double', 'put'),
    id: fc.integer({ min: 1, max: 3 }),
  }),
  fc.constant({ type: 'count' as const }),
);
const program = fc.array(step, { minLength: 1, maxLength: 4 });

/** What a statement shows: of a read the rows, of a write the number of rows. */
type Shown = readonly (readonly unknown[])[] | number;

/** The same on a plain map. */
function runOnModel(model: Map<number, number>, steps: readonly Step[]): Shown[] {
  let sum = 1;
  return steps.map((one): Shown => {
    if (one.type === 'count') {
      sum += model.size;
      return [[model.size]];
    }
    const { id } = one;
    const value = model.get(id);
    switch (one.type) {
      case 'read':
        sum += value ?? 0;
        return value === undefined ? [] : [[value]];
      case 'delete':
        return model.delete(id) ? 1 : 0;
      case 'double':
        if (value !== undefined) model.set(id, value * 2);
        return value === undefined ? 0 : 1;
      case 'put':
        model.set(id, sum);
        return 1;
    }
  });
}

/** A transaction of the model on one tab. */
class Running {
  readonly steps: readonly Step[];
  readonly shown: Shown[] = [];
  /** How much of the log its node had applied at its last statement. */
  seenAt = 0;
  state: 'new' | 'open' | 'conflict' | 'read only' | 'logged' = 'new';
  readonly #tab: Tab;
  readonly #log: Log;
  #id = 0;
  #sum = 1;

  constructor(tab: Tab, log: Log, steps: readonly Step[]) {
    this.#tab = tab;
    this.#log = log;
    this.steps = steps;
  }

  /** Begins, goes on, or ends, whichever is next. */
  async move(): Promise<void> {
    try {
      if (this.state === 'new') {
        this.#id = await this.#tab.begin();
        this.state = 'open';
      } else if (this.state === 'open') {
        const next = this.steps[this.shown.length];
        if (next === undefined) await this.#finish();
        else await this.#run(next);
      }
    } catch (error) {
      if (!(error instanceof SqlFailure) || error.failure.code !== 'Conflict') throw error;
      this.state = 'conflict';
    }
  }

  async #run(next: Step): Promise<void> {
    const { speculations } = this.#tab;
    const outcome = await speculations.runInTransaction(this.#id, this.#statement(next), false);
    if (outcome.type === 'error') throw new Error(outcome.error.message);
    const { rows, rowsAffected } = outcome.result;
    const isRead = next.type === 'read' || next.type === 'count';
    if (isRead) this.#sum += Number(rows[0]?.[0] ?? 0);
    this.shown.push(isRead ? rows : rowsAffected);
    this.seenAt = this.#tab.applied;
  }

  async #finish(): Promise<void> {
    const request = await this.#tab.speculations.finishTransaction(this.#id);
    this.state = request === null ? 'read only' : 'logged';
    if (request === null) return;
    this.#log.transactionAt.set(this.#log.entries.length, this);
    this.#log.append(request);
  }

  #statement(next: Step): Statement {
    const sql = STEP_SQL[next.type];
    switch (next.type) {
      case 'count':
        return { sql };
      case 'put':
        return { sql, params: [next.id, this.#sum] };
      default:
        return { sql, params: [next.id] };
    }
  }
}

const STEP_SQL: Record<Step['type'], string> = {
  read: 'SELECT a FROM t WHERE id = ?',
  count: 'SELECT count(*) FROM t',
  delete: 'DELETE FROM t WHERE id = ?',
  double: 'UPDATE t SET a = a * 2 WHERE id = ?',
  put: 'INSERT OR REPLACE INTO t VALUES(?, ?)',
};

const TRANSACTIONS = 5;
const TABS = 2;
const moves = fc.array(
  fc.oneof(
    { arbitrary: fc.record({ transaction: fc.nat(TRANSACTIONS - 1) }), weight: 5 },
    { arbitrary: fc.record({ tab: fc.nat(TABS - 1) }), weight: 2 },
  ),
  { minLength: 20, maxLength: 40 },
);

it('whatever runs at once on nodes that lag comes to one order', { timeout: 120_000 }, async () => {
  const seen = { committed: 0, conflicts: 0, early: 0, reads: 0 };
  const programs = fc.array(program, { minLength: TRANSACTIONS, maxLength: TRANSACTIONS });
  const property = fc.asyncProperty(programs, moves, async (allSteps, schedule) => {
    const log = new Log();
    log.append(SCHEMA);
    const tabs = [await Tab.open(log), await Tab.open(log)];
    for (const tab of tabs) await tab.catchUp();
    const tabOf = (number: number): Tab => tabs[number % TABS] as Tab;
    const running = allSteps.map((steps, at) => new Running(tabOf(at), log, steps));
    for (const move of schedule) {
      if ('tab' in move) await tabOf(move.tab).catchUp();
      else await running[move.transaction]?.move();
    }
    for (const one of running) while (['new', 'open'].includes(one.state)) await one.move();
    await tabOf(0).catchUp();

    const model = new Map<number, number>();
    const history = log.entries.map((_, at) => {
      const transaction = log.transactionAt.get(at);
      const isCommitted = tabOf(0).committed.has(at);
      if (transaction !== undefined && isCommitted) {
        expect(transaction.shown).toEqual(runOnModel(model, transaction.steps));
      }
      if (transaction !== undefined) seen[isCommitted ? 'committed' : 'conflicts'] += 1;
      return new Map(model);
    });
    const rows = await tabOf(0).query('SELECT id, a FROM t ORDER BY id');
    expect(rows).toEqual([...model].toSorted(([a], [b]) => a - b));
    for (const one of running) {
      if (one.state === 'conflict') seen.early += 1;
      if (one.state !== 'read only') continue;
      seen.reads += 1;
      expect(one.shown).toEqual(runOnModel(new Map(history[one.seenAt - 1]), one.steps));
    }
    for (const tab of tabs) await tab.service.close();
  });
  await fc.assert(property, PARAMETERS);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(PARAMETERS.numRuns / 10);
});
