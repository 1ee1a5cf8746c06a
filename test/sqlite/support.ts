/** Databases in memory for the tests of sqlite/ in Node. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { Failure } from '../../src/node/errors.ts';
import type { ExecuteResponse, StateRequest, Statement } from '../../src/node/sql.ts';
import type { Entry } from '../../src/raft/types.ts';
import { Applier } from '../../src/sqlite/apply.ts';
import { SqlDatabase, type DatabaseOptions } from '../../src/sqlite/database.ts';
import { loadRuntime, type Runtime } from '../../src/sqlite/runtime.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { Vfs } from '../../src/sqlite/vfs.ts';
import { executeEntry, registration, requestOf, responseOf, type RequestOptions } from './log.ts';

let nextPath = 1;

async function compileSqlite(): Promise<WebAssembly.Module> {
  const path = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm');
  return WebAssembly.compile(await readFile(path));
}

export function loadTestRuntime(): Promise<Runtime> {
  return loadRuntime(compileSqlite);
}

/** A new name for a file in the module's memory. */
export function newPath(): string {
  const path = `/test-${nextPath}.db`;
  nextPath += 1;
  return path;
}

/** A new name for a machine whose files are in the module's memory. */
export function newName(): string {
  const name = `machine-${nextPath}`;
  nextPath += 1;
  return name;
}

/** A SQL service on files in memory, until the test ends. */
export async function openService(runtime: Runtime): Promise<SqlService> {
  const service = new SqlService(async () => memoryFiles(runtime, newName()));
  onTestFinished(() => service.close());
  await service.open('x', 0);
  return service;
}

/** What a call to a SQL service fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SqlFailure) return error.failure;
  throw new Error(`no failure: ${String(error)}`);
}

/** A database, its applier, and a session in which requests are run one after another. */
export class TestNode {
  readonly runtime: Runtime;
  path: string;
  readonly options: Partial<DatabaseOptions>;
  database: SqlDatabase;
  applier: Applier;
  #sequence = 0;

  constructor(runtime: Runtime, options: Partial<DatabaseOptions> = {}, path = newPath()) {
    this.runtime = runtime;
    this.path = path;
    this.options = options;
    this.database = this.#open();
    this.applier = new Applier(this.database);
  }

  /** Closes and opens it, as a restart does. */
  reopen(): void {
    this.database.close();
    this.database = this.#open();
    this.applier = new Applier(this.database);
  }

  /** Opens the files as they are, as after the death of the process. */
  crash(): void {
    this.database = this.#open();
    this.applier = new Applier(this.database);
  }

  /** Goes on with a copy of the database file alone, as after a restore from a snapshot. */
  restore(): void {
    this.database.endHolds();
    this.database.makeDurable();
    const file = this.database.file();
    this.path = newPath();
    const copy = new Vfs(this.runtime, null).open(this.path, 'database');
    copy.write(0, file.read(0, file.sizeBytes()));
    copy.close();
    this.reopen();
  }

  close(): void {
    this.database.close();
  }

  /** `staysOpen`: commit before anything else is done. */
  apply(entries: readonly Entry[], staysOpen = false): readonly CommandOutcome[] {
    const outcome = this.applier.apply(entries, staysOpen);
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    return outcome.outcomes;
  }

  /** Applies one request as the log's next entry. */
  run(statements: readonly (string | Statement)[], options: RequestOptions = {}): ExecuteResponse {
    return this.runRequest(requestOf(statements, options));
  }

  runRequest(request: StateRequest): ExecuteResponse {
    if (this.applier.appliedIndex === 0) this.apply([registration()]);
    this.#sequence += 1;
    const index = this.applier.appliedIndex + 1;
    const body = encodeRequest(request);
    const [outcome] = this.apply([executeEntry(index, { sequence: this.#sequence, body })]);
    return responseOf(outcome);
  }

  /** The only row of a query of the test's own. */
  get(sql: string): readonly unknown[] {
    return this.all(sql)[0] ?? [];
  }

  all(sql: string): (readonly unknown[])[] {
    return [...this.database.rows(sql)];
  }

  #open(): SqlDatabase {
    return new SqlDatabase(this.runtime, { vfs: null, path: this.path }, this.options);
  }
}
