/**
 * How long callers' requests wait: until their own time is up, or until it is clear that there is no
 * quorum to answer them. Time comes in as arguments.
 */

import type { NodeId, Term } from '../raft/types.ts';
import { failure, type Applied, type ErrorCode, type Failure } from './errors.ts';
import { ELECTION_TIMEOUT_MAX_MS, NO_LEADER_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './limits.ts';

export interface KnownLeader {
  readonly id: NodeId;
  readonly term: Term;
}

/** When a request was made, and when its caller stops waiting. */
export interface Waiting {
  readonly startedMs: number;
  readonly deadlineMs: number;
}

export class Patience {
  #leader: KnownLeader | null = null;
  #leaderlessSinceMs: number;

  constructor(nowMs: number) {
    this.#leaderlessSinceMs = nowMs;
  }

  get leader(): KnownLeader | null {
    return this.#leader;
  }

  /** True where there is a leader, and it is another one or leads another term. */
  observe(leader: KnownLeader | null, nowMs: number): boolean {
    if (leader === null && this.#leader !== null) this.#leaderlessSinceMs = nowMs;
    const isNew =
      leader !== null && (this.#leader?.id !== leader.id || this.#leader.term !== leader.term);
    this.#leader = leader;
    return isNew;
  }

  /** `timeoutMs` null: the usual time. */
  begin(timeoutMs: number | null, nowMs: number): Waiting {
    return { startedMs: nowMs, deadlineMs: nowMs + (timeoutMs ?? REQUEST_TIMEOUT_MS) };
  }

  /** Without a leader for long, a request gets the time of one election and no more. */
  isOver(waiting: Waiting, nowMs: number): boolean {
    if (nowMs >= waiting.deadlineMs) return true;
    if (this.#leader !== null) return false;
    return (
      nowMs >= this.#leaderlessSinceMs + NO_LEADER_TIMEOUT_MS &&
      nowMs >= waiting.startedMs + ELECTION_TIMEOUT_MAX_MS
    );
  }

  /** Why a request whose patience is over failed, as a person is told. */
  failure(applied: Applied): Failure {
    const code: ErrorCode = this.#leader === null ? 'NoQuorum' : 'Timeout';
    const message =
      code === 'NoQuorum'
        ? 'no quorum: a majority of the voters cannot be reached'
        : 'the cluster did not answer in time';
    return failure(code, applied, message);
  }
}
