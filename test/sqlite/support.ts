/** What the tests of sqlite/ share: databases in memory, and entries to apply to them. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { encodeCommand, SEED_BYTES, type CommandOutcome } from '../../src/node/command.ts';
import type { ExecuteRequest, ExecuteResponse, Statement } from '../../src/node/sql.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { Applier } from '../../src/sqlite/apply.ts';
import { SqlDatabase, type DatabaseOptions } from '../../src/sqlite/database.ts';
import { loadRuntime, type Runtime } from '../../src/sqlite/runtime.ts';
import { decodeResponse, encodeRequest } from '../../src/sqlite/statement-codec.ts';

export const STAMP_MS = Date.UTC(2031, 1, 3, 4, 5, 6, 789);
const TERM = 1 as Term;

let nextPath = 1;

export async function compileSqlite(): Promise<WebAssembly.Module> {
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

export function seedOf(number: number): Uint8Array {
  const seed = new Uint8Array(SEED_BYTES);
  new DataView(seed.buffer).setFloat64(3, number, true);
  return seed;
}

/** The entry that registers the session the tests use: the first one. */
export function registration(index = 1, nonce = 77): Entry {
  return commandEntry(index, encodeCommand({ type: 'register-session', nonce }));
}

export function commandEntry(index: number, data: Uint8Array): Entry {
  return { type: 'command', index: index as LogIndex, term: TERM, data };
}

export type RequestOptions = Partial<Omit<ExecuteRequest, 'statements'>>;

export function requestOf(
  statements: readonly (string | Statement)[],
  options: RequestOptions = {},
): ExecuteRequest {
  return {
    statements: statements.map((one) => (typeof one === 'string' ? { sql: one } : one)),
    mode: 'atomic',
    foreignKeys: true,
    bail: false,
    rows: true,
    ...options,
  };
}

export interface EntryOptions {
  readonly session?: number;
  readonly sequence: number;
  readonly lowestUnanswered?: number;
  readonly stampMs?: number;
  readonly body: Uint8Array;
}

export function executeEntry(index: number, options: EntryOptions): Entry {
  const { session = 1, sequence, lowestUnanswered = sequence, stampMs = STAMP_MS, body } = options;
  const command = encodeCommand({
    type: 'execute',
    stampMs,
    seed: seedOf(index),
    session: { sessionId: session as LogIndex, sequence, lowestUnanswered },
    body,
  });
  return commandEntry(index, command);
}

/** Log entries with these requests, behind a registration at index 1. */
export function logOf(requests: readonly ExecuteRequest[]): Entry[] {
  const entries = [registration()];
  for (const [at, request] of requests.entries()) {
    const sequence = at + 1;
    entries.push(executeEntry(at + 2, { sequence, body: encodeRequest(request) }));
  }
  return entries;
}

/** A database, its applier, and a session in which requests are run one after another. */
export class TestNode {
  readonly runtime: Runtime;
  readonly path: string;
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

  close(): void {
    this.database.close();
  }

  apply(entries: readonly Entry[]): readonly CommandOutcome[] {
    const outcome = this.applier.apply(entries);
    if (outcome.type === 'failed') throw new Error(`apply failed: ${outcome.reason}`);
    return outcome.outcomes;
  }

  /** Applies one request as the log's next entry. */
  run(statements: readonly (string | Statement)[], options: RequestOptions = {}): ExecuteResponse {
    return this.runRequest(requestOf(statements, options));
  }

  runRequest(request: ExecuteRequest): ExecuteResponse {
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

export function responseOf(outcome: CommandOutcome | undefined): ExecuteResponse {
  if (outcome?.type !== 'executed') throw new Error(`not executed: ${JSON.stringify(outcome)}`);
  return decodeResponse(outcome.response);
}

/** The error messages of a response's outcomes; null for results. */
export function messagesOf(response: ExecuteResponse): (string | null)[] {
  return response.outcomes.map((one) => (one.type === 'error' ? one.error.message : null));
}
