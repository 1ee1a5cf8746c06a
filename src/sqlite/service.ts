/**
 * What the SQL worker does for the node worker and the page, behind whatever carries the calls.
 * Every method rejects with `SqlFailure`; whatever else is thrown is a defect.
 *
 * Applying and reading take turns on one thread: a read sees the state between two batches. Hashing
 * a snapshot lets others have their turn between two pieces. A restore takes one turn, however long:
 * reads wait, and then see the new state.
 */

import { FormatError } from '../node/bytes.ts';
import { failure } from '../node/errors.ts';
import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type {
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
  RemoteStateMachine,
} from '../node/ports.ts';
import type { QueryResult, SqlParams, StatementKind } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { decodeEntries, encodeApplyOutcome } from './apply-codec.ts';
import { exportDatabase } from './export.ts';
import { hashDatabase } from './hash.ts';
import { hashBetween } from './piece-hash.ts';
import { reading, runQuery } from './query.ts';
import { classify, splitScript } from './script.ts';
import { refused, SqlFailure, SqliteError, troubleCode } from './sql-error.ts';
import { SqlState, type Opening } from './sql-state.ts';
import type { StateFiles } from './state-files.ts';

/** Somebody waits until the database is open, or until an index is applied. */
interface Waiter {
  readonly index: number;
  /** Of the data themselves: of no use while they are quarantined. */
  readonly isForData: boolean;
  readonly resolve: () => void;
  readonly reject: (error: SqlFailure) => void;
}

export interface ReadRequest {
  readonly sql: string;
  readonly params: SqlParams;
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

/** The index of a database that is open, whatever it has applied. */
const OPEN = 0;
/** Longer timers end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class SqlService implements RemoteStateMachine {
  readonly #openFiles: (directory: string) => Promise<StateFiles>;
  #opening = false;
  /** It was open, and was closed in good order. */
  #isReplaceable = false;
  #state: SqlState | null = null;
  /** Why there is no database any more, or will not be one. */
  #ended: SqlFailure | null = null;
  #waiters: Waiter[] = [];

  constructor(openFiles: (directory: string) => Promise<StateFiles>) {
    this.#openFiles = openFiles;
  }

