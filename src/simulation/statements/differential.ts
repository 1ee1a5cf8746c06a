/**
 * Differential runs (SM2): machines that differ in everything that must not matter are given one log,
 * and have to answer it byte for byte alike, and to come to equal logical hashes at every checkpoint.
 * Everything follows from the seed.
 */

import { appliedCommands } from '../../node/applied-commands.ts';
import type { CommandOutcome } from '../../node/command.ts';
import type { Entry } from '../../raft/types.ts';
import { encodeApplyOutcome } from '../../sqlite/apply-codec.ts';
import type { Runtime } from '../../sqlite/runtime.ts';
import { MILLION, Random } from '../random.ts';
import { DifferentialLog } from './differential-log.ts';
import { describeEntry, describeOutcome, failuresIn } from './entry-text.ts';
import { StreamMachine, type Course } from './stream-machine.ts';

export interface DifferentialOptions {
  readonly seed: number;
  /** The run ends at the checkpoint behind so many. */
  readonly statements: number;
  readonly checkpointStatements: number;
}

export interface Checkpoint {
  readonly statements: number;
  readonly entries: number;
  /** Of all statements so far. */
  readonly failed: number;
  readonly hash: string;
}

/** What a run did, so that one can tell that it has tested anything. */
export interface DifferentialReport extends Checkpoint {
  readonly restarts: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly installs: number;
  readonly batches: number;
}

interface Answer {
  readonly bytes: Uint8Array;
  readonly outcome: CommandOutcome;
  readonly machine: StreamMachine;
}

/** Two machines differ. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** One that never restarts and has all the room; one short of everything; one that is often away. */
const COURSES: readonly Course[] = [
  {
    cacheKib: 16_384,
    checkpointBytes: 8_000_000,
    heldBytes: 64_000_000,
    maxCachedStatements: 64,
    staysOpen: false,
    batchMax: 1,
    restartsPerMillion: 0,
    readsPerMillion: 0,
    snapshotsPerMillion: 0,
    installsPerMillion: 0,
  },
  {
    cacheKib: 16,
    checkpointBytes: 1,
    heldBytes: 100_000,
    maxCachedStatements: 0,
    staysOpen: true,
    batchMax: 7,
    restartsPerMillion: MILLION / 20,
    readsPerMillion: MILLION / 5,
    snapshotsPerMillion: MILLION / 100,
    installsPerMillion: MILLION / 200,
  },
  {
    cacheKib: 80,
    checkpointBytes: 300_000,
    heldBytes: 4_000_000,
    maxCachedStatements: 2,
    staysOpen: true,
    batchMax: 60,
    restartsPerMillion: MILLION / 3,
    readsPerMillion: MILLION / 5,
    snapshotsPerMillion: MILLION / 10,
    installsPerMillion: MILLION / 12,
  },
];
let runs = 0;

/** Throws `Divergence`, and whatever a machine fails with. */
export function runDifferential(
  runtime: Runtime,
  options: DifferentialOptions,
  onCheckpoint: (checkpoint: Checkpoint) => void = () => undefined,
): DifferentialReport {
  runs += 1;
  const run = new DifferentialRun(runtime, `run-${runs}`, options.seed);
  try {
    for (;;) {
      const until = run.statements + options.checkpointStatements;
      const checkpoint = run.proceed(Math.min(until, options.statements));
      onCheckpoint(checkpoint);
      if (run.statements >= options.statements) return run.report(checkpoint);
    }
  } finally {
    run.close();
  }
}

class DifferentialRun {
  readonly #random: Random;
  readonly #log: DifferentialLog;
  readonly #machines: readonly StreamMachine[];
  /** The entries since the last checkpoint. */
  #entries: Entry[] = [];
  /** What the first machine that applied an entry answered, by the entry's index. */
  readonly #answers = new Map<number, Answer>();
  /** Up to which sequence number each session's failures are counted. */
  readonly #counted = new Map<number, number>();
  #failed = 0;

  constructor(runtime: Runtime, name: string, seed: number) {
    const random = Random.fromSeed(seed);
    this.#random = random.stream('schedule');
    this.#log = new DifferentialLog(random, { runaways: true });
    this.#machines = COURSES.map(
      (course, at) =>
        new StreamMachine(runtime, `${name}-${at}`, course, random.stream('machine', at)),
    );
  }

  get statements(): number {
    return this.#log.statements;
  }

  /** Goes on until so many statements are applied everywhere, and compares. */
  proceed(statements: number): Checkpoint {
    while (this.#log.statements < statements) this.#entries.push(this.#log.next());
    for (;;) {
      const behind = this.#machines.filter(
        ({ appliedIndex }) => appliedIndex < this.#log.lastIndex,
      );
      if (behind.length === 0) break;
      this.#advance(this.#random.pick(behind));
    }
    const hash = this.#compareHashes();
    this.#entries = [];
    this.#answers.clear();
    const entries = this.#log.lastIndex;
    return { statements: this.statements, entries, failed: this.#failed, hash };
  }

  report(checkpoint: Checkpoint): DifferentialReport {
    for (const machine of this.#machines) machine.check();
    const sum = (of: keyof StreamMachine['counters']): number =>
      this.#machines.reduce((total, { counters }) => total + counters[of], 0);
    return {
      ...checkpoint,
      batches: sum('batches'),
      restarts: sum('restarts'),
      reads: sum('reads'),
      snapshots: sum('snapshots'),
      installs: sum('installs'),
    };
  }

  close(): void {
    for (const machine of this.#machines) machine.close();
  }

  #advance(machine: StreamMachine): void {
    const ahead = this.#machines.filter(({ appliedIndex }) => appliedIndex > machine.appliedIndex);
    if (ahead.length > 0 && this.#random.chance(machine.course.installsPerMillion)) {
      machine.install(this.#random.pick(ahead));
      return;
    }
    const first = this.#entries[0]?.index ?? 0;
    const entries = this.#entries.slice(machine.appliedIndex + 1 - first);
    const { count, outcomes } = machine.applySome(entries);
    for (const { entry, outcome } of appliedCommands(entries.slice(0, count), outcomes)) {
      this.#compareAnswer(machine, entry, outcome);
    }
    machine.disturb();
  }

  #compareAnswer(machine: StreamMachine, entry: Entry, outcome: CommandOutcome): void {
    const bytes = encodeApplyOutcome({ type: 'applied', outcomes: [outcome] });
    const known = this.#answers.get(entry.index);
    if (known === undefined) {
      this.#answers.set(entry.index, { bytes, outcome, machine });
      this.#count(outcome);
    } else if (!isEqual(known.bytes, bytes)) {
      const answers = [known, { machine, outcome }].map(
        (one) => `${one.machine.name} answered ${describeOutcome(one.outcome)}`,
      );
      const text = `entry ${entry.index}, ${describeEntry(entry)}`;
      throw new Divergence([text, ...answers].join('\n'));
    }
  }

  /** Each request once, however often it was sent. */
  #count(outcome: CommandOutcome): void {
    if (outcome.type !== 'executed') return;
    const { sessionId, sequence, response } = outcome;
    if (sequence <= (this.#counted.get(sessionId) ?? 0)) return;
    this.#counted.set(sessionId, sequence);
    this.#failed += failuresIn(response);
  }

  #compareHashes(): string {
    const hashes = this.#machines.map((machine) => machine.hash());
    const [first = ''] = hashes;
    if (hashes.every((hash) => hash === first)) return first;
    throw new Divergence(`hashes at ${this.#log.lastIndex} differ: ${hashes.join(', ')}`);
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
