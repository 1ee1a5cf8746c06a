/**
 * The StateMachine port over the model, with what SQLite on a real disk does to a node: applying
 * takes time, a batch is cut into transactions anywhere, and a crash loses the newest transactions
 * that were not flushed, data and applied index together (SM1).
 *
 * The database outlives crashes as the entries it has applied; opening it runs them again, so what
 * comes back is what those entries make, on every node and after every crash; the session table is
 * restored from its stored form. It refuses what no server may do: a second apply before the first
 * has ended, entries out of order.
 */

import { decodeCommand, type CommandOutcome } from '../node/command.ts';
import type { ApplyOutcome, StateMachine } from '../node/ports.ts';
import { SessionTable } from '../node/sessions.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import { Model } from './model.ts';
import { MILLION, type Random } from './random.ts';

export interface DatabaseConditions {
  readonly applyMinUs: number;
  readonly applyMaxUs: number;
}

export const GOOD_DATABASE: DatabaseConditions = { applyMinUs: 50, applyMaxUs: 2_000 };

/** One entry as it was applied, for the checkers. */
export interface AppliedEntry {
  readonly entry: Entry;
  /** Null for entries that are no commands. */
  readonly outcome: CommandOutcome | null;
  /** The body's effect took place now, not in an earlier copy. */
  readonly effective: boolean;
}

interface Waiter {
  readonly index: LogIndex;
  readonly run: () => void;
}

/** A database on disk. */
export class ModelDatabase {
  conditions: DatabaseConditions = GOOD_DATABASE;
  /** The next apply reports that the database cannot go on. */
  failNext = false;
  /** Called for every entry as it is applied, and never again for it by the same start. */
  onApplied: (applied: AppliedEntry) => void = () => {};
  /** How many sessions the state machine keeps; the same on every server. */
  readonly maxSessions: number;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #applied: Entry[] = [];
  #flushedIndex = 0;
  #loop: EventLoop | null = null;

  constructor(queue: EventQueue, random: Random, maxSessions: number) {
    this.#queue = queue;
    this.#random = random;
    this.maxSessions = maxSessions;
  }

  /** Opens the database for a server whose process is `loop`; the one before must have crashed. */
  open(loop: EventLoop): ModelStateMachine {
    if (this.#loop !== null && !this.#loop.ended) throw new Error('two servers on one database');
    this.#loop = loop;
    return new ModelStateMachine(this, this.#queue, this.#random, loop, this.#applied);
  }

  /** The server's process died: what was not flushed may be gone, the newest first. */
  crash(): void {
    const kept = this.#random.between(this.#flushedIndex, this.#applied.length);
    this.#applied.length = kept;
    this.#flushedIndex = kept;
  }

  /** The database is lost and the log is not. */
  wipe(): void {
    this.#applied.length = 0;
    this.#flushedIndex = 0;
  }

  /** One transaction was committed; now and then everything so far reaches the disk. */
  committed(entries: readonly Entry[]): void {
    this.#applied.push(...entries);
    if (this.#random.chance(MILLION / 8)) this.#flushedIndex = this.#applied.length;
  }
}

/** An open database. */
export class ModelStateMachine implements StateMachine {
  readonly model = new Model();
  #sessions: SessionTable;
  readonly #database: ModelDatabase;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #loop: EventLoop;
  #appliedIndex = 0;
  #busy = false;
  #failed = false;
  #waiters: Waiter[] = [];

  constructor(
    database: ModelDatabase,
    queue: EventQueue,
    random: Random,
    loop: EventLoop,
    applied: readonly Entry[],
  ) {
    this.#database = database;
    this.#queue = queue;
    this.#random = random;
    this.#loop = loop;
    this.#sessions = new SessionTable(database.maxSessions);
    for (const entry of applied) this.#applyEntry(entry);
    this.#sessions = restored(this.#sessions, database.maxSessions);
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex as LogIndex;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    if (this.#busy) throw new Error('apply before the last one has ended (SM4)');
    if (this.#loop.ended) throw new Error('apply by a crashed server');
    this.#busy = true;
    this.#failed ||= this.#database.failNext;
    this.#database.failNext = false;
    const cut = this.#random.between(0, entries.length);
    const outcomes: CommandOutcome[] = [];
    this.#transaction(entries.slice(0, cut), outcomes, () => {
      if (this.#failed) {
        this.#finish(() => done({ type: 'failed', reason: 'simulated database failure' }));
        return;
      }
      this.#transaction(entries.slice(cut), outcomes, () => {
        this.#finish(() => done({ type: 'applied', outcomes }));
      });
    });
  }

  /** Runs `run` once `index` is applied: at once, or as a task of the server's process. */
  whenApplied(index: LogIndex, run: () => void): void {
    if (this.#appliedIndex >= index) run();
    else this.#waiters.push({ index, run });
  }

  #transaction(entries: readonly Entry[], outcomes: CommandOutcome[], then: () => void): void {
    if (entries.length === 0) {
      then();
      return;
    }
    const { applyMinUs, applyMaxUs } = this.#database.conditions;
    this.#queue.schedule(this.#random.between(applyMinUs, applyMaxUs), () => {
      if (this.#loop.ended) return;
      for (const entry of entries) {
        const applied = this.#applyEntry(entry);
        if (applied.outcome !== null) outcomes.push(applied.outcome);
        this.#database.onApplied(applied);
      }
      this.#database.committed(entries);
      this.#sessions.takeChanged();
      this.#wakeWaiters();
      then();
    });
  }

  #finish(done: () => void): void {
    this.#queue.schedule(0, () => {
      this.#loop.post('storage', () => {
        this.#busy = false;
        done();
      });
    });
  }

  #applyEntry(entry: Entry): AppliedEntry {
    if (entry.index !== this.#appliedIndex + 1) {
      throw new Error(`applied ${entry.index} behind ${this.#appliedIndex} (SM1)`);
    }
    this.#appliedIndex = entry.index;
    if (entry.type !== 'command') return { entry, outcome: null, effective: false };
    const command = decodeCommand(entry.data);
    if (command.type === 'register-session') {
      const sessionId = this.#sessions.register(entry.index);
      const { nonce } = command;
      return { entry, outcome: { type: 'registered', sessionId, nonce }, effective: false };
    }
    const { session, body } = command;
    const known = this.#sessions.admit(session, entry.index);
    if (known !== null) return { entry, outcome: known, effective: false };
    const outcome = this.#sessions.finish(session, this.model.run(body));
    return { entry, outcome, effective: body.length > 0 };
  }

  #wakeWaiters(): void {
    const ready = this.#waiters.filter((waiter) => waiter.index <= this.#appliedIndex);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.index > this.#appliedIndex);
    this.#queue.schedule(0, () => {
      for (const waiter of ready) this.#loop.post('storage', waiter.run);
    });
  }
}

/** The table as it comes back from the disk. */
function restored(table: SessionTable, maxSessions: number): SessionTable {
  const fresh = new SessionTable(maxSessions);
  for (const id of table.ids()) {
    const session = table.get(id);
    if (session !== undefined) fresh.restore(id, session);
  }
  return fresh;
}
