/**
 * This tab's part in a benchmark: what `TabApi` says, done by this page's own database. It measures and
 * answers; what is compared with what is the conductor's business.
 */

import type { Database } from '../client/database.ts';
import { RpcClient } from '../client/rpc.ts';
import { ChannelEnd } from './channel-end.ts';
import { runFile } from './file-run.ts';
import { benchmarkName } from './leftovers.ts';
import { runClients, type Timings } from './load.ts';
import { insertStatement, selectStatement, textOf, updateStatement } from './rows.ts';
import type { InsertLoad, QueryLoad, TabApi, UpdateLoad } from './tab-api.ts';
import type { FloorApi } from './worker-apis.ts';
import { endWithWorker } from './worker-failure.ts';
import { WriteWatch } from './write-watch.ts';

interface Floor {
  readonly name: string;
  readonly worker: Worker;
  readonly rpc: RpcClient<FloorApi, never>;
}

export class TabServer {
  readonly api: TabApi;
  readonly #db: Database;
  #floor: Floor | null = null;
  #channel: ChannelEnd | null = null;
  #watch: WriteWatch | null = null;

  constructor(db: Database) {
    this.#db = db;
    this.api = {
      describe: () => this.#describe(),
      script: async (sql) => {
        const { firstErrors } = await db.run(sql, { bail: true });
        const [first] = firstErrors;
        if (first !== undefined) throw new Error(first.error.message);
      },
      rows: async (sql) => (await db.query(sql)).rows,
      insertRows: (load) => this.#insertRows(load),
      updateRows: (load) => this.#updateRows(load),
      queryRows: (load) => this.#queryRows(load),
      runFile: (load) => runFile(db, load),
      openFloor: () => this.#openFloor(),
      put: async (count, bytes) => given(this.#floor).rpc.call('put', [count, bytes]),
      closeFloor: () => this.#closeFloor(),
      offerChannel: () => this.#newChannel().offer(),
      acceptChannel: (offer) => this.#newChannel().accept(offer),
      establishChannel: async (answer) => given(this.#channel).establish(answer),
      ping: async (count, bytes) => given(this.#channel).rpc.call('ping', [count, bytes]),
      send: async (bytes) => given(this.#channel).rpc.call('send', [bytes]),
      closeChannel: async () => {
        this.#channel?.close();
        this.#channel = null;
      },
      startWatch: async (table, bytes) => {
        this.#watch = new WriteWatch(db, table, bytes);
      },
      watched: async () => given(this.#watch).count,
      endWatch: () => given(this.#watch).end(),
    };
  }

  async #describe() {
    const { clusterId, nodeId, role, term, voters } = await this.#db.status();
    return { clusterId, nodeId, role, term, voters: voters.length };
  }

  #insertRows({ table, clients, calls, batch, bytes }: InsertLoad): Promise<Timings> {
    const text = textOf(bytes);
    return runClients(clients, calls, (number) => {
      if (batch === 1) return this.#db.execute(insertStatement(table, number, text));
      const statements = Array.from({ length: batch }, (_, at) =>
        insertStatement(table, number * batch + at, text),
      );
      return this.#db.execute(statements);
    });
  }

  #updateRows({ table, clients, calls, rows, bytes }: UpdateLoad): Promise<Timings> {
    const text = textOf(bytes);
    return runClients(clients, calls, (number) =>
      this.#db.execute(updateStatement(table, 1 + (number % rows), text)),
    );
  }

  #queryRows({ table, level, clients, calls, rows }: QueryLoad): Promise<Timings> {
    return runClients(clients, calls, async (number) => {
      const { sql, params } = selectStatement(table, 1 + (number % rows));
      const answer = await this.#db.query(sql, params, { level });
      if (answer.rows.length !== 1) throw new Error(`a query gave ${answer.rows.length} rows`);
    });
  }

  async #openFloor(): Promise<void> {
    const worker = new Worker(new URL('./workers/floor-worker.ts', import.meta.url), {
      type: 'module',
    });
    const rpc = new RpcClient<FloorApi, never>(worker, () => undefined);
    endWithWorker(rpc, worker);
    this.#floor = { name: benchmarkName(), worker, rpc };
    await rpc.call('open', [this.#floor.name]);
  }

  async #closeFloor(): Promise<void> {
    const floor = this.#floor;
    this.#floor = null;
    if (floor === null) return;
    try {
      await floor.rpc.call('close', [floor.name]);
    } finally {
      floor.worker.terminate();
    }
  }

  #newChannel(): ChannelEnd {
    this.#channel?.close();
    this.#channel = new ChannelEnd();
    return this.#channel;
  }
}

function given<T>(value: T | null): T {
  if (value === null) throw new Error('it was not opened');
  return value;
}
