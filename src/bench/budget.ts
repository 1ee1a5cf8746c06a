/**
 * All bounds and targets there are, out of `budget.json`, which is their only place: what files of the
 * page may weigh, what ratios are to be, and how long some things may take. Keys of ratios and bounds are
 * made here alone.
 */

import budget from './budget.json';
import type { Bound, Comparison, Target } from './report.ts';

/** Of the page's first load and its parts, packed by brotli. */
export const BYTES: Readonly<
  Record<'firstLoad' | 'page' | 'nodeWorker' | 'sqlWorker' | 'wasm', number>
> = budget.bytes;

/** Of the library's parts as a package, packed by brotli, and of the file that npm packs. */
export const LIBRARY_BYTES: Readonly<
  Record<
    | 'page'
    | 'signalling'
    | 'late'
    | 'adapters'
    | 'nodeWorker'
    | 'sqlWorker'
    | 'wasm'
    | 'types'
    | 'tarball',
    number
  >
> = {
  page: budget.bytes.library.page,
  signalling: budget.bytes.library.signalling,
  late: budget.bytes.library.late,
  adapters: budget.bytes.library.adapters,
  nodeWorker: budget.bytes.nodeWorker,
  sqlWorker: budget.bytes.sqlWorker,
  wasm: budget.bytes.wasm,
  types: budget.bytes.library.types,
  tarball: budget.bytes.library.tarball,
};

export const RATIOS: ReadonlyMap<string, Target> = new Map(Object.entries<Target>(budget.ratios));

/** Of figures in milliseconds, and of counts; those of bytes have names of their own. */
export const BOUNDS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({ ...budget.milliseconds, ...budget.counts }),
);

export function ratioKey({
  figure,
  subject,
  baseline,
}: Pick<Comparison, 'figure' | 'subject' | 'baseline'>): string {
  const to =
    baseline.figure === figure ? baseline.subject : `${baseline.figure}: ${baseline.subject}`;
  return `${figure}: ${subject} / ${to}`;
}

export function boundKey({ figure, subject, of }: Omit<Bound, 'atMost'>): string {
  return `${figure}: ${subject}: ${of}`;
}

/** Throws where the budget has none. */
export function boundOf(key: string): number {
  const atMost = BOUNDS.get(key);
  if (atMost === undefined) throw new Error(`the budget has no bound for ${key}`);
  return atMost;
}
