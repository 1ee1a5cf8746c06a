/**
 * The database that an imported file becomes: made beside the one that is served, from what is staged
 * in that one, with our tables as they are there, and then put in its place.
 *
 * It counts as soon as it has our tables, which come in one transaction together with the applied index
 * of the entry that asked for it. Before that, a crash leaves the former database, and the entry is
 * applied again; behind it, the entry is seen to have been applied. The former one goes only when the
 * new one is durable. What was sent may pretend to have our tables: so it does not count in the journal
 * mode in which it is looked at.
 */

import type { DatabaseLocation } from './connection.ts';
import { META, RESPONSES, SESSIONS, SqlDatabase } from './database.ts';
import {
  checkHeader,
  checkSchema,
  HEADER_BYTES,
  judging,
  openFile,
  UnfitFile,
  withJournal,
} from './file-check.ts';
import type { Runtime } from './runtime.ts';
import type { SqlValue } from '../node/sql.ts';
import { stagedChunks } from './staging.ts';
import type { VfsFile } from './vfs.ts';

/** Where a successor is made, and what is done when it is there. */
export interface SuccessorPlace {
  /** An empty file, in place of what was left there. */
  create(): { readonly file: VfsFile; readonly location: DatabaseLocation };
  /** The database, which is durable, is served from now on; the former one is closed and deleted. */
  succeed(database: SqlDatabase): void;
  /** Nothing comes of it. */
  remove(): void;
}

/** Reading the former database failed: that is no fault of the file's. */
class FormerTrouble extends Error {
  readonly trouble: unknown;

  constructor(trouble: unknown) {
    super('the former database failed');
    this.trouble = trouble;
  }
}

/**
 * Makes it from what is staged in `former`, with a copy of our tables; `fill` runs behind that, in the
 * same transaction. It is durable then. Throws `UnfitFile`, the same on every node; whatever else is
 * thrown is this node's own trouble.
 */
export function buildSuccessor(
  former: SqlDatabase,
  place: SuccessorPlace,
  fill: (database: SqlDatabase) => void,
): SqlDatabase {
  const { runtime, options } = former;
  const { file, location } = place.create();
  try {
    writeStaged(former, file);
    return judging(() => {
      checkFile(runtime, location);
      const database = new SqlDatabase(runtime, location, options, (to) => {
        copyInternal(former, to);
        fill(to);
      });
      database.makeDurable();
      return database;
    });
  } catch (error) {
    if (error instanceof UnfitFile) place.remove();
    throw error instanceof FormerTrouble ? error.trouble : error;
  }
}

/** The header comes last, so that nothing can be made of the file before it is there as a whole. */
function writeStaged(former: SqlDatabase, file: VfsFile): void {
  try {
    const head = new Uint8Array(HEADER_BYTES);
    let offset = 0;
    for (const chunk of stagedChunks(former)) {
      const inHead = chunk.subarray(0, Math.max(0, HEADER_BYTES - offset));
      head.set(inHead, Math.min(offset, HEADER_BYTES));
      file.write(offset + inHead.length, chunk.subarray(inHead.length));
      offset += chunk.length;
    }
    checkHeader(head.subarray(0, offset));
    file.write(0, withJournal(head, 'rollback'));
    file.sync();
  } finally {
    file.close();
  }
}

/** Only a file that was found to be fit gets into the journal mode in which it can count. */
function checkFile(runtime: Runtime, location: DatabaseLocation): void {
  const connection = openFile(runtime, location);
  try {
    checkSchema(connection);
    // A file that this is not done with is made again.
    connection.run('PRAGMA journal_mode = OFF');
    connection.run('PRAGMA journal_mode = WAL');
  } finally {
    connection.close();
  }
}

/** Whatever else is replicated state: where the next state check begins is good for any data. */
function copyInternal(from: SqlDatabase, to: SqlDatabase): void {
  for (const row of rowsOf(from, `SELECT key, value FROM ${META}`)) {
    to.execute(`INSERT OR REPLACE INTO ${META} VALUES(?, ?)`, ...row);
  }
  for (const table of [SESSIONS, RESPONSES]) {
    for (const row of rowsOf(from, `SELECT * FROM ${table}`)) {
      to.execute(`INSERT INTO ${table} VALUES(${row.map(() => '?').join(', ')})`, ...row);
    }
  }
}

function* rowsOf(former: SqlDatabase, sql: string): Generator<SqlValue[], void> {
  try {
    yield* former.rows(sql);
  } catch (error) {
    throw new FormerTrouble(error);
  }
}
