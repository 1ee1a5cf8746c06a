/**
 * Leader election (paper section 5.2), its restriction (5.4.1), PreVote (thesis section 9.6) and
 * what keeps a working leader from being disturbed (paper section 6, thesis section 4.2.3).
 *
 * A server that timed out first asks whether it would be elected. Nobody's term or vote changes by
 * that, so a server cut off for a while, or removed, comes back without deposing anybody. A refusal
 * names the refuser's term: an asker that is behind adopts it, or else two servers, the one with the
 * newer term and the other with the longer log, would refuse each other for ever.
 *
 * Who is a member does not matter to who answers: a server votes for a candidate outside its own
 * configuration, and one outside the candidate's is simply not counted (thesis section 4.1).
 */

import { hasQuorum, votersOf } from './configuration.ts';
import type { RaftLimits } from './limits.ts';
import type {
  PreVote,
  PreVoteResponse,
  RequestVote,
  RequestVoteResponse,
  TimeoutNow,
} from './messages.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  loseLeader,
  type PreVoteReason,
} from './roles.ts';
import type { ServerState } from './state.ts';
import type { LogIndex, NodeId, Term } from './types.ts';

/** A promise about term and vote alone, not about entries. */
const NO_ENTRIES = 0 as LogIndex;

/** The election timer fired. */
export function handleElectionTimeout(state: ServerState): void {
  if (!state.mayCampaign) loseLeader(state);
  else if (hasOverslept(state)) deferElection(state);
  else startPreVote(state);
}

/**
 * Whether the process slept (a frozen tab, a suspended machine) rather than the leader. What the
 * leader sent meanwhile is then still to be read, so one more timeout is waited; only one, or a
 * server whose timers always come late would never campaign.
 */
function hasOverslept(state: ServerState): boolean {
  const lateMs = state.nowMs - state.electionDeadlineMs;
  const isAlone = otherVoters(state).length === 0;
  return lateMs >= state.limits.electionTimeoutMinMs && !state.electionDeferred && !isAlone;
}

function deferElection(state: ServerState): void {
  state.electionDeferred = true;
  state.resetElectionTimer();
}

/**
 * The link to the leader broke, as it does at once when a tab closes. If the leader is gone, the
 * rest of the timeout would be waited for nothing; if only the link is, those who still hear the
 * leader refuse the pre-vote, and nobody is disturbed. Not in the paper: there a silence is all that
 * a server can notice.
 *
 * The voters take turns, another one first in every term, each after the time that votes take: they all
 * lose the link at the same moment, and chance would have two of them split the vote now and then.
 */
export function suspectLeader(state: ServerState): void {
  const { leaderId, limits, nodeId, term } = state;
  if (state.role !== 'follower' || leaderId === null || state.isApplySuspended) return;
  state.lastLeaderContactMs = -Infinity;
  state.isLeaderLinkLost = true;
  const rivals = votersOf(state.log.configuration).filter((voter) => voter !== leaderId);
  const turn = (rivals.indexOf(nodeId) + term) % Math.max(rivals.length, 1);
  const soonMs = state.nowMs + 1 + turn * votingMs(limits);
  state.electionDeadlineMs = Math.min(state.electionDeadlineMs, soonMs);
}

/** About as long as votes take. */
function votingMs({ electionTimeoutMinMs }: RaftLimits): number {
  return Math.ceil(electionTimeoutMinMs / 8);
}

function startPreVote(state: ServerState): void {
  state.electionDeferred = false;
  becomePreCandidate(state, preVoteReason(state));
  state.votes.add(state.nodeId);
  if (hasWon(state)) {
    startElection(state);
    return;
  }
  const { nodeId, log } = state;
  for (const to of otherVoters(state)) {
    state.outbox.send({
      type: 'pre-vote',
      from: nodeId,
      to,
      term: (state.term + 1) as Term,
      lastLogIndex: log.lastIndex,
      lastLogTerm: log.lastTerm,
    });
  }
}

function preVoteReason(state: ServerState): PreVoteReason {
  if (otherVoters(state).length === 0) return 'alone';
  return state.isLeaderLinkLost ? 'link-lost' : 'timeout';
}

