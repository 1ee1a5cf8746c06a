/** What crashes and other faults leave of a simulated machine's SQLite databases. */

import { beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand, SEED_BYTES } from '../../../src/node/command.ts';
import type { ApplyOutcome, OpenedSnapshot, SnapshotOutcome } from '../../../src/node/ports.ts';
import type { Entry, LogIndex, Term } from '../../../src/raft/types.ts';
import { EventLoop } from '../../../src/simulation/event-loop.ts';
import { EventQueue } from '../../../src/simulation/event-queue.ts';
import type { AppliedEntry } from '../../../src/simulation/model-state.ts';
import type { ModelWrite } from '../../../src/simulation/model.ts';
import { Random } from '../../../src/simulation/random.ts';
import type { SimulatedStateMachine } from '../../../src/simulation/simulated-database.ts';
import { loadNodeRuntime } from '../../../src/simulation/sql/runtime.ts';
import { SqlDatabases } from '../../../src/simulation/sql/sql-databases.ts';
import {
  decodeSqlResponse,
  decodeSqlWrite,
  encodeSqlWrite,
} from '../../../src/simulation/sql/statements.ts';

let databases: SqlDatabases;

beforeAll(async () => {
  databases = new SqlDatabases(await loadNodeRuntime());
});

function commandEntry(index: number, data: Uint8Array): Entry {
  return { type: 'command', index: index as LogIndex, term: 1 as Term, data };
}

/** A session, and writes in it: appends to list 0, and swaps of register 1. */
function entriesOf(count: number): Entry[] {
  const random = Random.fromSeed(count);
  const entries = [
    commandEntry(1, encodeCommand({ type: 'register-session', nonce: 7, durable: false })),
  ];
  for (let i = 1; i <= count; i += 1) {
    const write: ModelWrite =
      i % 2 === 1 ? { type: 'append', key: 0, value: i } : { type: 'swap', key: 1, value: i };
    const body = encodeSqlWrite(write, i > 1, random);
    const session = { sessionId: 1 as LogIndex, sequence: i, lowestUnanswered: 1 };
    const seed = new Uint8Array(SEED_BYTES).fill(i);
    const command = { type: 'execute', stampMs: i, seed, session, body } as const;
    entries.push(commandEntry(i + 1, encodeCommand(command)));
  }
  return entries;
}

class Machine {
  readonly queue = new EventQueue();
  readonly database;
  readonly applied: AppliedEntry[] = [];
  loop = this.newLoop();

