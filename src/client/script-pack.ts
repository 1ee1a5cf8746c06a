/**
 * Packs the statements of a script into log entries. Statements that stand alone share entries of
 * mode 'each', `BEGIN … COMMIT` becomes one entry, `PRAGMA foreign_keys` becomes a property of what
 * follows, VACUUM an entry of its own kind, and what only reads is set aside to be run by itself,
 * behind everything before it.
 *
 * Pure: it sends nothing and waits for nothing.
 */

import { MAX_BODY_BYTES } from '../node/limits.ts';
import { failure, type Failure } from '../node/errors.ts';
import type { ExecuteRequest, VacuumRequest } from '../node/sql.ts';
import { beginsWith } from './script-gap.ts';
import type { ScriptStatement } from './script-reader.ts';

export type ScriptUnit =
  /** A log entry. `commit` is the statement that ends its transaction, if it is one. */
  | {
      readonly type: 'entry';
      readonly request: ExecuteRequest | VacuumRequest;
      readonly statements: readonly ScriptStatement[];
      readonly commit: ScriptStatement | null;
    }
  /** It only reads. */
  | { readonly type: 'read'; readonly statement: ScriptStatement }
  /** It looks like a read, but did not compile while earlier statements had not run. */
  | { readonly type: 'unclear'; readonly statement: ScriptStatement }
  /** Nothing is to be run for it; `failure` where it is an error. */
  | {
      readonly type: 'settled';
      readonly statement: ScriptStatement;
      readonly failure: Failure | null;
    }
  /** It was part of a transaction that was rolled back. */
  | { readonly type: 'dropped'; readonly statement: ScriptStatement };

interface Block {
  readonly begin: ScriptStatement;
  readonly statements: ScriptStatement[];
  characters: number;
}

export const ENTRY_STATEMENTS = 256;
/** UTF-8 takes at most three bytes for one of these; entries stay far below the limit. */
export const ENTRY_CHARACTERS = 128 * 1024;
const SQLITE_ERROR = 1;
const READING_WORD = /(?:select|values|with|explain)\b/iy;

export class ScriptPacker {
  readonly #bail: boolean;
  readonly #rows: boolean;
  readonly #ignoreTransactions: boolean;
  #foreignKeys = true;
  #waiting: ScriptStatement[] = [];
  #waitingCharacters = 0;
  #block: Block | null = null;

  /**
   * `bail`: stop at the first error. `rows`: keep what statements answer. `ignoreTransactions`: what is
   * between BEGIN and COMMIT stands alone.
   */
  constructor(options: {
    readonly bail: boolean;
    readonly rows: boolean;
    readonly ignoreTransactions: boolean;
  }) {
    this.#bail = options.bail;
    this.#rows = options.rows;
    this.#ignoreTransactions = options.ignoreTransactions;
  }

