/**
 * One handle of a page's node, as `Database` promises it. Whatever it calls rejects with `ResqliteError`;
 * what is documented of a method stands at the interface.
 */

import type { Inspection } from '../node/inspection.ts';
import type { QueryResult, SqlParams, SqlValue, Statement } from '../node/sql.ts';
import type { QueuedWrite } from '../node/queued-write.ts';
import type { NodeStatus } from '../node/status.ts';
import type { LogIndex, NodeId } from '../raft/types.ts';
import {
  checkFunction,
  checkOffline,
  checkParams,
  checkSql,
  checkStatements,
  statementOf,
} from './arguments.ts';
import type { CallOptions } from './call-limits.ts';
import { Calls, LONG_TIMEOUT_MS } from './calls.ts';
import { leave, type LeaveOptions, type RemovalAnswer } from './departure.ts';
import type { CsvExportOptions } from './csv-export.ts';
import type { CsvImportOptions, CsvImportResult } from './csv-import-options.ts';
import type { Cursor, RowBatch } from './cursor.ts';
import type { DatabaseHash } from './database-monitoring.ts';
import type { RecoveredCluster } from './database-profile.ts';
import type { Database } from './database.ts';
import type { DumpOptions } from './dump.ts';
import { endable } from './endable.ts';
import type { ResqliteError } from './errors.ts';
import { answerOf, type ExecuteAnswer } from './execute-answer.ts';
import type { ExportOptions } from './export.ts';
import { faultsOf, type Faults } from './faults.ts';
import { Files } from './files.ts';
import type { ImportedFile, ImportOptions } from './import.ts';
import type { InviteOptions } from './invites.ts';
import { late, LATE_PARTS } from './late-code.ts';
import type { MigrateOptions, MigrateResult, Migration } from './migration.ts';
import { askToPersist } from './persistence.ts';
import type { OpenInvite } from './protocol.ts';
import { Queueing, type ExecuteOptions } from './queueing.ts';
import { Reads, type IterateOptions, type QueryAnswer, type QueryOptions } from './reads.ts';
import { asObjects, type Row } from './row.ts';
import { beginsWithVacuum } from './script-gap.ts';
import {
  ScriptRuns,
  type CursorRunOptions,
  type RunOptions,
  type RunResult,
} from './script-runs.ts';
import type { TabNode } from './tab-node.ts';
import type { Transaction, TransactionOptions } from './transaction.ts';
import type { StoredNodeStatus, WokenNodes } from './woken-nodes.ts';

export class DatabaseHandle implements Database {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly faults: Faults;
  readonly #calls: Calls;
  readonly #woken: WokenNodes;
  readonly #release: () => Promise<void>;
  /** Each ends a live query of this handle. */
  readonly #lives = new Set<() => void>();
  /** Each ends a subscription of this handle to statuses, to the outbox, or to who is woken. */
  readonly #statuses = new Set<() => void>();
  readonly #queueing: Queueing;
  readonly #reads: Reads;
  readonly #files: Files;
  readonly #scripts: ScriptRuns;

