/**
 * The state of one server: Figure 2 of the paper, with what the thesis adds. A record that the topic
 * files (election, append-entries, replication, membership, read-index) change by the algorithm's
 * own verbs; there is no other state, and no randomness or time but what is in here.
 */

import { isVoter } from './configuration.ts';
import { RaftEvents } from './events.ts';
import type { RaftLimits } from './limits.ts';
import { assertLoadable, Log } from './log.ts';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  NodeId,
  ReadRequestId,
  ReadState,
  Role,
  Snapshot,
  Term,
} from './types.ts';

export interface RaftOptions {
  readonly nodeId: NodeId;
  /** As loaded. */
  readonly hardState: HardState;
  /** What stands in for the beginning of the log; null: nothing. */
  readonly snapshot: Snapshot | null;
  /** The durable log, contiguous from the one behind the snapshot (or 1) on. */
  readonly entries: readonly Entry[];
  /**
   * The state machine's; what is applied is committed. Null: its state is lost or not to be trusted,
   * and nothing is applied until a snapshot is installed.
   */
  readonly appliedIndex: LogIndex | null;
  /** Any monotone number of milliseconds; time moves by `tick` alone. */
  readonly nowMs: number;
  /** A uniform integer 0 <= n < bound, for bounds up to 2^53: the only randomness. */
  readonly random: (bound: number) => number;
  readonly limits: RaftLimits;
}

/** A ReadIndex request that a leader holds. */
export interface PendingRead {
  /** Who asked; null for the leader's own caller. Remote requests are known by (from, id). */
  readonly from: NodeId | null;
  readonly requestId: ReadRequestId;
  readonly confirm: boolean;
}

/** The requests that one round confirms, all for the same index. */
interface ReadRound {
  readonly round: number;
  readonly index: LogIndex;
  readonly requests: readonly PendingRead[];
}

/** What only a leader has, begun anew with each term it leads. */
export class Leadership {
  /** Every member but the leader, and servers just removed until they have been told. */
  readonly progressByNode = new Map<NodeId, Progress>();
  /** Where the entry stands with which it began its term. */
  readonly noopIndex: LogIndex;
  /** Who elected it. */
  readonly votes: readonly NodeId[];
  /** To whom this leader is handing over, and until when it tries (thesis section 3.10). */
  transfer: Transfer | null = null;
  /** How many rounds this leader has begun; every AppendEntries carries the number. */
  round = 0;
  roundStartedMs = -Infinity;
  /** When followers that do not wait for it are told what is committed; Infinity: they all were. */
  commitDueMs = Infinity;
  /** Requests that wait for an entry of the own term to be committed, or for the next round. */
  waitingReads: PendingRead[] = [];
  /** Rounds under way, in their order. */
  readonly readRounds: ReadRound[] = [];
  pendingReadCount = 0;

  constructor(noopIndex: LogIndex, votes: readonly NodeId[]) {
    this.noopIndex = noopIndex;
    this.votes = votes;
  }
}

/** A handing over of the leadership. */
export interface Transfer {
  readonly target: NodeId;
  readonly deadlineMs: number;
  isSent: boolean;
}

/** A ReadIndex request sent to the leader. */
interface ForwardedRead {
  readonly requestId: ReadRequestId;
  readonly deadlineMs: number;
}

export class ServerState {
  readonly nodeId: NodeId;
  readonly limits: RaftLimits;
  readonly random: (bound: number) => number;
  readonly log: Log;
  readonly outbox: Outbox;

  /** Persistent (Figure 2): the term never falls, the vote is given once a term. */
  hardState: HardState;
  role: Role;
  /** Whom this server follows in the present term; itself when it leads. */
  leaderId: NodeId | null = null;
  /** Not null exactly while role is 'leader'. */
  leadership: Leadership | null = null;

  /**
   * 0 <= appliedIndex <= handedToApplyIndex <= commitIndex <= log.lastIndex, and log.baseIndex <=
   * handedToApplyIndex; all only grow.
   */
  commitIndex: LogIndex;
  handedToApplyIndex: LogIndex;
  appliedIndex: LogIndex;
  /** Nothing is applied until a snapshot is installed: the state is lost, or was found wrong. */
  isApplySuspended: boolean;
  /** Installed in the log, and not yet in the state machine; handedToApplyIndex is its index. */
  restoring: Snapshot | null = null;
  /** `restoring` is durable and has not been handed out yet. */
  isRestoreDue = false;

  /** What the leader said last of its commit index, which this server's may be far behind. */
  leaderCommitIndex = 0 as LogIndex;

