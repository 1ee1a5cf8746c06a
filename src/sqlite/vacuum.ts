/**
 * VACUUM: rebuilds the whole database, between transactions. Rows of tables that have neither an
 * INTEGER PRIMARY KEY nor an index are numbered anew, in their order: the outcome depends on nothing
 * but the data, and a second run changes nothing any more.
 *
 * SQLite makes the new database in a temporary one. It is a file, since it would not fit into the
 * module's memory, and goes by itself when it is closed, or when the pool is opened again. Then it is
 * copied back through the write-ahead log, in one transaction of SQLite's own; so a snapshot that is
 * being read goes on, unless the log grows beyond what it may.
 */

import type { StatementOutcome } from '../node/sql.ts';
import type { Connection } from './connection.ts';
import type { SqlDatabase } from './database.ts';
import type { EntryContext } from './entry-context.ts';
import { isDeterministic, SqliteError } from './sql-error.ts';

/** SQLITE_DBCONFIG_DQS_DDL */
const DQS_DDL = 1014;
/** SQLITE_LIMIT_ATTACHED */
const LIMIT_ATTACHED = 7;
/** What the virtual machine's instruction is called, and where a listing of a program tells it. */
const INSTRUCTION = 'Vacuum';
const NAME_AT = 1;
const INTO_AT = 3;

/**
 * Outside of transactions. A schema or data that no statement would have made, but an imported file may
 * hold, can make it fail, with everything as it was: on every node alike, so that is an answer. What it
 * throws is this node's own trouble.
 */
export function runVacuum(database: SqlDatabase, context: EntryContext): StatementOutcome {
  const { connection, runtime } = database;
  database.settle();
  context.beginStatement(0);
  connection.limit(LIMIT_ATTACHED, 1);
  connection.run('PRAGMA temp_store = FILE');
  // What was made with double-quoted strings is made again.
  connection.configure(DQS_DDL, true);
  try {
    runtime.during(context, () => {
      runtime.reseed();
      connection.run('VACUUM');
    });
  } catch (error) {
    if (!(error instanceof SqliteError) || !isOfData(error)) throw error;
    const { message, resultCode } = error;
    const sqlite = { resultCode, offset: null, statement: 0 };
    return { type: 'error', error: { code: 'Sql', message, sqlite } };
  } finally {
    connection.configure(DQS_DDL, false);
    connection.run('PRAGMA temp_store = MEMORY');
    connection.limit(LIMIT_ATTACHED, 0);
    database.disturb();
  }
  return {
    type: 'result',
    result: { rowsAffected: 0, lastInsertRowId: 0, columns: [], rows: [] },
  };
}

/** By these words SQLite says that something is open on the connection, which is this node's own. */
function isOfData({ resultCode, message }: SqliteError): boolean {
  return isDeterministic(resultCode) && !message.startsWith('cannot VACUUM');
}

/** Of a statement that begins with VACUUM and compiles: what its program says it does. */
export function vacuumForm(connection: Connection, sql: string): 'rebuild' | 'copy' | 'nothing' {
  const program = connection.prepare(`EXPLAIN ${sql}`);
  try {
    while (program.step()) {
      const row = program.row();
      if (row[NAME_AT] === INSTRUCTION) return row[INTO_AT] === 0 ? 'rebuild' : 'copy';
    }
    return 'nothing';
  } finally {
    program.finalize();
  }
}