  /** `release` gives this handle back; the last one to go closes the nodes. */
  constructor(
    node: TabNode,
    woken: WokenNodes,
    identity: { readonly clusterId: string; readonly nodeId: NodeId },
    release: () => Promise<void>,
  ) {
    this.clusterId = identity.clusterId;
    this.nodeId = identity.nodeId;
    this.#woken = woken;
    this.#release = release;
    this.#calls = new Calls(node, identity.clusterId);
    this.#reads = new Reads(this.#calls);
    this.#files = new Files(this.#calls, this.#reads);
    this.#queueing = new Queueing(this.#calls);
    this.#scripts = new ScriptRuns(this.#calls, this.#reads, this.#queueing);
    this.faults = faultsOf(this.#calls);
  }

  readonly sql = async <R extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlValue | boolean)[]
  ): Promise<R[]> => {
    const { sql, params } = statementOf(strings, values);
    const kind = await this.#scripts.classify(sql);
    if (kind.readOnly) return asObjects<R>(await this.query(sql, params));
    const { results } = await (kind.vacuum ? this.vacuum() : this.execute({ sql, params }));
    return results.flatMap((result) => asObjects<R>(result));
  };

  async execute(
    request: string | Statement | readonly (string | Statement)[],
    options: ExecuteOptions = {},
  ): Promise<ExecuteAnswer> {
    const statements = checkStatements(request);
    if (checkOffline(options.offline)) {
      const executed = await this.#queueing.executeAtomic(statements, options);
      return answerOf(executed, this.clusterId);
    }
    const alone = Array.isArray(request) ? null : statements[0]?.sql;
    if (beginsWithVacuum(alone) && (await this.#scripts.isVacuum(alone, options))) {
      return this.vacuum(options);
    }
    const common = { mode: 'atomic', foreignKeys: true, bail: true, rows: true } as const;
    const executed = await this.#calls.execute({ statements, ...common }, options);
    return answerOf(executed, this.clusterId);
  }

  async vacuum(options: CallOptions = {}): Promise<ExecuteAnswer> {
    const executed = await this.#calls.execute({ mode: 'vacuum' }, options, LONG_TIMEOUT_MS);
    return answerOf(executed, this.clusterId);
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    this.#calls.checkOpen();
    const { transact } = await late(LATE_PARTS.transaction);
    return transact(this.#calls, work, options);
  }

  async migrate(
    migrations: readonly Migration[],
    options: MigrateOptions = {},
  ): Promise<MigrateResult> {
    this.#calls.checkOpen();
    const { migrateOn } = await late(LATE_PARTS.migrationRun);
    return migrateOn(this.#calls, this.#reads, migrations, options);
  }

  async query(
    sql: string,
    params: SqlParams = [],
    options: QueryOptions = {},
  ): Promise<QueryAnswer> {
    return this.#reads.query(sql, params, options);
  }

  async cursor(sql: string, params: SqlParams = [], options: QueryOptions = {}): Promise<Cursor> {
    return this.#reads.cursor(sql, params, options);
  }

  iterate(
    sql: string,
    params: SqlParams = [],
    options: IterateOptions = {},
  ): AsyncGenerator<RowBatch, void> {
    return this.#reads.iterate(sql, params, options);
  }

  live<R extends object = Row>(
    sql: string,
    params: SqlParams,
    onRows: (rows: R[], answer: QueryAnswer) => void,
    onError: (error: ResqliteError) => void = reportError,
  ): () => void {
    this.#calls.checkOpen();
    checkFunction('live', onRows);
    checkFunction('live', onError);
    const onResult = (result: QueryResult): void => {
      const bookmark = this.#calls.bookmark(result.appliedIndex);
      onRows(asObjects<R>(result), { ...result, level: 'none', bookmark, mayBeStale: true });
    };
    const listener = { onResult, onError };
    const { lives } = this.#calls.node;
    return endable(this.#lives, lives.subscribe(checkSql(sql), checkParams(params), listener));
  }

  run(script: string, options?: RunOptions): Promise<RunResult>;
  run(script: string, options: CursorRunOptions): Promise<RunResult>;
  async run(script: string, options: RunOptions | CursorRunOptions = {}): Promise<RunResult> {
    return this.#scripts.run(script, options);
  }

  async dump(options: DumpOptions = {}): Promise<Blob> {
    return this.#files.dump(options);
  }

  async importCsv(
    table: string,
    file: Blob | string,
    options: CsvImportOptions = {},
  ): Promise<CsvImportResult> {
    return this.#files.importCsv(table, file, options);
  }

  async exportCsv(
    sql: string,
    params: SqlParams = [],
    options: CsvExportOptions = {},
  ): Promise<Blob> {
    return this.#files.exportCsv(sql, params, options);
  }

  async status(): Promise<NodeStatus> {
    return this.#calls.reading(() => this.#calls.node.status());
  }

  onStatus(listener: (status: NodeStatus) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#calls.node.onStatus(checkFunction('onStatus', listener)));
  }

  inspect(listener: (inspection: Inspection) => void): () => void {
    this.#calls.checkOpen();
    const { inspections } = this.#calls.node;
    return endable(this.#statuses, inspections.add(checkFunction('inspect', listener)));
  }

  onWriteAnswered(listener: (elapsedMs: number) => void): () => void {
    this.#calls.checkOpen();
    const { writeTimes } = this.#calls.node;
    return endable(
      this.#statuses,
      writeTimes.add(checkFunction('onWriteAnswered', listener), null),
    );
  }

  async storedNodes(): Promise<StoredNodeStatus[]> {
    return this.#calls.reading(() => this.#woken.stored());
  }

  async wake(): Promise<number> {
    return this.#calls.reading(() => this.#woken.wake(), { timeoutMs: LONG_TIMEOUT_MS });
  }

  onWoken(listener: (nodeIds: readonly NodeId[]) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#woken.onChange(checkFunction('onWoken', listener)));
  }

  async outbox(): Promise<readonly QueuedWrite[]> {
    return this.#queueing.list();
  }

  onOutbox(listener: (writes: readonly QueuedWrite[]) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#calls.node.onOutbox(checkFunction('onOutbox', listener)));
  }

  async cancelQueued(id: string): Promise<void> {
    return this.#queueing.cancel(id);
  }

  async dismissQueued(id: string): Promise<void> {
    return this.#queueing.dismiss(id);
  }

  async hash(): Promise<DatabaseHash> {
    return this.#calls.reading(() => this.#calls.node.reader('hash', []), {
      timeoutMs: LONG_TIMEOUT_MS,
    });
  }

  async import(file: Blob, options: ImportOptions = {}): Promise<ImportedFile> {
    return this.#files.import(file, options);
  }

  async export(options: ExportOptions = {}): Promise<Blob> {
    return this.#files.export(options);
  }

  async invite(options: InviteOptions = {}): Promise<string> {
    this.#calls.checkOpen();
    const { openInvite } = await late(LATE_PARTS.invites);
    return openInvite(this.#calls, location.href, options);
  }

  async invites(): Promise<readonly OpenInvite[]> {
    return this.#calls.reading(() => this.#calls.node.node('invites', []));
  }

  async revokeInvite(inviteId: string, options: CallOptions = {}): Promise<void> {
    this.#calls.checkOpen();
    const { revokeInvite } = await late(LATE_PARTS.invites);
    await revokeInvite(this.#calls, inviteId, options);
  }

  async transferLeadership(nodeId: NodeId | null = null, options: CallOptions = {}): Promise<void> {
    await this.#calls.administer({ type: 'transfer', nodeId }, options);
  }

  async removeNode(nodeId: NodeId, options: CallOptions = {}): Promise<RemovalAnswer> {
    return this.#calls.administer({ type: 'remove', nodeId }, options);
  }

  async skip(index: LogIndex, options: CallOptions = {}): Promise<void> {
    await this.#calls.administer({ type: 'skip', index }, options);
  }

  async leave(options: LeaveOptions = {}): Promise<RemovalAnswer> {
    return leave(this.#calls, this.nodeId, options);
  }

  async persist(): Promise<boolean> {
    return askToPersist(this.#calls);
  }

  async recover(): Promise<RecoveredCluster> {
    // Before woken nodes end: with them the cluster may be alive.
    await this.#calls.reading(() => this.#calls.node.node('checkRecoverable', []));
    await this.#woken.sleep();
    return this.#calls.recover();
  }

  async close(): Promise<void> {
    if (this.#calls.isClosed) return;
    this.#calls.close();
    for (const end of this.#lives) end();
    this.#reads.close();
    try {
      await this.#release();
    } finally {
      for (const end of this.#statuses) end();
    }
  }
}
