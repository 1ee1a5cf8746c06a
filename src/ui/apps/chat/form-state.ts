/** A form that is sent: whether it is under way, what went wrong, and what is to be said of its success. */

import { signal } from '@preact/signals';
import { ChatError } from '../../../apps/chat/rules.ts';
import { toResqliteError } from '../../../client/errors.ts';
import { EFFECTS } from '../../wording.ts';

export class FormState {
  readonly isBusy = signal(false);
  readonly problem = signal<string | null>(null);
  readonly success = signal<string | null>(null);
  #run = 0;

  /**
   * Does it, unless it is under way. True: it was done, and the form has not been cleared meanwhile, so
   * that what follows from it is still wanted. Never rejects.
   */
  async send(work: () => Promise<void>): Promise<boolean> {
    if (this.isBusy.peek()) return false;
    this.clear();
    this.isBusy.value = true;
    const run = this.#run;
    try {
      await work();
      return run === this.#run;
    } catch (error) {
      if (run === this.#run) this.problem.value = textOf(error);
      return false;
    } finally {
      if (run === this.#run) this.isBusy.value = false;
    }
  }

  /** What is still under way says nothing any more. */
  clear(): void {
    this.#run += 1;
    this.isBusy.value = false;
    this.problem.value = null;
    this.success.value = null;
  }
}

export function textOf(error: unknown): string {
  if (error instanceof ChatError) return error.message;
  const { message, applied } = toResqliteError(error);
  return `${message.replace(/\.?$/, '.')} ${EFFECTS[applied]}`;
}
