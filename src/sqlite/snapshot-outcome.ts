/** How work on snapshots ends (`SnapshotOutcome` in node/ports.ts). */

export interface Refusal {
  readonly type: 'refused';
  readonly reason: string;
}

export interface Trouble {
  readonly type: 'failed';
  readonly reason: string;
}

/** It cannot be done now, and nothing changed. */
export function refusal(reason: string): Refusal {
  return { type: 'refused', reason };
}

export function trouble(reason: string): Trouble {
  return { type: 'failed', reason };
}

export function done<Result>(result: Result): { readonly type: 'done'; readonly result: Result } {
  return { type: 'done', result };
}
