/**
 * Every bound and interval of the system, with the relations between them asserted when this module
 * loads. Units are in the names. Nothing grows or waits without a bound named here.
 */

import type { RaftLimits } from '../raft/limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How often a leader sends to an idle follower. */
const HEARTBEAT_INTERVAL_MS = 100;
/** How long a follower that does not wait for it may not know that something is committed. */
const COMMIT_DELAY_MS = 10;
/** How long entries may gather for a follower that no commit waits for. */
const SPARE_DELAY_MS = 25;
/** Election timeouts are drawn uniformly from [min, max) (paper section 5.2). */
const ELECTION_TIMEOUT_MIN_MS = 1_000;
export const ELECTION_TIMEOUT_MAX_MS = 2_000;

/** A node whose clock moved on this much unnoticed was frozen or asleep. */
export const PAUSE_MS = 500;

/** Members of a cluster, voters and learners together. */
export const MAX_MEMBERS = 32;
/** Members that were let go whose keys are remembered; the earliest is forgotten first. */
export const MAX_FORMER_MEMBERS = 64;
/** Members that were removed whose names are remembered; the earliest is forgotten first. */
export const MAX_REMOVED_MEMBERS = 255;
/** Invites that are open at once. */
export const MAX_INVITES = 32;
/** Voters the cluster grows to by itself; always odd. */
export const MAX_VOTERS = 5;

/** A command's encoded body; above this a request is refused before it is sent anywhere. */
export const MAX_BODY_BYTES = 8 * MIB;
/** An entry of the log: the largest body and what the runtime puts around it. */
const MAX_ENTRY_BYTES = MAX_BODY_BYTES + 1 * KIB;
/** One AppendEntries, unless a single entry is larger. */
const MAX_APPEND_BYTES = 256 * KIB;
export const MAX_APPEND_ENTRIES = 1_024;
/** AppendEntries on their way to one follower. */
const MAX_INFLIGHT_MESSAGES = 64;
const MAX_INFLIGHT_BYTES = 4 * MIB;
/** Appended but uncommitted bytes in a leader's log; above it proposals are refused. */
const MAX_UNCOMMITTED_BYTES = 32 * MIB;
/** One call of the state machine. */
const MAX_APPLY_BYTES = 1 * MIB;
const MAX_APPLY_ENTRIES = 512;

/** Committed but unapplied bytes in a leader's log; above it proposals are refused. */
const MAX_UNAPPLIED_BYTES = 32 * MIB;

/** A log longer than this, in entries or bytes, is compacted as soon as it can be. */
const LOG_COMPACT_ENTRIES = 16_384;
const LOG_COMPACT_BYTES = 8 * MIB;
/** What compaction leaves of the applied entries, so that a follower a little behind needs no snapshot. */
const LOG_KEEP_ENTRIES = 2_048;
const LOG_KEEP_BYTES = 1 * MIB;
/** A follower that is being sent a snapshot holds compaction back, up to this many bytes of log. */
export const LOG_HELD_BYTES = 64 * MIB;

/** A chunk of a snapshot on the wire. */
export const SNAPSHOT_CHUNK_BYTES = 128 * KIB;
/** Chunks on their way to one follower. */
export const SNAPSHOT_WINDOW_CHUNKS = 8;
/** A chunk without an answer is sent again after this. */
const SNAPSHOT_RESEND_MS = 2_000;
/** A follower that takes nothing for this long is given up until it is heard again. */
const SNAPSHOT_GIVE_UP_MS = 20_000;
/** Snapshot chunks that wait for room on one link; beyond, new ones are dropped (TR1). */
export const LINK_BULK_QUEUE_BYTES = 4 * MIB;
/** The largest snapshot that is taken: what the browser's memory can address as one file. */
export const MAX_SNAPSHOT_BYTES = 2_048 * MIB;

