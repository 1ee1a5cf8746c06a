/**
 * The four ports through which the platform enters the runtime. Every adapter obeys the numbered
 * rules; the contract suites in test/ are titled by them. All calls are synchronous and return at
 * once; work that takes time ends in one call of `done`. No adapter calls back before the call that
 * started the work has returned.
 */

import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogRecord,
  NodeId,
  Snapshot,
} from '../raft/types.ts';
import type { NodeMessage } from './messages.ts';
import type { AdoptedBuild } from './build.ts';
import type { CommandOutcome } from './command.ts';

/** What a log store holds when it is opened: the whole log after the last compaction. */
export interface LoadedLog {
  readonly hardState: HardState;
  /** What stands in for everything up to its index; null: nothing was ever compacted. */
  readonly snapshot: Snapshot | null;
  /** Contiguous, ascending, from the one behind the snapshot on (from index 1 without one). */
  readonly entries: readonly Entry[];
}

/**
 * LogStore: hard state and log on stable storage. Opening and loading is the adapter's own,
 * asynchronous business, done before the runtime exists.
 *
 * - LS1 After `done(null)`, a load gives back the record's effect, whatever process dies and
 *   whenever: entries truncated from the first one's index, then appended; hard state replaced.
 * - LS2 A record is atomic: a load shows all of it or nothing of it.
 * - LS3 Records take effect in the order of the calls; a load shows a prefix of them.
 * - LS4 After the first failure every later call fails too, and nothing more is written.
 * - LS5 A load never repairs by forgetting: what cannot be read is reported as corrupt, and absence
 *   (a log never written, or wiped) is told apart from corruption.
 * - LS6 At most one store is open on one node's log at a time; a second opener is refused.
 * - LS7 A whole record (one with a snapshot) replaces all that was there before: a load gives back
 *   its hard state, its snapshot and its entries, and the space of what came before is given back in
 *   time, so that the log takes at most a constant times what the last whole record and those behind
 *   it hold.
 */
export interface LogStore {
  append(record: LogRecord, done: (error: string | null) => void): void;
}

/** How an `apply` ended. */
export type ApplyOutcome =
  /** One outcome for each entry of type `command`, in order. */
  | { readonly type: 'applied'; readonly outcomes: readonly CommandOutcome[] }
  /**
   * The entry at `index` cannot be applied here, be it that it asks for too much, or that it is of a
   * format that this build does not know. Nothing behind it was applied, and nothing can be done
   * before `reopen`.
   */
  | { readonly type: 'stuck'; readonly index: LogIndex; readonly reason: string }
  /** The state machine cannot go on (I/O error, corruption): the node stops. */
  | { readonly type: 'failed'; readonly reason: string };

/** A stable copy of the state, open for reading. */
export interface OpenedSnapshot {
  /** The last entry applied to it. */
  readonly index: LogIndex;
  readonly sizeBytes: number;
  /** Of all its bytes: lower-case hexadecimal digits, at most 128. */
  readonly hash: string;
}

/** What a snapshot is that is being received. */
export interface StagedSnapshot {
  /** The number of the new file; never one that the log's last snapshot names. */
  readonly file: number;
  readonly index: LogIndex;
  readonly sizeBytes: number;
  readonly hash: string;
}

/** How work on a snapshot ended. */
export type SnapshotOutcome<Result> =
  | { readonly type: 'done'; readonly result: Result }
  /** It cannot be done now (no room, nothing open, wrong bytes); the state is as it was. */
  | { readonly type: 'refused'; readonly reason: string }
  /** The state machine cannot go on: the node stops. */
  | { readonly type: 'failed'; readonly reason: string };

/**
 * StateMachine: what committed entries change.
 *
 * - SM1 Entries are applied in order, each exactly once, also over restarts: the adapter's applied
 *   index changes together with the data.
 * - SM2 The outcome of an entry depends on the entries up to it and on nothing else: not on how
 *   they were cut into calls, the machine, its clock, its caches or what was read meanwhile.
 * - SM3 A failing command is an outcome, the same on every node; 'failed' is for this node's own
 *   trouble only.
 * - SM4 The runtime calls `apply`, `checkpoint` and `restore` one at a time, each after the `done` of
 *   the one before. Snapshots are read and staged beside them.
 * - SM5 After `checkpoint` has answered with an index, an opened state machine has applied at least
 *   that, whatever process or machine died meanwhile. (`apply` alone promises only SM1: the newest
 *   entries may have to be applied again.)
 * - SM6 An open snapshot does not change, whatever is applied meanwhile; it ends with `closeSnapshot`,
 *   with `restore` and with the process. At most one is open.
 * - SM7 A staged snapshot is written in order from offset 0 and survives nothing but `restore`; what
 *   `finishStage` accepted is durable and has the size and the hash that it must have. Only one is
 *   staged at a time; staging another one discards it.
 * - SM8 `restore` replaces the state by the finished stage, whole or not at all: from its `done` on
 *   the applied index is the snapshot's. Nothing is deleted before that. After a crash the log names
 *   the file that counts, and opening deletes all others.
 * - SM9 After 'stuck', `reopen` makes the state machine anew from what it stored, with whatever memory
 *   was in trouble; snapshots and stages are gone. What was applied and not answered is handed out
 *   again, has no effect, and answers what is known of it ('checked' with the hash ''). An entry named by `skip` beforehand is not applied
 *   when it comes, but takes its number in its session and answers an error of code 'Skipped'; that is
 *   remembered with the data, and the `skip` command behind it says whether it was so. `reopen`
 *   forgets what was named and has not come.
 * - SM10 An `adopt-build` is remembered with the data, as `adoptedBuild` tells it; snapshots carry it.
 *   The state checks behind it begin at the first slice, and say `goesOn` until the last one.
 */
