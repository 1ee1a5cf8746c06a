/**
 * How SQL is read, and how much of it, on every connection to data of ours. All of it decides what an
 * entry does, so it is part of the replicated state's rules: the same on every node, never configured.
 */

import type { Connection } from './connection.ts';
import { SQLITE_LIMITS } from './limits.ts';

/** By the number of `SQLITE_DBCONFIG_…`. */
export const ENABLE_FOREIGN_KEYS = 1002;
const CONFIGURATION: readonly (readonly [option: number, on: boolean])[] = [
  [ENABLE_FOREIGN_KEYS, true],
  /** ENABLE_TRIGGER, ENABLE_VIEW, ENABLE_COMMENTS */
  [1003, true],
  [1015, true],
  [1022, true],
  /** ENABLE_QPSG: a plan never depends on the values bound. */
  [1007, true],
  /** TRIGGER_EQP, LEGACY_ALTER_TABLE, REVERSE_SCANORDER */
  [1008, false],
  [1012, false],
  [1019, false],
  /** DEFENSIVE: nobody writes to the schema or to shadow tables. */
  [1010, true],
  /** WRITABLE_SCHEMA, TRUSTED_SCHEMA */
  [1011, false],
  [1017, false],
  /** DQS_DML, DQS_DDL: double quotes make names, never strings. */
  [1013, false],
  [1014, false],
  /** NO_CKPT_ON_CLOSE: it would also delete the write-ahead log. */
  [1006, true],
  /** ENABLE_ATTACH_CREATE, ENABLE_ATTACH_WRITE */
  [1020, false],
  [1021, false],
];

/** What every connection to data of ours has in common: how SQL is read, and how much of it. */
export function applySettings(connection: Connection): void {
  for (const [option, on] of CONFIGURATION) connection.configure(option, on);
  for (const [limit, value] of SQLITE_LIMITS) connection.limit(limit, value);
  connection.install();
}
