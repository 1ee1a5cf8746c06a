/**
 * What a node tells of its inside to whoever looks at it: the shape of its log, its vote, how far it
 * knows the others to be, what it said and heard since it last told, and what happened to it. For
 * people; nothing decides by it. Plain data, told at most a few times a second and only while somebody
 * looks.
 */

import type { RaftEventDetail } from '../raft/events.ts';
import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';

/**
 * Entries of one term that follow each other; the run ends where the next one begins, or the log.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type TermRun } from 'resqlite';
 *
 * const termAt = (runs: readonly TermRun[], index: number) =>
 *   runs.findLast(({ firstIndex }) => firstIndex <= index)?.term;
 *
 * const db = await open();
 * let term: number | undefined;
 * const stop = db.inspect((inspection) => {
 *   term = termAt(inspection.runs, inspection.lastIndex);
 * });
 * typeof term; // soon => 'number'
 * stop();
 * ```
 */
export interface TermRun {
  /** Of all its entries. */
  readonly term: Term;
  /** Of its first entry. */
  readonly firstIndex: LogIndex;
}

/**
 * The messages of Raft (paper Figures 2 and 13; thesis 3.10, 6.4 and 9.6) and of the runtime around it, as on
 * the wire; AppendEntries without entries are 'heartbeat'.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type MessageName } from 'resqlite';
 *
 * const seen = new Set<MessageName>();
 * const db = await open();
 * const stop = db.inspect(({ messages }) => {
 *   for (const { name } of messages) seen.add(name);
 * });
 * seen.has('heartbeat'); // soon => true
 * stop();
 * ```
 */
export type MessageName =
  | 'request-vote'
  | 'request-vote-response'
  | 'pre-vote'
  | 'pre-vote-response'
  | 'append-entries'
  | 'append-entries-response'
  | 'install-snapshot'
  | 'install-snapshot-response'
  | 'timeout-now'
  | 'read-index-request'
  | 'read-index-response'
  | 'propose'
  | 'propose-refused'
  | 'join-request'
  | 'join-response'
  | 'removed'
  | 'configuration-notice'
  | 'administration-request'
  | 'administration-response'
  | 'state-hash'
  | 'snapshot-request'
  | 'announce'
  | 'heartbeat';

/**
 * How many messages of a kind went to a member, or came from it.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type MessageCount } from 'resqlite';
 *
 * const outgoing = ({ direction }: MessageCount) => direction === 'out';
 *
 * let sent = 0;
 * const db = await open();
 * const stop = db.inspect(({ messages }) => {
 *   sent += messages.filter(outgoing).reduce((sum, { count }) => sum + count, 0);
 * });
 * sent > 0; // soon => true
 * stop();
 * ```
 */
export interface MessageCount {
  /** Whom it was sent to, or came from. */
  readonly peer: NodeId;
  /** 'out': this node sent them; 'in': it received them. */
  readonly direction: 'in' | 'out';
  /** Of which kind they were. */
  readonly name: MessageName;
  /** Since the inspection before. */
  readonly count: number;
}

/**
 * How far a leader knows a member to be (paper figure 2, thesis 10.2.1).
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type ProgressReport } from 'resqlite';
 *
 * const isUpToDate = ({ state, matchIndex, nextIndex }: ProgressReport) =>
 *   state === 'replicate' && nextIndex === matchIndex + 1;
 *
 * const db = await open();
 * await db.transferLeadership(db.nodeId);
 * let upToDate = 0;
 * const stop = db.inspect(({ progress }) => {
 *   upToDate = progress.filter(isUpToDate).length;
 * });
 * upToDate >= 2; // soon => true
 * stop();
 * ```
 */
export interface ProgressReport {
  /** Whose progress it is. */
  readonly nodeId: NodeId;
  /**
   * Whether the leader looks for the place where the logs meet, sends entries one message behind the other,
   * or sends a snapshot.
   */
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** The last entry that is known to be on the member's disk. */
  readonly matchIndex: LogIndex;
  /** The entry that is sent next. */
  readonly nextIndex: LogIndex;
  /** AppendEntries with entries that are not answered. */
  readonly inflightMessages: number;
}

