/** Fetches the late parts of the library before they are called for, while the page has nothing to do. */

import type { FetchPart } from './late-code.ts';

/** What a page asks for when it has its database comes first. */
const FIRST_WAIT_MS = 2_000;
/** A page that is never idle gets them all the same. */
const IDLE_TIMEOUT_MS = 10_000;

/** Resolves when all that can be had are there: one after the other, each when the page is idle. */
export async function fetchWhenIdle(parts: readonly FetchPart<unknown>[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS));
  for (const fetchPart of parts) {
    await idle();
    // Whoever calls for one that cannot be had is told.
    await fetchPart().catch(() => undefined);
  }
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') {
      requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS });
    } else {
      setTimeout(resolve);
    }
  });
}
