/**
 * Stamps do not run backwards over the log, whoever led and whatever its wall clock said: rows dated
 * by later statements are never dated earlier.
 */

import type { LogIndex } from '../../raft/types.ts';
import { Violation } from './violation.ts';

export class StampOrder {
  #lastStampMs = 0;

  /** The command at `index`, seen in the order of the log, carries `stampMs`. */
  onCommand(index: LogIndex, stampMs: number): void {
    if (stampMs < this.#lastStampMs) {
      throw new Violation(
        'stamp order',
        'thesis 6.3',
        `entry ${index} is stamped ${stampMs}, one before it ${this.#lastStampMs}`,
      );
    }
    this.#lastStampMs = stampMs;
  }
}
