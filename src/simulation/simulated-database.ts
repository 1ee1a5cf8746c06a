/**
 * What a simulated machine needs of the database on its disk, whichever it is: the small model that
 * most runs use because it is fast, or the SQLite that ships (`sql/`). Both suffer the same faults,
 * and the checkers judge both by what is here.
 */

import type { AdoptedBuild } from '../node/build.ts';
import type { RuntimeLimits } from '../node/limits.ts';
import type { StateMachine } from '../node/ports.ts';
import type { LogIndex } from '../raft/types.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import type { AppliedEntry } from './model-state.ts';
import type { ListState, ModelWrite } from './model.ts';
import type { Random } from './random.ts';

/** How a database behaves now; faults change it. */
export interface DatabaseConditions {
  readonly applyMinUs: number;
  readonly applyMaxUs: number;
  /** Work on snapshots that is refused, for want of room or handles. */
  readonly refusedPerMillion: number;
}

export const GOOD_DATABASE: DatabaseConditions = {
  applyMinUs: 50,
  applyMaxUs: 2_000,
  refusedPerMillion: 0,
};

/** What the world wants to know of an open database. */
export interface DatabaseEvents {
  /** An entry was applied; never again for it by the same start. */
  applied(applied: AppliedEntry): void;
  /** A snapshot took the place of the state. */
  restored(index: LogIndex, digest: number): void;
}

export interface DatabaseCounters {
  /** Snapshots that were staged completely, and those that took the state's place. */
  staged: number;
  restored: number;
  checkpoints: number;
  quarantines: number;
}

/** How much the file can be relied on that is open, or was last. */
export interface DatabaseStanding {
  /** At least; exactly where it is open. */
  readonly appliedIndex: number;
  readonly quarantined: boolean;
  /** A fault changed it: what its server says is not to be believed. */
  readonly deviates: boolean;
}

/** What clients have written, as it is stored. */
export interface Contents {
  list(key: number): ListState;
  /** The newest values of a list, in order. */
  values(key: number): readonly number[];
  /** 0 where nothing was ever written. */
  register(key: number): number;
}

/** An open database. */
export interface SimulatedStateMachine extends StateMachine {
  readonly appliedIndex: LogIndex;
  readonly adopted: AdoptedBuild;
  /** Remembered by the file: its state is not to be trusted. */
  readonly quarantined: boolean;
  /** A fault changed the state, whether or not anybody has found out. */
  readonly deviates: boolean;
  readonly model: Contents;
  /** Of everything that writes can change. */
  readonly digest: number;
  /** Of the whole state. */
  hash(): string;
  /** A fault: a bit of what is stored under `key` flips. */
  deviate(key: number, bit: number): void;
  /** Runs `run` once `index` is applied: at once, or as a task of the server's process. */
  whenApplied(index: LogIndex, run: () => void): void;
  /** The body of a command that does it. */
  encodeWrite(write: ModelWrite): Uint8Array;
}

/** The databases of one machine, which outlive its processes. */
export interface SimulatedDatabase {
  conditions: DatabaseConditions;
  /** The next apply reports that the database cannot go on. */
  failNext: boolean;
  /** A fault: the entry at this index cannot be applied, however often it is tried; 0: none. */
  stuckAt: number;
  /** Called at every step of a snapshot that is sent or received. */
  onSnapshotStep: (() => void) | null;
  events: DatabaseEvents;
  readonly counters: DatabaseCounters;
  readonly file: DatabaseStanding;
  readonly fileCount: number;
  /**
   * Opens or creates the file with this number for a server whose process is `loop`, and deletes all
   * others; the process before must have crashed.
   */
  open(loop: EventLoop, number: number): SimulatedStateMachine;
  /** The server's process died: what was not flushed may be gone, the newest first. */
  crash(): void;
  /** The database is lost and the log is not. */
  wipe(): void;
}

/** A kind of databases: makes those of one world. */
export interface Databases {
  /** The trace tells states too; the model's follow from its entries, and are left out. */
  readonly tracesStates: boolean;
  /** How many sessions the state machines keep: the same on every server. */
  create(queue: EventQueue, random: Random, maxSessions: number): SimulatedDatabase;
  /** The one number in the answer to an applied write. */
  decodeResponse(response: Uint8Array): number;
  /** Bounds as they are drawn for the model, made to fit what such databases write. */
  sized(limits: RuntimeLimits): RuntimeLimits;
  /** Gives back what all databases made so far take; none may be used afterwards. */
  clear(): void;
}
