/**
 * Collects the outcomes of an entry's statements within the bytes that the session table keeps. What
 * does not fit is left out, and an outcome of code 'TooLarge' says so in its place: the statement
 * took effect. The same on every node, since the bytes are.
 */

import { REST_LEFT_OUT } from '../node/left-out.ts';
import { MAX_RESPONSE_BYTES } from '../node/limits.ts';
import type { StatementOutcome } from '../node/sql.ts';
import { encodeOutcome, joinResponse, RESPONSE_HEAD_BYTES } from './response-codec.ts';
import { answerTooLarge } from './statement-run.ts';

/** Kept free for the notice that the rest was left out. */
const NOTICE_BYTES = 256;
const ANSWER_LEFT_OUT = 'the statement took effect, but its answer is too large to be kept';

export class ResponseBuilder {
  readonly #outcomes: Uint8Array[] = [];
  #bytesLeft = MAX_RESPONSE_BYTES - RESPONSE_HEAD_BYTES - NOTICE_BYTES;
  #isFull = false;

  add(outcome: StatementOutcome): void {
    if (this.#isFull || this.#push(encodeOutcome(outcome))) return;
    const number = this.#outcomes.length;
    if (outcome.type === 'result') {
      if (this.#push(encodeOutcome(answerTooLarge(ANSWER_LEFT_OUT, number)))) return;
    }
    this.#outcomes.push(encodeOutcome(answerTooLarge(REST_LEFT_OUT, number)));
    this.#isFull = true;
  }

  /** The outcome added last becomes this one. */
  replaceLast(outcome: StatementOutcome): void {
    const last = this.#isFull ? undefined : this.#outcomes.pop();
    if (last === undefined) return;
    this.#bytesLeft += last.length;
    this.add(outcome);
  }

  finish(committed: boolean): Uint8Array {
    return joinResponse(committed, this.#outcomes);
  }

  #push(encoded: Uint8Array): boolean {
    if (encoded.length > this.#bytesLeft) return false;
    this.#outcomes.push(encoded);
    this.#bytesLeft -= encoded.length;
    return true;
  }
}
