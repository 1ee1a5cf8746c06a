/**
 * Cutting scripts into statements, and telling what a statement is, by SQLite's own lexer and
 * compiler.
 *
 * A semicolon ends a statement where SQLite says so (`sqlite3_complete`), which knows the bodies of
 * triggers. It is asked once for each semicolon that is outside of literals, names and comments,
 * and only about the text since the last one: when that did not end the statement, the lexer was in
 * a trigger's body, behind a semicolon, and is put there again by a prefix. So the time is linear.
 */

import type { StatementError, StatementKind } from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { SQLITE_MISUSE } from './raw-api.ts';
import { isDeterministic, SqliteError } from './sql-error.ts';
import { isBlank, leadingKeyword, scanToSemicolon, skipGap } from './sql-text.ts';
import { statementError } from './statement-run.ts';
import { vacuumForm } from './vacuum.ts';

/** Puts SQLite's lexer into a trigger's body, behind a semicolon. */
const IN_TRIGGER = 'CREATE TRIGGER;';

const UNKNOWN_KIND = {
  readOnly: false,
  transaction: null,
  foreignKeys: null,
  vacuum: false,
} as const;

export function splitScript(
  database: SqlDatabase,
  script: string,
): { sql: string; kind: StatementKind }[] {
  return cutStatements(database, script).map((sql) => ({ sql, kind: classify(database, sql) }));
}

/** The statements word for word, each with its semicolon if it has one; the last may be cut short. */
export function cutStatements(database: SqlDatabase, script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let asked = 0;
  let isMeaningful = false;
  while (asked < script.length) {
    const { end, foundSemicolon, meaningful } = scanToSemicolon(script, asked);
    isMeaningful ||= meaningful;
    const prefix = asked > start ? IN_TRIGGER : '';
    const isEnd =
      !foundSemicolon ||
      !isMeaningful ||
      isComplete(database, `${prefix}${script.slice(asked, end)}`);
    asked = end;
    if (!isEnd) continue;
    if (isMeaningful) statements.push(script.slice(skipGap(script, start), end).trimEnd());
    start = end;
    isMeaningful = false;
  }
  if (isMeaningful) statements.push(script.slice(skipGap(script, start)).trimEnd());
  return statements;
}

/** What SQLite's compiler says of the statement; nothing of it runs. */
export function classify(database: SqlDatabase, sql: string): StatementKind {
  return database.guarded('classify', leadingKeyword(sql), () => {
    try {
      return compileKind(database, sql);
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error;
      const { resultCode, offset, message } = error;
      if (resultCode !== SQLITE_MISUSE && !isDeterministic(resultCode)) throw error;
      const sqlite = { resultCode, offset, statement: 0 };
      return { ...UNKNOWN_KIND, error: { code: 'Sql', message, sqlite } };
    }
  });
}

function compileKind(database: SqlDatabase, sql: string): StatementKind {
  const { connection } = database;
  const { statement, tail } = connection.compile(sql);
  if (statement === null) return { ...UNKNOWN_KIND, error: misuse('the statement is empty') };
  try {
    if (!isBlank(tail)) return { ...UNKNOWN_KIND, error: misuse('one statement at a time') };
    if (statement.isExplain) return { ...UNKNOWN_KIND, readOnly: true, error: null };
    const { hasSideEffect, transaction, foreignKeysValue } = database.guard;
    const keyword = leadingKeyword(sql);
    return {
      // SQLite says so, too, of a DROP … IF EXISTS of what is not there, which may come.
      readOnly: statement.readOnly && !hasSideEffect && transaction === null && keyword !== 'drop',
      transaction: transactionKind(transaction),
      foreignKeys: foreignKeysValue,
      vacuum: keyword === 'vacuum' && vacuumForm(connection, sql) === 'rebuild',
      error: null,
    };
  } finally {
    statement.finalize();
  }
}

function transactionKind(operation: string | null): StatementKind['transaction'] {
  switch (operation) {
    case 'BEGIN':
      return 'begin';
    case 'COMMIT':
      return 'commit';
    case 'ROLLBACK':
      return 'rollback';
    default:
      return null;
  }
}

function isComplete(database: SqlDatabase, sql: string): boolean {
  const { pointer } = database.connection.writeText(sql);
  return database.connection.api.sqlite3_complete(pointer) !== 0;
}

function misuse(message: string): StatementError {
  return statementError('Sql', message, SQLITE_MISUSE, 0);
}
