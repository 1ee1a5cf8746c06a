/** SQLite without replication, as a page uses it: by calls to a worker that does nothing else. */

import { RpcClient } from '../client/rpc.ts';
import { benchmarkName } from './leftovers.ts';
import { runClients, type Timings } from './load.ts';
import { insertStatement, selectStatement, STATEMENT_END, textOf } from './rows.ts';
import type { FileLoad, FileTimings, InsertLoad, QueryLoad } from './tab-api.ts';
import type { RawAnswer, RawApi, RawMode, RawRows } from './worker-apis.ts';
import { endWithWorker } from './worker-failure.ts';
import { scriptOf, workload } from './workloads.ts';

/** As its owner has it measured: the same calls as `tab-server.ts` makes of the cluster. */
export class RawDatabase {
  readonly mode: RawMode;
  readonly #worker: Worker;
  /** What scripts have given so far. */
  #rows = 0;
  readonly #rpc: RpcClient<RawApi, RawRows>;

  private constructor(mode: RawMode) {
    this.mode = mode;
    this.#worker = new Worker(new URL('./workers/raw-worker.ts', import.meta.url), {
      type: 'module',
    });
    this.#rpc = new RpcClient(this.#worker, ({ rows }) => {
      this.#rows += rows.length;
    });
    endWithWorker(this.#rpc, this.#worker);
  }

  static async open(mode: RawMode): Promise<RawDatabase> {
    const database = new RawDatabase(mode);
    await database.#rpc.call('open', [mode, `/${benchmarkName()}`]);
    return database;
  }

  run(sql: string): Promise<RawAnswer> {
    return this.#rpc.call('run', [sql, []]);
  }

  async script(sql: string): Promise<void> {
    await this.#rpc.call('script', [sql]);
  }

  async count(query: string): Promise<number> {
    const { rows } = await this.run(query);
    return Number(rows[0]?.[0]);
  }

  insertRows({ table, clients, calls, batch, bytes }: InsertLoad): Promise<Timings> {
    const text = textOf(bytes);
    return runClients(clients, calls, (number) => {
      if (batch === 1) {
        const { sql, params } = insertStatement(table, number, text);
        return this.#rpc.call('run', [sql, params]);
      }
      const statements = Array.from({ length: batch }, (_, at) =>
        insertStatement(table, number * batch + at, text),
      );
      return this.#rpc.call('batch', [statements]);
    });
  }

  queryRows({ table, clients, calls, rows }: Omit<QueryLoad, 'level'>): Promise<Timings> {
    return runClients(clients, calls, async (number) => {
      const { sql, params } = selectStatement(table, 1 + (number % rows));
      const answer = await this.#rpc.call('run', [sql, params]);
      if (answer.rows.length !== 1) throw new Error(`a query gave ${answer.rows.length} rows`);
    });
  }

  async runFile({ workload: name, seed, share, path }: FileLoad): Promise<FileTimings> {
    const statements = workload(name, { seed, share });
    let rows = 0;
    if (path === 'pipelined') {
      const script = scriptOf(statements);
      const timings = await runClients(1, 1, async () => {
        const before = this.#rows;
        await this.#rpc.call('script', [script]);
        rows = this.#rows - before;
      });
      return { ...timings, operations: statements.length, rows };
    }
    const timings = await runClients(1, statements.length, async (at) => {
      const answer = await this.#rpc.call('run', [statements[at]?.sql ?? '', []]);
      rows += answer.rows.length;
    });
    return { ...timings, rows };
  }

  /** The workloads' database, in one transaction. */
  async prepare({ seed, share }: FileLoad): Promise<void> {
    await this.script('begin' + STATEMENT_END);
    await this.script(scriptOf(workload('write-only', { seed, share })));
    await this.script('commit' + STATEMENT_END);
  }

  /** And nothing of it is left. */
  async close(): Promise<void> {
    await this.#rpc.call('close', []);
    this.#worker.terminate();
  }
}
