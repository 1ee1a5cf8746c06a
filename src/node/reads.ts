/**
 * Reads of this node's own callers: which index must be applied here before a read may be served.
 *
 * A request that fails, or is not answered, is asked again under a new id until its time is up;
 * reads change nothing, so that is always safe, and an answer to an old id is dropped.
 */

import type { LogIndex, ReadRequestId, ReadState } from '../raft/types.ts';
import { failure, type ErrorCode, type Failure } from './errors.ts';
import { MAX_PENDING_REQUESTS, RESEND_INTERVAL_MS } from './limits.ts';
import { Patience, type KnownLeader, type Waiting } from './patience.ts';

export type ReadIndexOutcome =
  | { readonly type: 'ready'; readonly index: LogIndex }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Asks the core; the answer comes as a `ReadState`. */
export type AskReadIndex = (requestId: ReadRequestId, confirm: boolean) => void;

interface PendingRead {
  readonly confirm: boolean;
  readonly waiting: Waiting;
  readonly done: (outcome: ReadIndexOutcome) => void;
  /** When to ask again, answered or not. */
  retryAtMs: number;
}

/** Between a failed attempt and the next. */
const RETRY_PAUSE_MS = 50;
const CHECK_INTERVAL_MS = 50;
const ID_BOUND = 2 ** 32;

/** The upper half of an id tells incarnations apart; the lower half counts. */
export function drawFirstReadId(random: (bound: number) => number): number {
  return random(2 ** 20) * ID_BOUND + 1;
}

export class Reads {
  readonly #ask: AskReadIndex;
  #nextId: number;
  readonly #asked = new Map<ReadRequestId, PendingRead>();
  #waiting: PendingRead[] = [];
  readonly #patience: Patience;
  #checkAtMs = Infinity;

  /** `firstId` differs from one start of a node to the next, so that no id is ever used twice. */
  constructor(ask: AskReadIndex, firstId: number, nowMs: number) {
    this.#ask = ask;
    this.#nextId = firstId;
    this.#patience = new Patience(nowMs);
  }

  get pending(): number {
    return this.#asked.size + this.#waiting.length;
  }

  read(
    confirm: boolean,
    timeoutMs: number | null,
    nowMs: number,
    done: (outcome: ReadIndexOutcome) => void,
  ): void {
    if (this.pending >= MAX_PENDING_REQUESTS) {
      done({ type: 'failed', failure: failure('Overloaded', 'no', 'too many reads are waiting') });
      return;
    }
    const waiting = this.#patience.begin(timeoutMs, nowMs);
    this.#waiting.push({ confirm, waiting, done, retryAtMs: nowMs });
    this.#checkAtMs = Math.min(this.#checkAtMs, nowMs + CHECK_INTERVAL_MS);
  }

  /** Asks what can be asked; called after every input of the node. */
  flush(leader: KnownLeader | null, nowMs: number): void {
    const changed = this.#patience.observe(leader, nowMs);
    if (leader === null || this.#waiting.length === 0) return;
    const later: PendingRead[] = [];
    for (const read of this.#waiting) {
      if (changed || nowMs >= read.retryAtMs) this.#askNow(read, nowMs);
      else later.push(read);
    }
    this.#waiting = later;
  }

  nextDeadlineMs(): number {
    return this.#checkAtMs;
  }

  check(nowMs: number): void {
    if (nowMs < this.#checkAtMs) return;
    for (const [id, read] of this.#asked) {
      if (nowMs < read.retryAtMs && !this.#patience.isOver(read.waiting, nowMs)) continue;
      this.#asked.delete(id);
      this.#waiting.push(read);
    }
    const late = this.#waiting.filter((read) => this.#patience.isOver(read.waiting, nowMs));
    this.#waiting = this.#waiting.filter((read) => !late.includes(read));
    for (const read of late) read.done({ type: 'failed', failure: this.#patience.failure('no') });
    this.#checkAtMs = this.pending > 0 ? nowMs + CHECK_INTERVAL_MS : Infinity;
  }

  onReadState(state: ReadState, nowMs: number): void {
    const read = this.#asked.get(state.requestId);
    if (read === undefined) return;
    this.#asked.delete(state.requestId);
    if (state.type === 'ready') {
      read.done({ type: 'ready', index: state.index });
      return;
    }
    read.retryAtMs = nowMs + RETRY_PAUSE_MS;
    this.#waiting.push(read);
  }

  stop(code: ErrorCode, message: string): void {
    const all = [...this.#asked.values(), ...this.#waiting];
    this.#asked.clear();
    this.#waiting = [];
    this.#checkAtMs = Infinity;
    for (const read of all) read.done({ type: 'failed', failure: failure(code, 'no', message) });
  }

  #askNow(read: PendingRead, nowMs: number): void {
    const id = this.#nextId as ReadRequestId;
    this.#nextId += 1;
    read.retryAtMs = nowMs + RESEND_INTERVAL_MS;
    this.#asked.set(id, read);
    this.#ask(id, read.confirm);
  }
}
