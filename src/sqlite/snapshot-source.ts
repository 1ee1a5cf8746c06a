/**
 * The stable copy of the state (SM6): no copy at all but the database file itself, held as it was
 * after a complete checkpoint, and read beside the connection. What is applied meanwhile is in the
 * write-ahead log. It ends with `close`, and when that log has become too long.
 */

import { MAX_SNAPSHOT_BYTES } from '../node/limits.ts';
import type { OpenedSnapshot, SnapshotOutcome } from '../node/ports.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import { hashPieces, type Hashing } from './piece-hash.ts';
import { done, refusal } from './snapshot-outcome.ts';

interface Held {
  readonly index: LogIndex;
  readonly sizeBytes: number;
  /** False: still being hashed. */
  isOpen: boolean;
}

export class SnapshotSource {
  readonly #database: SqlDatabase;
  #held: Held | null = null;
  #endedReason = 'no snapshot is open';
  readonly #onLetGo = (): void => this.close('too much was written while the snapshot was open');

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Holds the file from its first step on. */
  *open(index: LogIndex): Hashing<SnapshotOutcome<OpenedSnapshot>> {
    if (this.#held !== null) return refusal('a snapshot is open already');
    // What is held already is of an earlier state.
    if (this.#database.isHeld) return refusal('the database is being copied');
    const held = this.#hold(index);
    const { sizeBytes } = held;
    if (sizeBytes > MAX_SNAPSHOT_BYTES) {
      this.close();
      return refusal('the database is larger than a snapshot may be');
    }
    const hashing = hashPieces(sizeBytes, (offset, length) => this.#read(offset, length));
    let step = hashing.next();
    while (step.done !== true) {
      const digest = yield step.value;
      // Meanwhile it may have been closed, and another one opened.
      if (this.#held !== held) return refusal(this.#endedReason);
      step = hashing.next(digest);
    }
    held.isOpen = true;
    return done({ index, sizeBytes, hash: step.value });
  }

  read(offset: number, length: number): SnapshotOutcome<Uint8Array> {
    if (this.#held?.isOpen !== true) return refusal(this.#endedReason);
    const end = Math.min(offset + length, this.#held.sizeBytes);
    if (offset > end) return refusal('there is nothing behind its end');
    return done(this.#read(offset, end - offset));
  }

  close(reason = 'the snapshot was closed'): void {
    if (this.#held === null) return;
    this.#held = null;
    this.#endedReason = reason;
    this.#database.letFileGo(this.#onLetGo);
  }

  #hold(index: LogIndex): Held {
    this.#database.holdFile(this.#onLetGo);
    this.#held = { index, sizeBytes: this.#database.file().sizeBytes(), isOpen: false };
    return this.#held;
  }

  #read(offset: number, length: number): Uint8Array {
    return this.#database.file().read(offset, length);
  }
}
