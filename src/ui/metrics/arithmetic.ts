/** What readings come to: rates of counters, percentiles, what a series comes to as a whole. Pure. */

/**
 * A second. A counter begins at 0 with each life of a node: where it has gone back, it counts what has
 * been since. Null: no time has passed.
 */
export function ratePerS(before: number, now: number, elapsedMs: number): number | null {
  if (!(elapsedMs > 0)) return null;
  return ((now >= before ? now - before : now) / elapsedMs) * 1_000;
}

/**
 * The smallest value that at least that share of all does not exceed (nearest rank); null: there are
 * none. `share` lies above 0 and is at most 1.
 */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export interface CountedValue {
  readonly count: number;
  readonly value: number;
}

/** The value in the middle, each counted as often as it says; null: there are none. */
export function weightedMedian(values: readonly CountedValue[]): number | null {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  for (const { count, value } of sorted) {
    below += count;
    if (below * 2 >= total) return value;
  }
  return null;
}

export interface Summary {
  readonly last: number | null;
  readonly least: number | null;
  readonly median: number | null;
  readonly most: number | null;
}

/** Null: there is no reading. `last` is null where the last one is missing, whatever went before. */
export function summarize(values: readonly (number | null)[]): Summary {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  return {
    last: values.at(-1) ?? null,
    least: known[0] ?? null,
    median: percentile(known, 0.5),
    most: known.at(-1) ?? null,
  };
}
