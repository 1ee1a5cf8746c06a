/**
 * The library's face: one open database of one cluster. Any node serves any call; what only the
 * leader may do is forwarded. Every method rejects with `ResqliteError` and nothing else.
 */

import { ADMINISTRATION_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { Administration } from '../node/messages.ts';
import type {
  ExecuteRequest,
  ReadLevel,
  SqlParams,
  SqlValue,
  Statement,
  StatementKind,
  StatementResult,
} from '../node/sql.ts';
import type { NodeStatus } from '../node/status.ts';
import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import { checkParams, checkSql, checkStatements, checkTimeout } from './arguments.ts';
import { withinLimits } from './call-limits.ts';
import {
  invalidArgument,
  ResqliteError,
  statementRefused,
  toReadError,
  toResqliteError,
} from './errors.ts';
import { formatInviteLink } from './invite-link.ts';
import type { Executed } from './protocol.ts';
import { runScript, type RunOptionsFor, type RunResult } from './script.ts';
import type { TabNode } from './tab-node.ts';

/** A row by its columns' names. Of two columns with one name the last wins. */
export type Row = Readonly<Record<string, SqlValue>>;

export interface CallOptions {
  /** How long to wait for the answer; 10 s where not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface QueryOptions extends CallOptions {
  /** 'linearizable' where not given. */
  readonly level?: ReadLevel;
}

export interface QueryAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly level: ReadLevel;
  /** How much of the log the rows reflect. */
  readonly appliedIndex: LogIndex;
  /** The level does not rule out that newer data had been committed. */
  readonly mayBeStale: boolean;
}

export type RunOptions = RunOptionsFor<QueryAnswer>;

export interface ExecuteAnswer {
  /** The log entry's index and term. */
  readonly index: LogIndex;
  readonly term: Term;
  /** One for each statement. */
  readonly results: readonly StatementResult[];
}

/** For what may take a while: a statement that builds an index, a hash of everything. */
const LONG_TIMEOUT_MS = 120_000;
const SQLITE_FILE = 'application/vnd.sqlite3';

export class Database {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** For demonstrations and tests. */
  readonly faults: {
    /** This tab's node dies at once, in the middle of whatever it does. */
    readonly crash: () => void;
    /** Cuts all links of this tab's node, or lets them come back. */
    readonly isolate: (on: boolean) => Promise<void>;
  };
  readonly #node: TabNode;
  readonly #release: () => Promise<void>;
  #closed = false;

  /** `release` gives this handle back; the last one to go closes the node. */
  constructor(
    node: TabNode,
    identity: { readonly clusterId: string; readonly nodeId: NodeId },
    release: () => Promise<void>,
  ) {
    this.clusterId = identity.clusterId;
    this.nodeId = identity.nodeId;
    this.#node = node;
    this.#release = release;
    this.faults = {
      crash: () => node.terminate('Closed', 'this node was made to crash'),
      isolate: (on) => this.#reading(() => node.node('isolate', [on])),
    };
  }

