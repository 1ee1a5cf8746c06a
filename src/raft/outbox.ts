/**
 * What leaves a server and when: the order between the log record and the messages.
 *
 * A message may promise something: a vote, a term, entries kept. It may go only when the disk holds
 * what it promises (paper Figure 2: "updated on stable storage before responding to RPCs"). At most
 * one record is in flight. A message that promises nothing, or what is durable already, goes at
 * once; one whose promise is in the record in flight goes when that completes; any other goes behind
 * the next record. Each record is the server's whole state at its moment, so a message created
 * before it and sent after it is durable never promises too much, even where later entries have
 * replaced those it speaks of: the disk then says just what a server that was never interrupted
 * would remember.
 */

import { assertInvariant } from './invariants.ts';
import type { Log } from './log.ts';
import type { Message } from './messages.ts';
import type { HardState, LogIndex, LogRecord, Snapshot } from './types.ts';

const NO_MESSAGES: readonly Message[] = [];

export class Outbox {
  readonly #log: Log;
  readonly #maxHeldMessages: number;
  #handedHardState: HardState;
  #durableHardState: HardState;
  #recordInFlight = false;
  #snapshotInFlight: Snapshot | null = null;
  #immediate: Message[] = [];
  #behindRecordInFlight: Message[] = [];
  #behindNextRecord: Message[] = [];

  /** `hardState` and what `log` holds now are durable. */
  constructor(hardState: HardState, log: Log, maxHeldMessages: number) {
    this.#handedHardState = hardState;
    this.#durableHardState = hardState;
    this.#log = log;
    this.#maxHeldMessages = maxHeldMessages;
  }

  /** Sends at once. */
  send(message: Message): void {
    enqueue(this.#immediate, message);
  }

  /** Sends as soon as `hardState`, the present one, and the log up to `index` are durable. */
  sendWhenDurable(message: Message, hardState: HardState, index: LogIndex): void {
    if (this.isDurable(hardState) && index <= this.#log.durableIndex) {
      enqueue(this.#immediate, message);
    } else if (isSame(hardState, this.#handedHardState) && index <= this.#log.handedIndex) {
      this.#hold(this.#behindRecordInFlight, message);
    } else {
      this.#hold(this.#behindNextRecord, message);
    }
  }

  /** A disk that hangs must not make the server hold answers without end. */
  #hold(queue: Message[], message: Message): void {
    enqueue(queue, message);
    if (queue.length > this.#maxHeldMessages) queue.shift();
  }

  get isRecordInFlight(): boolean {
    return this.#recordInFlight;
  }

  isDurable(hardState: HardState): boolean {
    return isSame(hardState, this.#durableHardState);
  }

  /** Everything not yet in a record, as one; null where there is nothing or one is in flight. */
  takeRecord(hardState: HardState): LogRecord | null {
    if (this.#recordInFlight) return null;
    const isHardStateNew = !isSame(hardState, this.#handedHardState);
    if (!isHardStateNew && !this.#log.isRecordDue) {
      assertInvariant(this.#behindNextRecord.length === 0, 'only a record holds messages back');
      return null;
    }
    this.#recordInFlight = true;
    this.#handedHardState = hardState;
    const { snapshot, entries } = this.#log.takeUnhanded();
    this.#snapshotInFlight = snapshot;
    // A whole record stands alone.
    const isNeeded = isHardStateNew || snapshot !== null;
    return { hardState: isNeeded ? hardState : null, snapshot, entries };
  }

  /**
   * Answers the snapshot that the record names, if any. Throws `InvariantViolation` where no record is
   * in flight.
   */
  recordDurable(): Snapshot | null {
    assertInvariant(this.#recordInFlight, 'a record is in flight');
    this.#recordInFlight = false;
    const snapshot = this.#snapshotInFlight;
    this.#snapshotInFlight = null;
    this.#durableHardState = this.#handedHardState;
    this.#log.markHandedDurable();
    for (const message of this.#behindRecordInFlight) enqueue(this.#immediate, message);
    this.#behindRecordInFlight = [];
    return snapshot;
  }

  takeMessages(): readonly Message[] {
    if (this.#immediate.length === 0) return NO_MESSAGES;
    const messages = this.#immediate;
    this.#immediate = [];
    return messages;
  }

  /** The messages behind the record just taken. */
  takeMessagesAfterRecord(): readonly Message[] {
    if (this.#behindNextRecord.length === 0) return NO_MESSAGES;
    const messages = this.#behindNextRecord;
    this.#behindNextRecord = [];
    return messages;
  }
}

function isSame(one: HardState, other: HardState): boolean {
  return one.term === other.term && one.votedFor === other.votedFor;
}

/** Appends, unless the message says all that the one before it said. */
function enqueue(queue: Message[], message: Message): void {
  const last = queue.at(-1);
  if (last !== undefined && subsumes(message, last)) queue[queue.length - 1] = message;
  else queue.push(message);
}

/** Acknowledgements are cumulative: of a pipeline persisted in one record only the last is sent. */
function subsumes(message: Message, earlier: Message): boolean {
  return (
    message.type === 'append-entries-response' &&
    earlier.type === 'append-entries-response' &&
    message.success &&
    earlier.success &&
    message.to === earlier.to &&
    message.term === earlier.term &&
    message.matchIndex >= earlier.matchIndex &&
    message.round >= earlier.round
  );
}