/** A chunk of a file that is imported, in an entry of its own. */
export const IMPORT_CHUNK_BYTES = 256 * KIB;
/** Chunks of it that wait for an answer. */
export const IMPORT_WINDOW_CHUNKS = 8;
/** What a page takes over at once of a file that is exported. */
export const EXPORT_PIECE_BYTES = 4 * MIB;

/** How often the leader has all nodes hash a slice of their state. */
const STATE_CHECK_INTERVAL_MS = 30_000;
/** The largest slice. */
export const STATE_SLICE_BYTES = 4 * MIB;
/** State checks whose hashes are remembered until all voters have told theirs. */
export const MAX_OPEN_STATE_CHECKS = 8;

/** At least so long apart a node tells of its inside, and at most this long where nothing is new. */
export const INSPECTION_INTERVAL_MS = 125;
export const INSPECTION_SILENCE_MS = 1_000;

/** The longest that messages are made late on purpose. */
export const MAX_DELAY_MS = 5_000;
/** What is made late at once, over all links; beyond, new messages are dropped (TR1). */
export const MAX_LATE_MESSAGES = 8_192;
export const MAX_LATE_BYTES = 32 * MIB;

/** Events that a node keeps for whoever looks at it. */
export const MAX_NODE_EVENTS = 256;

/** Terms of its log that a node tells of to whoever looks at it. */
export const MAX_TERM_RUNS = 64;

/** A message, joined from frames; must hold the largest entry. */
export const MAX_MESSAGE_BYTES = MAX_BODY_BYTES + 64 * KIB;
/** A frame on a data channel: practical in every engine. */
export const MAX_FRAME_BYTES = 64 * KIB;
/**
 * A frame with a piece of a snapshot. A frame that has begun to leave delays every other channel of
 * the connection until it has left, so these are small.
 */
export const MAX_BULK_FRAME_BYTES = 16 * KIB;
/** A hash that a message names, in hexadecimal digits. */
export const MAX_HASH_DIGITS = 128;
/** The name of a browser profile, in ASCII characters. */
export const MAX_PROFILE_ID_CHARACTERS = 64;
/** Keys, and the ids and verifiers of invites, as text. */
export const MAX_KEY_CHARACTERS = 128;
/** The name of a build, in ASCII characters. */
export const MAX_BUILD_CHARACTERS = 128;
/** A text in a message that a person is to read, in UTF-8; longer ones are cut. */
export const MAX_TEXT_BYTES = 1 * KIB;

/** Requests of one node that wait for an answer. */
export const MAX_PENDING_REQUESTS = 4_096;
export const MAX_PENDING_BYTES = 32 * MIB;
/** Messages that a server holds back until its disk has what they promise. */
const MAX_HELD_MESSAGES = 4_096;
/** Calls between a page and its workers that wait for their answer. */
export const MAX_PENDING_CALLS = 16_384;
/** ReadIndex requests that a server holds unanswered, its own and the others'. */
const MAX_PENDING_READS = 16_384;
/** How long a request waits for its answer before it fails, unless the caller says otherwise. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How long without a leader until requests fail as "no quorum". */
export const NO_LEADER_TIMEOUT_MS = 4_000;
/** A request without an answer is sent again after this. */
export const RESEND_INTERVAL_MS = 1_500;
/** On top of that, the time for what is waiting to travel at this speed. */
export const RESEND_BYTES_PER_MS = 1_024;

/** Sessions the state machine keeps; the one idle for the most entries goes first. */
export const MAX_SESSIONS = 1_024;
/** Sessions of outboxes, besides; far more than members, so that only abandoned ones ever go. */
export const MAX_DURABLE_SESSIONS = 128;
/** A response the session table keeps for retries; a larger one is answered as too large. */
export const MAX_RESPONSE_BYTES = 1 * MIB;

