/** What came of copying something, told for a while. Components call methods and read signals. */

import { signal } from '@preact/signals';
import { toReadError } from '../client/errors.ts';
import { writeClipboard } from './clipboard.ts';

export interface CopiedText {
  readonly text: string;
  /** What is said when it was copied. */
  readonly done: string;
}

const SHOWN_MS = 2_000;
/** Something has to be done about it. */
const SHOWN_PROBLEM_MS = 6_000;

export class Copying {
  /** Null: nothing was copied just now. */
  readonly said = signal<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Another one for each time, and for each thing that may be copied. */
  #number = 0;

  /** `read` rejects with what a person is told. */
  async copy(read: () => CopiedText | Promise<CopiedText>): Promise<void> {
    this.reset();
    const number = this.#number;
    let outcome: { readonly said: string; readonly shownMs: number };
    try {
      const { text, done } = await read();
      outcome = (await writeClipboard(text))
        ? { said: done, shownMs: SHOWN_MS }
        : { said: 'The browser does not let it be copied', shownMs: SHOWN_PROBLEM_MS };
    } catch (error) {
      outcome = { said: toReadError(error).message, shownMs: SHOWN_PROBLEM_MS };
    }
    if (number !== this.#number) return;
    this.said.value = outcome.said;
    this.#timer = setTimeout(() => this.reset(), outcome.shownMs);
  }

  /** It would be something else that is copied now. */
  reset(): void {
    this.#number += 1;
    clearTimeout(this.#timer);
    this.said.value = null;
  }
}
