/**
 * The interface of SQLocal (npm `sqlocal`, 0.18) over a cluster: a program that was written for the one moves
 * over by its import. What differs, because a write needs a majority and every node must compute the same, is
 * said where it does; what cannot be is refused, and says what to do instead.
 *
 * @module
 */

import type { Database, Transaction, TransactionOptions } from '../client/resqlite.ts';
import {
  checkConfig,
  type ClientConfig,
  type ConnectReason,
  type DatabasePath,
} from './sqlocal-config.ts';
import { Connection } from './sqlocal-connection.ts';
import {
  blobOf,
  fileNameOf,
  infoOf,
  type DatabaseFile,
  type DatabaseInfo,
} from './sqlocal-files.ts';
import { noFunction, rejected } from './sqlocal-refusals.ts';
import { reactiveQuery, type ReactiveQuery, type Subscription } from './sqlocal-reactive.ts';
import {
  ownStatement,
  plainStatement,
  sqlTag,
  type AnyRow,
  type DrizzleQuery,
  type KyselyCompiledQuery,
  type KyselyQuery,
  type ReturningStatement,
  type SqlTag,
  type Statement,
  type StatementInput,
} from './sqlocal-statements.ts';
import { runBatch, transactionHandle, type TransactionHandle } from './sqlocal-transaction.ts';
import { invalidUse, rowObjects } from './targets.ts';

export type {
  AnyRow,
  ClientConfig,
  ConnectReason,
  DatabaseFile,
  DatabaseInfo,
  DatabasePath,
  DrizzleQuery,
  KyselyCompiledQuery,
  KyselyQuery,
  ReactiveQuery,
  ReturningStatement,
  SqlTag,
  Statement,
  StatementInput,
  Subscription,
  TransactionHandle,
};