/** Writes of a browser profile and cluster that wait for a quorum; beyond, none is queued. */
export const MAX_QUEUED_WRITES = 256;
export const MAX_QUEUED_BYTES = 4 * MIB;
/** What came of queued writes, until somebody has seen it; beyond, the oldest is forgotten. */
export const MAX_QUEUED_OUTCOMES = 100;
/** An answer to a queued write that is kept for whoever still waits for it. */
export const MAX_QUEUED_ANSWER_BYTES = 16 * KIB;
/** How much of its first statement a queued write is shown with, in UTF-16 units. */
export const QUEUED_SQL_CHARACTERS = 200;
/** Queued writes that are sent together: numbered in one change of the outbox, answered in another. */
export const QUEUE_SEND_WRITES = 16;
export const QUEUE_SEND_BYTES = 512 * KIB;
/** How long a majority may take to confirm the leader before a write that may be queued is queued. */
export const QUEUE_DECISION_MS = 1_500;
/** How long whoever could not send what is queued waits, and lets other tabs try. */
export const QUEUE_RETRY_MS = 500;
/**
 * How often whoever sends looks into an outbox of which it heard nothing: a tab that was killed may have
 * stored a write and told nobody.
 */
export const QUEUE_LOOK_MS = 10_000;

/** How often a node tells its peers its own state, for display. */
export const ANNOUNCE_INTERVAL_MS = 500;
/** No input for this long, where one was due by then: the node was frozen or asleep. */
export const UNNOTICED_GAP_MS = ANNOUNCE_INTERVAL_MS + PAUSE_MS;
/** How far a stamp may be from the median of the voters' clocks. */
export const MAX_CLOCK_ERROR_MS = 1_000;
/** How often a node tells its own page its status. */
export const STATUS_INTERVAL_MS = 200;
/** How often a newcomer repeats its request to join. */
export const JOIN_INTERVAL_MS = 500;
/** A learner is caught up when it lacks at most this many entries. */
export const CAUGHT_UP_ENTRIES = 256;
/** A learner not heard for this long is not promoted. */
export const LEARNER_SILENCE_MS = 3_000;
/** The least silence for which a voter may be swapped: not for an election. */
export const VOTER_SILENCE_MIN_MS = 4 * ELECTION_TIMEOUT_MAX_MS;
/** A voter not heard for this long is swapped for a learner that is caught up. */
export const VOTER_SILENCE_MS = 15_000;
/** A learner not heard for this long is removed: its tab is not expected back. */
export const LEARNER_FORGET_MS = 24 * 60 * 60 * 1_000;
/** How often a peer that lacks the committed configuration is told it. */
export const CONFIGURATION_NOTICE_INTERVAL_MS = 1_000;
/**
 * How long links to members that went are kept when that is committed: they are told by what is under
 * way, and one that led hands out the end of its own leadership.
 */
export const DEPARTURE_LINGER_MS = 1_000;
/** How often a server that is no member is told so. */
export const REMOVED_NOTICE_INTERVAL_MS = 1_000;
/** How long an operator's request may take at the leader. */
export const ADMINISTRATION_TIMEOUT_MS = 10_000;
/** How long a node that goes away waits for another to lead. */
export const HAND_OVER_TIMEOUT_MS = 500;
/** Operators' requests a leader holds at once. */
export const MAX_ADMINISTRATION_REQUESTS = 16;

/**
 * Who said nothing for this long is suspect: the link is kept, and another one is dialled beside it. Of
 * three pings none arrived; of a peer whose timers are slowed down to one a second, which then pings
 * every other second, at least one should have.
 */
export const LINK_SUSPECT_MS = 3_000;
/**
 * A link on which nothing arrived for this long is broken. The time since it became suspect is what a
 * dial takes, so that a link that was half dead is replaced before it is missed.
 */
