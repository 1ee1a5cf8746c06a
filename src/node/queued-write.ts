/** A write that waits for a quorum, or has waited, as its caller sees it. Types only. */

import type { Applied, ErrorCode } from './errors.ts';

/**
 * A write in the outbox.
 *
 * @category Outbox
 *
 * @example
 * ```ts
 * import { open, type QueuedWrite } from 'resqlite';
 *
 * const describe = ({ sql, state, queuedAtMs }: QueuedWrite) =>
 *   `${state} since ${new Date(queuedAtMs).toLocaleTimeString()}: ${sql}`;
 *
 * const db = await open();
 * const lines = (await db.outbox()).map(describe);
 * lines.every((line) => line.includes('since')); // => true
 * ```
 */
export interface QueuedWrite {
  /** What `cancelQueued` and `dismissQueued` take. */
  readonly id: string;
  /** The beginning of its first statement: 200 characters at most. */
  readonly sql: string;
  /** How many there are. */
  readonly statements: number;
  /** Milliseconds since 1970. */
  readonly queuedAtMs: number;
  /**
   * - 'pending': it was sent nowhere yet, and can be cancelled.
   * - 'sending': it may have taken effect; it is sent until that is known.
   * - 'done': it has taken effect, once.
   * - 'failed': it has not, or nobody can tell: see `outcome`.
   */
  readonly state: 'pending' | 'sending' | 'done' | 'failed';
  /** What came of it; null while that is not known. */
  readonly outcome: QueuedOutcome | null;
}

/**
 * What came of a queued write.
 *
 * @category Outbox
 *
 * @example
 * ```ts
 * import { open, type QueuedOutcome } from 'resqlite';
 *
 * const hasFailed = ({ applied, code }: QueuedOutcome) => applied !== 'yes' && code !== 'Cancelled';
 *
 * const db = await open();
 * const outcomes = (await db.outbox()).flatMap(({ outcome }) => outcome ?? []);
 * outcomes.filter(hasFailed); // => []
 * ```
 */
export interface QueuedOutcome {
  /** Whether it has taken effect. */
  readonly applied: Applied;
  /** Of the error it ended with; null: there was none. */
  readonly code: ErrorCode | null;
  /** What a person is told about the error; else empty. */
  readonly message: string;
  /** Of all its statements together. */
  readonly rowsAffected: number;
  /** Of the log entry, for a read's `atLeast`; null where there is none. */
  readonly bookmark: string | null;
}
