/**
 * SQLite without replication, in a worker as the product's own is: the baseline of what is measured.
 * It is given what SQLite has to offer: statements that were prepared before are used again, and
 * nothing runs besides the statement that was asked for.
 */

import initialize, {
  type Database,
  type PreparedStatement,
  type SAHPoolUtil,
  type Sqlite3Static,
  type SqlValue as Bound,
} from '@sqlite.org/sqlite-wasm';
import { RpcServer } from '../../client/rpc.ts';
import type { SqlParams, SqlValue } from '../../node/sql.ts';
import { STATEMENT_END } from '../rows.ts';
import type { RawAnswer, RawApi, RawMode, RawRows, RawStatement } from '../worker-apis.ts';

const MAX_PREPARED = 64;
const POOL_FILES = 6;
const FILE = '/raw.db';

const PRAGMAS: Readonly<Record<RawMode, string>> = {
  default: 'pragma journal_mode=delete; pragma synchronous=full;',
  'wal-full':
    'pragma locking_mode=exclusive; pragma journal_mode=wal; pragma synchronous=full; begin immediate; commit;',
  'wal-off':
    'pragma locking_mode=exclusive; pragma journal_mode=wal; pragma synchronous=off; begin immediate; commit;',
  memory: '',
};

class RawDatabase {
  readonly #database: Database;
  readonly #pool: SAHPoolUtil | null;
  readonly #preparedBySql = new Map<string, PreparedStatement>();

  constructor(database: Database, pool: SAHPoolUtil | null) {
    this.#database = database;
    this.#pool = pool;
  }

  static async open(sqlite3: Sqlite3Static, mode: RawMode, directory: string) {
    if (mode === 'memory') return new RawDatabase(new sqlite3.oo1.DB(':memory:'), null);
    const pool = await sqlite3.installOpfsSAHPoolVfs({
      name: directory.replaceAll('/', '-'),
      directory,
      initialCapacity: POOL_FILES,
      clearOnInit: true,
    });
    const database = new pool.OpfsSAHPoolDb(FILE);
    database.exec(PRAGMAS[mode]);
    const journal = database.selectValue('pragma journal_mode');
    const expected = mode === 'default' ? 'delete' : 'wal';
    if (journal !== expected) throw new Error(`the journal's mode is ${String(journal)}`);
    return new RawDatabase(database, pool);
  }

  run(sql: string, params: SqlParams): RawAnswer {
    const statement = this.#prepare(sql);
    try {
      if (Array.isArray(params) ? params.length > 0 : Object.keys(params).length > 0) {
        statement.bind(params as Bound[]);
      }
      const columns = statement.columnCount > 0 ? statement.getColumnNames() : [];
      return { columns, rows: rowsOf(statement) };
    } finally {
      statement.reset(true);
    }
  }

  batch(statements: readonly RawStatement[]): void {
    this.#database.exec('begin immediate');
    try {
      for (const { sql, params } of statements) this.run(sql, params);
      this.#database.exec('commit');
    } catch (error) {
      this.#database.exec('rollback');
      throw error;
    }
  }

  /** One statement after the other, each prepared, run and thrown away. */
  script(sql: string, onRows: (rows: SqlValue[][]) => void): void {
    for (const text of sql.split(STATEMENT_END)) {
      if (text.trim() === '') continue;
      const statement = this.#database.prepare(text);
      try {
        const rows = rowsOf(statement);
        if (rows.length > 0) onRows(rows);
      } finally {
        statement.finalize();
      }
    }
  }

  async close(): Promise<void> {
    for (const statement of this.#preparedBySql.values()) statement.finalize();
    this.#database.close();
    await this.#pool?.removeVfs();
  }

  /** What was prepared first is given up first: whoever asks for many asks for each once. */
  #prepare(sql: string): PreparedStatement {
    const known = this.#preparedBySql.get(sql);
    if (known !== undefined) return known;
    for (const [oldest, statement] of this.#preparedBySql) {
      if (this.#preparedBySql.size < MAX_PREPARED) break;
      statement.finalize();
      this.#preparedBySql.delete(oldest);
    }
    const statement = this.#database.prepare(sql);
    this.#preparedBySql.set(sql, statement);
    return statement;
  }
}

function rowsOf(statement: PreparedStatement): SqlValue[][] {
  const rows: SqlValue[][] = [];
  while (statement.step()) rows.push(statement.get([]) as SqlValue[]);
  return rows;
}

let opened: RawDatabase | null = null;

function raw(): RawDatabase {
  if (opened === null) throw new Error('no database is open');
  return opened;
}

const methods: RawApi = {
  open: async (mode, directory) => {
    opened = await RawDatabase.open(await initialize(), mode, directory);
  },
  run: async (sql, params) => raw().run(sql, params),
  batch: async (statements) => raw().batch(statements),
  script: async (sql) => raw().script(sql, (rows) => server.push({ rows })),
  close: async () => {
    await opened?.close();
    opened = null;
  },
};

const server = new RpcServer<RawApi, RawRows>(globalThis, methods);
