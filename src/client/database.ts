/**
 * The library's face: one open database of one cluster. Any node serves any call; what only the
 * leader may do is forwarded. Every method rejects with `ResqliteError` and nothing else. What a
 * caller's callback throws goes to the browser's `reportError`, and stops nothing.
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
import { leave, type LeaveOptions } from './departure.ts';
import { askToPersist } from './persistence.ts';
import type { CsvExportOptions } from './csv-export.ts';
import type { CsvImportOptions, CsvImportResult } from './csv-import.ts';
import type { Cursor, RowBatch } from './cursor.ts';
import type { DumpOptions } from './dump.ts';
import { endable } from './endable.ts';
import type { ResqliteError } from './errors.ts';
import { answerOf, type ExecuteAnswer } from './execute-answer.ts';
import type { ExportOptions } from './export.ts';
import { faultsOf, type Faults } from './faults.ts';
import { Files } from './files.ts';
import type { ImportedFile, ImportOptions } from './import.ts';
import { Invites, type InviteOptions } from './invites.ts';
import { late } from './late-code.ts';
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

export class Database {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** For demonstrations and tests. */
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
  readonly #invites: Invites;
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
    this.#invites = new Invites(this.#calls);
    this.#queueing = new Queueing(this.#calls);
    this.#scripts = new ScriptRuns(this.#calls, this.#reads, this.#queueing);
    this.faults = faultsOf(this.#calls);
  }

  /**
   * Runs one statement; values become parameters. One that only reads is a linearizable query and
   * gives its rows; any other is executed through the log and gives its RETURNING rows. Rejects as
   * `query` and `execute` do; 'Sql' where it is not one statement.
   */
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

  /**
   * One statement, or several as one atomic transaction, in one log entry. Rejects with the error of the
   * first statement that fails, its place in `statement`: then none of them has taken effect. 'TooLarge'
   * with `applied` 'yes': only what they answer was more than an answer may be.
   *
   * With `offline: 'queue'` a write that finds no quorum waits in the outbox of this browser profile, in
   * order behind others, and takes effect exactly once when there is a quorum again, whichever tab of the
   * profile is open then. This resolves when it has committed, and rejects with 'Cancelled' where it was
   * cancelled. If the page goes first, `outbox()` tells what came of it. Until then nobody reads it, also
   * not its own tab. Where the quorum is lost while the write is under way, it may still fail with
   * `applied` 'unknown', and is not queued then. Only statements that write are taken
   * ('InvalidArgument'); 256 of them wait at most, 4 MiB together ('Overloaded'); an answer above 16 KiB
   * is not kept ('TooLarge', `applied` 'yes').
   */
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

  /**
   * Rebuilds the database, on every node, so that it takes no more room than it needs. Rows of
   * tables that have neither an INTEGER PRIMARY KEY nor an index are numbered anew. The statement
   * `VACUUM` does the same. `timeoutMs` is 120 s where not given.
   */
  async vacuum(options: CallOptions = {}): Promise<ExecuteAnswer> {
    const executed = await this.#calls.execute({ mode: 'vacuum' }, options, LONG_TIMEOUT_MS);
    return answerOf(executed, this.clusterId);
  }

  /**
   * Runs `work` as one serializable transaction: what it reads and what it writes is as if nothing
   * else had run meanwhile. It is tried on this tab's node, committed when `work` ends, and begun anew
   * where others have changed what it saw: `work` may run several times, and should do nothing else.
   * What it throws undoes the transaction and is thrown on. Rejects with 'Conflict' where every attempt
   * met others.
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    this.#calls.checkOpen();
    const { transact } = await late(() => import('./transaction.ts'));
    return transact(this.#calls, work, options);
  }

  /**
   * One statement that only reads. Its rows come at once, so they are bounded: 'TooLarge' beyond
   * 100,000 rows or 16 MiB, for which there is `iterate`.
   *
   * A caller reads its own writes at every level, also at 'none': a write is answered when this node
   * has applied it, and a read waits for the last write that was answered through this handle, should
   * the node have gone back behind it (it may have got another's copy of the data meanwhile).
   */
  async query(
    sql: string,
    params: SqlParams = [],
    options: QueryOptions = {},
  ): Promise<QueryAnswer> {
    return this.#reads.query(sql, params, options);
  }

  /**
   * The same for results of any size, kept by this tab's worker to be read in any order. Close the
   * cursor: a few dozen results are kept at once ('Overloaded'), each at most 1 GiB ('TooLarge'). The
   * query runs to its end before this resolves; its time limit is 2 minutes where not given.
   */
  async cursor(sql: string, params: SqlParams = [], options: QueryOptions = {}): Promise<Cursor> {
    return this.#reads.cursor(sql, params, options);
  }

  /**
   * The rows of a result of any size, in batches, all of one state of the database; at least one
   * batch, so that the columns are told. However the loop ends, the kept result ends with it. The
   * signal is looked at before the query begins and between two batches.
   */
  iterate(
    sql: string,
    params: SqlParams = [],
    options: IterateOptions = {},
  ): AsyncGenerator<RowBatch, void> {
    return this.#reads.iterate(sql, params, options);
  }

  /**
   * Calls `onRows` with the query's result now, and again whenever it has become another one through
   * something that was committed, in whatever tab; the answer unsubscribes. It is run on this node's
   * data when an entry wrote to a table it reads, at most once per animation frame (in a hidden page a
   * few times a second at most), and the last result is always that of the newest state. What is
   * neither data nor schema, such as the time, does not make it run again.
   *
   * `answer` says how much of the log the rows reflect; results equal to the one before are left out.
   * An error goes to `onError`, to the browser's `reportError` where there is none, and the query goes
   * on: a table it misses may come. It ends with this handle, and with the node: then `onError` has the
   * last word. Throws 'InvalidArgument' and 'Closed' at once; `onError` has 'Overloaded', and the query
   * ends, where there are too many live queries.
   */
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

  /**
   * Runs any number of statements, as sqlite3 runs a file: a failing one is counted and the next one
   * runs. Rejects only where the cluster or the node fails, or its caller aborts it; then what was
   * answered before has taken effect, and the error's `applied` and message tell whether there was any.
   */
  run(script: string, options?: RunOptions): Promise<RunResult>;
  run(script: string, options: CursorRunOptions): Promise<RunResult>;
  async run(script: string, options: RunOptions | CursorRunOptions = {}): Promise<RunResult> {
    return this.#scripts.run(script, options);
  }

  /**
   * The database as SQL that makes it again, all of one state: what sqlite3's `.dump` writes, and what
   * it and `run` read. Virtual tables are made and filled through themselves; one that keeps no content
   * is made empty, and a comment says so. Rejects with 'InvalidArgument' where a name in `objects` is
   * no table's and no view's; its time limit is 2 minutes where not given.
   */
  async dump(options: DumpOptions = {}): Promise<Blob> {
    return this.#files.dump(options);
  }

  /**
   * Puts the rows of a CSV file (RFC 4180, UTF-8) into a table, which is made where it is missing. Rows
   * go in in batches, each an atomic log entry; a row that fails does nothing and is counted. Rejects
   * only where the file cannot be taken at all, or the cluster fails; the error's `applied` and message
   * tell whether rows have gone in before.
   */
  async importCsv(
    table: string,
    file: Blob | string,
    options: CsvImportOptions = {},
  ): Promise<CsvImportResult & { readonly bookmark: string }> {
    return this.#files.importCsv(table, file, options);
  }

  /**
   * A query's whole result as CSV, all of one state. NULL is an empty field and an empty text a quoted
   * one; integers are exact; blobs are `X'…'` or base64. For the rest see `iterate`.
   */
  async exportCsv(
    sql: string,
    params: SqlParams = [],
    options: CsvExportOptions = {},
  ): Promise<Blob> {
    return this.#files.exportCsv(sql, params, options);
  }

  /** What this tab's node knows of itself and of the cluster; of a node that has stopped, the last of it. */
  async status(): Promise<NodeStatus> {
    return this.#calls.reading(() => this.#calls.node.status());
  }

  /**
   * Calls back with every status, at once with the last one; the answer unsubscribes. It ends with this
   * handle; if the node closes with it, that is the last status. Throws 'InvalidArgument' and 'Closed'.
   */
  onStatus(listener: (status: NodeStatus) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#calls.node.onStatus(checkFunction('onStatus', listener)));
  }

  /**
   * Calls back with what this tab's node tells of its inside, at once and then at most 8 times a second;
   * the first time with the events that it still keeps, later with new ones. The answer unsubscribes;
   * it ends with this handle. Throws 'InvalidArgument' and 'Closed'.
   */
  inspect(listener: (inspection: Inspection) => void): () => void {
    this.#calls.checkOpen();
    const { inspections } = this.#calls.node;
    return endable(this.#statuses, inspections.add(checkFunction('inspect', listener)));
  }

  /** Calls back with the milliseconds that each write of this page took from call to answer, as `onStatus` does. */
  onWriteAnswered(listener: (elapsedMs: number) => void): () => void {
    this.#calls.checkOpen();
    const { writeTimes } = this.#calls.node;
    return endable(
      this.#statuses,
      writeTimes.add(checkFunction('onWriteAnswered', listener), null),
    );
  }

  /**
   * The nodes of this cluster that are stored in this browser profile: each was a tab's once. Those that
   * are 'free' count as away, and are whole.
   */
  async storedNodes(): Promise<StoredNodeStatus[]> {
    return this.#calls.reading(() => this.#woken.stored());
  }

  /**
   * Runs the free stored nodes in this page, beside its own, so that the database works in one tab;
   * answers how many it started, at most 8 run besides. They end with this page's node; a tab that is
   * opened later takes one over and runs it from then on.
   */
  async wake(): Promise<number> {
    return this.#calls.reading(() => this.#woken.wake(), { timeoutMs: LONG_TIMEOUT_MS });
  }

  /** Calls back with the nodes that `wake` has started and that still run here, at once and at changes. */
  onWoken(listener: (nodeIds: readonly NodeId[]) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#woken.onChange(checkFunction('onWoken', listener)));
  }

  /** What waits in this browser profile to be sent to the cluster, and what came of what waited. */
  async outbox(): Promise<readonly QueuedWrite[]> {
    return this.#queueing.list();
  }

  /**
   * Calls back with what is in the outbox, at once and whenever it changes, in whatever tab of this browser
   * profile; the answer unsubscribes. Throws 'InvalidArgument' and 'Closed'.
   */
  onOutbox(listener: (writes: readonly QueuedWrite[]) => void): () => void {
    this.#calls.checkOpen();
    return endable(this.#statuses, this.#calls.node.onOutbox(checkFunction('onOutbox', listener)));
  }

  /** Takes a write out of the outbox before it is sent; rejects with 'Refused' where it was. */
  async cancelQueued(id: string): Promise<void> {
    return this.#queueing.cancel(id);
  }

  /**
   * Forgets what came of a queued write; rejects with 'Refused' while that is not known. Of more than
   * 100 outcomes the oldest are forgotten by themselves.
   */
  async dismissQueued(id: string): Promise<void> {
    return this.#queueing.dismiss(id);
  }

  /** A logical hash of the whole database: equal on every node at the same index. */
  async hash(): Promise<{ index: LogIndex; hash: string }> {
    return this.#calls.reading(() => this.#calls.node.reader('hash', []), {
      timeoutMs: LONG_TIMEOUT_MS,
    });
  }

  /**
   * A SQLite file takes the place of all data, on every node. It goes through the log in chunks; until
   * the last one nothing changes, and others may go on to write what will then be gone. A file that did
   * not come whole goes on where it stopped when it is imported again within a day, in whatever tab.
   * 'InvalidArgument': it is damaged, or holds what cannot be replicated; 'Refused': another file is
   * being imported.
   */
  async import(
    file: Blob,
    options: ImportOptions = {},
  ): Promise<ImportedFile & { readonly bookmark: string }> {
    return this.#files.import(file, options);
  }

  /**
   * This node's database as a standard SQLite file, without what is only ours. 'Overloaded': another
   * export is under way in this tab, or so much is being written that no copy can be made.
   */
  async export(options: ExportOptions = {}): Promise<Blob> {
    return this.#files.export(options);
  }

  /**
   * A new link that lets other browsers in. It is a key: whoever has it becomes a member. It is open
   * when this resolves, for 7 days and any number of tabs unless `expiresInMs` and `uses` say otherwise
   * (null: for ever; any number). Rejects with 'Refused' where too many are open already.
   */
  async invite(options: InviteOptions = {}): Promise<string> {
    return this.#invites.open(location.href, options);
  }

  /** The invites that are open, as far as this node knows; their links are not kept anywhere. */
  async invites(): Promise<readonly OpenInvite[]> {
    return this.#invites.list();
  }

  /**
   * Nobody gets in by that invite any more when this resolves, also where it was over before. Whoever
   * got in by it stays.
   */
  async revokeInvite(inviteId: string, options: CallOptions = {}): Promise<void> {
    await this.#invites.revoke(inviteId, options);
  }

  /**
   * Hands the leadership to a voter, or to whoever is best placed; resolves when that one leads.
   * Rejects with 'Refused' where it cannot.
   */
  async transferLeadership(nodeId: NodeId | null = null, options: CallOptions = {}): Promise<void> {
    await this.#calls.administer({ type: 'transfer', nodeId }, options);
  }

  /**
   * Takes a member out of the cluster for good, be it reachable or not, or one that was let go because
   * it stayed away; resolves when that is committed. It may know the invites that are open: they end with
   * it. Rejects with 'Refused' where the data would be left in one copy.
   */
  async removeNode(nodeId: NodeId, options: CallOptions = {}): Promise<{ warning: string }> {
    return this.#calls.administer({ type: 'remove', nodeId }, options);
  }

  /**
   * Has the log entry at `index` skipped, which no node can apply (`status().stalledAt`): its write
   * fails with 'Skipped', and everything behind it goes on. Rejects with 'Refused' where the leader is
   * not stalled there, or a voter that it hears has applied it.
   */
  async skip(index: LogIndex, options: CallOptions = {}): Promise<void> {
    await this.#calls.administer({ type: 'skip', index }, options);
  }

  /**
   * Takes this tab's own node out of the cluster for good, as `removeNode` does; invites stay open. With
   * `force` the cluster is not asked, which may be out of reach: this copy is deleted all the same, and
   * the others miss a voter until they replace it. Rejects with 'Refused' where no other voter is left
   * to go on with the data, and with 'StorageLost' where the node stopped and may yet come back.
   */
  async leave(options: LeaveOptions = {}): Promise<{ warning: string }> {
    return leave(this.#calls, this.nodeId, options);
  }

  /**
   * Asks the browser to keep this site's data, which it may else delete when it needs room; some ask
   * the person. Answers whether it has promised to. A node whose browser has not is preferred less where
   * voters and leaders are chosen.
   */
  async persist(): Promise<boolean> {
    return askToPersist(this.#calls);
  }

  /**
   * For a cluster that has lost its quorum for good. The copy in this browser profile that is furthest
   * becomes the beginning of a new cluster, of this tab alone: `open` opens it under its id, and instead
   * of the old one. What others had acknowledged and this copy never got is lost. All stored nodes of
   * the old cluster in this profile are given up; nodes elsewhere may come as newcomers of the new one.
   * This node ends: whatever is asked of it from now on rejects with 'Closed'. Rejects with 'Refused'
   * where the cluster is alive, this copy is not sound, or another tab runs a node of it.
   */
  async recover(): Promise<{ clusterId: string }> {
    // Before woken nodes end: with them the cluster may be alive.
    await this.#calls.reading(() => this.#calls.node.node('checkRecoverable', []));
    await this.#woken.sleep();
    return this.#calls.recover();
  }

  /**
   * Gives this handle back, with its live queries, cursors and listeners; the node closes with the
   * page's last one. Whatever is asked of it from now on rejects with 'Closed'.
   */
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
