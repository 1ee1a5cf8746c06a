/** A node's SQL service with live queries on it, in memory. */

import type { CommandOutcome } from '../../src/node/command.ts';
import type { SqlParams, StateRequest, Statement } from '../../src/node/sql.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { LiveQueries } from '../../src/sqlite/live-queries.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { WorkerStateMachine } from '../../src/sqlite/state-machine.ts';
import type { SqlState } from '../../src/sqlite/sql-state.ts';
import {
  executeEntry,
  messagesOf,
  registration,
  requestOf,
  responseOf,
  type RequestOptions,
} from './log.ts';
import { copy, openLocal, resultOf, TestMachine } from './machine.ts';
import { newName } from './support.ts';

const READ_TIMEOUT_MS = 1_000;

export class LiveNode {
  readonly service: SqlService;
  readonly lives: LiveQueries;
  /** What was told, an event each. */
  events: (readonly number[])[] = [];
  readonly #runtime: Runtime;
  readonly #log: Entry[] = [];
  #file = 0;
  #sequence = 0;

  private constructor(runtime: Runtime) {
    this.#runtime = runtime;
    const name = newName();
    this.service = new SqlService(async () => memoryFiles(runtime, name));
    this.lives = new LiveQueries(this.service, (lives) => this.events.push(lives));
  }

  static async open(runtime: Runtime): Promise<LiveNode> {
    const node = new LiveNode(runtime);
    await node.service.open('', 0);
    await node.apply([registration()]);
    return node;
  }

  get state(): SqlState {
    const { present } = this.service;
    if (present === null) throw new Error('the database is not open');
    return present;
  }

  get appliedIndex(): LogIndex {
    return this.state.appliedIndex;
  }

  async apply(entries: readonly Entry[]): Promise<readonly CommandOutcome[]> {
    this.#log.push(...entries);
    const outcome = decodeApplyOutcome(await this.service.apply(encodeEntries(entries)));
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    return outcome.outcomes;
  }

  /** Applies one request as the log's next entry; it must commit. */
  async run(
    statements: readonly (string | Statement)[],
    options: RequestOptions = {},
  ): Promise<void> {
    await this.request(requestOf(statements, options));
  }

  async request(request: StateRequest): Promise<void> {
    this.#sequence += 1;
    const body = encodeRequest(request);
    const entry = executeEntry(this.appliedIndex + 1, { sequence: this.#sequence, body });
    const [outcome] = await this.apply([entry]);
    const response = responseOf(outcome);
    if (!response.committed) throw new Error(`undone: ${String(messagesOf(response))}`);
  }

  /** Opens a live query and reads it, be it in vain. */
  async openRead(sql: string, params: SqlParams = []): Promise<number> {
    const live = await this.lives.openLive(sql, params);
    await this.lives.readLive(live, READ_TIMEOUT_MS).catch(() => undefined);
    return live;
  }

  /** Which were told since this was last asked. */
  takeTold(): number[] {
    return this.events.splice(0).flat();
  }

  /** Replaces the state by a snapshot of another node that has applied these entries besides. */
  async restore(further: readonly Entry[] = []): Promise<void> {
    this.#log.push(...further);
    const other = openLocal(this.#runtime, newName(), 0);
    await other.machine.apply(this.#log);
    this.#file += 1;
    const machine = new TestMachine(new WorkerStateMachine(this.service));
    const snapshot = resultOf(await other.machine.openSnapshot());
    await copy(other.machine, snapshot, machine, this.#file);
    resultOf(await machine.finishStage());
    resultOf(await machine.restore(this.#file));
    other.state.close();
  }

  all(sql: string): (readonly unknown[])[] {
    return [...this.state.database.rows(sql)];
  }

  close(): Promise<void> {
    return this.service.close();
  }
}
