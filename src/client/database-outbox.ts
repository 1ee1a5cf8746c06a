/** Writes that wait in this browser profile for a quorum. Types only. */

import type { QueuedWrite } from '../node/queued-write.ts';

/** The outbox: what `execute` with `offline: 'queue'` put there. */
export interface DatabaseOutbox {
  /** What waits in this browser profile to be sent to the cluster, and what came of what waited. */
  outbox(): Promise<readonly QueuedWrite[]>;

  /**
   * Calls back with what is in the outbox, at once and whenever it changes, in whatever tab of this browser
   * profile; the answer unsubscribes. Throws 'InvalidArgument' and 'Closed'.
   */
  onOutbox(listener: (writes: readonly QueuedWrite[]) => void): () => void;

  /** Takes a write out of the outbox before it is sent; rejects with 'Refused' where it was. */
  cancelQueued(id: string): Promise<void>;

  /**
   * Forgets what came of a queued write; rejects with 'Refused' while that is not known. Of more than
   * 100 outcomes the oldest are forgotten by themselves.
   */
  dismissQueued(id: string): Promise<void>;
}
