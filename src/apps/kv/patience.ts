/**
 * How long a call is tried again: until its time is up, its caller aborts it, or it fails with what no
 * repetition helps against. The pauses double, with jitter, so that callers that failed together do not
 * come back together.
 */

import { unlessAborted } from '../../client/abort.ts';
import { checkTimeout } from '../../client/arguments.ts';
import { aborted, type CallOptions } from '../../client/call-limits.ts';
import { ResqliteError, restated } from '../../client/errors.ts';
import type { Applied } from '../../node/errors.ts';
import { passes } from '../retrying.ts';

/** How long a call is tried where its caller says nothing: a few elections, and a tab that is reloaded. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** One attempt of it. */
const ATTEMPT_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export class Patience {
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | null;
  #pauseMs = FIRST_PAUSE_MS;

  /** Throws 'InvalidArgument'. */
  constructor({ timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CallOptions) {
    this.#deadlineMs = performance.now() + checkTimeout(timeoutMs);
    this.#signal = signal ?? null;
  }

  /** The limits of the next attempt. */
  attempt(): CallOptions {
    const timeoutMs = Math.max(1, Math.min(ATTEMPT_MS, this.#leftMs()));
    return { timeoutMs, signal: this.#signal ?? undefined };
  }

  /** Waits before the next attempt, after one that failed; throws where there is to be none. */
  async pause(failed: ResqliteError, applied: Applied): Promise<void> {
    if (!passes(failed)) throw told(failed, applied);
    const pauseMs = this.#pauseMs * (1 + Math.random());
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    if (pauseMs >= this.#leftMs()) throw told(failed, applied);
    await this.#within(new Promise((resolve) => setTimeout(resolve, pauseMs)), applied);
  }

  /** Waits for what was called before; nothing of this call has been sent. */
  async waitFor(before: Promise<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(timedOut()), Math.max(1, this.#leftMs()));
    });
    try {
      await this.#within(Promise.race([before, late]), 'no');
    } finally {
      clearTimeout(timer);
    }
  }

  #leftMs(): number {
    return this.#deadlineMs - performance.now();
  }

  #within<T>(work: Promise<T>, applied: Applied): Promise<T> {
    return unlessAborted(work, this.#signal, () => aborted(applied));
  }
}

/** The same failure of the whole call, of whose effect more is known. */
function told(failed: ResqliteError, applied: Applied): ResqliteError {
  return failed.applied === applied ? failed : restated(failed, applied);
}

function timedOut(): ResqliteError {
  const message = 'the writes that were called before took too long';
  return new ResqliteError({ code: 'Timeout', applied: 'no', message, sqlite: null });
}
