/**
 * The four ports through which the platform enters the runtime. Every adapter obeys the numbered
 * rules; the contract suites in test/ are titled by them. All calls are synchronous and return at
 * once; work that takes time ends in one call of `done`. No adapter calls back before the call that
 * started the work has returned.
 */

import type { Entry, HardState, LogRecord, NodeId } from '../raft/types.ts';
import type { NodeMessage } from './messages.ts';
import type { CommandOutcome } from './command.ts';

/** What a log store holds when it is opened: the whole log after the last compaction. */
export interface LoadedLog {
  readonly hardState: HardState;
  /** Contiguous, ascending, from index 1. */
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
 */
export interface LogStore {
  append(record: LogRecord, done: (error: string | null) => void): void;
}

/** How an `apply` ended. */
export type ApplyOutcome =
  /** One outcome for each entry of type `command`, in order. */
  | { readonly type: 'applied'; readonly outcomes: readonly CommandOutcome[] }
  /** The state machine cannot go on (I/O error, out of memory, corruption): the node stops. */
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
 * - SM4 The runtime calls `apply` again only after `done`.
 */
export interface StateMachine {
  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void;
}

/**
 * Transport: messages between authenticated servers of one cluster.
 *
 * - TR1 `send` is best effort: a message may be lost, and arrive late after a broken link, but is
 *   never altered. It never throws.
 * - TR2 Over one link messages arrive in the order sent; but small ones may overtake AppendEntries
 *   with entries and proposals, and ahead of AppendEntries that wait a heartbeat may arrive that
 *   names the position where they begin.
 * - TR3 A received message's `from` is the authenticated id of the link's other end.
 * - TR4 Every loss of a link is reported (`linkChanged(id, false)`) before a new one to the same id.
 * - TR5 `setPeers` names the servers to keep links with; links from others that authenticate are
 *   accepted too, since newcomers ask to join over them.
 */
export interface Transport {
  send(message: NodeMessage): void;
  setPeers(peers: readonly NodeId[]): void;
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