  /**
   * Opens or creates the database with the number `file` in the directory; once, and once more after
   * each `close`: a node that has to be replaced by another one is, without a new worker.
   * `opening`: see `SqlState`.
   */
  async open(
    directory: string,
    file: number,
    opening: Opening = 'usual',
  ): Promise<{ appliedIndex: LogIndex; quarantined: boolean }> {
    if (this.#opening) throw refused('InvalidArgument', 'the database was opened before');
    this.#opening = true;
    if (this.#isReplaceable) this.#ended = null;
    this.#isReplaceable = false;
    try {
      const files = await this.#openFiles(directory);
      if (this.#ended !== null) {
        files.close();
        throw this.#ended;
      }
      this.#state = openState(files, file, opening);
      this.#wake();
      const { appliedIndex, isQuarantined } = this.#state;
      return { appliedIndex, quarantined: isQuarantined };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#end(error instanceof SqlFailure ? error : refused('Internal', message));
      throw error;
    }
  }

  /** Entries and outcome in the form of apply-codec.ts. */
  async apply(entries: Uint8Array): Promise<Uint8Array> {
    const state = this.#get();
    try {
      return encodeApplyOutcome(state.apply(decodeEntries(entries)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw refused('Internal', `the entries cannot be read: ${error.message}`);
    } finally {
      this.#wake();
    }
  }

  async checkpoint(): Promise<SnapshotOutcome<LogIndex>> {
    return this.#get().checkpoint();
  }

  async openSnapshot(): Promise<SnapshotOutcome<OpenedSnapshot>> {
    return hashBetween(this.#get().openSnapshot());
  }

  async readSnapshot(offset: number, length: number): Promise<SnapshotOutcome<Uint8Array>> {
    return this.#get().readSnapshot(offset, length);
  }

  async closeSnapshot(): Promise<void> {
    this.#get().closeSnapshot();
  }

  async beginStage(snapshot: StagedSnapshot): Promise<SnapshotOutcome<null>> {
    return this.#get().beginStage(snapshot);
  }

  async writeStage(offset: number, data: Uint8Array): Promise<SnapshotOutcome<null>> {
    return this.#get().writeStage(offset, data);
  }

  async finishStage(): Promise<SnapshotOutcome<null>> {
    return hashBetween(this.#get().finishStage());
  }

  async discardStage(): Promise<void> {
    this.#get().discardStage();
  }

  async restore(file: number): Promise<SnapshotOutcome<LogIndex>> {
    const outcome = this.#get().restore(file);
    this.#wake();
    return outcome;
  }

  /** Whoever waits for data is told at once: what it waits for will not come here. */
  async quarantine(): Promise<SnapshotOutcome<null>> {
    const outcome = this.#get().quarantine();
    if (outcome.type !== 'done') return outcome;
    const hopeless = this.#waiters.filter(({ isForData }) => isForData);
    this.#waiters = this.#waiters.filter(({ isForData }) => !isForData);
    for (const waiter of hopeless) waiter.reject(quarantined());
    return outcome;
  }

  async close(): Promise<void> {
    this.#end(refused('Closed', 'the database is closed'));
    const state = this.#state;
    if (state === null) return;
    this.#state = null;
    state.close();
    this.#opening = false;
    this.#isReplaceable = true;
  }

  async query(request: ReadRequest): Promise<QueryResult> {
    const { sql, params, atLeast, timeoutMs } = request;
    const deadlineMs = performance.now() + timeoutMs;
    const { database, appliedIndex } = await this.#whenTrusted(atLeast ?? OPEN, timeoutMs);
    return runQuery(database, appliedIndex, { sql, params, deadlineMs });
  }

  async classify(sql: string, atLeast: LogIndex | null): Promise<StatementKind> {
    const { database } = await this.#waitFor(atLeast ?? OPEN, REQUEST_TIMEOUT_MS, false);
    return reading(database, () => classify(database, sql));
  }

  async split(script: string): Promise<{ sql: string; kind: StatementKind }[]> {
    const { database } = await this.#waitFor(OPEN, REQUEST_TIMEOUT_MS, false);
    return reading(database, () => splitScript(database, script));
  }

  async hash(): Promise<{ index: LogIndex; hash: string }> {
    const { database, appliedIndex } = await this.#whenTrusted(OPEN, REQUEST_TIMEOUT_MS);
    return { index: appliedIndex, hash: hashDatabase(database) };
  }

  async export(): Promise<Uint8Array> {
    const { database } = await this.#whenTrusted(OPEN, REQUEST_TIMEOUT_MS);
    return exportDatabase(database);
  }

  /** Rejects with 'Quarantined' where the data are not to be trusted. */
  async #whenTrusted(index: number, timeoutMs: number): Promise<SqlState> {
    if (this.#state?.isQuarantined === true) throw quarantined();
    const state = await this.#waitFor(index, timeoutMs, true);
    if (state.isQuarantined) throw quarantined();
    return state;
  }

  /** Rejects with 'Timeout' where the index is not applied in time. */
  async #waitFor(index: number, timeoutMs: number, isForData: boolean): Promise<SqlState> {
    if (this.#ended === null && !this.#hasReached(index)) {
      await this.#wait(index, timeoutMs, isForData);
    }
    return this.#get();
  }

  #get(): SqlState {
    if (this.#ended !== null) throw this.#ended;
    if (this.#state === null) throw refused('Closed', 'the database is not open yet');
    return this.#state;
  }

  #end(reason: SqlFailure): void {
    this.#ended ??= reason;
    for (const waiter of this.#waiters) waiter.reject(this.#ended);
    this.#waiters = [];
  }

  #wait(index: number, timeoutMs: number, isForData: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        const what =
          this.#state === null ? 'the database was not open' : `${index} was not applied`;
        reject(refused('Timeout', `${what} in ${Math.round(timeoutMs)} ms`));
      };
      const timer = setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
      const waiter: Waiter = {
        index,
        isForData,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #hasReached(index: number): boolean {
    return this.#state !== null && this.#state.appliedIndex >= index;
  }

  #wake(): void {
    const reached = this.#waiters.filter((waiter) => this.#hasReached(waiter.index));
    this.#waiters = this.#waiters.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve();
  }
}

/** Gives the files back where they cannot be opened. */
function openState(files: StateFiles, file: number, opening: Opening): SqlState {
  try {
    return new SqlState(files, file, {}, opening);
  } catch (error) {
    files.close();
    if (!(error instanceof SqliteError)) throw error;
    throw new SqlFailure(failure(troubleCode(error.resultCode), 'no', error.message));
  }
}

function quarantined(): SqlFailure {
  const message = "this node's copy of the data cannot be trusted and is being replaced";
  return refused('Quarantined', message);
}
