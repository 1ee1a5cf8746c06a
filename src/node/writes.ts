/**
 * Writes of this node's own callers: exactly once, in the order they were made (thesis section 6.3).
 *
 * All requests of a node go through one session, registered by a log entry. A request is numbered
 * when it is first handed to a leader and stays here until this node's own state machine applies an
 * entry with its number: that outcome is the answer, whoever led and however often it was sent. So
 * nothing is answered over the network, and a caller that was answered reads its own write here.
 *
 * On a new leader, and after a silence, everything unanswered is sent again, in order. Copies are
 * harmless: the session table answers them. A caller that has waited long enough is told what is
 * known ('no' where the request was never handed to a leader, else 'unknown'), and from then on the
 * request is sent with an empty body: whichever copy commits first takes the number, so that those
 * behind it are not held up for ever.
 *
 * Requests of durable sessions (durable-requests.ts) go beside them, by the same route.
 *
 * Time comes in as arguments; messages go out through `WriteRoute`.
 */

import type { LogIndex, Term } from '../raft/types.ts';
import type { CommandOutcome, SessionId } from './command.ts';
import { DurableRequests } from './durable-requests.ts';
import { failure, type ErrorCode, type Failure } from './errors.ts';
import {
  MAX_PENDING_BYTES,
  MAX_PENDING_REQUESTS,
  RESEND_BYTES_PER_MS,
  RESEND_INTERVAL_MS,
} from './limits.ts';
import type { Proposal } from './messages.ts';
import { Patience, type KnownLeader, type Waiting } from './patience.ts';

export type ExecuteOutcome =
  | {
      readonly type: 'executed';
      readonly index: LogIndex;
      readonly term: Term;
      readonly response: Uint8Array;
    }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Where proposals go: into the own log when this node leads, else to the leader. */
export interface WriteRoute {
  /** False: not taken now (overloaded, or no longer led); it may be handed over again later. */
  propose(proposal: Proposal): boolean;
  random(bound: number): number;
}

interface PendingWrite {
  /** Empty once the caller has given up. */
  body: Uint8Array;
  readonly waiting: Waiting;
  /** Null once the caller has given up. */
  done: ((outcome: ExecuteOutcome) => void) | null;
}

const NO_BODY = new Uint8Array(0);
/** How often waiting requests are looked at for having waited too long. */
const CHECK_INTERVAL_MS = 100;
/** Between a resend and the next that refusals ask for. */
const REFUSAL_PAUSE_MS = 50;
const NONCE_BOUND = Number.MAX_SAFE_INTEGER;

export class Writes {
  readonly durable: DurableRequests;
  readonly #route: WriteRoute;
  #sessionId: SessionId | null = null;
  /** The nonce of the registration under way. */
  #nonce: number | null = null;
  #nextSequence = 1;
  /** Handed to a leader at least once, by sequence number, ascending. */
  readonly #sent = new Map<number, PendingWrite>();
  /** Not yet handed to anybody, in order. */
  #unsent: PendingWrite[] = [];
  #pendingBytes = 0;
  readonly #patience: Patience;
  /** When the oldest unanswered one was sent last, or something was answered. */
  #progressMs: number;
  #resentMs = -Infinity;
  /** When the registration under way was last handed over. */
  #registeredMs = -Infinity;
  /** When to send again because of a refusal. */
  #retryAtMs = Infinity;
  #checkAtMs = Infinity;
  #resendDue = false;
  /**
   * Up to this number the entries of unanswered requests may be among those that a snapshot took the
   * place of, and that this node never saw applied; 0 where none may.
   */
  #skippedTo = 0;
  /**
   * When copies of those were asked for last. The log grows by every one, so that a node that asked at
   * each refusal would be behind its beginning for ever.
   */
  #copiesAskedMs = -Infinity;
  #asksForCopies = false;
  /** How often everything unanswered was sent again. */
  resends = 0;

  constructor(route: WriteRoute, nowMs: number) {
    this.#route = route;
    this.durable = new DurableRequests((proposal) => route.propose(proposal), nowMs);
    this.#patience = new Patience(nowMs);
    this.#progressMs = nowMs;
  }

  get pending(): number {
    return this.#sent.size + this.#unsent.length;
  }