  constructor(seed = 1) {
    this.database = databases.create(this.queue, Random.fromSeed(seed), 8);
    this.database.events = {
      applied: (applied) => this.applied.push(applied),
      restored: () => undefined,
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

  pass(): void {
    const untilUs = this.queue.nowUs + 1_000_000;
    while (this.queue.step(untilUs)) continue;
  }

  apply(machine: SimulatedStateMachine, entries: readonly Entry[]): ApplyOutcome | undefined {
    const ended: ApplyOutcome[] = [];
    machine.apply(entries, (outcome) => ended.push(outcome));
    this.pass();
    return ended[0];
  }

  result<Result>(call: (done: (outcome: SnapshotOutcome<Result>) => void) => void): Result {
    const ended: SnapshotOutcome<Result>[] = [];
    call((outcome) => ended.push(outcome));
    this.pass();
    const [outcome] = ended;
    if (outcome?.type !== 'done') throw new Error(outcome?.reason ?? 'no answer');
    return outcome.result;
  }
}

describe('a crash', () => {
  test('SM1: loses the newest at most, in whole transactions; replayed it is the same', () => {
    const kept = new Set<number>();
    const entries = entriesOf(12);
    const whole = new Machine();
    const reference = whole.open();
    whole.apply(reference, entries);
    for (let seed = 0; seed < 30; seed += 1) {
      const machine = new Machine(seed);
      const first = machine.open();
      for (const entry of entries) machine.apply(first, [entry]);
      machine.crash();
      const again = machine.open();
      kept.add(again.appliedIndex);
      machine.apply(again, entries.slice(again.appliedIndex));
      expect(again.hash()).toBe(reference.hash());
      machine.database.wipe();
    }
    expect(kept.size).toBeGreaterThan(4);
  });

  test('SM5: loses nothing that a checkpoint made durable', () => {
    const entries = entriesOf(12);
    for (let seed = 0; seed < 20; seed += 1) {
      const machine = new Machine(seed);
      const first = machine.open();
      machine.apply(first, entries.slice(0, 8));
      expect(machine.result((done) => first.checkpoint(done))).toBe(8);
      machine.apply(first, entries.slice(8));
      machine.crash();
      expect(machine.database.file.appliedIndex).toBeGreaterThanOrEqual(8);
      expect(machine.open().appliedIndex).toBeGreaterThanOrEqual(8);
      machine.database.wipe();
    }
  });

  test('what a wiped database begins with is nothing', () => {
    const machine = new Machine();
    machine.apply(machine.open(), entriesOf(3));
    machine.crash();
    machine.database.wipe();
    expect(machine.database.fileCount).toBe(0);
    expect(machine.open().appliedIndex).toBe(0);
  });
});

describe('a deviating database', () => {
  test('differs, lastingly, and gives no snapshot; it is found damaged, and begun anew', () => {
    const machine = new Machine();
    const first = machine.open();
    machine.apply(first, entriesOf(4));
    const before = first.hash();
    first.deviate(0, 3);
    expect(first.hash()).not.toBe(before);
    machine.crash();
    const again = machine.open();
    expect(again.deviates).toBe(true);
    expect(again.hash()).not.toBe(before);
    expect(() => machine.result<OpenedSnapshot>((done) => again.openSnapshot(done))).toThrow(
      'checksum',
    );
    machine.crash();
    const anew = machine.open();
    expect([anew.appliedIndex, anew.deviates]).toEqual([0, false]);
  });

  test('is replaced by a snapshot, which is what applying makes', () => {
    const source = new Machine(1);
    const sound = source.open();
    source.apply(sound, entriesOf(6));
    const opened = source.result<OpenedSnapshot>((done) => sound.openSnapshot(done));
    const { sizeBytes } = opened;
    const bytes = source.result<Uint8Array>((done) => sound.readSnapshot(0, sizeBytes, done));
    const machine = new Machine(2);
    const first = machine.open();
    machine.apply(first, entriesOf(2));
    first.deviate(5, 3);
    machine.result((done) => first.quarantine(done));
    expect(machine.database.file).toEqual({ appliedIndex: 3, quarantined: true, deviates: true });
    machine.result((done) => first.beginStage({ file: 1, ...opened }, done));
    machine.result((done) => first.writeStage(0, bytes, done));
    machine.result((done) => first.finishStage(done));
    machine.crash();
    const restored = machine.open(1);
    expect(restored.hash()).toBe(sound.hash());
    expect(machine.database.file).toEqual({ appliedIndex: 7, quarantined: false, deviates: false });
    expect(machine.database.fileCount).toBe(1);
  });
});

describe('a write', () => {
  const writes: readonly ModelWrite[] = [
    { type: 'append', key: 2, value: 9 },
    { type: 'swap', key: 3, value: 9 },
    { type: 'compare-and-set', key: 3, expected: 4, value: 9 },
  ];

  test.each(writes)('$type is encoded and decoded', (write) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const body = encodeSqlWrite(write, seed > 9, Random.fromSeed(seed));
      expect(decodeSqlWrite(body)).toEqual(write);
    }
  });

  test('takes effect and is answered, whatever fails around it', () => {
    const machine = new Machine();
    const entries = entriesOf(300);
    const outcome = machine.apply(machine.open(), entries);
    if (outcome?.type !== 'applied') throw new Error('not applied');
    const answers = outcome.outcomes.flatMap((command) =>
      command.type === 'executed' ? [decodeSqlResponse(command.response)] : [],
    );
    // Appends are answered by the length, swaps by what was there.
    const expected = answers.map((_, i) => (i % 2 === 0 ? i / 2 + 1 : i - 1));
    expect(answers).toEqual(expected);
    expect(machine.applied.filter(({ write }) => write !== null)).toHaveLength(300);
  });
});