/**
 * A database in SQLocal's form. It is opened as soon as the client is made; every call waits for that, and
 * for `onInit`. Every method may be taken from its client. Each rejects with `ResqliteError` and nothing
 * else, but for what the caller's own functions throw.
 *
 * A write resolves when a majority of the cluster's voters has it, and rejects where there is none: then
 * `applied` tells whether it took effect.
 *
 * @example
 * ```ts
 * import { SQLocal } from 'resqlite/sqlocal';
 *
 * const { sql, destroy } = new SQLocal('garden.sqlite3');
 * await sql`CREATE TABLE plant (id INTEGER PRIMARY KEY, name TEXT)`;
 * for (const name of ['fern', 'moss']) await sql`INSERT INTO plant (name) VALUES (${name})`;
 * await sql`SELECT name FROM plant WHERE id > ${1}`; // => [{ name: 'moss' }]
 * await destroy();
 * ```
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- The constructor sets what the interface adds.
export class SQLocal {
  readonly #config: ClientConfig;
  readonly #connection: Connection;

  /** `databasePath` is a name for the database. Throws `ResqliteError` 'InvalidArgument'. */
  constructor(databasePath: DatabasePath);
  /** Throws `ResqliteError` 'InvalidArgument', and what `onInit` throws. */
  constructor(config: ClientConfig);
  constructor(given: DatabasePath | ClientConfig) {
    this.#config = checkConfig(given);
    this.#connection = new Connection(this.#config);
    // Not every browser has the symbols yet; what compilers put in their place has these names.
    Object.assign(this, {
      [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => void this.destroy(),
      [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: () => this.destroy(),
    });
  }

  /**
   * The database beneath, for everything else that it can. It ends with `destroy`; a page that the browser
   * had put aside has another one when it comes back.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('garden.sqlite3');
   * const db = await client.database();
   * (await db.status()).state; // => 'running'
   * (await db.query('SELECT 1', [], { level: 'none' })).rows; // => [[1]]
   * await client.destroy();
   * ```
   */
  readonly database = (): Promise<Database> => this.#connection.ready();

  /**
   * Runs one statement and gives its rows: a template, whose values become parameters, or a text and its
   * values. One that only reads is linearizable; any other goes through the log. 'Sql' where it is not one
   * statement; BEGIN and COMMIT are none of a log entry ('NotReplicable'): `transaction` and `batch` are for that.
   *
   * @example
   * ```ts
   * import { SQLocal, type AnyRow } from 'resqlite/sqlocal';
   *
   * interface Plant {
   *   id: number;
   *   name: string;
   * }
   *
   * const { sql, destroy } = new SQLocal('garden.sqlite3');
   * await sql`CREATE TABLE plant (id INTEGER PRIMARY KEY, name TEXT UNIQUE)`;
   * await sql('INSERT INTO plant (name) VALUES (?) RETURNING id', 'fern'); // => [{ id: 1 }]
   * const plants = await sql<Plant>`SELECT * FROM plant`;
   * plants.map(({ name }) => name); // => ['fern']
   * const [count]: AnyRow[] = await sql`SELECT count(*) AS n FROM plant`;
   * count?.['n']; // => 1
   * await sql`INSERT INTO plant (name) VALUES ('fern')`; // throws 'Sql'
   * await sql`BEGIN`; // throws 'NotReplicable'
   * await destroy();
   * ```
   */
  readonly sql = async <Result extends AnyRow = AnyRow>(
    queryTemplate: TemplateStringsArray | string,
    ...params: unknown[]
  ): Promise<Result[]> => {
    const statement = plainStatement(sqlTag(queryTemplate, ...params));
    const database = await this.#connection.ready();
    if (this.#config.readOnly === true) {
      return rowObjects(await database.query(statement.sql, statement.params));
    }
    const strings = Object.assign([statement.sql], { raw: [statement.sql] });
    return database.sql<Result>(strings, ...statement.params);
  };

  /**
   * Runs statements as one atomic transaction, in one log entry, and gives the rows of each. Rejects with
   * the error of the first that fails, its place in `statement`: then none has taken effect.
   *
   * @example
   * ```ts
   * import { SQLocal, type SqlTag, type Statement } from 'resqlite/sqlocal';
   *
   * const { sql, batch, destroy } = new SQLocal('garden.sqlite3');
   * await sql`CREATE TABLE plant (name TEXT UNIQUE)`;
   * const insert = (tag: SqlTag, names: string[]): Statement[] =>
   *   names.map((name) => tag`INSERT INTO plant VALUES (${name})`);
   * const answers = await batch((tag) => [
   *   ...insert(tag, ['fern', 'moss']),
   *   tag`SELECT count(*) AS n FROM plant`,
   * ]);
   * answers; // => [[], [], [{ n: 2 }]]
   * await batch((tag) => insert(tag, ['rose', 'fern'])); // throws 'Sql'
   * await sql`SELECT count(*) AS n FROM plant`; // => [{ n: 2 }]
   * await destroy();
   * ```
   */
  readonly batch = async <Result extends AnyRow = AnyRow>(
    passStatements: (sql: SqlTag) => Statement[],
  ): Promise<Result[][]> => {
    const statements = passStatements(sqlTag).map(ownStatement);
    const database = await this.#connection.ready();
    const answers = await runBatch(database, statements, this.#config.readOnly === true);
    return answers.map((answer) => rowObjects<Result>(answer));
  };

  /**
   * Runs `work` as one serializable transaction on this tab's copy, and commits it when `work` ends. Where
   * others have changed meanwhile what it saw it begins anew: `work` may run several times, and should do
   * nothing but call its `tx`. What it throws undoes the transaction and is thrown on. Rejects with 'Conflict'
   * where every attempt met others. `options` are those of `Database.transaction`.
   *
   * @example
   * ```ts
   * import { SQLocal, type TransactionHandle } from 'resqlite/sqlocal';
   *
   * const { sql, transaction, destroy } = new SQLocal('garden.sqlite3');
   * await sql`CREATE TABLE bed (name TEXT, plants INTEGER)`;
   * await sql`INSERT INTO bed VALUES ('north', 3), ('south', 0)`;
   * const move = async (tx: TransactionHandle) => {
   *   const [north] = await tx.sql`SELECT plants FROM bed WHERE name = 'north'`;
   *   if (north?.['plants'] < 2) throw new Error('too few');
   *   await tx.batch((tag) => [
   *     tag`UPDATE bed SET plants = plants - 2 WHERE name = 'north'`,
   *     tag`UPDATE bed SET plants = plants + 2 WHERE name = 'south'`,
   *   ]);
   * };
   * await transaction(move);
   * await transaction(move).catch((error) => error.message); // => 'too few'
   * await sql`SELECT plants FROM bed ORDER BY name`; // => [{ plants: 1 }, { plants: 2 }]
   * await destroy();
   * ```
   */
  readonly transaction = async <Result>(
    work: (tx: TransactionHandle) => Promise<Result>,
    options: TransactionOptions = {},
  ): Promise<Result> => {
    const database = await this.#connection.ready();
    const run = async (tx: Transaction): Promise<Result> => {
      const { handle, checkWhole } = transactionHandle(tx, this.#config.readOnly === true);
      const result = await work(handle);
      checkWhole();
      return result;
    };
    return database.transaction(run, options);
  };

  /**
   * A query that tells its subscribers of its rows, and of every other result that anything committed in any tab
   * leads to; `DELETE` without WHERE and tables without rowids included. It reads this tab's copy, also where
   * there is no majority. Throws 'InvalidArgument' where it is given no statement.
   *
   * @example
   * ```ts
   * import { SQLocal, type ReactiveQuery, type Subscription } from 'resqlite/sqlocal';
   *
   * const { sql, reactiveQuery, destroy } = new SQLocal('garden.sqlite3');
   * await sql`CREATE TABLE plant (name TEXT)`;
   * const plants: ReactiveQuery<{ name: string }> = reactiveQuery((tag) => tag`SELECT name FROM plant`);
   * const counts: number[] = [];
   * const subscription: Subscription = plants.subscribe((rows) => counts.push(rows.length));
   * counts; // soon => [0]
   * await sql`INSERT INTO plant VALUES ('fern'), ('moss')`;
   * plants.value; // soon => [{ name: 'fern' }, { name: 'moss' }]
   * await sql`DELETE FROM plant`;
   * counts; // soon => [0, 2, 0]
   * subscription.unsubscribe();
   * await destroy();
   * ```
   */
  readonly reactiveQuery = <Result extends AnyRow = AnyRow>(
    passStatement: StatementInput<Result>,
  ): ReactiveQuery<Result> =>
    reactiveQuery<Result>(
      plainStatement(passStatement as StatementInput),
      this.#connection.watches,
    );

  /**
   * What is known of this tab's copy; it needs no majority.
   *
   * @example
   * ```ts
   * import { SQLocal, type DatabaseInfo } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('garden.sqlite3');
   * const { databasePath, storageType, databaseSizeBytes = 0 }: DatabaseInfo =
   *   await client.getDatabaseInfo();
   * [databasePath, storageType, databaseSizeBytes > 0]; // => ['garden.sqlite3', 'opfs', true]
   * await client.destroy();
   * ```
   */
  readonly getDatabaseInfo = async (): Promise<DatabaseInfo> =>
    infoOf(await this.#connection.open(), this.#config.databasePath);

  /**
   * This tab's copy as a standard SQLite file, without what is only the cluster's. Rejects with 'Overloaded' where
   * another export is under way in this tab.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('my/garden.sqlite3');
   * await client.sql`CREATE TABLE plant (name TEXT)`;
   * const file = await client.getDatabaseFile();
   * file.name; // => 'garden.sqlite3'
   * await file.slice(0, 15).text(); // => 'SQLite format 3'
   * await client.destroy();
   * ```
   */
  readonly getDatabaseFile = async (): Promise<File> => {
    const database = await this.#connection.ready();
    const blob = await database.export();
    return new File([blob], fileNameOf(this.#config.databasePath), { type: blob.type });
  };

  /**
   * A SQLite file takes the place of all data, on every node; until all of it has arrived nothing changes.
   * `beforeUnlock` is called behind it, and behind `onInit`'s statements. It locks nobody out: other tabs see the
   * new data meanwhile, and may write. Rejects with 'InvalidArgument' where the file is damaged or holds what
   * cannot be replicated, and with `applied` 'yes' where only `onInit`'s statements fail on the new data.
   *
   * @example
   * ```ts
   * import { SQLocal, type DatabaseFile } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('garden.sqlite3');
   * const { sql } = client;
   * await sql`CREATE TABLE plant (name TEXT)`;
   * const kept: DatabaseFile = await client.getDatabaseFile();
   * await sql`INSERT INTO plant VALUES ('nettle')`;
   * await client.overwriteDatabaseFile(kept, async () => {
   *   await sql`INSERT INTO plant VALUES ('fern')`;
   * });
   * await sql`SELECT name FROM plant`; // => [{ name: 'fern' }]
   * await client.overwriteDatabaseFile(new Blob(['no database'])); // throws 'InvalidArgument'
   * await client.destroy();
   * ```
   */
  readonly overwriteDatabaseFile = async (
    databaseFile: DatabaseFile,
    beforeUnlock: () => void | Promise<void> = () => undefined,
  ): Promise<void> => {
    this.#checkWritable();
    const blob = await blobOf(databaseFile);
    const database = await this.#connection.open();
    await database.import(blob);
    await this.#connection.overwritten(database, beforeUnlock);
  };

  /**
   * Rejects with 'Refused': the file is every member's. To empty the database drop its tables, or overwrite it with
   * an empty one; to give up this tab's copy of it there is `leave` of `database()`.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('garden.sqlite3');
   * await client.sql`CREATE TABLE plant (name TEXT)`;
   * await client.deleteDatabaseFile(); // throws 'Refused'
   * await client.batch((sql) => [sql`DROP TABLE plant`]);
   * await client.destroy();
   * ```
   */
  readonly deleteDatabaseFile: (
    beforeUnlock?: () => void | Promise<void>,
    destroy?: boolean,
  ) => Promise<void> = () =>
    rejected(
      'Refused',
      'the database is every member’s, and no tab deletes it: drop its tables or overwrite it with an ' +
        'empty file to empty it, or give up this tab’s copy by `(await client.database()).leave()`',
    );

  /**
   * Rejects with 'NotReplicable'. Instead `reactiveQuery` tells of changes, whichever tab makes them.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { createCallbackFunction, reactiveQuery, destroy } = new SQLocal('garden.sqlite3');
   * await createCallbackFunction('planted', (name: string) => name); // throws 'NotReplicable'
   * const names: string[] = [];
   * reactiveQuery((sql) => sql`SELECT 'fern' AS name`).subscribe((rows) => {
   *   for (const { name } of rows) names.push(name);
   * });
   * names; // soon => ['fern']
   * await destroy();
   * ```
   */
  readonly createCallbackFunction: (
    funcName: string,
    func: (...args: never[]) => void,
  ) => Promise<void> = () =>
    noFunction(
      'watch what it would be called for by `reactiveQuery`, or call it beside the statement',
    );

  /**
   * Rejects with 'NotReplicable'. Instead compute in SQL, or in the page and pass the value as a parameter.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { sql, createScalarFunction, destroy } = new SQLocal('garden.sqlite3');
   * const reversed = (text: string) => [...text].toReversed().join('');
   * await createScalarFunction('reversed', reversed); // throws 'NotReplicable'
   * await sql`SELECT ${reversed('fern')} AS name`; // => [{ name: 'nref' }]
   * await destroy();
   * ```
   */
  readonly createScalarFunction: (
    funcName: string,
    func: (...args: never[]) => unknown,
  ) => Promise<void> = () =>
    noFunction('compute in SQL, or in the page, and pass the value as a parameter');

  /**
   * Rejects with 'NotReplicable'. Instead aggregate in SQL, or in the page over the rows of a query.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { sql, createAggregateFunction, destroy } = new SQLocal('garden.sqlite3');
   * const product = { step: (_height: number) => undefined, final: () => 1 };
   * await createAggregateFunction('product', product); // throws 'NotReplicable'
   * const rows = await sql<{ height: number }>`SELECT 2 AS height UNION ALL SELECT 3`;
   * rows.reduce((all, { height }) => all * height, 1); // => 6
   * await destroy();
   * ```
   */
  readonly createAggregateFunction: (
    funcName: string,
    func: { step: (...args: never[]) => void; final: (...args: never[]) => unknown },
  ) => Promise<void> = () =>
    noFunction('aggregate in SQL, or in the page over the rows of a query');

  /**
   * Rejects with 'NotReplicable'. Instead there are SQLite's window functions, and the rows of a query.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { sql, createWindowFunction, destroy } = new SQLocal('garden.sqlite3');
   * const sum = { step: () => undefined, inverse: () => undefined, value: () => 0, final: () => 0 };
   * await createWindowFunction('running', sum); // throws 'NotReplicable'
   * await sql`SELECT sum(n) OVER (ORDER BY n) AS running FROM (SELECT 1 AS n UNION SELECT 2)`;
   * // => [{ running: 1 }, { running: 3 }]
   * await destroy();
   * ```
   */
  readonly createWindowFunction: (
    funcName: string,
    func: {
      step: (...args: never[]) => void;
      value: (...args: never[]) => unknown;
      inverse: (...args: never[]) => void;
      final: (...args: never[]) => unknown;
    },
  ) => Promise<void> = () =>
    noFunction('use SQLite’s own window functions, or the page, over the rows of a query');

  /**
   * Gives the database back, with its reactive queries; this tab's node closes with the page's last handle.
   * Whatever is asked of the client from now on rejects with 'Closed'. The argument is SQLocal's, and changes nothing.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const client = new SQLocal('garden.sqlite3');
   * await client.sql`SELECT 1 AS one`; // => [{ one: 1 }]
   * await client.destroy();
   * await client.sql`SELECT 1 AS one`; // throws 'Closed'
   * ```
   */
  readonly destroy: (skipOptimize?: boolean) => Promise<void> = () => this.#connection.destroy();

  #checkWritable(): void {
    if (this.#config.readOnly !== true) return;
    throw invalidUse('this client was made with readOnly');
  }
}

/** `using` and `await using` end a client by `destroy`, where a program's TypeScript knows of them. */
export interface SQLocal extends Used {}

type Used = typeof Symbol extends {
  readonly dispose: infer Dispose extends symbol;
  readonly asyncDispose: infer AsyncDispose extends symbol;
}
  ? { readonly [key in Dispose]: () => void } & {
      readonly [key in AsyncDispose]: () => Promise<void>;
    }
  : object;
