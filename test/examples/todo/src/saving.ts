/**
 * Writes, and what came of them. A failure is told until the person puts it away, or until what has failed is
 * done after all.
 */

import { ResqliteError } from 'resqlite';
import { describeFailure } from './cluster.ts';

/** `what` tells the person which it is. Answers whether it was done. */
export type Save = (what: string, work: () => Promise<unknown>) => Promise<boolean>;

export interface Outcome {
  readonly isSaving: boolean;
  /** The newest is the last. */
  readonly failures: readonly string[];
}

/** What is done before that is not worth a word. */
const SLOW_MS = 500;

export class Saving {
  readonly #onChange: (outcome: Outcome) => void;
  #slow = 0;
  readonly #failures = new Map<string, string>();

  constructor(onChange: (outcome: Outcome) => void) {
    this.#onChange = onChange;
  }

  readonly save: Save = async (what, work) => {
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#slow += 1;
      this.#tell();
    }, SLOW_MS);
    try {
      await work();
      this.#failures.delete(what);
      return true;
    } catch (error) {
      if (!(error instanceof ResqliteError)) throw error;
      this.#failures.delete(what);
      this.#failures.set(what, describeFailure(what, error));
      return false;
    } finally {
      clearTimeout(timer);
      if (isSlow) this.#slow -= 1;
      this.#tell();
    }
  };

  readonly dismiss = (): void => {
    this.#failures.clear();
    this.#tell();
  };

  #tell(): void {
    this.#onChange({ isSaving: this.#slow > 0, failures: [...this.#failures.values()] });
  }
}
