/** What a long run says of itself on its way: a line for every thousandth statement. */

import { formatCounted, formatDuration } from '../wording.ts';

const REPORTED_EVERY = 1_000;
/** Of a run of millions only the last ones are kept. */
const MAX_LINES = 1_000;

export class ProgressReports {
  readonly #startedMs = performance.now();
  readonly #lines: string[] = [];

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** So many statements are done, failed ones among them. */
  note(statements: number, errors: number): void {
    if (statements === 0 || statements % REPORTED_EVERY !== 0) return;
    const failed = errors === 0 ? '' : ` (${formatCounted(errors, 'error')})`;
    const took = formatDuration(performance.now() - this.#startedMs);
    this.#lines.push(`${formatCounted(statements, 'statement')}${failed} after ${took}`);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}
