/** A write that waits for a quorum, or has waited, as its caller sees it. Types only. */

import type { Applied, ErrorCode } from './errors.ts';

export interface QueuedWrite {
  readonly id: string;
  /** The beginning of its first statement: 200 characters at most. */
  readonly sql: string;
  readonly statements: number;
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

export interface QueuedOutcome {
  readonly applied: Applied;
  /** Of the error it ended with; null: there was none. */
  readonly code: ErrorCode | null;
  /** What a person is told about the error; else empty. */
  readonly message: string;
  readonly rowsAffected: number;
  /** Of the log entry, for a read's `atLeast`; null where there is none. */
  readonly bookmark: string | null;
}
