/** What every measurement is given: who takes part, and how much is to be done. */

import { rateOf, type Timings } from './load.ts';
import type { Reading } from './report.ts';
import type { CallTab } from './tab-api.ts';
import type { Tabs } from './tabs.ts';

/**
 * How much: 'full' is what figures are told of, 'quick' is for trying, 'tiny' only shows that everything
 * works.
 */
export type Scale = 'full' | 'quick' | 'tiny';

export interface Context {
  readonly tabs: Tabs;
  /** A tab that is a cluster by itself, of another origin; null where there is none. */
  readonly oneTab: CallTab | null;
  readonly scale: Scale;
}

/** Bytes of the text in a row, and of a value in etcd. */
export const ROW_BYTES = 100;

/** Calls of a round at full scale. */
export const COMMITS = 200;
export const INSERTS = 4_000;
/**
 * What every subject does before its first round, as a share of a round: V8 compiles a node's code for
 * the first ten thousand requests or so, and whoever runs for longer has that behind it.
 */
export const WARM_UP_SHARE = 3;

const SHARES: Readonly<Record<Scale, number>> = { full: 1, quick: 0.1, tiny: 0.005 };

export function shareOf({ scale }: Pick<Context, 'scale'>): number {
  return SHARES[scale];
}

/** At least one. */
export function scaled(context: Pick<Context, 'scale'>, count: number): number {
  return Math.max(1, Math.round(count * shareOf(context)));
}

/** How long each call took, and how many there were a second. */
export function readingsOf(figure: string, timings: Timings): readonly Reading[] {
  return [
    { figure, unit: '/s', values: [rateOf(timings)] },
    { figure: `${figure}-latency`, unit: 'ms', values: timings.latenciesMs },
  ];
}