  /** What is ready to be run, in order. */
  add(statement: ScriptStatement): ScriptUnit[] {
    const { kind } = statement;
    if (kind.transaction !== null) return this.#addTransaction(statement, kind.transaction);
    if (this.#block !== null) return this.#addToBlock(statement, this.#block);
    if (kind.foreignKeys !== null) {
      const ready = this.#flush();
      this.#foreignKeys = kind.foreignKeys;
      return [...ready, { type: 'settled', statement, failure: null }];
    }
    if (kind.vacuum) return [...this.#flush(), vacuum(statement)];
    if (kind.readOnly) return [...this.#flush(), { type: 'read', statement }];
    if (kind.error !== null && beginsWith(statement.sql, READING_WORD)) {
      return [...this.#flush(), { type: 'unclear', statement }];
    }
    return this.#addAlone(statement);
  }

  /** An 'unclear' statement that turned out to write, or not to compile at all: run it as it is. */
  entryOf(statement: ScriptStatement): ScriptUnit {
    return this.#entry([statement], 'each', null);
  }

  /** The script is at its end. */
  end(): ScriptUnit[] {
    const block = this.#block;
    if (block === null) return this.#flush();
    this.#block = null;
    const message = 'the script ends inside this transaction: it was rolled back';
    return [
      { type: 'settled', statement: block.begin, failure: sqlFailure(block.begin, message) },
      ...block.statements.map((statement) => ({ type: 'dropped', statement }) as const),
    ];
  }

  #addAlone(statement: ScriptStatement): ScriptUnit[] {
    const characters = statement.sql.length;
    if (characters > MAX_BODY_BYTES) {
      const message = 'the statement is larger than a log entry may be';
      return [...this.#flush(), { type: 'settled', statement, failure: tooLarge(message) }];
    }
    const before = this.#waitingCharacters + characters > ENTRY_CHARACTERS ? this.#flush() : [];
    this.#waiting.push(statement);
    this.#waitingCharacters += characters;
    const full =
      this.#waiting.length >= ENTRY_STATEMENTS || this.#waitingCharacters >= ENTRY_CHARACTERS;
    return full ? [...before, ...this.#flush()] : before;
  }

  #addToBlock(statement: ScriptStatement, block: Block): ScriptUnit[] {
    // Inside a transaction SQLite ignores this pragma; so does everybody.
    if (statement.kind.foreignKeys !== null) return [];
    block.characters += statement.sql.length;
    // Of a transaction that is too large anyway nothing needs to be kept.
    if (block.characters > MAX_BODY_BYTES) block.statements.length = 0;
    else block.statements.push(statement);
    return [];
  }

  #addTransaction(
    statement: ScriptStatement,
    transaction: 'begin' | 'commit' | 'rollback',
  ): ScriptUnit[] {
    if (this.#ignoreTransactions) {
      const ready = this.#flush();
      if (transaction !== 'rollback')
        return [...ready, { type: 'settled', statement, failure: null }];
      return [...ready, refused(statement, 'cannot rollback - transactions are ignored')];
    }
    const block = this.#block;
    if (transaction === 'begin') {
      if (block !== null) return [refused(statement, 'cannot start a transaction within another')];
      const ready = this.#flush();
      this.#block = { begin: statement, statements: [], characters: 0 };
      return ready;
    }
    if (block === null) {
      const message = `cannot ${transaction} - no transaction is active`;
      return [...this.#flush(), refused(statement, message)];
    }
    this.#block = null;
    const begun: ScriptUnit = { type: 'settled', statement: block.begin, failure: null };
    const ended: ScriptUnit = { type: 'settled', statement, failure: null };
    if (transaction === 'rollback') {
      const dropped = block.statements.map(
        (inner) => ({ type: 'dropped', statement: inner }) as const,
      );
      return [begun, ...dropped, ended];
    }
    if (block.characters > MAX_BODY_BYTES) return [overflowed(block.begin)];
    if (block.statements.length === 0) return [begun, ended];
    // sqlite3 -bail leaves an open transaction behind, which is undone: so is one here.
    const mode = this.#bail ? 'atomic' : 'script';
    return [begun, this.#entry(block.statements, mode, statement)];
  }

  #flush(): ScriptUnit[] {
    if (this.#waiting.length === 0) return [];
    const entry = this.#entry(this.#waiting, 'each', null);
    this.#waiting = [];
    this.#waitingCharacters = 0;
    return [entry];
  }

  #entry(
    statements: readonly ScriptStatement[],
    mode: ExecuteRequest['mode'],
    commit: ScriptStatement | null,
  ): ScriptUnit {
    const request = {
      statements: statements.map(({ sql }) => ({ sql })),
      mode,
      foreignKeys: this.#foreignKeys,
      bail: this.#bail,
      rows: this.#rows,
    };
    return { type: 'entry', request, statements, commit };
  }
}

function vacuum(statement: ScriptStatement): ScriptUnit {
  return { type: 'entry', request: { mode: 'vacuum' }, statements: [statement], commit: null };
}

function overflowed(begin: ScriptStatement): ScriptUnit {
  const message =
    `this transaction is larger than the ${MAX_BODY_BYTES / 2 ** 20} MiB a log entry may have, and ` +
    'nothing of it was run: cut it into several, or run the script with `ignoreTransactions`';
  return { type: 'settled', statement: begin, failure: tooLarge(message) };
}

function refused(statement: ScriptStatement, message: string): ScriptUnit {
  return { type: 'settled', statement, failure: sqlFailure(statement, message) };
}

function sqlFailure(statement: ScriptStatement, message: string): Failure {
  const sqlite = { resultCode: SQLITE_ERROR, offset: null, statement: statement.number };
  return { ...failure('Sql', 'no', message), sqlite };
}

function tooLarge(message: string): Failure {
  return failure('TooLarge', 'no', message);
}
