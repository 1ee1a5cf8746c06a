/**
 * Code that most pages never run, fetched when it is first called for: before that nothing is begun, so
 * one that cannot be had has changed nothing. A page goes on without its server, and is to have all of it
 * by then, so it is fetched without being called for, too, when the node runs and the page is idle.
 */

import { failure } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

type FetchPart<Module> = () => Promise<Module>;

export const LATE_PARTS = {
  transaction: () => import('./transaction.ts'),
  migrationRun: () => import('./migration-run.ts'),
  migrationWatch: () => import('./migration-watch.ts'),
  script: () => import('./script.ts'),
  import: () => import('./import.ts'),
  export: () => import('./export.ts'),
  dump: () => import('./dump.ts'),
  csvImport: () => import('./csv-import.ts'),
  csvExport: () => import('./csv-export.ts'),
} as const satisfies Record<string, FetchPart<unknown>>;

/** What a page asks for when it has its database comes first. */
const FIRST_WAIT_MS = 2_000;
/** A page that is never idle gets them all the same. */
const IDLE_TIMEOUT_MS = 10_000;

/** Rejects with `ResqliteError`. */
export async function late<Module>(fetchPart: FetchPart<Module>): Promise<Module> {
  try {
    return await fetchPart();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `a part of the library could not be loaded: ${reason}`;
    throw new ResqliteError(failure('Internal', 'no', message));
  }
}

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
