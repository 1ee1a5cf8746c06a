/**
 * Requests of durable sessions: those are kept where they were made until they are answered, in a place
 * that outlives this node, and whoever keeps them numbers them, may hand them to any node, and asks again
 * with the same number until it knows. So this node owes them less than its own callers' writes
 * (writes.ts): it hands each to the leader, again to a new leader and after a silence, and answers from
 * its own apply. When it has waited long enough it says so and forgets the request.
 *
 * Another node may have sent the same request before, and this one may have applied it already: so a
 * leader that let its number in is asked for a copy all the same, which the session table answers.
 *
 * Registering is safe to repeat by the same nonce. A copy of a registration that was under way for so
 * long that its session was closed meanwhile makes another one, which nobody knows: it is closed.
 */

import type { LogIndex, Term } from '../raft/types.ts';
import type { CommandOutcome, SessionId, SessionRequest } from './command.ts';
import { failure, type ErrorCode, type Failure } from './errors.ts';
import { RESEND_BYTES_PER_MS, RESEND_INTERVAL_MS } from './limits.ts';
import type { Proposal } from './messages.ts';
import { Patience, type KnownLeader, type Waiting } from './patience.ts';

export type DurableRequest =
  | { readonly type: 'register'; readonly nonce: number }
  | { readonly type: 'execute'; readonly session: SessionRequest; readonly body: Uint8Array }
  | { readonly type: 'close'; readonly sessionId: SessionId };

export type DurableOutcome =
  | { readonly type: 'registered'; readonly sessionId: SessionId }
  /** The session that it registered has ended since. Asked again, it may register another. */
  | { readonly type: 'session-refused' }
  | { readonly type: 'session-closed' }
  /** It took its number, now or before; `index` is an entry at or behind the one that ran. */
  | {
      readonly type: 'executed';
      readonly index: LogIndex;
      readonly term: Term;
      readonly response: Uint8Array;
    }
  /** It took its number before, and its answer is no longer known. */
  | { readonly type: 'forgotten' }
  /** Its session is closed, or of another cluster. */
  | { readonly type: 'unknown-session' }
  /** Asked again, it may be answered. `applied` 'no': this node handed it to nobody. */
  | { readonly type: 'failed'; readonly failure: Failure };

export type DurableDone = (outcome: DurableOutcome) => void;

/** False: not taken now; it may be handed over again later. */
export type ProposeDurably = (proposal: Proposal) => boolean;

interface PendingRequest {
  readonly request: DurableRequest;
  readonly waiting: Waiting;
  /** Null: nobody waits for it. */
  readonly done: DurableDone | null;
  /** When it was handed over last; null: it is to be handed over. */
  sentMs: number | null;
  wasSent: boolean;
  isCopyDue: boolean;
}

const CHECK_INTERVAL_MS = 100;
/** Between handing over and doing it again because of a refusal. */
const REFUSAL_PAUSE_MS = 50;
/** Sessions that were registered here, remembered to know late copies by. */
const MAX_REMEMBERED = 64;

export class DurableRequests {
  readonly #propose: ProposeDurably;
  readonly #patience: Patience;
  readonly #sessionByNonce = new Map<number, SessionId>();
  #pending: PendingRequest[] = [];
  #sentMs = -Infinity;
  #retryAtMs = Infinity;
  #checkAtMs = Infinity;

  constructor(propose: ProposeDurably, nowMs: number) {
    this.#propose = propose;
    this.#patience = new Patience(nowMs);
  }

  /** Requests of one session are begun in the order of their numbers. `done` is called once. */
  begin(
    request: DurableRequest,
    timeoutMs: number | null,
    nowMs: number,
    done: DurableDone | null,
  ): void {
    const waiting = this.#patience.begin(timeoutMs, nowMs);
    const sent = { sentMs: null, wasSent: false, isCopyDue: true };
    this.#pending.push({ request, waiting, done, ...sent });
    this.#checkAtMs = Math.min(this.#checkAtMs, nowMs + CHECK_INTERVAL_MS);
  }

