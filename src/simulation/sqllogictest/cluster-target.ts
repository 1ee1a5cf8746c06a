/**
 * A simulated cluster of three servers on SQLite as it ships, as logic tests see it: every statement
 * goes through the log and every query is linearizable, each through the next server in turn. The
 * weather is good; what is tested is SQL.
 */

import type { SqlValue, Statement } from '../../node/sql.ts';
import type { ReadIndexOutcome } from '../../node/reads.ts';
import type { ExecuteOutcome } from '../../node/writes.ts';
import { runQuery } from '../../sqlite/query.ts';
import { encodeRequest } from '../../sqlite/request-codec.ts';
import { decodeResponse } from '../../sqlite/response-codec.ts';
import { classify, cutStatements } from '../../sqlite/script.ts';
import { SqlFailure } from '../../sqlite/sql-error.ts';
import type { Runtime } from '../../sqlite/runtime.ts';
import { SqlDatabases } from '../sql/sql-databases.ts';
import { SqlStateMachine } from '../sql/sql-state-machine.ts';
import { World } from '../world.ts';
import type { LogicTarget, TargetOutcome } from './runner.ts';

const SERVERS = 3;
const SECOND_US = 1_000_000;
const GROWTH_LIMIT_US = 30 * SECOND_US;
const ANSWER_LIMIT_US = 60 * SECOND_US;

/** What a server's task answers later. */
type Answer<Outcome> = (outcome: Outcome) => void;

export class ClusterTarget implements LogicTarget {
  readonly engines = ['sqlite', 'resqlite', 'cluster'];
  readonly #databases: SqlDatabases;
  readonly #world: World;
  #turn = 0;

  /** Throws where the cluster does not come together. */
  constructor(runtime: Runtime, seed: number) {
    this.#databases = new SqlDatabases(runtime);
    this.#world = new World({ seed, text: null, databases: this.#databases });
    this.#world.addCluster(SERVERS);
    const isGrown = (): boolean =>
      this.#world.leader()?.running?.node.raft.configuration.voters.length === SERVERS;
    if (!this.#world.runUntil(isGrown, GROWTH_LIMIT_US)) throw new Error('no cluster of 3');
  }

  async execute(sql: string): Promise<TargetOutcome> {
    const server = this.#next();
    return this.#execute(server, cutStatements(server.machine.state.database, sql));
  }

  async query(sql: string): Promise<TargetOutcome> {
    const server = this.#next();
    const index = this.#ask<ReadIndexOutcome>(server, (answer) =>
      server.node.readIndex('linearizable', null, answer),
    );
    if (index.type === 'failed') return { type: 'error', message: index.failure.message };
    this.#waitFor(() => server.machine.appliedIndex >= index.index);
    const { database } = server.machine.state;
    const kind = classify(database, sql);
    if (kind.error === null && !kind.readOnly) return this.#execute(server, [sql]);
    try {
      const query = { sql, params: [], deadlineMs: Infinity };
      const { columns, rows } = runQuery(database, server.machine.appliedIndex, query);
      return { type: 'rows', columns: columns.length, rows };
    } catch (error) {
      if (error instanceof SqlFailure) return { type: 'error', message: error.message };
      throw error;
    }
  }

  /** The servers come to the same state. */
  async verdict(): Promise<string | null> {
    const servers = this.#servers();
    const last = Math.max(...servers.map(({ machine }) => machine.appliedIndex));
    this.#waitFor(() => servers.every(({ machine }) => machine.appliedIndex >= last));
    const hashes = servers.map(({ machine }) => machine.hash());
    return new Set(hashes).size === 1 ? null : `the servers differ: ${hashes.join(', ')}`;
  }

  close(): void {
    this.#databases.clear();
  }

  #execute(server: LogicServer, texts: readonly string[]): TargetOutcome {
    const statements: Statement[] = texts.map((sql) => ({ sql }));
    const common = { mode: 'each', foreignKeys: true, bail: true, rows: true } as const;
    const body = encodeRequest({ statements, ...common });
    const outcome = this.#ask<ExecuteOutcome>(server, (answer) =>
      server.node.execute(body, null, answer),
    );
    if (outcome.type === 'failed') return { type: 'error', message: outcome.failure.message };
    const { outcomes } = decodeResponse(outcome.response);
    const failed = outcomes.find(({ type }) => type === 'error');
    if (failed?.type === 'error') return { type: 'error', message: failed.error.message };
    const last = outcomes.at(-1);
    const rows: readonly (readonly SqlValue[])[] = last?.type === 'result' ? last.result.rows : [];
    const columns = last?.type === 'result' ? last.result.columns.length : 0;
    return { type: 'rows', columns, rows };
  }

  /** Has a server do something, and lets time pass until it has answered. */
  #ask<Outcome>(server: LogicServer, begin: (answer: Answer<Outcome>) => void): Outcome {
    const answers: Outcome[] = [];
    server.loop.post('client', () => begin((outcome) => answers.push(outcome)));
    this.#waitFor(() => answers.length > 0);
    const [answer] = answers;
    if (answer === undefined) throw new Error('a server does not answer');
    return answer;
  }

  #waitFor(condition: () => boolean): void {
    if (!this.#world.runUntil(condition, ANSWER_LIMIT_US)) throw new Error('a server hangs');
  }

  #next(): LogicServer {
    this.#turn += 1;
    const servers = this.#servers();
    const server = servers[this.#turn % servers.length];
    if (server === undefined) throw new Error('no server runs');
    return server;
  }

  #servers(): LogicServer[] {
    return this.#world.running.map(({ running: { node, loop, machine } }) => {
      if (!(machine instanceof SqlStateMachine)) throw new Error('no SQLite');
      return { node, loop, machine };
    });
  }
}

type LogicServer = Pick<NonNullable<World['servers'][number]['running']>, 'node' | 'loop'> & {
  readonly machine: SqlStateMachine;
};