export interface StateMachine {
  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void;
  /** Makes what has been applied durable; the result is the applied index that is. */
  checkpoint(done: (outcome: SnapshotOutcome<LogIndex>) => void): void;
  openSnapshot(done: (outcome: SnapshotOutcome<OpenedSnapshot>) => void): void;
  /** Bytes of the open snapshot: `length` of them, or fewer at its end. */
  readSnapshot(
    offset: number,
    length: number,
    done: (outcome: SnapshotOutcome<Uint8Array>) => void,
  ): void;
  closeSnapshot(): void;
  beginStage(snapshot: StagedSnapshot, done: (outcome: SnapshotOutcome<null>) => void): void;
  /** The buffer of `data` is the state machine's own from now on. */
  writeStage(
    offset: number,
    data: Uint8Array,
    done: (outcome: SnapshotOutcome<null>) => void,
  ): void;
  /** Checks size and hash, and makes the stage durable. */
  finishStage(done: (outcome: SnapshotOutcome<null>) => void): void;
  discardStage(): void;
  /** The finished stage, by its file's number, takes the state's place. */
  restore(file: number, done: (outcome: SnapshotOutcome<LogIndex>) => void): void;
  /**
   * Remembers durably that the state is not to be trusted: an opened state machine tells it, until a
   * `restore`.
   */
  quarantine(done: (outcome: SnapshotOutcome<null>) => void): void;
  skip(index: LogIndex): void;
  adoptedBuild(done: (outcome: SnapshotOutcome<AdoptedBuild>) => void): void;
  /** The result is the applied index. */
  reopen(done: (outcome: SnapshotOutcome<LogIndex>) => void): void;
}

/**
 * The state machine in another thread: entries and outcomes in an encoding of its own; a rejection
 * means that it is gone.
 */
export interface RemoteStateMachine {
  apply(entries: Uint8Array): Promise<Uint8Array>;
  checkpoint(): Promise<SnapshotOutcome<LogIndex>>;
  openSnapshot(): Promise<SnapshotOutcome<OpenedSnapshot>>;
  readSnapshot(offset: number, length: number): Promise<SnapshotOutcome<Uint8Array>>;
  closeSnapshot(): Promise<void>;
  beginStage(snapshot: StagedSnapshot): Promise<SnapshotOutcome<null>>;
  writeStage(offset: number, data: Uint8Array): Promise<SnapshotOutcome<null>>;
  finishStage(): Promise<SnapshotOutcome<null>>;
  discardStage(): Promise<void>;
  restore(file: number): Promise<SnapshotOutcome<LogIndex>>;
  quarantine(): Promise<SnapshotOutcome<null>>;
  skip(index: LogIndex): Promise<void>;
  adoptedBuild(): Promise<SnapshotOutcome<AdoptedBuild>>;
  reopen(): Promise<SnapshotOutcome<LogIndex>>;
}

/**
 * Transport: messages between authenticated servers of one cluster.
 *
 * - TR1 `send` is best effort: a message may be lost, and arrive late after a broken link, but is
 *   never altered. It never throws.
 * - TR2 Over one link messages arrive in the order sent; but small ones may overtake AppendEntries
 *   with entries and proposals, and ahead of AppendEntries that wait a heartbeat may arrive that
 *   names the position where they begin.
 *   InstallSnapshot goes after everything else: it may arrive after any message sent later, but
 *   those of one link in order among themselves.
 * - TR3 A received message's `from` is the authenticated id of the link's other end.
 * - TR4 Every loss of a link is reported (`linkChanged(id, false)`) before a new one to the same id.
 * - TR5 `setPeers` names the servers to keep links with; links from others that authenticate are
 *   accepted too, since newcomers ask to join over them.
 * - TR6 A `join-request` that comes from the node it is for holds, as key and admission, what that
 *   node proved when the link was made, whatever it says. Over the link of a node that only an invite
 *   lets in nothing but such requests arrives.
 * - TR7 `setAccess` names the configuration by which it is decided who may have a link, and the index
 *   of the latest one that is known to be committed; before the first call nobody may. Links of nodes
 *   that may not any more are broken. Where this node is no member of it, or it is empty, this node is
 *   a newcomer's. A node that a member, proved to be one, turns away because it was removed is sent
 *   'removed' in that member's name.
 * - TR8 What is sent leaves at the latest when the present turn has ended, and what was sent together
 *   may travel together; `flush` has it leave now.
 */
export interface Transport {
  send(message: NodeMessage): void;
  flush(): void;
  setPeers(peers: readonly NodeId[]): void;
  setAccess(configuration: Configuration, committedIndex: LogIndex): void;
}

/**
 * Clock: time and randomness.
 *
 * - CL1 `now` is a monotone number of whole milliseconds.
 * - CL2 `wallClock` is the local idea of milliseconds since 1970 and may jump.
 * - CL3 `setTimer` calls back once, not before `delayMs`; the function it returns cancels.
 * - CL4 `random(bound)` is uniform over the integers 0 <= n < bound, for bound <= 2^53; every start
 *   of a node draws another sequence.
 */
export interface Clock {
  now(): number;
  wallClock(): number;
  setTimer(delayMs: number, callback: () => void): () => void;
  random(bound: number): number;
}

export interface NodePorts {
  readonly logStore: LogStore;
  readonly stateMachine: StateMachine;
  readonly transport: Transport;
  readonly clock: Clock;
}
