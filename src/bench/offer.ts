/**
 * The page's offer of the benchmark, which is all of it that comes with the page's first load: the rest
 * is fetched when `benchmark()` is called, or when a benchmark in another tab asks who takes part.
 */

import { ROLL_CALL } from './roll-call.ts';
import type * as suite from './suite.ts';

/** What there is of the benchmark in the page. */
export type Suite = typeof suite;

declare global {
  /** Loads the benchmark. */
  var benchmark: (() => Promise<Suite>) | undefined;
}

export function offerBenchmark(): void {
  globalThis.benchmark = load;
  new BroadcastChannel(ROLL_CALL).addEventListener('message', () => {
    // A tab that cannot load it takes no part.
    load().then(
      ({ takePart }) => takePart(),
      () => undefined,
    );
  });
}

function load(): Promise<Suite> {
  return import('./suite.ts');
}