  nowMs: number;
  /** When to campaign, or for a learner to give its leader up. */
  electionDeadlineMs = Infinity;
  /** The last timeout was overslept and let pass. */
  electionDeferred = false;
  /** When the leader of the present term was last heard. */
  lastLeaderContactMs = -Infinity;
  /** When a leader was last heard at all, or this server led, or started: for events alone. */
  leaderSeenMs: number;
  /** The link to the leader broke, and none was heard since: for events alone. */
  isLeaderLinkLost = false;
  /** Who granted this campaign's votes or pre-votes. */
  readonly votes = new Set<NodeId>();

  /** Requests this server forwarded, by the number they travel under, oldest first. */
  readonly forwardedReads = new Map<ReadRequestId, ForwardedRead>();
  nextForwardedReadId: number;
  readStates: ReadState[] = [];
  readonly events = new RaftEvents();

  /** Throws `InvariantViolation` where the loaded parts do not fit together. */
  constructor(options: RaftOptions) {
    this.nodeId = options.nodeId;
    this.limits = options.limits;
    this.random = options.random;
    this.hardState = options.hardState;
    this.log = new Log(options.snapshot, options.entries);
    const appliedIndex = options.appliedIndex ?? this.log.baseIndex;
    assertLoadable(options.hardState, this.log, appliedIndex);
    this.outbox = new Outbox(options.hardState, this.log, options.limits.maxHeldMessages);
    this.commitIndex = appliedIndex;
    this.handedToApplyIndex = appliedIndex;
    this.appliedIndex = appliedIndex;
    this.isApplySuspended = options.appliedIndex === null;
    this.nowMs = options.nowMs;
    this.leaderSeenMs = options.nowMs;
    this.nextForwardedReadId = options.random(2 ** 52);
    this.role = this.passiveRole;
    this.resetElectionTimer();
  }

  get term(): Term {
    return this.hardState.term;
  }

  /**
   * Whether this server may start elections: as a voter, and, voted out, until it knows that to be
   * committed (thesis section 4.2.2). Before that its vote may still be needed while its log is the
   * longest, so that nobody could be elected unless it campaigned. Its own vote does not count then.
   */
  get mayCampaign(): boolean {
    const { log, nodeId } = this;
    if (isVoter(log.configuration, nodeId)) return true;
    const isCommitted = log.configurationIndex <= this.commitIndex;
    return !isCommitted && isVoter(log.previousConfiguration, nodeId);
  }

  /** What this server is while it neither leads nor campaigns. */
  get passiveRole(): 'follower' | 'learner' {
    return this.mayCampaign ? 'follower' : 'learner';
  }

  /**
   * Whether a leader was heard within the minimum election timeout; a leader hears itself. Nobody
   * can have won an election meanwhile but by disturbing (paper section 6, thesis section 4.2.3).
   */
  get isLeaderAlive(): boolean {
    if (this.leadership !== null) return true;
    if (this.leaderId === null) return false;
    return this.nowMs - this.lastLeaderContactMs < this.limits.electionTimeoutMinMs;
  }

  /** Whether an entry of the present term is committed, and so the commit index is up to date. */
  get hasCommittedInTerm(): boolean {
    return this.log.termAt(this.commitIndex) === this.term;
  }

  /**
   * Pre-votes that came to nothing are asked for again after a shorter wait than a silence is given:
   * nobody's heartbeat is waited for, and answering costs no disk write. As widely spread, so that
   * the next round does not collide as well.
   */
  resetPreVoteTimer(): void {
    const { electionTimeoutMinMs, electionTimeoutMaxMs } = this.limits;
    const spreadMs = electionTimeoutMaxMs - electionTimeoutMinMs;
    this.electionDeadlineMs =
      this.nowMs + Math.ceil(electionTimeoutMinMs / 4) + this.random(spreadMs);
  }

  /** Draws a new timeout (paper section 5.2: at every reset, so that split votes are not repeated). */
  resetElectionTimer(): void {
    const { electionTimeoutMinMs, electionTimeoutMaxMs } = this.limits;
    const spreadMs = electionTimeoutMaxMs - electionTimeoutMinMs;
    const drawnMs = electionTimeoutMinMs + this.random(spreadMs);
    // Who has nothing to serve lets the others go first.
    const patienceMs = this.isApplySuspended ? electionTimeoutMaxMs : 0;
    this.electionDeadlineMs = this.nowMs + drawnMs + patienceMs;
  }
}
