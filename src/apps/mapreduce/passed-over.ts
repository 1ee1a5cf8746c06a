/**
 * The jobs that a worker leaves to others for a while, since it could not do a task of theirs: what is
 * wrong may be wrong with its tab alone, and younger jobs are not to wait for it.
 */

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class PassedOver {
  readonly #pauses = new Map<string, { readonly pauseMs: number; readonly endMs: number }>();

  /** Each time twice as long as the last. */
  add(jobId: string): void {
    const last = this.#pauses.get(jobId)?.pauseMs ?? FIRST_PAUSE_MS / 2;
    const pauseMs = Math.min(2 * last, LONGEST_PAUSE_MS);
    this.#pauses.set(jobId, { pauseMs, endMs: performance.now() + pauseMs });
  }

  /** It could. */
  delete(jobId: string): void {
    this.#pauses.delete(jobId);
  }

  /** Until it may be looked at again, in milliseconds; 0: now. */
  leftMs(jobId: string): number {
    return Math.max(0, (this.#pauses.get(jobId)?.endMs ?? 0) - performance.now());
  }

  ids(): string[] {
    return [...this.#pauses.keys()].filter((jobId) => this.leftMs(jobId) > 0);
  }
}
