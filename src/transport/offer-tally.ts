/**
 * How many offers the page refused, and why, for the mesh's counters. A flood of offers is not to
 * become a flood of messages: what is counted is told a few times a second (page only).
 */

import { OFFER_TALLY_INTERVAL_MS } from '../node/limits.ts';

export const OFFER_REFUSALS = [
  /** Not of the shape that ours have. */
  'malformed',
  /** Without the cluster's secret; or with it, but nobody speaks for the sender. */
  'stranger',
  /** By another key than that node has, or than the offer claims. */
  'key',
  'removed',
  'invite',
  /** There are too many at a time. */
  'busy',
] as const;
export type OfferRefusalReason = (typeof OFFER_REFUSALS)[number];

export type OfferCounts = Readonly<Partial<Record<OfferRefusalReason, number>>>;

export class OfferTally {
  readonly #tell: (counts: OfferCounts) => void;
  #counts: Partial<Record<OfferRefusalReason, number>> | null = null;

  constructor(tell: (counts: OfferCounts) => void) {
    this.#tell = tell;
  }

  add(reason: OfferRefusalReason): void {
    if (this.#counts === null) {
      this.#counts = {};
      setTimeout(() => this.#flush(), OFFER_TALLY_INTERVAL_MS);
    }
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
  }

  #flush(): void {
    const counts = this.#counts ?? {};
    this.#counts = null;
    this.#tell(counts);
  }
}