export const LINK_TIMEOUT_MS = 4_500;
/** A connection whose ICE has been disconnected for this long is given up. */
export const ICE_PATIENCE_MS = 3_000;
/** How often a link carries something, be it only a ping. */
export const LINK_PING_INTERVAL_MS = 1_000;
/** Links at once: every member, and as many again that ask to join or are on their way out. */
export const MAX_LINKS = 2 * MAX_MEMBERS;
/** Large messages that wait for room on one link; beyond, new ones are dropped (TR1). */
export const LINK_DATA_QUEUE_BYTES = 16 * MIB;
/** The same for small messages, which have a queue of their own. */
export const LINK_CONTROL_QUEUE_BYTES = 1 * MIB;
/**
 * What a data channel may hold unsent before large messages wait, and where it asks for more. What a
 * channel holds cannot be overtaken, so this is how late a heartbeat may get. Snapshots wait as soon
 * as a channel holds more than the lower one.
 */
export const CHANNEL_HIGH_WATER_BYTES = 256 * KIB;
export const CHANNEL_LOW_WATER_BYTES = 64 * KIB;
/** How long after a link began its channel for snapshots may take to work; else it does without. */
export const BULK_CHANNEL_TIMEOUT_MS = 2_000;
/** What a data channel may hold unsent before small messages wait too. */
export const CHANNEL_MAX_BUFFERED_BYTES = 4 * MIB;

/** How long an open channel may take to prove who is at its other end. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How long a refused channel stays open, so that the refusal arrives before the end does. */
export const REFUSAL_LINGER_MS = 300;
/** A frame on a channel that has not proved it yet. */
export const MAX_HANDSHAKE_FRAME_BYTES = 4 * KIB;
/** Inbound connections at once that have not proved it yet. */
export const MAX_PENDING_HANDSHAKES = 8;
/** Vouchers that a node shows; more would not make it more trustworthy. */
export const MAX_VOUCHERS = 8;
/** Offers by holders of the cluster's secret that are judged: at once, and in the long run a second. */
export const JUDGED_OFFERS_BURST = 96;
export const JUDGED_OFFERS_PER_S = 32;
/** Offers that are answered with a refusal. */
export const ANSWERED_REFUSALS_BURST = 16;
export const ANSWERED_REFUSALS_PER_S = 4;
/** How often a page tells of the offers it has refused. */
export const OFFER_TALLY_INTERVAL_MS = 250;
/** How long the signalling server keeps an offer for somebody who is away. */
export const OFFER_EXPIRY_MS = 5_000;
/** How long a dial may take until its channel opens. */
export const DIAL_TIMEOUT_MS = 8_000;
/**
 * The pause before dialling again doubles from the first to the second, with jitter. Who is away that
 * long dials the others itself when it is back, and a server that many share is not asked more often.
 */
export const DIAL_BACKOFF_MIN_MS = 200;
export const DIAL_BACKOFF_MAX_MS = 30_000;
/** The same for the signalling server. */
export const SIGNALLING_BACKOFF_MIN_MS = 250;
export const SIGNALLING_BACKOFF_MAX_MS = 10_000;

/** What the core is given. */
export const RAFT_LIMITS: RaftLimits = {
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  commitDelayMs: COMMIT_DELAY_MS,
  spareDelayMs: SPARE_DELAY_MS,
  electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS,
  electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS,
  maxAppendBytes: MAX_APPEND_BYTES,
  maxAppendEntries: MAX_APPEND_ENTRIES,
  maxInflightMessages: MAX_INFLIGHT_MESSAGES,
  maxInflightBytes: MAX_INFLIGHT_BYTES,
  maxEntryBytes: MAX_ENTRY_BYTES,
  maxUncommittedBytes: MAX_UNCOMMITTED_BYTES,
  maxUnappliedBytes: MAX_UNAPPLIED_BYTES,
  maxApplyBytes: MAX_APPLY_BYTES,
  maxApplyEntries: MAX_APPLY_ENTRIES,
  maxHeldMessages: MAX_HELD_MESSAGES,
  maxPendingReads: MAX_PENDING_READS,
};

