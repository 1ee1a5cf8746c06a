/**
 * Code that most pages never run, fetched when it is first called for: before that nothing is begun, so
 * one that cannot be had has changed nothing. A page goes on without its server, and is to have all of it
 * by then, so it is fetched without being called for, too, when a node runs and the page is idle
 * (idle-fetch.ts).
 */

import { failure } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

/** One `import()`. */
export type FetchPart<Module> = () => Promise<Module>;

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
  invites: () => import('./invites.ts'),
} as const satisfies Record<string, FetchPart<unknown>>;

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
