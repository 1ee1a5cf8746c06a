/** Writes that wait in this browser profile for a quorum. Types only. */

import type { QueuedWrite } from '../node/queued-write.ts';

/**
 * The outbox: what `execute` with `offline: 'queue'` put there.
 *
 * @category Outbox
 */
export interface DatabaseOutbox {
  /**
   * What waits in this browser profile to be sent to the cluster, and what came of what waited.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE note (body TEXT)', { offline: 'queue' });
   *
   * // There is a quorum: it went the usual way.
   * const waiting = (await db.outbox()).filter(({ state }) => state === 'pending');
   * waiting.length; // => 0
   * ```
   */
  outbox(): Promise<readonly QueuedWrite[]>;

  /**
   * Calls back with what is in the outbox, at once and whenever it changes, in whatever tab of this browser
   * profile; the answer unsubscribes. Throws 'InvalidArgument' and 'Closed'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const badge = document.body.appendChild(document.createElement('span'));
   * const stop = db.onOutbox((writes) => {
   *   const waiting = writes.filter(({ state }) => state === 'pending' || state === 'sending');
   *   badge.textContent = `${waiting.length} not saved`;
   * });
   * badge.textContent; // soon => '0 not saved'
   * stop();
   * ```
   */
  onOutbox(listener: (writes: readonly QueuedWrite[]) => void): () => void;

  /**
   * Takes a write out of the outbox before it is sent; rejects with 'Refused' where it was, or where the
   * outbox has none of that id. Who waits for it is told 'Cancelled'.
   *
   * @example
   * ```ts
   * import { open, type QueuedWrite } from 'resqlite';
   *
   * const isPending = ({ state }: QueuedWrite) => state === 'pending';
   *
   * const db = await open();
   * for (const { id } of (await db.outbox()).filter(isPending)) await db.cancelQueued(id);
   * (await db.outbox()).some(isPending); // => false
   *
   * // It does not wait (any more).
   * await db.cancelQueued('some other'); // throws 'Refused'
   * ```
   */
  cancelQueued(id: string): Promise<void>;

  /**
   * Forgets what came of a queued write; rejects with 'Refused' while that is not known. Of more than
   * 100 outcomes the oldest are forgotten by themselves.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * for (const { id, state } of await db.outbox()) {
   *   if (state === 'done' || state === 'failed') await db.dismissQueued(id);
   * }
   * (await db.outbox()).length; // soon => 0
   * ```
   */
  dismissQueued(id: string): Promise<void>;
}
