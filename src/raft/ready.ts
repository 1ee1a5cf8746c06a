/** What the core hands out to be done: one batch, whose type is the law of order. */

import type { Message } from './messages.ts';
import type { Entry, LogRecord, ReadState, Snapshot } from './types.ts';

/** One batch of work. */
export interface Ready {
  /** To be made durable; null while one is in flight, or where there is nothing new. */
  readonly record: LogRecord | null;
  /** To be sent at once, in parallel with the record. */
  readonly messages: readonly Message[];
  /** To be sent when the record is durable; empty where there is none. */
  readonly messagesAfterRecord: readonly Message[];
  /** To be applied in order: committed, and durable here. Empty until `applied` was called. */
  readonly committedEntries: readonly Entry[];
  /**
   * The state machine's state is to be replaced by this one, which the durable log names by now.
   * Nothing is to be applied until `restored` was called.
   */
  readonly snapshot: Snapshot | null;
  /** Answers to `readIndex`, each request's once. */
  readonly readStates: readonly ReadState[];
}
