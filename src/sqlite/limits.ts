/**
 * Bounds of the SQL engine. Those of `SQLITE_LIMITS` and `STEPS_PER_ENTRY` decide what an entry
 * does, so they are part of the replicated state's rules: the same on every node, never configured.
 */

import { MAX_BODY_BYTES } from '../node/limits.ts';

const MIB = 1024 * 1024;

/** A value or a row; also what `randomblob` gives at most. */
export const MAX_VALUE_BYTES = 16 * MIB;

/** Columns of a table, and of what a query gives. */
export const MAX_COLUMNS = 1_000;

/**
 * SQLite's run-time limits, by the number of `SQLITE_LIMIT_…`. They are low enough that nothing
 * deep reaches the end of an engine's stack, which differs from one browser to the next.
 */
export const SQLITE_LIMITS: readonly (readonly [limit: number, value: number])[] = [
  /** LENGTH */
  [0, MAX_VALUE_BYTES],
  /** SQL_LENGTH: what fits into an entry can be compiled. */
  [1, MAX_BODY_BYTES],
  /** COLUMN */
  [2, MAX_COLUMNS],
  /** EXPR_DEPTH */
  [3, 200],
  /** COMPOUND_SELECT */
  [4, 50],
  /** FUNCTION_ARG */
  [6, 100],
  /** ATTACHED */
  [7, 0],
  /** LIKE_PATTERN_LENGTH */
  [8, 1_000],
  /** VARIABLE_NUMBER */
  [9, 10_000],
  /** TRIGGER_DEPTH: also how deep foreign keys cascade; its frames are on the heap. */
  [10, 1_000],
  /** PARSER_DEPTH */
  [12, 500],
];

/** Steps of SQLite's virtual machine that one entry may take; at about 10^8 a second. */
export const STEPS_PER_ENTRY = 2_000_000_000;
/** How many steps pass between two looks at the budget or the clock. */
export const STEPS_PER_CHECK = 10_000;
/** How often an 'each' entry is begun anew around statements that end its transaction. */
export const MAX_ENTRY_RERUNS = 100;

/** What a query answers at most. */
export const MAX_RESULT_BYTES = 16 * MIB;
export const MAX_RESULT_ROWS = 100_000;
/** A database larger than this is not exported in one piece: the copy is made in memory. */
export const MAX_EXPORT_BYTES = 512 * MIB;

/** What a table and a row add to the cost of a state check's slice besides their bytes. */
export const WALK_TABLE_COST_BYTES = 4_096;
export const WALK_ROW_COST_BYTES = 32;

/** A write-ahead log of this many bytes is moved into the database file. */
export const CHECKPOINT_BYTES = 8 * MIB;
/**
 * A snapshot that is being read keeps the write-ahead log out of the database file; one that lets the
 * log get this long is given up.
 */
export const SNAPSHOT_WAL_BYTES = 256 * MIB;
/** Files in the pool: two databases with a write-ahead log and a journal each, and two to spare. */
export const POOL_FILES = 8;
/** How long files that a former tab has not given back yet are waited for. */
export const POOL_WAIT_MS = 5_000;
