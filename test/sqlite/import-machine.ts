/** Nodes and logs for the tests of importing a file by log entries. */

import type { CommandOutcome } from '../../src/node/command.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { DatabaseOptions } from '../../src/sqlite/database.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlState } from '../../src/sqlite/sql-state.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { contentsOf } from './files.ts';
import { importOf, LogWriter } from './import-log.ts';
import { requestOf } from './log.ts';
import { newName } from './support.ts';

const MANY = 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60)';
/** What a file is made by that holds every kind of object. */
export const SCHEMA = [
  'PRAGMA page_size = 1024',
  'CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE)',
  'CREATE TABLE plain(a)',
  'CREATE VIRTUAL TABLE f USING fts5(y)',
  'CREATE VIRTUAL TABLE r USING rtree(id, a, b)',
  'CREATE VIEW v AS SELECT x FROM t',
  'CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO f VALUES(new.x); END',
  `INSERT INTO t(x) ${MANY} SELECT 'text ' || i FROM n`,
  `INSERT INTO plain(rowid, a) ${MANY} SELECT i * 7, zeroblob(i) FROM n`,
  'INSERT INTO r VALUES(3, 1, 2)',
  'ANALYZE',
  'PRAGMA user_version = 12',
];
/** What there is before. */
export const OWN_DATA = [
  requestOf(['CREATE TABLE former(a)', 'INSERT INTO former VALUES(random())']),
];
export const AFTERWARDS = [
  requestOf(["INSERT INTO t(x) VALUES(random()), ('more text')", 'DELETE FROM plain WHERE a < x']),
  requestOf([
    "INSERT INTO plain SELECT group_concat(x) FROM t WHERE x > 'text 5'",
    "UPDATE f SET y = 'other' WHERE rowid IN (SELECT rowid FROM f('more'))",
  ]),
  requestOf(['CREATE INDEX late ON plain(a)', "INSERT INTO t(x) VALUES(datetime('now'))"]),
].map((request) => ({ ...request, mode: 'each' as const }));

export class Machine {
  readonly name = newName();
  readonly #runtime: Runtime;
  readonly #options: Partial<DatabaseOptions>;
  state: SqlState;

  constructor(runtime: Runtime, options: Partial<DatabaseOptions> = {}) {
    this.#runtime = runtime;
    this.#options = options;
    this.state = this.#open();
  }

  apply(entries: readonly Entry[]): readonly CommandOutcome[] {
    const outcome = this.state.apply(entries);
    if (outcome.type !== 'applied') throw new Error(outcome.reason);
    return outcome.outcomes;
  }

  restart(): void {
    this.state.close();
    this.crash();
  }

  /** Its process dies: the files are as they are. */
  crash(): void {
    this.state = this.#open();
  }

  get hash(): string {
    return hashDatabase(this.state.database);
  }

  get contents(): unknown {
    return contentsOf(this.state.database.connection);
  }

  #open(): SqlState {
    return new SqlState(memoryFiles(this.#runtime, this.name), 0, this.#options);
  }

  /** The names under which it has files. */
  get twins(): readonly number[] {
    return memoryFiles(this.#runtime, this.name).twins(0);
  }
}

export function logOfImport(bytes: Uint8Array, chunkBytes = 6_000): LogWriter {
  const log = new LogWriter();
  log.addAll(OWN_DATA, 2);
  log.addAll(importOf(bytes, chunkBytes));
  return log;
}
