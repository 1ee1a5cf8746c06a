/** Pauses between tries: doubling, bounded, with jitter ("equal jitter"). */

/**
 * The pause after `failures` earlier ones: from the upper half of `minMs` doubled so often, at most
 * `maxMs`. `random(bound)` is uniform over the integers below `bound`.
 */
export function backoffMs(
  failures: number,
  minMs: number,
  maxMs: number,
  random: (bound: number) => number,
): number {
  const pauseMs = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30));
  const half = Math.floor(pauseMs / 2);
  return half + random(half + 1);
}
