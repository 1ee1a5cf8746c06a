/** The intervals and bounds the core works within; whoever makes a core passes them in. */

export interface RaftLimits {
  /** How long after the last AppendEntries an idle follower is sent another. */
  readonly heartbeatIntervalMs: number;
  /**
   * How long a follower that does not wait for it may go without hearing of a commit, should no other
   * message bring it sooner. 0: it is told at once.
   */
  readonly commitDelayMs: number;
  /** How long entries may wait for more on their way to a follower that no commit waits for; 0: not. */
  readonly spareDelayMs: number;
  /**
   * Election timeouts are drawn from [min, max) (paper section 5.2). The minimum is also how long a
   * server that heard a leader refuses others its vote, and how long a leader leads unheard.
   */
  readonly electionTimeoutMinMs: number;
  readonly electionTimeoutMaxMs: number;
  /** Of one AppendEntries, unless a single entry is larger. */
  readonly maxAppendBytes: number;
  readonly maxAppendEntries: number;
  /** Of the AppendEntries on their way to one follower. */
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** Of a command; a larger one is refused. */
  readonly maxEntryBytes: number;
  /** Command bytes a leader has appended and not committed; beyond, proposals are refused. */
  readonly maxUncommittedBytes: number;
  /** Bytes of entries a leader has committed and not applied; beyond, proposals are refused. */
  readonly maxUnappliedBytes: number;
  /** Of one slice of committed entries, unless a single entry is larger. */
  readonly maxApplyBytes: number;
  readonly maxApplyEntries: number;
  /** Messages held back by a record; beyond, the oldest is dropped, as a network may do. */
  readonly maxHeldMessages: number;
  /** ReadIndex requests a server holds unanswered; beyond, they fail. */
  readonly maxPendingReads: number;
}

const DELAYS: ReadonlySet<string> = new Set(['commitDelayMs', 'spareDelayMs']);

/** Throws `RangeError` where the limits are not positive integers (a delay may be 0) or contradict each other. */
export function checkLimits(limits: RaftLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    const least = DELAYS.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${name}: ${value}`);
  }
  const { commitDelayMs, spareDelayMs, heartbeatIntervalMs } = limits;
  const { electionTimeoutMinMs, electionTimeoutMaxMs } = limits;
  if (Math.max(commitDelayMs, spareDelayMs) >= heartbeatIntervalMs) {
    throw new RangeError('nothing waits longer than a heartbeat');
  }
  if (heartbeatIntervalMs >= electionTimeoutMinMs) {
    throw new RangeError('a heartbeat must come before the election timeout');
  }
  if (electionTimeoutMinMs >= electionTimeoutMaxMs) {
    throw new RangeError('election timeouts must spread');
  }
}
