/** Who led when, as this node heard of it. Pure. */

import type { NodeStatus } from '../../node/status.ts';

const MAX_CHANGES = 200;

export interface LeaderChange {
  /** Milliseconds since 1970, by this tab's clock. */
  readonly atMs: number;
  readonly term: number;
  readonly leaderId: string;
}

/** The first leader that is heard of is no change. */
export class LeaderChanges {
  #known: { readonly term: number; readonly leaderId: string } | null = null;
  #changes: readonly LeaderChange[] = [];

  /** In order; the oldest are forgotten. */
  get all(): readonly LeaderChange[] {
    return this.#changes;
  }

  onStatus({ term, leaderId }: NodeStatus, atMs: number): void {
    if (leaderId === null) return;
    const known = this.#known;
    if (known !== null && known.term === term && known.leaderId === leaderId) return;
    // A node that was opened anew may be told of older terms first.
    if (known !== null && term < known.term) return;
    this.#known = { term, leaderId };
    if (known === null) return;
    this.#changes = [...this.#changes, { atMs, term, leaderId }].slice(-MAX_CHANGES);
  }

  /** Of another cluster from now on. */
  reset(): void {
    this.#known = null;
    this.#changes = [];
  }
}
