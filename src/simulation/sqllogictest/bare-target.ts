/**
 * SQLite's WebAssembly build as its package gives it, without anything of ours: what logic tests on a
 * cluster are compared with. Foreign keys are on, as they are in entries.
 */

import initialize, { type Database, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import type { SqlValue } from '../../node/sql.ts';
import type { LogicTarget, TargetOutcome } from './runner.ts';

/** What the package's types do not tell of its initializer. */
type Initialize = (options: {
  print: (line: string) => void;
  printErr: (line: string) => void;
}) => Promise<Sqlite3Static>;

/** One module serves all files of a thread. */
let loading: Promise<Sqlite3Static> | null = null;

export class BareTarget implements LogicTarget {
  readonly engines = ['sqlite', 'bare'];
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(): Promise<BareTarget> {
    loading ??= load();
    const sqlite3 = await loading;
    const database = new sqlite3.oo1.DB(':memory:');
    database.exec('PRAGMA foreign_keys = ON');
    return new BareTarget(database);
  }

  async execute(sql: string): Promise<TargetOutcome> {
    return this.#run(sql);
  }

  async query(sql: string): Promise<TargetOutcome> {
    return this.#run(sql);
  }

  async verdict(): Promise<string | null> {
    return null;
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string): TargetOutcome {
    const columnNames: string[] = [];
    try {
      const rows = this.#database.exec(sql, {
        rowMode: 'array',
        returnValue: 'resultRows',
        columnNames,
      }) as SqlValue[][];
      return { type: 'rows', columns: columnNames.length, rows };
    } catch (error) {
      return { type: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  }
}

function silent(): void {}

/** Failing statements are part of what is tested: they are not to be logged. */
function load(): Promise<Sqlite3Static> {
  Object.assign(globalThis, { sqlite3ApiConfig: { warn: silent, error: silent } });
  return (initialize as unknown as Initialize)({ print: silent, printErr: silent });
}
