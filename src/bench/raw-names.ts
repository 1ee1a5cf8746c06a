/** What the ways to run SQLite alone are called, and what each of them promises. */

import { RAW_DEFAULT, RAW_MEMORY, RAW_WAL_FULL, RAW_WAL_OFF } from './targets.ts';
import type { RawMode } from './worker-apis.ts';

export const RAW_NAMES: Readonly<Record<RawMode, string>> = {
  default: RAW_DEFAULT,
  'wal-full': RAW_WAL_FULL,
  'wal-off': RAW_WAL_OFF,
  memory: RAW_MEMORY,
};

export const RAW_SETTINGS: Readonly<Record<RawMode, string>> = {
  default: 'one worker, sahpool, journal_mode=delete, synchronous=full',
  'wal-full': 'one worker, sahpool, WAL, locking_mode=exclusive, synchronous=full',
  'wal-off': 'one worker, sahpool, WAL, locking_mode=exclusive, synchronous=off',
  memory: 'one worker, in memory',
};
