/**
 * Every bound and interval of the system, with the relations between them asserted when this module
 * loads. Units are in the names. Nothing grows or waits without a bound named here.
 */

import type { RaftLimits } from '../raft/limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How often a leader sends to an idle follower. */
const HEARTBEAT_INTERVAL_MS = 100;
/** Election timeouts are drawn uniformly from [min, max) (paper section 5.2). */
const ELECTION_TIMEOUT_MIN_MS = 1_000;
export const ELECTION_TIMEOUT_MAX_MS = 2_000;

/** Members of a cluster, voters and learners together. */
export const MAX_MEMBERS = 32;
/** Voters the cluster grows to by itself; always odd. */
export const MAX_VOTERS = 5;

/** A command's encoded body; above this a request is refused before it is sent anywhere. */
export const MAX_BODY_BYTES = 8 * MIB;
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

/** A message, joined from frames; must hold the largest entry. */
export const MAX_MESSAGE_BYTES = MAX_BODY_BYTES + 64 * KIB;
/** A frame on a data channel: practical in every engine. */
export const MAX_FRAME_BYTES = 64 * KIB;

/** Requests of one node that wait for an answer. */
export const MAX_PENDING_REQUESTS = 4_096;
export const MAX_PENDING_BYTES = 32 * MIB;
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
/** A response the session table keeps for retries; a larger one is answered as too large. */
export const MAX_RESPONSE_BYTES = 1 * MIB;

/** How often a node tells its peers its own state, for display. */
export const ANNOUNCE_INTERVAL_MS = 500;
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

/** A link on which nothing arrived for this long is broken. */
export const LINK_TIMEOUT_MS = 4_000;
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
 * channel holds cannot be overtaken, so this is how late a heartbeat may get.
 */
export const CHANNEL_HIGH_WATER_BYTES = 256 * KIB;
export const CHANNEL_LOW_WATER_BYTES = 64 * KIB;
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
/** How long the signalling server keeps an offer for somebody who is away. */
export const OFFER_EXPIRY_MS = 5_000;
/** How long a dial may take until its channel opens. */
export const DIAL_TIMEOUT_MS = 8_000;
/** The pause before dialling again doubles from the first to the second, with jitter. */
export const DIAL_BACKOFF_MIN_MS = 200;
export const DIAL_BACKOFF_MAX_MS = 5_000;
/** The same for the signalling server. */
export const SIGNALLING_BACKOFF_MIN_MS = 250;
export const SIGNALLING_BACKOFF_MAX_MS = 10_000;

/** What the core is given. */
export const RAFT_LIMITS: RaftLimits = {
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  electionTimeoutMinMs: ELECTION_TIMEOUT_MIN_MS,
  electionTimeoutMaxMs: ELECTION_TIMEOUT_MAX_MS,
  maxAppendBytes: MAX_APPEND_BYTES,
  maxAppendEntries: MAX_APPEND_ENTRIES,
  maxInflightMessages: MAX_INFLIGHT_MESSAGES,
  maxInflightBytes: MAX_INFLIGHT_BYTES,
  maxUncommittedBytes: MAX_UNCOMMITTED_BYTES,
  maxApplyBytes: MAX_APPLY_BYTES,
  maxApplyEntries: MAX_APPLY_ENTRIES,
  maxPendingReads: MAX_PENDING_READS,
};

/** How long a reloaded tab waits for the identity it had; its former self may not be gone yet. */
export const IDENTITY_WAIT_MS = 2_000;
/** How long a file still held by a tab that is going away is waited for. */
export const FILE_HANDLE_WAIT_MS = 3_000;
/** How long the browser, or another tab at work on the registry, may keep a start waiting. */
export const STORAGE_WAIT_MS = 10_000;

function assertLimits(holds: boolean, relation: string): void {
  if (!holds) throw new Error(`limits.ts: ${relation}`);
}

assertLimits(ELECTION_TIMEOUT_MIN_MS >= 10 * HEARTBEAT_INTERVAL_MS, 'ten heartbeats a timeout');
assertLimits(ELECTION_TIMEOUT_MAX_MS >= 2 * ELECTION_TIMEOUT_MIN_MS, 'timeouts spread by two');
assertLimits(NO_LEADER_TIMEOUT_MS >= 2 * ELECTION_TIMEOUT_MAX_MS, 'two elections before failing');
assertLimits(MAX_VOTERS % 2 === 1 && MAX_VOTERS <= MAX_MEMBERS, 'voters are odd');
assertLimits(MAX_MESSAGE_BYTES > MAX_BODY_BYTES + 1_024, 'a message holds the largest entry');
assertLimits(MAX_UNCOMMITTED_BYTES >= 2 * MAX_BODY_BYTES, 'the largest entry is always accepted');
assertLimits(MAX_PENDING_BYTES >= 2 * MAX_BODY_BYTES, 'the largest request is always accepted');
assertLimits(LINK_TIMEOUT_MS >= 3 * LINK_PING_INTERVAL_MS, 'three pings before a link is broken');
assertLimits(
  LINK_DATA_QUEUE_BYTES >= MAX_MESSAGE_BYTES + MAX_INFLIGHT_BYTES,
  'a link queues what a leader may have in flight',
);
assertLimits(CHANNEL_HIGH_WATER_BYTES >= 4 * MAX_FRAME_BYTES, 'a channel is never starved');
assertLimits(CHANNEL_MAX_BUFFERED_BYTES > CHANNEL_HIGH_WATER_BYTES, 'small messages wait last');
assertLimits(DIAL_TIMEOUT_MS > OFFER_EXPIRY_MS, 'the server says "away" before a dial is given up');