/** What the runtime is given besides; other than production's in simulations only. */
export interface RuntimeLimits {
  readonly raft: RaftLimits;
  readonly maxVoters: number;
  readonly voterSilenceMs: number;
  readonly learnerForgetMs: number;
  readonly logCompactEntries: number;
  readonly logCompactBytes: number;
  readonly logKeepEntries: number;
  readonly logKeepBytes: number;
  readonly logHeldBytes: number;
  readonly snapshotChunkBytes: number;
  readonly snapshotWindowChunks: number;
  readonly snapshotResendMs: number;
  readonly snapshotGiveUpMs: number;
  readonly stateCheckIntervalMs: number;
}

export const RUNTIME_LIMITS: RuntimeLimits = {
  raft: RAFT_LIMITS,
  maxVoters: MAX_VOTERS,
  voterSilenceMs: VOTER_SILENCE_MS,
  learnerForgetMs: LEARNER_FORGET_MS,
  logCompactEntries: LOG_COMPACT_ENTRIES,
  logCompactBytes: LOG_COMPACT_BYTES,
  logKeepEntries: LOG_KEEP_ENTRIES,
  logKeepBytes: LOG_KEEP_BYTES,
  logHeldBytes: LOG_HELD_BYTES,
  snapshotChunkBytes: SNAPSHOT_CHUNK_BYTES,
  snapshotWindowChunks: SNAPSHOT_WINDOW_CHUNKS,
  snapshotResendMs: SNAPSHOT_RESEND_MS,
  snapshotGiveUpMs: SNAPSHOT_GIVE_UP_MS,
  stateCheckIntervalMs: STATE_CHECK_INTERVAL_MS,
};

/** Retired identities that the origin's registry remembers after their files are deleted. */
export const MAX_RETIRED_IDENTITIES = 32;
/** How long a reloaded tab waits for the identity it had; its former self may not be gone yet. */
export const IDENTITY_WAIT_MS = 2_000;
/** How long a file still held by a tab that is going away is waited for. */
export const FILE_HANDLE_WAIT_MS = 3_000;
/** Stored nodes that one page wakes at most. */
export const MAX_WOKEN_NODES = 8;
/** How often a new tab repeats its question for a woken node. */
export const TAKE_OVER_ASK_INTERVAL_MS = 200;
/** How long it asks, and how long it waits for the node that it was given. */
export const TAKE_OVER_ASK_MS = 2_000;
export const TAKE_OVER_WAIT_MS = 6_000;
/** How long the browser, or another tab at work on the registry, may keep a start waiting. */
export const STORAGE_WAIT_MS = 10_000;

/** What it is asked about is known when the code is built: then it goes, with its texts. */
// @__NO_SIDE_EFFECTS__
function assertLimits(holds: boolean, relation: string): void {
  if (!holds) throw new Error(`limits.ts: ${relation}`);
}

