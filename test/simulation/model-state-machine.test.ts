/** The StateMachine port's rules (src/node/ports.ts), for the simulated database. */

import { describe, expect, test } from 'vitest';
import { encodeCommand, SEED_BYTES, type CommandOutcome } from '../../src/node/command.ts';
import type { ApplyOutcome, OpenedSnapshot, SnapshotOutcome } from '../../src/node/ports.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { EventLoop } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { ModelDatabase } from '../../src/simulation/model-database.ts';
import { ModelState, type AppliedEntry } from '../../src/simulation/model-state.ts';
import {
  appended,
  decodeResponse,
  decodeWrite,
  EMPTY_LIST,
  encodeWrite,
  type ModelWrite,
} from '../../src/simulation/model.ts';
import { Random } from '../../src/simulation/random.ts';

const at = (index: number) => index as LogIndex;

function commandEntry(index: number, data: Uint8Array): Entry {
  return { type: 'command', index: at(index), term: 1 as Term, data };
}

function register(index: number): Entry {
  return commandEntry(index, encodeCommand({ type: 'register-session', nonce: 7, durable: false }));
}

function execute(index: number, sequence: number, write: ModelWrite | null): Entry {
  const session = { sessionId: at(1), sequence, lowestUnanswered: 1 };
  const body = write === null ? new Uint8Array(0) : encodeWrite(write);
  const seed = new Uint8Array(SEED_BYTES);
  return commandEntry(index, encodeCommand({ type: 'execute', stampMs: 1, seed, session, body }));
}

const append = (value: number): ModelWrite => ({ type: 'append', key: 0, value });

/** A session, and `count` appends of 1, 2, 3… in it. */
function entriesOf(count: number): Entry[] {
  const appends = Array.from({ length: count }, (_, i) => execute(i + 2, i + 1, append(i + 1)));
  return [register(1), ...appends];
}

class TestDatabase {
  readonly queue = new EventQueue();
  readonly database: ModelDatabase;
  readonly applied: AppliedEntry[] = [];
  readonly restored: number[] = [];
  loop = this.newLoop();

  constructor(seed = 1) {
    this.database = new ModelDatabase(this.queue, Random.fromSeed(seed), 8);
    this.database.events = {
      applied: (applied) => this.applied.push(applied),
      restored: (index) => this.restored.push(index),
    };
  }

  newLoop(): EventLoop {
    return new EventLoop(this.queue, Random.fromSeed(1), () => undefined);
  }

  open(file = 0) {
    return this.database.open(this.loop, file);
  }

  crash(): void {
    this.loop.end();
    this.database.crash();
    this.loop = this.newLoop();
  }

  pass(durationUs = 1_000_000): void {
    const untilUs = this.queue.nowUs + durationUs;
    while (this.queue.step(untilUs)) continue;
  }

  /** Applies and waits; throws where it failed. */
  apply(machine: ReturnType<ModelDatabase['open']>, entries: readonly Entry[]): CommandOutcome[] {
    const ended: ApplyOutcome[] = [];
    machine.apply(entries, (outcome) => ended.push(outcome));
    this.pass();
    const [outcome] = ended;
    if (outcome?.type !== 'applied') throw new Error('not applied');
    return [...outcome.outcomes];
  }
}

