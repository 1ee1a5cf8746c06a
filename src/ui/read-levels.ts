/** The levels of reads, for those who choose one, in the order of what they promise. */

import type { ReadLevel } from '../node/sql.ts';

export const LEVEL_MEANINGS: Readonly<Record<ReadLevel, string>> = {
  none: 'this tab’s copy, may be stale',
  weak: 'as the leader believes',
  linearizable: 'never stale',
  strong: 'through the log',
};

export const LEVELS = Object.keys(LEVEL_MEANINGS) as readonly ReadLevel[];
