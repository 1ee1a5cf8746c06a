/**
 * The build that the log has brought the database to, remembered with the data: databases from before
 * there were builds, and new ones, have none.
 */

import type { AdoptedBuild, BuildName } from '../node/build.ts';
import type { SqlDatabase } from './database.ts';
import { getMeta, setMeta } from './meta.ts';
import { beginRound, isRoundOpen } from './state-check.ts';

const ADOPTED_BUILD = 'adopted_build';

/** Within the transaction of the entry; a round of state checks begins. */
export function adoptBuild(database: SqlDatabase, build: BuildName): void {
  setMeta(database, ADOPTED_BUILD, build);
  beginRound(database);
}

export function adoptedBuild(database: SqlDatabase): AdoptedBuild {
  const build = getMeta(database, ADOPTED_BUILD);
  return { build: typeof build === 'string' ? build : '', goesOn: isRoundOpen(database) };
}
