/**
 * A simulated database on disk, with what SQLite on a real one does to a node: transactions become
 * durable later than they are committed, and a crash loses the newest that are not (SM1, SM5). It is
 * kept as files by number. A file is a state at some index, as bytes, and the entries applied since;
 * opening it decodes the one and applies the others again, so that what comes back is what would come
 * back from a real disk. Nothing older is kept.
 *
 * It knows nothing of the process over it except that it must not be two.
 */

import type { StagedSnapshot } from '../node/ports.ts';
import type { Entry } from '../raft/types.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import { ModelState } from './model-state.ts';
import { ModelStateMachine } from './model-state-machine.ts';
import { decodeResponse } from './model.ts';
import { MILLION, type Random } from './random.ts';
import {
  GOOD_DATABASE,
  type DatabaseConditions,
  type DatabaseEvents,
  type Databases,
  type SimulatedDatabase,
} from './simulated-database.ts';

/** Entries after which a file's bytes are made anew. */
const ENTRIES_MAX = 256;

export interface DatabaseFile {
  /** The state that `entries` follow. */
  bytes: Uint8Array;
  entries: Entry[];
  /** The last entry that no crash loses. */
  flushedIndex: number;
  appliedIndex: number;
  quarantined: boolean;
  /** A fault changed it: what its server says is not to be believed. */
  deviates: boolean;
}

export class ModelDatabase implements SimulatedDatabase {
  conditions: DatabaseConditions = GOOD_DATABASE;
  /** The next apply reports that the database cannot go on. */
  failNext = false;
  stuckAt = 0;
  /** Called at every step of a snapshot that is sent or received. */
  onSnapshotStep: (() => void) | null = null;
  events: DatabaseEvents = { applied: () => {}, restored: () => {} };
  /** Snapshots that were staged completely, and those that took the state's place. */
  readonly counters = { staged: 0, restored: 0, checkpoints: 0, quarantines: 0 };
  /** How many sessions the state machine keeps; the same on every server. */
  readonly maxSessions: number;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #files = new Map<number, DatabaseFile>();
  #current = 0;
  #isSpoilt = false;
  #loop: EventLoop | null = null;

  constructor(queue: EventQueue, random: Random, maxSessions: number) {
    this.#queue = queue;
    this.#random = random;
    this.maxSessions = maxSessions;
  }

  /**
   * Opens or creates the file with this number for a server whose process is `loop`, and deletes all
   * others; the process before must have crashed.
   */
  open(loop: EventLoop, number: number): ModelStateMachine {
    if (this.#loop !== null && !this.#loop.ended) throw new Error('two servers on one database');
    this.#loop = loop;
    if (this.#isSpoilt) this.wipe();
    this.#isSpoilt = false;
    for (const other of this.#files.keys()) if (other !== number) this.#files.delete(other);
    this.#current = number;
    if (!this.#files.has(number))
      this.#files.set(number, this.#fileOf(ModelState.empty(this.maxSessions)));
    return new ModelStateMachine(this, this.#queue, this.#random, loop);
  }

  /** The server's process died: what was not flushed may be gone, the newest first. */
  crash(): void {
    const { file } = this;
    const kept = this.#random.between(file.flushedIndex, file.appliedIndex);
    file.entries.length -= file.appliedIndex - kept;
    file.appliedIndex = kept;
    file.flushedIndex = kept;
  }

  /** The database is lost and the log is not. */
  wipe(): void {
    this.#files.clear();
  }

  /** The open file was found to be damaged: the next to open it finds none. */
  spoil(): void {
    this.#isSpoilt = true;
  }

  /** The file that is open, or was last. */
  get file(): DatabaseFile {
    const file = this.#files.get(this.#current);
    if (file !== undefined) return file;
    const made = this.#fileOf(ModelState.empty(this.maxSessions));
    this.#files.set(this.#current, made);
    return made;
  }

  get fileNumber(): number {
    return this.#current;
  }

  /** How many files there are, and what they hold in bytes and in entries. */
  get fileCount(): number {
    return this.#files.size;
  }

  /** The state of the open file. */
  load(): ModelState {
    const { bytes, entries } = this.file;
    const state = ModelState.decode(bytes, this.maxSessions);
    for (const entry of entries) state.apply(entry);
    state.commit();
    return state;
  }

  /** One transaction was committed; now and then everything so far reaches the disk. */
  committed(entries: readonly Entry[], state: ModelState): void {
    const { file } = this;
    for (const entry of entries) file.entries.push(entry);
    file.appliedIndex = state.appliedIndex;
    if (this.#random.chance(MILLION / 8)) this.flush(state);
  }

  /** Everything so far has reached the disk. */
  flush(state: ModelState): void {
    const { file } = this;
    file.flushedIndex = file.appliedIndex;
    if (file.entries.length > ENTRIES_MAX) this.#rebase(file, state);
  }

  /** The same at once: what was skipped is nothing that the log tells. */
  keepWhole(state: ModelState): void {
    const { file } = this;
    file.flushedIndex = file.appliedIndex;
    this.#rebase(file, state);
  }

  /** A bit flips in the open file and in its cache. */
  deviate(state: ModelState, key: number, bit: number): void {
    state.model.corrupt(key, bit);
    const { file } = this;
    file.deviates = true;
    file.flushedIndex = file.appliedIndex;
    this.#rebase(file, state);
  }

  /** A finished stage is durable, as a file that nobody uses yet. */
  stageFinished(snapshot: StagedSnapshot, bytes: Uint8Array): void {
    this.counters.staged += 1;
    this.#files.set(snapshot.file, {
      bytes,
      entries: [],
      flushedIndex: snapshot.index,
      appliedIndex: snapshot.index,
      quarantined: false,
      deviates: false,
    });
  }

  discard(number: number): void {
    if (number !== this.#current) this.#files.delete(number);
  }

  /** The file `number`, finished before, takes the place of the open one. */
  restore(number: number): ModelState {
    if (!this.#files.has(number)) throw new Error(`file ${number} was never staged (SM8)`);
    const old = this.#current;
    this.#current = number;
    if (old !== number) this.#files.delete(old);
    this.counters.restored += 1;
    return this.load();
  }

  #rebase(file: DatabaseFile, state: ModelState): void {
    file.bytes = state.encode();
    file.entries = [];
  }

  #fileOf(state: ModelState): DatabaseFile {
    return {
      bytes: state.encode(),
      entries: [],
      flushedIndex: state.appliedIndex,
      appliedIndex: state.appliedIndex,
      quarantined: false,
      deviates: false,
    };
  }
}

/** Nothing of them is kept outside of their world. */
export const MODEL_DATABASES: Databases = {
  tracesStates: false,
  create: (queue, random, maxSessions) => new ModelDatabase(queue, random, maxSessions),
  decodeResponse,
  sized: (limits) => limits,
  clear: () => {},
};
