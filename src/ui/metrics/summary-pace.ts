/** When the table of figures follows the plots. Pure. */

/** Whoever has it read aloud, or reads it, is not to be chased. */
const UPDATE_INTERVAL_MS = 5_000;

interface Shown {
  readonly endMs: number;
  readonly ring: { readonly length: number };
}

/** Whether `next` is shown in place of `shown`. What is paused is the same everywhere. */
export function isDue(shown: Shown, next: Shown, isPaused: boolean): boolean {
  const aheadMs = next.endMs - shown.endMs;
  // The first readings are not waited for.
  return isPaused || aheadMs < 0 || aheadMs >= UPDATE_INTERVAL_MS || shown.ring.length < 2;
}
