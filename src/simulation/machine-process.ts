/**
 * The process over a simulated database: every step takes its time, and nothing comes of it where the
 * server crashes meanwhile; answers are tasks of the server's loop. It refuses what no server may do:
 * a second apply, checkpoint or restore before the first has ended (SM4), an apply behind one that got
 * stuck (SM9), calls by a server that has crashed.
 */

import type { CommandOutcome } from '../node/command.ts';
import type { ApplyOutcome, SnapshotOutcome } from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';
import type { SimulatedDatabase } from './simulated-database.ts';

interface Waiter {
  readonly index: LogIndex;
  readonly run: () => void;
}

type Done<Result> = (outcome: SnapshotOutcome<Result>) => void;

export class MachineProcess {
  readonly #database: SimulatedDatabase;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #loop: EventLoop;
  #busy = false;
  /** The entry that could not be applied. */
  #stuck: LogIndex | null = null;
  #waiters: Waiter[] = [];

  constructor(database: SimulatedDatabase, queue: EventQueue, random: Random, loop: EventLoop) {
    this.#database = database;
    this.#queue = queue;
    this.#random = random;
    this.#loop = loop;
  }

  /** The process is still there. */
  use(what: string): void {
    if (this.#loop.ended) throw new Error(`${what} by a crashed server`);
  }

  /** A step of a snapshot that is sent or received. */
  step(what: string): void {
    this.use(what);
    this.#database.onSnapshotStep?.();
  }

  /** One of the calls that come one at a time; `finish` ends it. */
  begin(what: string): void {
    if (this.#busy) throw new Error(`${what} before the last one has ended (SM4)`);
    this.use(what);
    this.#busy = true;
  }

  beginApply(): void {
    this.begin('apply');
    if (this.#stuck !== null) throw new Error('applied before it was opened again (SM9)');
  }

  get isStuck(): boolean {
    return this.#stuck !== null;
  }

  /** Gets stuck where a fault is about one of the entries, and that is not to be skipped. */
  meets(entries: readonly Entry[], skipped: ReadonlySet<number>): void {
    const { stuckAt } = this.#database;
    const isAmong = entries.some(({ index }) => index === stuckAt);
    if (isAmong && !skipped.has(stuckAt)) this.#stuck = stuckAt as LogIndex;
  }

  finishApply(outcomes: readonly CommandOutcome[], done: (outcome: ApplyOutcome) => void): void {
    const index = this.#stuck;
    const outcome: ApplyOutcome =
      index === null
        ? { type: 'applied', outcomes }
        : { type: 'stuck', index, reason: 'simulated: an entry that no node can apply' };
    this.finish(() => done(outcome));
  }

  /** The database was opened anew, and nothing is in the way any more. */
  reopened(): void {
    this.#stuck = null;
  }

  finish(done: () => void): void {
    this.#queue.schedule(0, () => {
      this.#loop.post('storage', () => {
        this.#busy = false;
        done();
      });
    });
  }

  answer<Result>(done: Done<Result>, outcome: SnapshotOutcome<Result>): void {
    this.#queue.schedule(0, () => this.#loop.post('storage', () => done(outcome)));
  }

  /** Lets one step's time pass; nothing comes of it where the process dies meanwhile. */
  after(run: () => void): void {
    const { applyMinUs, applyMaxUs } = this.#database.conditions;
    this.#queue.schedule(this.#random.between(applyMinUs, applyMaxUs), () => {
      if (!this.#loop.ended) run();
    });
  }

  refuses(): boolean {
    return this.#random.chance(this.#database.conditions.refusedPerMillion);
  }

  /** Where a call's entries are cut into two transactions. */
  cut(entries: number): number {
    return this.#random.between(0, entries);
  }

  /** Runs `run` as a task, once `wake` has told of `index`. */
  wait(index: LogIndex, run: () => void): void {
    this.#waiters.push({ index, run });
  }

  /** Everything up to `appliedIndex` is applied. */
  wake(appliedIndex: LogIndex): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => waiter.index <= appliedIndex);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.index > appliedIndex);
    this.#queue.schedule(0, () => {
      for (const waiter of ready) this.#loop.post('storage', waiter.run);
    });
  }
}
