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

/**
 * An interactive transaction's statements, and what one of them answers. These and the next one decide
 * what an entry does, as `STEPS_PER_ENTRY` does.
 */
export const MAX_TRANSACTION_STATEMENTS = 10_000;
export const MAX_TRANSACTION_ANSWER_BYTES = 1 * MIB;
/** What all of its answers take: that much is computed again wherever it is checked. */
export const MAX_TRANSACTION_READ_BYTES = 16 * MIB;
/** Its statements with their parameters, as they travel in one log entry. */
export const MAX_TRANSACTION_BYTES = 4 * MIB;
/** Interactive transactions under way on one node. */
export const MAX_TRANSACTIONS = 256;
/** One that is not used for this long is dropped. */
export const TRANSACTION_IDLE_MS = 30_000;
/** How long one may be under way: the time it shows to its statements stands still. */
export const MAX_TRANSACTION_MS = 60_000;
/** How far the time it shows may be from that of its log entry. */
export const MAX_TRANSACTION_SKEW_MS = 2 * MAX_TRANSACTION_MS;

/** What a query answers at most. */
export const MAX_RESULT_BYTES = 16 * MIB;
export const MAX_RESULT_ROWS = 100_000;
/** Live queries of a page at once. */
export const MAX_LIVE_QUERIES = 1_000;
/** Results kept by cursors at once, and what one takes at most; it is in memory up to the lower bound. */
export const MAX_CURSORS = 32;
export const MAX_CURSOR_BYTES = 1_024 * MIB;
export const CURSOR_MEMORY_BYTES = 2 * MIB;
/** How long a kept result stays that nobody reads. */
export const CURSOR_IDLE_MS = 10 * 60_000;
/** What is read at once to get at a row. */
export const CURSOR_BLOCK_BYTES = 64 * 1024;
/** What one read gives at most: the page takes it up within a few milliseconds. */
export const CURSOR_BATCH_ROWS = 5_000;
export const CURSOR_BATCH_BYTES = 256 * 1024;

/** A file that is imported: it is staged in the database, and both have to fit into one snapshot. */
export const MAX_IMPORT_BYTES = 1_024 * MIB;
/** How long nothing of an import may come, by the entries' stamps, until another may take its place. */
export const IMPORT_SILENCE_MS = 60_000;
/** How long until what has come of it is dropped; whoever has the file may go on with it before. */
export const IMPORT_FORGET_MS = 24 * 60 * 60_000;
/** What is copied from file to file before others have their turn. */
export const COPY_STEP_BYTES = 2 * MIB;

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
/** Statements that stay compiled, of entries and of reads each, and how long one may be. */
export const MAX_CACHED_STATEMENTS = 64;
export const MAX_CACHED_SQL_CHARACTERS = 4_096;
/** Applied entries that are not committed yet, and how long they stay so when no others come. */
export const MAX_UNCOMMITTED_ENTRIES = 256;
export const MAX_UNCOMMITTED_BYTES = 1 * MIB;
export const COMMIT_DELAY_MS = 20;
/** How much of what is written to a file stays in memory before it is handed over, and how long. */
export const WRITE_BEHIND_BYTES = 1 * MIB;
export const WRITE_BEHIND_MS = 50;
/** Scratch files at once: large results being read, an import, an export, each with a journal. */
export const MAX_SCRATCH_FILES = 8;
/** Temporary files of a VACUUM: the new database, and what is spilled to make it. */
const VACUUM_FILES = 3;
/**
 * Files in the pool: three databases (served, staged, being made) with a write-ahead log and a journal
 * each, scratch files with theirs, those of a VACUUM, and one to spare.
 */
export const POOL_FILES = 3 * 3 + 2 * MAX_SCRATCH_FILES + VACUUM_FILES + 1;
/** How long files that a former tab has not given back yet are waited for. */
export const POOL_WAIT_MS = 5_000;
