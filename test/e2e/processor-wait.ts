/** How busy the machine is, as far as it tells: what is measured on one that is too busy proves nothing. */

import { readFileSync } from 'node:fs';

/** A machine on which some thread waits for a processor for more than this share of the time is too busy. */
const BUSY_SHARE = 0.8;

/** From its making on. */
export class ProcessorWait {
  readonly #beganMs = performance.now();
  readonly #waitedMs = processorWaitMs();

  /** Whether threads waited for processors nearly all the time; says for how much of it. */
  isTooLong(): boolean {
    const share = (processorWaitMs() - this.#waitedMs) / (performance.now() - this.#beganMs);
    console.log(`threads waited for processors ${(100 * share).toFixed(0)}% of the time`);
    return share > BUSY_SHARE;
  }
}

/**
 * For how long in all some thread of this machine was ready and had no processor, by Linux' pressure stall
 * information; 0 where it is not told.
 */
function processorWaitMs(): number {
  try {
    const some = /^some .* total=(\d+)$/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'));
    return Number(some?.[1] ?? 0) / 1_000;
  } catch {
    return 0;
  }
}