  /**
   * Runs one statement; values become parameters. One that only reads is a linearizable query and
   * gives its rows; any other is executed through the log and gives its RETURNING rows.
   */
  readonly sql = async <R extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlValue | boolean)[]
  ): Promise<R[]> => {
    if (strings.some((part: string | undefined) => part === undefined)) {
      throw invalidArgument('the SQL has an escape sequence that JavaScript does not know');
    }
    const sql = checkSql(strings.join('?'));
    const params = checkParams(values);
    const kind = await this.#classify(sql);
    if (kind.readOnly) return asObjects<R>(await this.query(sql, params));
    const { results } = await this.execute({ sql, params });
    return results.flatMap((result) => asObjects<R>(result));
  };

  /** One statement, or several as one atomic transaction, in one log entry. */
  async execute(
    request: string | Statement | readonly (string | Statement)[],
    options: CallOptions = {},
  ): Promise<ExecuteAnswer> {
    const statements = checkStatements(request);
    const common = { mode: 'atomic', foreignKeys: true, bail: true, rows: true } as const;
    const executed = await this.#execute({ statements, ...common }, options, REQUEST_TIMEOUT_MS);
    const { outcomes, committed } = executed.response;
    // An atomic entry that committed with an error took effect: only its answer was too large.
    const applied = committed ? 'yes' : 'no';
    const results: StatementResult[] = [];
    for (const [statement, outcome] of outcomes.entries()) {
      if (outcome.type === 'error') throw statementRefused(outcome.error, statement, applied);
      results.push(outcome.result);
    }
    return { index: executed.index, term: executed.term, results };
  }

  /** One statement that only reads. */
  async query(
    sql: string,
    params: SqlParams = [],
    options: QueryOptions = {},
  ): Promise<QueryAnswer> {
    const { level = 'linearizable' } = options;
    const timeoutMs = checkTimeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const request = { sql: checkSql(sql), params: checkParams(params) };
    const deadlineMs = performance.now() + timeoutMs;
    return this.#reading(async () => {
      const atLeast = await this.#readIndex(level, timeoutMs);
      const leftMs = Math.max(1, deadlineMs - performance.now());
      const read = { ...request, atLeast, timeoutMs: leftMs };
      const { columns, rows, appliedIndex } = await this.#node.reader('query', [read]);
      const mayBeStale = level === 'none' || level === 'weak';
      return { columns, rows, level, appliedIndex, mayBeStale };
    }, options);
  }

  /**
   * Runs any number of statements, as sqlite3 runs a file: a failing one is counted and the next one
   * runs. Rejects only where the cluster fails; then what was answered before has taken effect.
   */
  async run(script: string, options: RunOptions = {}): Promise<RunResult> {
    if (typeof script !== 'string') throw invalidArgument('a script must be a string');
    const { signal } = options;
    const timeoutMs = LONG_TIMEOUT_MS;
    const limits: QueryOptions = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    const ports = {
      split: (part: string) => this.#reading(() => this.#node.reader('split', [part]), limits),
      classify: (sql: string) => this.#classifyBehind(sql, limits),
      execute: (request: ExecuteRequest) => this.#execute(request, limits, timeoutMs),
      query: (sql: string) => {
        const { level = 'linearizable' } = options;
        return this.query(sql, [], { ...limits, level });
      },
    };
    return runScript(ports, script, options);
  }

  async status(): Promise<NodeStatus> {
    return this.#reading(() => this.#node.status());
  }

  /** Calls back with every status, at once with the last one; the answer unsubscribes. */
  onStatus(listener: (status: NodeStatus) => void): () => void {
    return this.#node.onStatus(listener);
  }

  /** A logical hash of the whole database: equal on every node at the same index. */
  async hash(): Promise<{ index: LogIndex; hash: string }> {
    return this.#reading(() => this.#node.reader('hash', []), { timeoutMs: LONG_TIMEOUT_MS });
  }

  /** This node's database as a standard SQLite file. */
  async export(): Promise<Blob> {
    const limits = { timeoutMs: LONG_TIMEOUT_MS };
    const bytes = await this.#reading(() => this.#node.reader('export', []), limits);
    return new Blob([new Uint8Array(bytes)], { type: SQLITE_FILE });
  }

  /** The link that lets another browser in. Whoever has it is a member: it is a key. */
  async invite(): Promise<string> {
    const invite = await this.#reading(() => this.#node.node('invite', []));
    return formatInviteLink(location.href, invite);
  }

  /**
   * Hands the leadership to a voter, or to whoever is best placed; resolves when that one leads.
   * Rejects with 'Refused' where it cannot.
   */
  async transferLeadership(nodeId: NodeId | null = null, options: CallOptions = {}): Promise<void> {
    await this.#administer({ type: 'transfer', nodeId }, options);
  }

  /**
   * Takes a member out of the cluster for good, be it reachable or not; resolves when that is
   * committed. Rejects with 'Refused' where the data would be left in one copy.
   */
  async removeNode(nodeId: NodeId, options: CallOptions = {}): Promise<{ warning: string }> {
    return this.#administer({ type: 'remove', nodeId }, options);
  }

  /** Takes this tab's own node out of the cluster for good, as `removeNode` does. */
  async leave(options: CallOptions = {}): Promise<{ warning: string }> {
    return this.#administer({ type: 'leave', nodeId: this.nodeId }, options);
  }

  /** Gives this handle back; the node closes with the page's last one. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#release();
  }

  async #readIndex(level: ReadLevel, timeoutMs: number): Promise<LogIndex | null> {
    switch (level) {
      case 'none':
        return null;
      case 'weak':
      case 'linearizable':
      case 'strong':
        return this.#node.node('readIndex', [level, timeoutMs]);
      default:
        throw invalidArgument(`there is no read level ${String(level satisfies never)}`);
    }
  }

  /** What a statement is. One that does not compile may only do so because this node lags behind. */
  async #classify(sql: string): Promise<StatementKind> {
    const kind = await this.#reading(() => this.#node.reader('classify', [sql, null]));
    if (kind.error === null) return kind;
    const retried = await this.#classifyBehind(sql, {});
    if (retried.error !== null) throw statementRefused(retried.error, 0);
    return retried;
  }

  async #classifyBehind(sql: string, options: CallOptions): Promise<StatementKind> {
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    return this.#reading(async () => {
      const index = await this.#node.node('readIndex', ['linearizable', timeoutMs]);
      return this.#node.reader('classify', [sql, index]);
    }, options);
  }

  async #execute(
    request: ExecuteRequest,
    options: CallOptions,
    defaultTimeoutMs: number,
  ): Promise<Executed> {
    this.#checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? defaultTimeoutMs);
    const { signal = null } = options;
    const limits = { timeoutMs, signal, appliedIfSent: 'unknown' } as const;
    try {
      return await withinLimits(limits, () => this.#node.node('execute', [request, timeoutMs]));
    } catch (error) {
      throw toResqliteError(error);
    }
  }

  async #administer(
    administration: Administration,
    options: CallOptions,
  ): Promise<{ warning: string }> {
    this.#checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? ADMINISTRATION_TIMEOUT_MS);
    const { signal = null } = options;
    const limits = { timeoutMs, signal, appliedIfSent: 'unknown' } as const;
    try {
      return await withinLimits(limits, () =>
        this.#node.node('administer', [administration, timeoutMs]),
      );
    } catch (error) {
      throw toResqliteError(error);
    }
  }

  async #reading<T>(work: () => Promise<T>, options: CallOptions = {}): Promise<T> {
    this.#checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const { signal = null } = options;
    try {
      return await withinLimits({ timeoutMs, signal, appliedIfSent: 'no' }, work);
    } catch (error) {
      throw toReadError(error);
    }
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    const message = 'this database was closed';
    throw new ResqliteError({ code: 'Closed', applied: 'no', message, sqlite: null });
  }
}

function asObjects<R extends object>(result: {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}): R[] {
  const { columns, rows } = result;
  // Object.fromEntries defines own properties, so a column named __proto__ is only a column.
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])) as R);
}