  /** Hands over what can be handed over; called after every input of the node. */
  flush(leader: KnownLeader | null, nowMs: number): void {
    if (this.#patience.observe(leader, nowMs)) this.#sendAgain(true);
    if (leader === null) return;
    for (const each of this.#pending) {
      if (each.sentMs !== null) continue;
      if (!this.#propose(proposalOf(each))) return;
      each.sentMs = nowMs;
      each.wasSent = true;
      each.isCopyDue = false;
      this.#sentMs = nowMs;
    }
  }

  nextDeadlineMs(): number {
    return Math.min(this.#checkAtMs, this.#retryAtMs);
  }

  check(nowMs: number): void {
    if (nowMs >= this.#retryAtMs) {
      this.#retryAtMs = Infinity;
      this.#sendAgain(false);
    }
    if (nowMs < this.#checkAtMs) return;
    const late = this.#pending.filter(({ waiting }) => this.#patience.isOver(waiting, nowMs));
    this.#pending = this.#pending.filter((each) => !late.includes(each));
    for (const { wasSent, done } of late) {
      done?.({ type: 'failed', failure: this.#patience.failure(wasSent ? 'unknown' : 'no') });
    }
    const bytes = this.#pending.reduce((sum, { request }) => sum + sizeOf(request), 0);
    const silenceMs = RESEND_INTERVAL_MS + bytes / RESEND_BYTES_PER_MS;
    const isSilent = ({ sentMs }: PendingRequest): boolean =>
      sentMs !== null && nowMs - sentMs >= silenceMs;
    // All of them, so that they stay in order.
    if (this.#pending.some(isSilent)) this.#sendAgain(true);
    this.#checkAtMs = this.#pending.length > 0 ? nowMs + CHECK_INTERVAL_MS : Infinity;
  }

  /** An entry was applied here. */
  onOutcome(outcome: CommandOutcome, index: LogIndex, term: Term, nowMs: number): void {
    switch (outcome.type) {
      case 'registered':
        this.#onRegistered(outcome.nonce, outcome.sessionId, nowMs);
        return;
      case 'session-refused':
        this.#answer(({ request }) => isRegistration(request, outcome.nonce), outcome);
        return;
      case 'session-closed':
        this.#answer(
          ({ request }) => request.type === 'close' && request.sessionId === outcome.sessionId,
          outcome,
        );
        return;
      case 'executed': {
        const { sessionId, sequence, response } = outcome;
        const executed = { type: 'executed', index, term, response } as const;
        this.#answer(({ request }) => isExecution(request, sessionId, sequence), executed);
        return;
      }
      case 'forgotten':
      case 'unknown-session': {
        const { type, sessionId, sequence } = outcome;
        this.#answer(({ request }) => isExecution(request, sessionId, sequence), { type });
        return;
      }
      case 'out-of-order': {
        const { sessionId, sequence } = outcome;
        const isOurs = this.#pending.some(({ request }) =>
          isExecution(request, sessionId, sequence),
        );
        if (!isOurs) return;
        for (const each of this.#pending) each.isCopyDue = true;
        this.onRefused(nowMs);
        return;
      }
      default:
    }
  }

  /** Entries that were skipped may have answered what is pending: copies will. */
  onSnapshotInstalled(): void {
    this.#sendAgain(true);
  }

  /** The leader did not take a request: send again, but once for a burst of refusals. */
  onRefused(nowMs: number): void {
    if (this.#pending.length === 0) return;
    const soonMs = Math.max(nowMs, this.#sentMs + REFUSAL_PAUSE_MS);
    this.#retryAtMs = Math.min(this.#retryAtMs, soonMs);
  }

  /** The node stops. */
  stop(code: ErrorCode, message: string): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#checkAtMs = Infinity;
    this.#retryAtMs = Infinity;
    for (const { wasSent, done } of pending) {
      done?.({ type: 'failed', failure: failure(code, wasSent ? 'unknown' : 'no', message) });
    }
  }

  #onRegistered(nonce: number, sessionId: SessionId, nowMs: number): void {
    const isAwaited = this.#answer(({ request }) => isRegistration(request, nonce), {
      type: 'registered',
      sessionId,
    });
    if (isAwaited) {
      this.#sessionByNonce.set(nonce, sessionId);
      for (const oldest of this.#sessionByNonce.keys()) {
        if (this.#sessionByNonce.size <= MAX_REMEMBERED) break;
        this.#sessionByNonce.delete(oldest);
      }
      return;
    }
    const known = this.#sessionByNonce.get(nonce);
    if (known === undefined || known === sessionId) return;
    this.begin({ type: 'close', sessionId }, null, nowMs, null);
  }

  /** False: nobody waited for it. */
  #answer(isMeant: (pending: PendingRequest) => boolean, outcome: DurableOutcome): boolean {
    const found = this.#pending.find(isMeant);
    if (found === undefined) return false;
    this.#pending = this.#pending.filter((each) => each !== found);
    found.done?.(outcome);
    return true;
  }

  #sendAgain(withCopies: boolean): void {
    for (const each of this.#pending) {
      each.sentMs = null;
      if (withCopies) each.isCopyDue = true;
    }
  }
}

function proposalOf({ request, isCopyDue }: PendingRequest): Proposal {
  switch (request.type) {
    case 'register':
      return { type: 'register-session', nonce: request.nonce, durable: true };
    case 'close':
      return { type: 'close-session', sessionId: request.sessionId };
    case 'execute': {
      const { session, body } = request;
      return { type: 'execute', session, body, isCopyWanted: isCopyDue };
    }
  }
}

function sizeOf(request: DurableRequest): number {
  return request.type === 'execute' ? request.body.length : 0;
}

function isRegistration(request: DurableRequest, nonce: number): boolean {
  return request.type === 'register' && request.nonce === nonce;
}

function isExecution(request: DurableRequest, sessionId: SessionId, sequence: number): boolean {
  if (request.type !== 'execute') return false;
  return request.session.sessionId === sessionId && request.session.sequence === sequence;
}