describe('ModelDatabase', () => {
  test('one outcome for each command, in order', () => {
    const test = new TestDatabase();
    const machine = test.open();
    const noop: Entry = { type: 'noop', index: at(4), term: 1 as Term };
    const outcomes = test.apply(machine, [...entriesOf(2), noop]);
    expect(outcomes.map(({ type }) => type)).toEqual(['registered', 'executed', 'executed']);
    expect(machine.model.values(0)).toEqual([1, 2]);
    expect(machine.appliedIndex).toBe(4);
  });

  test('durable sessions outlive the others, in snapshots too, until they are closed', () => {
    const durable = { type: 'register-session', nonce: 7, durable: true } as const;
    const state = ModelState.empty(2);
    state.apply(commandEntry(1, encodeCommand(durable)));
    for (const index of [2, 3, 4]) state.apply(register(index));
    const other = ModelState.decode(state.encode(), 2);
    expect(other.apply(execute(5, 1, append(1))).outcome?.type).toBe('executed');
    const close = commandEntry(6, encodeCommand({ type: 'close-session', sessionId: at(1) }));
    expect(other.apply(close).outcome).toEqual({ type: 'session-closed', sessionId: 1 });
    expect(other.apply(execute(7, 2, append(2))).outcome?.type).toBe('unknown-session');
    expect(other.model.values(0)).toEqual([1]);
  });

  test('the session rules: a copy answers as before, a gap and strangers have no effect', () => {
    const test = new TestDatabase();
    const machine = test.open();
    test.apply(machine, entriesOf(1));
    const [copy, gap, strong] = test.apply(machine, [
      execute(3, 1, append(9)),
      execute(4, 5, append(9)),
      execute(5, 2, null),
    ]);
    expect(copy?.type === 'executed' && decodeResponse(copy.response)).toBe(1);
    expect([gap?.type, strong?.type]).toEqual(['out-of-order', 'executed']);
    expect(machine.model.values(0)).toEqual([1]);
    expect(test.applied.map(({ write }) => write !== null)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  test('SM1: a crash loses the newest at most, and whole entries; replayed they are the same', () => {
    const kept = new Set<number>();
    for (let seed = 0; seed < 40; seed += 1) {
      const test = new TestDatabase(seed);
      const machine = test.open();
      const entries = entriesOf(6);
      const before = test.apply(machine, entries);
      test.crash();
      const again = test.open();
      const from = again.appliedIndex;
      kept.add(from);
      expect(again.model.values(0)).toEqual(entries.slice(1, from).map((_, i) => i + 1));
      const rest = entries.slice(from);
      if (rest.length > 0) expect(test.apply(again, rest)).toEqual(before.slice(from));
      expect(again.model.list(0)).toEqual(machine.model.list(0));
    }
    expect(kept.size).toBeGreaterThan(4);
  });

  test('SM2: outcomes do not depend on the cut', () => {
    const entries = entriesOf(9);
    const whole = new TestDatabase(1);
    const together = whole.apply(whole.open(), entries);
    const cut = new TestDatabase(2);
    const machine = cut.open();
    const single = entries.flatMap((entry) => cut.apply(machine, [entry]));
    expect(single).toEqual(together);
  });

  test('sessions come back from the disk with their answers', () => {
    const test = new TestDatabase();
    test.apply(test.open(), entriesOf(3));
    test.crash();
    const again = test.open();
    const rest = entriesOf(3).slice(again.appliedIndex);
    if (rest.length > 0) test.apply(again, rest);
    const [copy] = test.apply(again, [execute(5, 2, append(9))]);
    expect(copy?.type === 'executed' && decodeResponse(copy.response)).toBe(2);
  });

  test('a wiped database begins at nothing', () => {
    const test = new TestDatabase();
    test.apply(test.open(), entriesOf(3));
    test.crash();
    test.database.wipe();
    expect(test.open().appliedIndex).toBe(0);
  });

  test('SM3: its own trouble is a failure, not an outcome', () => {
    const test = new TestDatabase();
    const machine = test.open();
    test.database.failNext = true;
    const ended: ApplyOutcome[] = [];
    machine.apply(entriesOf(1), (outcome) => ended.push(outcome));
    test.pass();
    expect(ended).toEqual([{ type: 'failed', reason: 'simulated database failure' }]);
  });

  test('it refuses what no server may ask', () => {
    const test = new TestDatabase();
    const machine = test.open();
    const ignore = (): void => undefined;
    machine.apply(entriesOf(1), ignore);
    expect(() => machine.apply(entriesOf(1), ignore)).toThrow('SM4');
    test.pass();
    machine.apply([register(9)], ignore);
    expect(() => test.pass()).toThrow('SM1');
    expect(() => test.open()).toThrow('two servers');
    test.crash();
    expect(() => machine.apply([register(3)], ignore)).toThrow('SM4');
  });

  test('readers wait until their index is applied', () => {
    const test = new TestDatabase();
    const machine = test.open();
    const seen: number[] = [];
    machine.whenApplied(at(0), () => seen.push(machine.appliedIndex));
    machine.whenApplied(at(3), () => seen.push(machine.appliedIndex));
    expect(seen).toEqual([0]);
    test.apply(machine, entriesOf(1));
    expect(seen).toEqual([0]);
    test.apply(machine, [execute(3, 2, append(2))]);
    expect(seen).toEqual([0, 3]);
  });
});

/** Calls that answer with a snapshot's outcome, waited for. */
function answerOf<Result>(
  test: TestDatabase,
  call: (done: (outcome: SnapshotOutcome<Result>) => void) => void,
): SnapshotOutcome<Result> {
  const ended: SnapshotOutcome<Result>[] = [];
  call((outcome) => ended.push(outcome));
  expect(ended).toEqual([]);
  test.pass();
  const [outcome] = ended;
  if (outcome === undefined) throw new Error('no answer');
  return outcome;
}

function resultOf<Result>(
  test: TestDatabase,
  call: (done: (outcome: SnapshotOutcome<Result>) => void) => void,
): Result {
  const outcome = answerOf(test, call);
  if (outcome.type !== 'done') throw new Error(outcome.reason);
  return outcome.result;
}

/** A snapshot of a database with `count` appends: what it is, and its bytes in chunks of seven. */
function snapshotOf(count: number) {
  const test = new TestDatabase(3);
  const machine = test.open();
  test.apply(machine, entriesOf(count));
  const opened = resultOf<OpenedSnapshot>(test, (done) => machine.openSnapshot(done));
  // What is applied meanwhile does not show (SM6).
  test.apply(machine, [execute(count + 2, count + 1, append(99))]);
  const chunks: Uint8Array[] = [];
  for (let offset = 0; offset < opened.sizeBytes; offset += 7) {
    chunks.push(resultOf(test, (done) => machine.readSnapshot(offset, 7, done)));
  }
  return { opened, chunks };
}

describe('snapshots', () => {
  /** Stages it as file 1 on a database that holds something else; answers how the stage ended. */
  function stage(
    test: TestDatabase,
    machine: ReturnType<ModelDatabase['open']>,
    chunks: readonly Uint8Array[],
    opened: OpenedSnapshot,
  ): SnapshotOutcome<null> {
    resultOf<null>(test, (done) => machine.beginStage({ file: 1, ...opened }, done));
    let offset = 0;
    for (const chunk of chunks) {
      const at = offset;
      resultOf<null>(test, (done) => machine.writeStage(at, chunk, done));
      offset += chunk.length;
    }
    return answerOf<null>(test, (done) => machine.finishStage(done));
  }

  test('SM6, SM7, SM8: read, staged and restored, it is the state as it was opened', () => {
    const { opened, chunks } = snapshotOf(5);
    const test = new TestDatabase();
    const machine = test.open();
    test.apply(machine, entriesOf(1));
    expect(stage(test, machine, chunks, opened).type).toBe('done');
    expect(machine.appliedIndex).toBe(2);
    expect(resultOf<LogIndex>(test, (done) => machine.restore(1, done))).toBe(6);
    expect(machine.model.values(0)).toEqual([1, 2, 3, 4, 5]);
    expect(test.restored).toEqual([6]);
    expect(test.database.fileCount).toBe(1);
    // Sessions have come with it: a copy answers as before, the next one runs.
    const [copy, next] = test.apply(machine, [execute(7, 2, append(9)), execute(8, 6, append(6))]);
    expect(copy?.type === 'executed' && decodeResponse(copy.response)).toBe(2);
    expect(next?.type === 'executed' && decodeResponse(next.response)).toBe(6);
  });

  test('SM8: a crash before the log names it leaves the old state, one after it the new', () => {
    const { opened, chunks } = snapshotOf(5);
    for (const [file, appends] of [
      [0, [1]],
      [1, [1, 2, 3, 4, 5]],
    ] as const) {
      const test = new TestDatabase();
      const machine = test.open();
      test.apply(machine, entriesOf(1));
      resultOf<LogIndex>(test, (done) => machine.checkpoint(done));
      stage(test, machine, chunks, opened);
      test.crash();
      expect(test.open(file).model.values(0)).toEqual(appends);
      expect(test.database.fileCount).toBe(1);
    }
  });

  test('SM7: what is not finished is gone with the process', () => {
    const { opened, chunks } = snapshotOf(5);
    const test = new TestDatabase();
    const machine = test.open();
    resultOf<null>(test, (done) => machine.beginStage({ file: 1, ...opened }, done));
    resultOf<null>(test, (done) => machine.writeStage(0, chunks[0] ?? new Uint8Array(0), done));
    test.crash();
    expect(test.open(1).appliedIndex).toBe(0);
  });

  test('SM7: a stage in disorder, of another size or with other bytes is refused', () => {
    const { opened, chunks } = snapshotOf(5);
    const test = new TestDatabase();
    const machine = test.open();
    expect(stage(test, machine, chunks.slice(0, -1), opened).type).toBe('refused');
    const [first = new Uint8Array(0), ...others] = chunks;
    const changed = first.with(3, 77);
    expect(stage(test, machine, [changed, ...others], opened).type).toBe('refused');
    const gap = answerOf<null>(test, (done) => machine.writeStage(1, first, done));
    expect(gap.type).toBe('refused');
    expect(() => machine.beginStage({ file: 0, ...opened }, () => undefined)).toThrow('SM7');
  });

  test('SM5: nothing up to a checkpoint is lost', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const test = new TestDatabase(seed);
      const machine = test.open();
      test.apply(machine, entriesOf(300));
      expect(resultOf<LogIndex>(test, (done) => machine.checkpoint(done))).toBe(301);
      expect(() => machine.checkpoint(() => machine.checkpoint(() => undefined))).not.toThrow();
      test.crash();
      expect(test.open().appliedIndex).toBe(301);
    }
  });

  test('quarantine is remembered until another state is restored', () => {
    const { opened, chunks } = snapshotOf(5);
    const test = new TestDatabase();
    resultOf<null>(test, (done) => test.open().quarantine(done));
    test.crash();
    const machine = test.open();
    expect(machine.quarantined).toBe(true);
    stage(test, machine, chunks, opened);
    resultOf<LogIndex>(test, (done) => machine.restore(1, done));
    expect(machine.quarantined).toBe(false);
  });

  test('a changed bit shows in the hash, stays, and gives no snapshot', () => {
    const test = new TestDatabase();
    const machine = test.open();
    test.apply(machine, entriesOf(3));
    const [before] = test.apply(machine, [check(5)]);
    machine.deviate(0, 3);
    test.crash();
    const again = test.open();
    expect(again.deviates).toBe(true);
    const [after] = test.apply(again, [check(6)]);
    expect(after).not.toEqual(before);
    const outcome = answerOf<OpenedSnapshot>(test, (done) => again.openSnapshot(done));
    expect(outcome.type).toBe('failed');
    test.crash();
    expect(test.open().appliedIndex).toBe(0);
  });
});

function check(index: number): Entry {
  return commandEntry(index, encodeCommand({ type: 'check-state', stampMs: 1 }));
}

describe('the model', () => {
  test.each<ModelWrite>([
    { type: 'append', key: 4, value: 70_000 },
    { type: 'swap', key: 5, value: 2 ** 32 - 1 },
    { type: 'compare-and-set', key: 5, expected: 3, value: 4 },
  ])('$type is encoded and decoded', (write) => {
    expect(decodeWrite(encodeWrite(write))).toEqual(write);
  });

  test('lists are told apart by content and order', () => {
    const list = (...values: number[]) => values.reduce(appended, EMPTY_LIST);
    expect(list(1, 2)).toEqual(list(1, 2));
    expect(list(1, 2)).not.toEqual(list(2, 1));
    expect(list(1)).not.toEqual(list(1, 1));
  });

  test('a compare-and-set sets only where it fits', () => {
    const test = new TestDatabase();
    const machine = test.open();
    const set = (expected: number, value: number): ModelWrite => ({
      type: 'compare-and-set',
      key: 1,
      expected,
      value,
    });
    const outcomes = test.apply(machine, [
      register(1),
      execute(2, 1, set(0, 5)),
      execute(3, 2, set(0, 6)),
      execute(4, 3, { type: 'swap', key: 1, value: 8 }),
    ]);
    const answers = outcomes.flatMap((outcome) =>
      outcome.type === 'executed' ? [decodeResponse(outcome.response)] : [],
    );
    expect(answers).toEqual([0, 5, 5]);
    expect(machine.model.register(1)).toBe(8);
  });
});