  /** Takes a request. `done` is called once, never before this returns unless it is refused. */
  execute(
    body: Uint8Array,
    timeoutMs: number | null,
    nowMs: number,
    done: (outcome: ExecuteOutcome) => void,
  ): void {
    const full =
      this.pending >= MAX_PENDING_REQUESTS || this.#pendingBytes + body.length > MAX_PENDING_BYTES;
    if (full) {
      done({ type: 'failed', failure: failure('Overloaded', 'no', 'too many writes are waiting') });
      return;
    }
    this.#pendingBytes += body.length;
    this.#unsent.push({ body, waiting: this.#patience.begin(timeoutMs, nowMs), done });
    this.#checkAtMs = Math.min(this.#checkAtMs, nowMs + CHECK_INTERVAL_MS);
  }

  /** Hands over what can be handed over; called after every input of the node. */
  flush(leader: KnownLeader | null, nowMs: number): void {
    this.durable.flush(leader, nowMs);
    // Whatever the old leader had in hand may be gone with it; a registration likewise.
    if (this.#patience.observe(leader, nowMs)) this.#resendDue = true;
    if (leader === null || this.pending === 0) return;
    if (this.#sessionId === null) {
      this.#register(nowMs);
      return;
    }
    if (this.#resendDue) this.#resend(nowMs);
    if (!this.#resendDue) this.#sendUnsent(this.#sessionId, nowMs);
  }

  /** When `check` has something to do. */
  nextDeadlineMs(): number {
    return Math.min(this.#checkAtMs, this.#retryAtMs, this.durable.nextDeadlineMs());
  }

  /** Fails what has waited too long; asks for a resend after a silence. */
  check(nowMs: number): void {
    this.durable.check(nowMs);
    if (nowMs >= this.#retryAtMs) {
      this.#retryAtMs = Infinity;
      this.#resendDue = true;
    }
    if (nowMs < this.#checkAtMs) return;
    if (nowMs - this.#progressMs >= this.#resendAfterMs()) this.#resendDue = true;
    for (const write of this.#sent.values()) {
      if (write.done !== null && this.#patience.isOver(write.waiting, nowMs)) this.#giveUp(write);
    }
    const late = this.#unsent.filter((write) => this.#patience.isOver(write.waiting, nowMs));
    if (late.length > 0) {
      this.#unsent = this.#unsent.filter((write) => !late.includes(write));
      for (const write of late) this.#fail(write, this.#patience.failure('no'));
    }
    this.#checkAtMs = this.pending > 0 ? nowMs + CHECK_INTERVAL_MS : Infinity;
  }

  /** An entry was applied here. */
  onOutcome(outcome: CommandOutcome, index: LogIndex, term: Term, nowMs: number): void {
    this.durable.onOutcome(outcome, index, term, nowMs);
    if (outcome.type === 'registered') {
      if (outcome.nonce !== this.#nonce) return;
      this.#nonce = null;
      this.#sessionId = outcome.sessionId;
      this.#nextSequence = 1;
      this.#progressMs = nowMs;
      return;
    }
    // Its own session is not durable, and it closes none.
    if (!('sessionId' in outcome) || outcome.sessionId !== this.#sessionId) return;
    if (outcome.type === 'out-of-order') {
      this.#resendDue = true;
    } else if (outcome.type === 'unknown-session') {
      this.#startOver();
    } else if (outcome.type === 'executed') {
      this.#answer(outcome.sequence, index, term, outcome.response, nowMs);
    }
  }

  /**
   * A snapshot was installed: some of the unanswered requests may have been applied in what it covers.
   * Sent again, they are answered from its session table.
   */
  onSnapshotInstalled(): void {
    this.durable.onSnapshotInstalled();
    this.#skippedTo = this.#sent.size > 0 ? this.#nextSequence - 1 : 0;
    this.#copiesAskedMs = -Infinity;
    this.#resendDue = true;
  }

  /** The leader did not take a request: send again, but once for a burst of refusals. */
  onRefused(nowMs: number): void {
    this.durable.onRefused(nowMs);
    const lastMs = this.#sessionId === null ? this.#registeredMs : this.#resentMs;
    this.#retryAtMs = Math.min(this.#retryAtMs, Math.max(nowMs, lastMs + REFUSAL_PAUSE_MS));
  }

  /** The node stops: everything fails. */
  stop(code: ErrorCode, message: string): void {
    this.durable.stop(code, message);
    const sent = [...this.#sent.values()];
    const unsent = this.#unsent;
    this.#sent.clear();
    this.#unsent = [];
    this.#checkAtMs = Infinity;
    this.#retryAtMs = Infinity;
    for (const write of sent) this.#fail(write, failure(code, 'unknown', message));
    for (const write of unsent) this.#fail(write, failure(code, 'no', message));
  }

  /** Large requests are given the time to travel. */
  #resendAfterMs(): number {
    return RESEND_INTERVAL_MS + this.#pendingBytes / RESEND_BYTES_PER_MS;
  }

  #register(nowMs: number): void {
    if (this.#nonce !== null && !this.#resendDue) return;
    // A fresh nonce each time would leave a session behind for every copy; the same one would not
    // tell two copies apart: the first to be applied is taken, the other idles until it is evicted.
    this.#nonce ??= this.#route.random(NONCE_BOUND);
    const proposal = { type: 'register-session', nonce: this.#nonce, durable: false } as const;
    this.#resendDue = !this.#route.propose(proposal);
    this.#progressMs = nowMs;
    this.#registeredMs = nowMs;
  }

  #resend(nowMs: number): void {
    if (this.#sent.size > 0) this.resends += 1;
    this.#asksForCopies = nowMs - this.#copiesAskedMs >= this.#resendAfterMs();
    if (this.#asksForCopies) this.#copiesAskedMs = nowMs;
    this.#progressMs = nowMs;
    this.#resentMs = nowMs;
    for (const [sequence, write] of this.#sent) {
      if (!this.#propose(sequence, write)) return;
    }
    this.#resendDue = false;
  }

  #sendUnsent(sessionId: SessionId, nowMs: number): void {
    let taken = 0;
    for (const write of this.#unsent) {
      if (sessionId !== this.#sessionId || !this.#propose(this.#nextSequence, write)) break;
      if (this.#sent.size === 0) this.#progressMs = nowMs;
      this.#sent.set(this.#nextSequence, write);
      this.#nextSequence += 1;
      taken += 1;
    }
    if (taken > 0) this.#unsent = this.#unsent.slice(taken);
  }

  #propose(sequence: number, write: PendingWrite): boolean {
    if (this.#sessionId === null) return false;
    const session = {
      sessionId: this.#sessionId,
      sequence,
      lowestUnanswered: this.#lowestUnanswered(sequence),
    };
    const isCopyWanted = this.#asksForCopies && sequence <= this.#skippedTo;
    return this.#route.propose({ type: 'execute', session, body: write.body, isCopyWanted });
  }

  #lowestUnanswered(otherwise: number): number {
    for (const sequence of this.#sent.keys()) return sequence;
    return otherwise;
  }

  #answer(
    sequence: number,
    index: LogIndex,
    term: Term,
    response: Uint8Array,
    nowMs: number,
  ): void {
    const write = this.#sent.get(sequence);
    if (write === undefined) return;
    this.#sent.delete(sequence);
    this.#pendingBytes -= write.body.length;
    this.#progressMs = nowMs;
    write.done?.({ type: 'executed', index, term, response });
  }

  /**
   * The session is gone from the state machine. This node applies every entry in order and would
   * have seen its requests applied before that, and no later copy of them can take effect: so none
   * of the unanswered ones happened, and all may be numbered anew in another session. But for those
   * that were under way when a snapshot was installed: what it skipped, nobody can tell any more.
   */
  #startOver(): void {
    this.#failSkipped();
    this.#sessionId = null;
    this.#nonce = null;
    this.#nextSequence = 1;
    const waiting = [...this.#sent.values()].filter((write) => write.done !== null);
    this.#sent.clear();
    this.#unsent = [...waiting, ...this.#unsent];
  }

  #failSkipped(): void {
    const message = 'the session ended while this node was brought up to date by a snapshot';
    for (const [sequence, write] of this.#sent) {
      if (sequence > this.#skippedTo) break;
      this.#sent.delete(sequence);
      this.#pendingBytes -= write.body.length;
      write.done?.({ type: 'failed', failure: failure('Timeout', 'unknown', message) });
    }
    this.#skippedTo = 0;
  }

  #giveUp(write: PendingWrite): void {
    const { body } = write;
    this.#fail(write, this.#patience.failure('unknown'));
    this.#pendingBytes += NO_BODY.length - body.length;
    write.body = NO_BODY;
    write.done = null;
  }

  #fail(write: PendingWrite, cause: Failure): void {
    if (cause.applied === 'no') this.#pendingBytes -= write.body.length;
    write.done?.({ type: 'failed', failure: cause });
  }
}