/**
 * What happened to a node, as it saw it; members come and go as soon as its log says so.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type NodeEventDetail } from 'resqlite';
 *
 * function describe(event: NodeEventDetail): string {
 *   switch (event.type) {
 *     case 'election-won':
 *       return `elected by ${event.votes.length}`;
 *     case 'link-up':
 *     case 'link-down':
 *       return `${event.type}: ${event.peer}`;
 *     default:
 *       return event.type;
 *   }
 * }
 *
 * const lines: string[] = [];
 * const db = await open();
 * const stop = db.inspect(({ events }) => lines.push(...events.map(describe)));
 * lines.some((line) => line.startsWith('link-up: ')); // soon => true
 * stop();
 * ```
 */
export type NodeEventDetail =
  | RaftEventDetail
  | {
      readonly type: 'member-joined';
      /** Who came. */
      readonly member: NodeId;
      /** With a vote. */
      readonly voter: boolean;
    }
  | {
      readonly type: 'member-promoted';
      /** Who has a vote now. */
      readonly member: NodeId;
    }
  | {
      readonly type: 'member-demoted';
      /** Who has no vote any more. */
      readonly member: NodeId;
    }
  | {
      readonly type: 'member-removed';
      /** Who went. */
      readonly member: NodeId;
    }
  | {
      readonly type: 'link-up';
      /** At its other end. */
      readonly peer: NodeId;
    }
  | {
      readonly type: 'link-down';
      /** At its other end. */
      readonly peer: NodeId;
    }
  | {
      readonly type: 'log-compacted';
      /** The last entry that the log does not have any more. */
      readonly toIndex: LogIndex;
    }
  | {
      readonly type: 'snapshot-installed';
      /** The last entry that it stands for. */
      readonly index: LogIndex;
    }
  | { readonly type: 'quarantined' }
  | { readonly type: 'quarantine-over' };

/**
 * An event with its place and time.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type NodeEvent } from 'resqlite';
 *
 * const events = new Map<number, NodeEvent>();
 * const db = await open();
 * const stop = db.inspect((inspection) => {
 *   for (const event of inspection.events) events.set(event.number, event);
 * });
 * events.size > 0; // soon => true
 * [...events.values()].every(({ atMs }) => atMs <= Date.now()); // => true
 * stop();
 * ```
 */
export type NodeEvent = NodeEventDetail & {
  /**
   * Its place among the events of this start of the node, counted from 1; where many came at once some
   * are left out.
   */
  readonly number: number;
  /** The node's wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** The node's, when it happened. */
  readonly term: Term;
};

/**
 * How long entries took that this node, leading, put into the log and saw committed.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type CommitTimes } from 'resqlite';
 *
 * const describe = ({ count, p50Ms }: CommitTimes) =>
 *   p50Ms === null ? 'nothing was written' : `${count} writes, one in ${p50Ms} ms`;
 *
 * let line = '';
 * const db = await open();
 * const stop = db.inspect(({ commitTimes }) => {
 *   line = describe(commitTimes);
 * });
 * line !== ''; // soon => true
 * stop();
 * ```
 */
export interface CommitTimes {
  /** Of how many entries. */
  readonly count: number;
  /** Milliseconds that half of them took at most; null where there were none. */
  readonly p50Ms: number | null;
  /** Milliseconds that 99 of 100 took at most; null where there were none. */
  readonly p99Ms: number | null;
}

/**
 * What members told of one comparison of their data, as far as this node heard.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type StateHashes } from 'resqlite';
 *
 * const areEqual = ({ hashes }: StateHashes) => new Set(hashes.map(({ hash }) => hash)).size <= 1;
 *
 * let isWell = false;
 * const db = await open();
 * const stop = db.inspect(({ stateHashes }) => {
 *   isWell = stateHashes === null || areEqual(stateHashes);
 * });
 * isWell; // soon => true
 * stop();
 * ```
 */
export interface StateHashes {
  /** The log entry at which all of them looked. */
  readonly index: LogIndex;
  /** One for each member that was heard. */
  readonly hashes: readonly {
    /** Whose it is. */
    readonly nodeId: NodeId;
    /** Equal where the data are. */
    readonly hash: string;
  }[];
}

