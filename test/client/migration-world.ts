/**
 * Several callers of migrations over one real SQLite, without pages and workers: what each of them asks is
 * done when its turn comes, which a test decides, and may get lost. Every caller has a copy of its own, which
 * is behind: it tells of the records as they were.
 */

import { ResqliteError } from '../../src/client/errors.ts';
import type { MigrationPorts } from '../../src/client/migration-run.ts';
import { READ_RECORDS } from '../../src/client/migration-records.ts';
import { runTransaction } from '../../src/client/transaction.ts';
import { failure } from '../../src/node/errors.ts';
import type { SqlValue, StateRequest } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import type { SqlService } from '../../src/sqlite/service.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { Speculations } from '../../src/sqlite/speculations.ts';
import { executeEntry, registration, requestOf, responseOf } from '../sqlite/log.ts';
import { openService } from '../sqlite/support.ts';

type Rows = readonly (readonly SqlValue[])[];

/** What befalls a write: it never comes, its answer does not, or it comes when nobody waits any more. */
export type Fate = 'well' | 'lost' | 'answer-lost' | 'late';

/**
 * Lets those who take part do one step after the other. Who is next is chosen when all of them wait, so it
 * depends on nothing but the choices.
 */
export class Turns {
  readonly #choices: number[];
  readonly #log: (line: string) => void;
  readonly #waiting: { readonly label: string; readonly go: () => void }[] = [];
  #takingPart = 0;

  /** `choices`: the first of those who wait beyond. */
  constructor(choices: readonly number[], log: (line: string) => void) {
    this.#choices = [...choices];
    this.#log = log;
  }

  /** All who take part from the beginning are told of in one turn of the event loop. */
  async takePart<T>(work: () => Promise<T>): Promise<T> {
    this.#takingPart += 1;
    await Promise.resolve();
    try {
      return await work();
    } finally {
      this.#takingPart -= 1;
      this.#goOn();
    }
  }

  next(label: string): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ label, go });
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#waiting.length < this.#takingPart || this.#waiting.length === 0) return;
    const at = (this.#choices.shift() ?? 0) % this.#waiting.length;
    const [chosen] = this.#waiting.splice(at, 1);
    this.#log(chosen?.label ?? '');
    chosen?.go();
  }
}

export interface Caller {
  readonly name: string;
  readonly turns: Turns;
  /** Of its writes, one after the other; 'well' beyond. */
  readonly fates: Fate[];
  /** How many changes of the records its own copy is behind, by its looks; 0 beyond. */
  readonly behind: number[];
}

export class MigrationWorld {
  readonly #service: SqlService;
  readonly #speculations: Speculations;
  /** As they were, from the beginning; null: there was no table. */
  readonly #history: (Rows | null)[] = [null];
  #index = 1;
  #applying: Promise<unknown> = Promise.resolve();
  /** Writes that come late. */
  readonly #late: Promise<unknown>[] = [];

  private constructor(service: SqlService) {
    this.#service = service;
    this.#speculations = new Speculations(service);
  }

  static async open(runtime: Runtime): Promise<MigrationWorld> {
    const service = await openService(runtime);
    await service.apply(encodeEntries([registration()]));
    return new MigrationWorld(service);
  }

  async rows(sql: string): Promise<Rows> {
    const request = { sql, params: [], atLeast: null, timeoutMs: 1_000 };
    return (await this.#service.query(request)).rows;
  }

  /** One atomic entry. */
  async write(...statements: string[]): Promise<void> {
    const { response } = await this.#apply(requestOf(statements));
    if (!response.committed) throw new Error(JSON.stringify(response.outcomes));
  }

  /** When nothing of what was sent is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#late);
  }

  portsOf(caller: Caller): MigrationPorts {
    const execute: MigrationPorts['execute'] = (request) => this.#send(request, caller);
    return {
      query: async (sql, { level = 'linearizable' }) => {
        await caller.turns.next(`${caller.name} reads (${level})`);
        const rows =
          level === 'none'
            ? (this.#history.at(-1 - (caller.behind.shift() ?? 0)) ?? null)
            : await this.rows(sql).catch(missing);
        if (rows === null) throw noSuchTable();
        const appliedIndex = this.#index as LogIndex;
        return { columns: [], rows, level, appliedIndex, bookmark: '', mayBeStale: false };
      },
      split: (part) => this.#service.split(part),
      execute,
      transact: async (work, limits) => {
        const ports = {
          readIndex: async () => this.#index as LogIndex,
          begin: () => this.#speculations.beginTransaction(1 as LogIndex, 1_000),
          run: async (...args: Parameters<Speculations['runInTransaction']>) => {
            await caller.turns.next(`${caller.name} goes on with its transaction`);
            return served(this.#speculations.runInTransaction(...args));
          },
          finish: (id: number) => served(this.#speculations.finishTransaction(id)),
          discard: (id: number) => this.#speculations.discardTransaction(id),
          execute: (request: StateRequest) => this.#send(request, caller),
        };
        return runTransaction(ports, work, limits);
      },
      bookmark: String,
    };
  }

  async #send(request: StateRequest, { name, turns, fates }: Caller) {
    const fate = fates.shift() ?? 'well';
    await turns.next(`${name} writes (${fate})`);
    if (fate === 'lost') throw failed('NoQuorum', 'no');
    if (fate === 'late') {
      const write = async (): Promise<void> => {
        await turns.next(`a late write of ${name}`);
        await this.#apply(request);
      };
      this.#late.push(turns.takePart(write));
      throw failed('Timeout', 'unknown');
    }
    const executed = await this.#apply(request);
    if (fate === 'answer-lost') throw failed('Timeout', 'unknown');
    return executed;
  }

  /** Entries are applied one after the other. */
  #apply(request: StateRequest) {
    const applied = this.#applying.then(() => this.#applyNext(request));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  async #applyNext(request: StateRequest) {
    const index = this.#index + 1;
    const entry = executeEntry(index, {
      sequence: index - 1,
      stampMs: Date.now(),
      body: encodeRequest(request),
    });
    const outcome = decodeApplyOutcome(await this.#service.apply(encodeEntries([entry])));
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    this.#index = index;
    this.#history.push(await this.rows(READ_RECORDS).catch(missing));
    return {
      index: index as LogIndex,
      term: 1 as Term,
      response: responseOf(outcome.outcomes[0]),
    };
  }
}

function missing(error: unknown): null {
  if (error instanceof SqlFailure && error.message.includes('no such table')) return null;
  throw error;
}

async function served<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SqlFailure ? new ResqliteError(error.failure) : error;
  }
}

function failed(code: 'NoQuorum' | 'Timeout', applied: 'no' | 'unknown'): ResqliteError {
  return new ResqliteError(failure(code, applied, 'as the test has it'));
}

function noSuchTable(): ResqliteError {
  const message = 'no such table: resqlite_migrations';
  const sqlite = { resultCode: 1, offset: 0, statement: 0 };
  return new ResqliteError({ code: 'Sql', applied: 'no', message, sqlite });
}