assertLimits(ELECTION_TIMEOUT_MIN_MS >= 10 * HEARTBEAT_INTERVAL_MS, 'ten heartbeats a timeout');
assertLimits(ELECTION_TIMEOUT_MIN_MS >= 2 * PAUSE_MS, 'a pause is noticed before an election');
assertLimits(ELECTION_TIMEOUT_MAX_MS >= 2 * ELECTION_TIMEOUT_MIN_MS, 'timeouts spread by two');
assertLimits(NO_LEADER_TIMEOUT_MS >= 2 * ELECTION_TIMEOUT_MAX_MS, 'two elections before failing');
assertLimits(MAX_VOTERS % 2 === 1 && MAX_VOTERS <= MAX_MEMBERS, 'voters are odd');
assertLimits(MAX_MESSAGE_BYTES > MAX_BODY_BYTES + 1_024, 'a message holds the largest entry');
assertLimits(MAX_UNCOMMITTED_BYTES >= 2 * MAX_BODY_BYTES, 'the largest entry is always accepted');
assertLimits(MAX_UNAPPLIED_BYTES >= 2 * MAX_ENTRY_BYTES, 'the largest entry is always accepted');
assertLimits(MAX_MESSAGE_BYTES >= MAX_ENTRY_BYTES + 1_024, 'a message holds the largest entry');
assertLimits(LOG_COMPACT_ENTRIES >= 4 * LOG_KEEP_ENTRIES, 'compaction is worth its record');
assertLimits(LOG_COMPACT_BYTES >= 4 * LOG_KEEP_BYTES, 'compaction is worth its record');
assertLimits(LOG_HELD_BYTES >= 4 * LOG_COMPACT_BYTES, 'a snapshot has time to travel');
assertLimits(
  LINK_BULK_QUEUE_BYTES >= 2 * SNAPSHOT_WINDOW_CHUNKS * SNAPSHOT_CHUNK_BYTES,
  'a link queues what a sender of snapshots may have under way',
);
assertLimits(SNAPSHOT_CHUNK_BYTES + 64 * KIB <= MAX_MESSAGE_BYTES, 'a message holds a chunk');
assertLimits(
  MAX_PENDING_BYTES >= 4 * IMPORT_WINDOW_CHUNKS * IMPORT_CHUNK_BYTES,
  'an import leaves room for other requests',
);
assertLimits(MAX_QUEUED_BYTES <= MAX_BODY_BYTES, 'what is queued can be sent');
assertLimits(
  QUEUE_SEND_WRITES <= MAX_PENDING_REQUESTS,
  'answers are kept until they are asked for',
);
assertLimits(VOTER_SILENCE_MS >= VOTER_SILENCE_MIN_MS, 'nobody is swapped for an election');
assertLimits(MAX_PENDING_BYTES >= 2 * MAX_BODY_BYTES, 'the largest request is always accepted');
assertLimits(LINK_SUSPECT_MS >= 3 * LINK_PING_INTERVAL_MS, 'three pings before a suspicion');
assertLimits(LINK_SUSPECT_MS >= 4 * ANNOUNCE_INTERVAL_MS, 'four announcements before a suspicion');
assertLimits(
  LINK_TIMEOUT_MS >= LINK_SUSPECT_MS + LINK_PING_INTERVAL_MS,
  'a link may be replaced before it is broken',
);
assertLimits(
  LINK_DATA_QUEUE_BYTES >= MAX_MESSAGE_BYTES + MAX_INFLIGHT_BYTES,
  'a link queues what a leader may have in flight',
);
assertLimits(CHANNEL_HIGH_WATER_BYTES >= 4 * MAX_FRAME_BYTES, 'a channel is never starved');
assertLimits(
  CHANNEL_LOW_WATER_BYTES >= 4 * MAX_BULK_FRAME_BYTES,
  'nor is a channel for snapshots starved',
);
assertLimits(
  SNAPSHOT_GIVE_UP_MS >= 4 * BULK_CHANNEL_TIMEOUT_MS,
  'a sender of snapshots outwaits the choice of a channel',
);
assertLimits(CHANNEL_MAX_BUFFERED_BYTES > CHANNEL_HIGH_WATER_BYTES, 'small messages wait last');
assertLimits(TAKE_OVER_ASK_MS >= 4 * TAKE_OVER_ASK_INTERVAL_MS, 'a lost question is repeated');
assertLimits(
  TAKE_OVER_WAIT_MS >= HAND_OVER_TIMEOUT_MS + FILE_HANDLE_WAIT_MS,
  'a node has time to put its things away before it is given up on',
);
assertLimits(DIAL_TIMEOUT_MS > OFFER_EXPIRY_MS, 'the server says "away" before a dial is given up');
assertLimits(
  MAX_HANDSHAKE_FRAME_BYTES >= 1_536 + MAX_VOUCHERS * (256 + 64),
  'a frame of the handshake holds all claims',
);
assertLimits(JUDGED_OFFERS_BURST >= 3 * MAX_MEMBERS, 'all members may dial at once');
