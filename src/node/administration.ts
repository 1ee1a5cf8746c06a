/**
 * What operators ask of the cluster: that a member goes, that another leads, that an entry is skipped,
 * or that an invite is open or is not any more. The caller's side.
 *
 * A request goes to the leader and is answered there (administration-desk.ts). It is sent again to
 * every new leader, and after a silence; that is harmless, since "X is no member" and "X leads" can be
 * asked for any number of times. A change of leader also is the answer to a request for one. A node
 * that asked to leave learns that it is out by being out.
 *
 * Ids differ from one start of a node to the next, so that no answer is taken for another's. Time
 * comes in as arguments.
 */

import type { NodeId } from '../raft/types.ts';
import { failure, type Applied, type ErrorCode, type Failure } from './errors.ts';
import {
  ADMINISTRATION_TIMEOUT_MS,
  MAX_ADMINISTRATION_REQUESTS,
  RESEND_INTERVAL_MS,
} from './limits.ts';
import type { Administration, AdministrationRequest, AdministrationResponse } from './messages.ts';
import { Patience, type KnownLeader, type Waiting } from './patience.ts';

export type AdministrationOutcome =
  /** `warning`: what the operator should know although it was done; '' where nothing. */
  | { readonly type: 'done'; readonly warning: string }
  | { readonly type: 'failed'; readonly failure: Failure };

interface PendingRequest {
  readonly administration: Administration;
  readonly waiting: Waiting;
  readonly done: (outcome: AdministrationOutcome) => void;
  /** The leaders it was sent to, the first one first. */
  readonly sentTo: Set<NodeId>;
  resendAtMs: number;
}

const DONE = { type: 'done', warning: '' } as const;
const CHECK_INTERVAL_MS = 100;

export class AdministrationRequests {
  readonly #nodeId: NodeId;
  readonly #send: (request: AdministrationRequest) => void;
  readonly #pendingById = new Map<number, PendingRequest>();
  readonly #patience: Patience;
  #nextId: number;
  #checkAtMs = Infinity;

  /** `send` also takes requests to this node itself. `firstId` differs between incarnations. */
  constructor(
    nodeId: NodeId,
    firstId: number,
    nowMs: number,
    send: (request: AdministrationRequest) => void,
  ) {
    this.#nodeId = nodeId;
    this.#nextId = firstId;
    this.#send = send;
    this.#patience = new Patience(nowMs);
  }

  /** `done` is called once. `timeoutMs` null: the usual time. */
  request(
    administration: Administration,
    timeoutMs: number | null,
    nowMs: number,
    done: (outcome: AdministrationOutcome) => void,
  ): void {
    if (this.#pendingById.size >= MAX_ADMINISTRATION_REQUESTS) {
      const message = 'too many administrative requests are waiting';
      done({ type: 'failed', failure: failure('Overloaded', 'no', message) });
      return;
    }
    const waiting = this.#patience.begin(timeoutMs ?? ADMINISTRATION_TIMEOUT_MS, nowMs);
    const pending = { administration, waiting, done, sentTo: new Set<NodeId>(), resendAtMs: nowMs };
    this.#pendingById.set(this.#nextId, pending);
    this.#nextId += 1;
    this.#checkAtMs = Math.min(this.#checkAtMs, nowMs + CHECK_INTERVAL_MS);
  }

  /** Sends what is to be sent; called after every input of the node. */
  flush(leader: KnownLeader | null, nowMs: number): void {
    const isNew = this.#patience.observe(leader, nowMs);
    if (leader === null) return;
    for (const [requestId, pending] of this.#pendingById) {
      if (isTransferDone(pending, leader.id)) {
        this.#answer(requestId, DONE);
      } else if (isNew || nowMs >= pending.resendAtMs) {
        pending.sentTo.add(leader.id);
        pending.resendAtMs = nowMs + RESEND_INTERVAL_MS;
        const { administration } = pending;
        const header = { from: this.#nodeId, to: leader.id };
        this.#send({ type: 'administration-request', ...header, requestId, administration });
      }
    }
  }

  nextDeadlineMs(): number {
    return this.#checkAtMs;
  }

  /** Fails what has waited too long. */
  check(nowMs: number): void {
    if (nowMs < this.#checkAtMs) return;
    for (const [requestId, pending] of this.#pendingById) {
      if (!this.#patience.isOver(pending.waiting, nowMs)) continue;
      const applied = pending.sentTo.size === 0 ? 'no' : 'unknown';
      this.#answer(requestId, { type: 'failed', failure: this.#patience.failure(applied) });
    }
    this.#checkAtMs = this.#pendingById.size > 0 ? nowMs + CHECK_INTERVAL_MS : Infinity;
  }

  onResponse(response: AdministrationResponse): void {
    const pending = this.#pendingById.get(response.requestId);
    // Only from whom it was asked: what another node's request came to is not this one's answer.
    if (pending === undefined || !pending.sentTo.has(response.from)) return;
    const { error, warning } = response;
    if (error === null) {
      this.#answer(response.requestId, { type: 'done', warning });
      return;
    }
    // Another leader may have begun what this one refuses.
    const applied: Applied = pending.sentTo.size === 1 ? 'no' : 'unknown';
    const cause = failure(error.code, applied, error.message);
    this.#answer(response.requestId, { type: 'failed', failure: cause });
  }

  /**
   * The node stops; one that was removed has got what it asked for if it asked to leave, and learns
   * `warning`.
   */
  stop(code: ErrorCode, message: string, warning: string): void {
    this.#checkAtMs = Infinity;
    for (const [requestId, { administration, sentTo }] of this.#pendingById) {
      const isDeparture = administration.type === 'remove' || administration.type === 'leave';
      const isOut = isDeparture && administration.nodeId === this.#nodeId;
      const applied = sentTo.size === 0 ? 'no' : 'unknown';
      const cause = failure(code, applied, message);
      const isDone = code === 'Removed' && isOut;
      this.#answer(
        requestId,
        isDone ? { type: 'done', warning } : { type: 'failed', failure: cause },
      );
    }
  }

  #answer(requestId: number, outcome: AdministrationOutcome): void {
    const pending = this.#pendingById.get(requestId);
    this.#pendingById.delete(requestId);
    pending?.done(outcome);
  }
}

function isTransferDone(pending: PendingRequest, leaderId: NodeId): boolean {
  const { administration, sentTo } = pending;
  if (administration.type !== 'transfer') return false;
  if (administration.nodeId !== null) return administration.nodeId === leaderId;
  // Whoever leads now does so instead of the one that was asked to hand over.
  const [first] = sentTo;
  return first !== undefined && first !== leaderId;
}