/**
 * What a node tells of its inside, for people.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type Inspection } from 'resqlite';
 *
 * const describe = ({ role, term, durableIndex, queues }: Inspection) =>
 *   `${role} in term ${term}, ${durableIndex} entries, ${queues.pendingWrites} writes wait`;
 *
 * let line = '';
 * const db = await open();
 * const stop = db.inspect((inspection) => {
 *   line = describe(inspection);
 * });
 * line.includes(' in term '); // soon => true
 * stop();
 * ```
 */
export interface Inspection {
  /** Whose inspection it is. */
  readonly nodeId: NodeId;
  /** The node's wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** Milliseconds since the inspection before: what `messages` and `commitTimes` are of. */
  readonly overMs: number;
  /** What it is now. */
  readonly role: Role;
  /** `currentTerm` (paper figure 2). */
  readonly term: Term;
  /** Whom it follows, or itself; null: it knows no leader. */
  readonly leaderId: NodeId | null;
  /** For whom it voted in this term; null: for nobody. */
  readonly votedFor: NodeId | null;
  /** Who granted its votes or pre-votes, itself included, where it campaigns; of a leader, who elected it. */
  readonly votes: readonly NodeId[];
  /** The last entry that it knows to be committed. */
  readonly commitIndex: LogIndex;
  /** The last entry that is in its database. */
  readonly lastApplied: LogIndex;
  /** How far the log is on this node's disk. */
  readonly durableIndex: LogIndex;
  /** The first entry that its log still has. */
  readonly firstIndex: LogIndex;
  /** The last entry of its log. */
  readonly lastIndex: LogIndex;
  /** What stands in front of the log; null: it begins at the beginning. */
  readonly snapshot: {
    /** The last entry that it stands for. */
    readonly index: LogIndex;
    /** Of that entry. */
    readonly term: Term;
  } | null;
  /** In order; the first is cut off at `firstIndex`. At most a few dozen: the oldest are left out. */
  readonly runs: readonly TermRun[];
  /** Of a leader, of all other members; else empty. */
  readonly progress: readonly ProgressReport[];
  /** Since the inspection before. */
  readonly messages: readonly MessageCount[];
  /** Since the inspection before; the first one tells those that are still kept. */
  readonly events: readonly NodeEvent[];
  /** The last comparison that it knows of; null: none. */
  readonly stateHashes: StateHashes | null;
  /** Since the inspection before. */
  readonly commitTimes: CommitTimes;
  /** What waits. */
  readonly queues: {
    /** Callers of this node that wait for a write. */
    readonly pendingWrites: number;
    /** Callers of this node that wait for a read. */
    readonly pendingReads: number;
    /** Entries in the log that are not committed. */
    readonly uncommitted: number;
    /** Committed entries that are not applied. */
    readonly unapplied: number;
    /** Messages that wait for room in a link, or are late on purpose, all links together. */
    readonly unsent: number;
  };
  /** Messages leave so many milliseconds later: `Faults.delay`. */
  readonly delayMs: number;
  /** All its links are cut on purpose: `Faults.isolate`. */
  readonly isolated: boolean;
  /** Links that were cut on purpose at this end. */
  readonly cutLinks: readonly NodeId[];
}

/** What the runtime can tell; its transport is told of by whoever opened that. */
export type RuntimeInspection = Omit<Inspection, 'queues' | 'delayMs' | 'isolated' | 'cutLinks'> & {
  readonly queues: Omit<Inspection['queues'], 'unsent'>;
};

/**
 * Whether `next` says all that `last`, the event before it, says. Without a quorum a node asks for pre-votes
 * for as long as that lasts, and what led there would soon be forgotten.
 */
export function replaces(next: NodeEvent, last: NodeEvent | undefined): boolean {
  if (last?.type !== 'pre-vote' || next.type !== 'pre-vote') return false;
  const isSame = last.term === next.term && last.reason === next.reason;
  return isSame && last.silentLeader === null && next.silentLeader === null;
}
