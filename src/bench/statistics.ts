/**
 * What many readings come to: pure arithmetic, for pages and commands alike.
 *
 * A percentile is the smallest reading that at least that share of all readings does not exceed
 * (nearest rank), so it is always a reading that there was. The median of an even number of readings
 * is the mean of the two in the middle.
 */

/** Fewer readings than this say nothing about their worst hundredth. */
export const MIN_P99_SAMPLES = 200;

/** Throws `RangeError` where there are none, or one is no finite number. */
export function median(values: readonly number[]): number {
  const sorted = inOrder(values);
  const upper = at(sorted, Math.floor(sorted.length / 2));
  return sorted.length % 2 === 1 ? upper : (upper + at(sorted, sorted.length / 2 - 1)) / 2;
}

/** `share` lies above 0 and is at most 1. Throws as `median` does. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = inOrder(values);
  return at(sorted, Math.max(0, Math.ceil(share * sorted.length) - 1));
}

export interface Summary {
  readonly samples: number;
  readonly median: number;
  /** What the worst readings are like, and how that was told. */
  readonly worst: number;
  readonly worstIs: 'p99' | 'max' | 'min';
}

/** Of readings where less is better, such as times. Throws as `median` does. */
export function summarizeCosts(values: readonly number[]): Summary {
  const common = { samples: values.length, median: median(values) };
  return values.length < MIN_P99_SAMPLES
    ? { ...common, worst: percentile(values, 1), worstIs: 'max' }
    : { ...common, worst: percentile(values, 0.99), worstIs: 'p99' };
}

/** Of readings where more is better, such as rates. Throws as `median` does. */
export function summarizeRates(values: readonly number[]): Summary {
  const worst = at(inOrder(values), 0);
  return { samples: values.length, median: median(values), worst, worstIs: 'min' };
}

function inOrder(values: readonly number[]): number[] {
  if (!values.every(Number.isFinite)) throw new RangeError('a reading is no finite number');
  return values.toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index];
  if (value === undefined) throw new RangeError('there are no readings');
  return value;
}