/** The requests wait for the disk: a candidate that forgot its vote could vote for another. */
function startElection(state: ServerState, isTransfer = false): void {
  becomeCandidate(state, isTransfer);
  const { nodeId, log, hardState } = state;
  for (const to of otherVoters(state)) {
    const message: RequestVote = {
      type: 'request-vote',
      from: nodeId,
      to,
      term: hardState.term,
      lastLogIndex: log.lastIndex,
      lastLogTerm: log.lastTerm,
      isTransfer,
    };
    state.outbox.sendWhenDurable(message, hardState, NO_ENTRIES);
  }
}

/**
 * The leader hands over (thesis section 3.10). It has seen to it that this log is as long as its own,
 * unless it had no time left, and gives up being protected: no pre-votes are asked for. A server that
 * applies nothing takes nothing over, since the leader is the better one.
 */
export function handleTimeoutNow(state: ServerState, message: TimeoutNow): void {
  if (message.term < state.term) return;
  if (message.term > state.term) becomeFollower(state, message.term, message.from);
  const isFromLeader = state.leaderId === null || state.leaderId === message.from;
  if (!isFromLeader || !state.mayCampaign || state.role === 'candidate') return;
  if (state.isApplySuspended) return;
  startElection(state, true);
}

function otherVoters(state: ServerState): readonly NodeId[] {
  return votersOf(state.log.configuration).filter((id) => id !== state.nodeId);
}

function hasWon(state: ServerState): boolean {
  return hasQuorum(state.log.configuration, (voter) => state.votes.has(voter));
}

/**
 * Another is about to campaign and can win: to campaign beside it would split the vote. Only for
 * about as long as votes take, so that one who asks again and again in vain holds up nobody.
 */
function giveWay(state: ServerState): void {
  const untilMs = state.nowMs + votingMs(state.limits);
  if (untilMs > state.electionDeadlineMs) state.electionDeadlineMs = untilMs;
}

function campaignSoon(state: ServerState): void {
  if (state.role === 'candidate' || state.isApplySuspended) return;
  state.electionDeadlineMs = Math.min(state.electionDeadlineMs, state.nowMs + 1);
}

export function handlePreVote(state: ServerState, message: PreVote): void {
  const isGranted =
    message.term > state.term &&
    !state.isLeaderAlive &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm);
  if (isGranted) giveWay(state);
  // Nobody can win against this server's longer log: it had better ask itself.
  else if (message.term > state.term && !state.isLeaderAlive) campaignSoon(state);
  state.outbox.send({
    type: 'pre-vote-response',
    from: state.nodeId,
    to: message.from,
    term: isGranted ? message.term : state.term,
    voteGranted: isGranted,
  });
}

export function handlePreVoteResponse(state: ServerState, message: PreVoteResponse): void {
  if (!message.voteGranted) {
    if (message.term > state.term) becomeFollower(state, message.term, null);
    return;
  }
  if (state.role !== 'pre-candidate' || message.term !== state.term + 1) return;
  state.votes.add(message.from);
  if (hasWon(state)) startElection(state);
}

export function handleRequestVote(state: ServerState, message: RequestVote): void {
  if (state.isLeaderAlive && !message.isTransfer) return;
  if (message.term > state.term) becomeFollower(state, message.term, null);
  const { term, votedFor } = state.hardState;
  const isGranted =
    message.term === term &&
    (votedFor === null || votedFor === message.from) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm);
  if (isGranted) {
    // Who gives its vote away no longer asks for others.
    becomeFollower(state, term, null);
    if (votedFor === null) state.events.note(term, { type: 'vote', candidate: message.from });
    state.hardState = { term, votedFor: message.from };
    state.resetElectionTimer();
  }
  const response: RequestVoteResponse = {
    type: 'request-vote-response',
    from: state.nodeId,
    to: message.from,
    term,
    voteGranted: isGranted,
  };
  state.outbox.sendWhenDurable(response, state.hardState, NO_ENTRIES);
}

export function handleRequestVoteResponse(state: ServerState, message: RequestVoteResponse): void {
  if (message.term > state.term) becomeFollower(state, message.term, null);
  if (state.role !== 'candidate' || message.term !== state.term || !message.voteGranted) return;
  state.votes.add(message.from);
  if (hasWon(state)) becomeLeader(state);
}

/** A record became durable: with the candidate's own vote in it, that vote counts. */
export function countOwnVote(state: ServerState): void {
  if (state.role !== 'candidate' || !state.outbox.isDurable(state.hardState)) return;
  state.votes.add(state.nodeId);
  if (hasWon(state)) becomeLeader(state);
}
