/**
 * What a benchmark has to tell, as plain data that crosses threads and goes into files: figures, each
 * of one subject under one name, and ratios between them. A ratio is of medians of the same run, and is
 * judged where there is a target for it.
 */

import { summarizeCosts, summarizeRates, type Summary } from './statistics.ts';

/**
 * Of times and 'bytes' less is better, of rates more; of 'count' it is not said. Simulated time is made of
 * chosen delays, and no figure in it is to be compared with one that a clock has measured.
 */
export type Unit = 'ms' | 'simulated ms' | 'bytes' | 'count' | Rate;

const RATES = ['/s', '/simulated s', 'MB/s'] as const;
type Rate = (typeof RATES)[number];

/** What one subject came to in one round. */
export interface Reading {
  readonly figure: string;
  readonly unit: Unit;
  readonly values: readonly number[];
}

export interface Figure extends Summary {
  /** Stable: it is asked for by this name, and compared by it between runs. */
  readonly name: string;
  readonly subject: string;
  /** What decides how much the subject promises: durability, level, path. */
  readonly settings: string;
  readonly unit: Unit;
}

/** Which figures are compared, and what the ratio is to be; null where there is no target. */
export interface Comparison {
  readonly figure: string;
  readonly subject: string;
  readonly baseline: { readonly figure: string; readonly subject: string };
  readonly target: Target | null;
}

export type Target = { readonly atMost: number } | { readonly atLeast: number };

export interface Ratio extends Comparison {
  readonly ratio: number;
  /** Null where there is no target. */
  readonly reached: boolean | null;
}

/** A bound on a figure itself. */
export interface Bound {
  readonly figure: string;
  readonly subject: string;
  readonly of: 'median' | 'worst';
  readonly atMost: number;
}

export interface BoundResult extends Bound {
  readonly value: number;
  readonly reached: boolean;
}

export interface Report {
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  readonly bounds: readonly BoundResult[];
  /** What was measured and could not be told, and why; what disturbed the run. */
  readonly notes: readonly string[];
}

/** Throws `RangeError` where there is nothing to sum up. */
export function figureOf(
  name: string,
  { subject, settings, unit }: Pick<Figure, 'subject' | 'settings' | 'unit'>,
  values: readonly number[],
): Figure {
  const isRate = RATES.some((rate) => rate === unit);
  const summary = isRate ? summarizeRates(values) : summarizeCosts(values);
  return { name, subject, settings, unit, ...summary };
}

/** The comparisons both of whose figures there are. */
export function ratiosOf(
  figures: readonly Figure[],
  comparisons: readonly Comparison[],
): readonly Ratio[] {
  return comparisons.flatMap((comparison) => {
    const { figure, subject, baseline, target } = comparison;
    const own = find(figures, figure, subject);
    const other = find(figures, baseline.figure, baseline.subject);
    if (own === undefined || other === undefined || other.median === 0) return [];
    const ratio = own.median / other.median;
    return [{ ...comparison, ratio, reached: target === null ? null : meets(ratio, target) }];
  });
}

/** The bounds whose figures there are. */
export function boundsOf(
  figures: readonly Figure[],
  bounds: readonly Bound[],
): readonly BoundResult[] {
  return bounds.flatMap((bound) => {
    const figure = find(figures, bound.figure, bound.subject);
    if (figure === undefined) return [];
    const value = bound.of === 'median' ? figure.median : figure.worst;
    return [{ ...bound, value, reached: value <= bound.atMost }];
  });
}

function find(figures: readonly Figure[], name: string, subject: string): Figure | undefined {
  return figures.find((figure) => figure.name === name && figure.subject === subject);
}

function meets(ratio: number, target: Target): boolean {
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}
