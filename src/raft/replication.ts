/**
 * What a leader makes of proposals and answers: progress, commitment, quorum contact (paper sections
 * 5.3 and 5.4.2, thesis sections 6.2 and 10.2).
 */

import { sendAppendEntries } from './append-sender.ts';
import { isJoint, isVoter, leaveJoint, quorumValue } from './configuration.ts';
import { commandBytes } from './log.ts';
import type { AppendEntriesResponse } from './messages.ts';
import type { Progress } from './progress.ts';
import { finishConfirmedReads } from './read-index.ts';
import { appendConfiguration, stepDown } from './roles.ts';
import type { Leadership, ServerState } from './state.ts';
import type { LogIndex, NodeId } from './types.ts';

/**
 * Appends a command for each, unless one is too large, or too much would be uncommitted, or too much
 * is committed and not applied: a leader whose own state machine cannot keep up takes no more.
 */
export function appendCommands(
  state: ServerState,
  leadership: Leadership,
  commands: readonly Uint8Array[],
): 'appended' | 'overloaded' | 'too-large' | 'transferring' {
  const { log, term, limits, commitIndex } = state;
  if (leadership.transfer !== null) return 'transferring';
  if (commands.some((data) => data.length > limits.maxEntryBytes)) return 'too-large';
  let bytes = 0;
  for (const data of commands) bytes += commandBytes(data);
  // What earlier leaders left is not held against this one.
  const from = Math.max(commitIndex, leadership.noopIndex) as LogIndex;
  const uncommittedBytes = log.bytesBetween(from, log.lastIndex);
  // However large, something always goes, or it never would.
  const isRoomy = uncommittedBytes === 0 || uncommittedBytes + bytes <= limits.maxUncommittedBytes;
  if (!isRoomy) return 'overloaded';
  const unappliedBytes = log.bytesBetween(state.appliedIndex, commitIndex);
  if (unappliedBytes > limits.maxUnappliedBytes) return 'overloaded';
  for (const data of commands) {
    log.append({ type: 'command', index: (log.lastIndex + 1) as LogIndex, term, data });
  }
  return 'appended';
}

/** An answer of this term. */
export function handleAppendEntriesResponse(
  state: ServerState,
  leadership: Leadership,
  message: AppendEntriesResponse,
): void {
  const progress = leadership.progressByNode.get(message.from);
  if (progress === undefined) return;
  progress.lastContactMs = state.nowMs;
  if (message.success) {
    // A follower cannot have more than was sent: a claim beyond the log is no claim.
    if (message.matchIndex > state.log.lastIndex) return;
    if (progress.accepted(message.matchIndex)) advanceCommitIndex(state, leadership);
  } else if (progress.isNewsOfRefusal(message.rejectedIndex)) {
    progress.probeFrom(nextIndexAfterRefusal(state, message));
  }
  confirmRounds(state, leadership, progress, message.round);
}

/** Any answer of this term to a round, a refusal too, shows that its sender knows no newer term. */
function confirmRounds(
  state: ServerState,
  leadership: Leadership,
  progress: Progress,
  round: number,
): void {
  if (state.leadership !== leadership) return;
  if (round <= progress.echoedRound || round > leadership.round) return;
  progress.echoedRound = round;
  finishConfirmedReads(state, leadership);
}

type Refusal = Extract<AppendEntriesResponse, { readonly success: false }>;

/**
 * The entry behind the last one that can agree (paper section 5.3). The follower has `conflictTerm`
 * from conflictIndex to rejectedIndex. Where the leader has entries of that term too, the last of
 * them may agree; else nothing from conflictIndex on, nor any of the leader's own entries before it
 * whose term is as new.
 */
function nextIndexAfterRefusal(state: ServerState, refusal: Refusal): LogIndex {
  const { rejectedIndex, conflictIndex, conflictTerm } = refusal;
  const { log } = state;
  if (conflictTerm === null) return Math.min(conflictIndex, rejectedIndex) as LogIndex;
  const before = (rejectedIndex - 1) as LogIndex;
  const candidate = log.lastIndexOfTermUpTo(conflictTerm, before);
  if (log.matches(candidate, conflictTerm)) return (candidate + 1) as LogIndex;
  return Math.min(candidate + 1, conflictIndex, rejectedIndex) as LogIndex;
}

/**
 * Commits what a quorum has durably, once that includes an entry of the own term: an older entry
 * that a majority has may still be replaced (paper section 5.4.2, Figure 8).
 */
export function advanceCommitIndex(state: ServerState, leadership: Leadership): void {
  const { log, nodeId } = state;
  const { progressByNode } = leadership;
  const matchIndexOf = (voter: NodeId): number =>
    voter === nodeId ? log.durableIndex : (progressByNode.get(voter)?.matchIndex ?? 0);
  const index = quorumValue(log.configuration, matchIndexOf) as LogIndex;
  if (index <= state.commitIndex || !log.matches(index, state.term)) return;
  // A change of who belongs is told at once, and so is the first commit of a leader.
  const isUrgent =
    log.configurationIndex > state.commitIndex || leadership.noopIndex > state.commitIndex;
  if (isUrgent) leadership.commitDueMs = state.nowMs;
  state.commitIndex = index;
  proceedWithConfiguration(state, leadership);
}

/**
 * A committed joint configuration is left, whoever entered it. A leader outside the committed final
 * one tells the others that it is committed, and steps down (paper section 6, thesis 4.2.2).
 */
function proceedWithConfiguration(state: ServerState, leadership: Leadership): void {
  const { log, commitIndex, nodeId } = state;
  if (log.configurationIndex > commitIndex) return;
  const { configuration } = log;
  if (isJoint(configuration)) {
    appendConfiguration(state, leadership, leaveJoint(configuration));
  } else if (!isVoter(configuration, nodeId)) {
    sendAppendEntries(state, leadership);
    stepDown(state, 'not-a-voter');
  }
}

/** Steps down when a quorum was not heard for the minimum election timeout (thesis 6.2). */
export function checkQuorum(state: ServerState, leadership: Leadership): void {
  if (state.nowMs >= quorumDeadlineMs(state, leadership)) stepDown(state, 'no-quorum');
}

/** Until when the leader leads unless more of a quorum is heard; Infinity where it needs nobody. */
export function quorumDeadlineMs(state: ServerState, leadership: Leadership): number {
  const contactMs = quorumValue(state.log.configuration, (voter) => {
    if (voter === state.nodeId) return Infinity;
    const progress = leadership.progressByNode.get(voter);
    return progress?.lastContactMs ?? progress?.trackedSinceMs ?? -Infinity;
  });
  return contactMs + state.limits.electionTimeoutMinMs;
}
