/**
 * What the SQL worker does for the node worker and the page, behind whatever carries the calls.
 * Every method rejects with `SqlFailure`; whatever else is thrown is a defect.
 *
 * Applying and reading take turns on one thread: a read sees the state between two batches. Hashing
 * a snapshot lets others have their turn between two pieces. A restore takes one turn, however long:
 * reads wait, and then see the new state.
 */

import { FormatError } from '../node/bytes.ts';
import type { AdoptedBuild, BuildName } from '../node/build.ts';
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
import { ownBuild } from './build.ts';
import { hashDatabase } from './hash.ts';
import { COMMIT_DELAY_MS } from './limits.ts';
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

/** What works on the database besides, for as long as nobody else does. */
export interface ServiceListener {
  /** Somebody is about to use the database: nothing may be left open on it. */
  giveWay?(): void;
  /** Entries were applied, the state was replaced, or the database was opened. */
  stateChanged?(): void;
  /** The database is about to be closed, and its files with it. */
  closing?(): void;
}

export interface ReadRequest {
  readonly sql: string;
  readonly params: SqlParams;
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

export interface OpenedState {
  readonly appliedIndex: LogIndex;
  readonly quarantined: boolean;
  readonly build: { readonly own: BuildName; readonly adopted: AdoptedBuild };
}

/** The index of a database that is open, whatever it has applied. */
export const OPEN = 0;
/** Longer timers end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** `isAnew`: in a module of its own, since the memory of the one before cannot be trusted. */
type OpenFiles = (directory: string, isAnew: boolean) => Promise<StateFiles>;

export class SqlService implements RemoteStateMachine {
  readonly #openFiles: OpenFiles;
  #directory = '';
  #opening = false;
  /** It was open, and was closed in good order. */
  #isReplaceable = false;
  #state: SqlState | null = null;
  #reopening: Promise<unknown> | null = null;
  /** Why there is no database any more, or will not be one. */
  #ended: SqlFailure | null = null;
  #waiters: Waiter[] = [];
  readonly #listeners: ServiceListener[] = [];
  /** Runs until what was applied is committed, if nothing commits it before. */
  #commitTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(openFiles: OpenFiles) {
    this.#openFiles = openFiles;
  }

  /**
   * Opens or creates the database with the number `file` in the directory; once, and once more after
   * each `close`: a node that has to be replaced by another one is, without a new worker.
   * `opening`: see `SqlState`.
   */
  async open(directory: string, file: number, opening: Opening = 'usual'): Promise<OpenedState> {
    if (this.#opening) throw refused('InvalidArgument', 'the database was opened before');
    this.#opening = true;
    this.#directory = directory;
    if (this.#isReplaceable) this.#ended = null;
    this.#isReplaceable = false;
    try {
      const files = await this.#openFiles(directory, false);
      if (this.#ended !== null) {
        files.close();
        throw this.#ended;
      }
      this.#state = openState(files, file, opening);
      this.#wake();
      const { appliedIndex, isQuarantined, adoptedBuild: adopted } = this.#state;
      const build = { own: ownBuild(files.runtime), adopted };
      return { appliedIndex, quarantined: isQuarantined, build };
    } catch (error) {
      this.#end(endOf(error));
      throw error;
    }
  }

  /**
   * Entries and outcome in the form of apply-codec.ts. They are committed together with those that come
   * soon, or when somebody uses the database.
   */
  async apply(entries: Uint8Array): Promise<Uint8Array> {
    const state = this.#get();
    try {
      const outcome = state.apply(decodeEntries(entries), true);
      if (state.uncommitted.length > 0) this.#commitSoon();
      return encodeApplyOutcome(outcome);
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

  async skip(index: LogIndex): Promise<void> {
    this.#get().skip(index);
  }

  async adoptedBuild(): Promise<SnapshotOutcome<AdoptedBuild>> {
    return { type: 'done', result: this.#get().adoptedBuild };
  }

  /** Readers wait meanwhile, and so does whoever closes it. */
  async reopen(): Promise<SnapshotOutcome<LogIndex>> {
    const reopening = this.#reopen(this.#get());
    this.#reopening = reopening;
    return reopening;
  }

  async close(): Promise<void> {
    if (this.#reopening !== null) await this.#reopening;
    this.#end(refused('Closed', 'the database is closed'));
    const state = this.#state;
    if (state === null) return;
    for (const listener of this.#listeners) listener.giveWay?.();
    for (const listener of this.#listeners) listener.closing?.();
    this.#state = null;
    state.close();
    this.#opening = false;
    this.#isReplaceable = true;
  }

  async query(request: ReadRequest, signal: AbortSignal | null = null): Promise<QueryResult> {
    const { sql, params, atLeast, timeoutMs } = request;
    const deadlineMs = performance.now() + timeoutMs;
    await this.whenTrusted(atLeast ?? OPEN, timeoutMs, signal);
    const { database, appliedIndex } = this.take();
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
    const { database, appliedIndex } = await this.whenTrusted(OPEN, REQUEST_TIMEOUT_MS);
    return { index: appliedIndex, hash: hashDatabase(database) };
  }

  /**
   * The state, once it has applied `index`, for use until the caller next awaits something: whoever
   * had something under way on the database has given way. Rejects with 'Quarantined' where the data
   * are not to be trusted, with 'Timeout' where the index is not applied in time, and with 'Aborted'
   * where the signal fires first.
   */
  async whenTrusted(
    index: number,
    timeoutMs: number,
    signal: AbortSignal | null = null,
  ): Promise<SqlState> {
    if (this.#state?.isQuarantined === true) throw quarantined();
    await this.#waitFor(index, timeoutMs, true, signal);
    if (signal?.aborted === true) throw aborted();
    return this.take();
  }

  /**
   * The same state without waiting, for use before anything else runs: it cannot be that somebody
   * takes up the database between the answer and its use. Throws 'Quarantined' and 'Closed'.
   */
  take(): SqlState {
    const state = this.#get();
    if (state.isQuarantined) throw quarantined();
    return state;
  }

  /** Rejects with 'Timeout' where the index is not applied in time. */
  async #waitFor(
    index: number,
    timeoutMs: number,
    isForData: boolean,
    signal: AbortSignal | null = null,
  ): Promise<SqlState> {
    if (this.#ended === null && !this.#hasReached(index)) {
      await this.#wait(index, timeoutMs, isForData, signal);
    }
    return this.#get();
  }

  /** The state as it is, with whatever is under way on it; null: there is none. */
  get present(): SqlState | null {
    return this.#ended === null ? this.#state : null;
  }

  #get(): SqlState {
    if (this.#ended !== null) throw this.#ended;
    if (this.#state === null) throw refused('Closed', 'the database is not open yet');
    for (const listener of this.#listeners) listener.giveWay?.();
    return this.#state;
  }

  /** Tells the listener from now on. */
  listen(listener: ServiceListener): void {
    this.#listeners.push(listener);
  }

  async #reopen(state: SqlState): Promise<SnapshotOutcome<LogIndex>> {
    this.#state = null;
    const { uncommitted } = state;
    try {
      state.abandon();
      const files = await this.#openFiles(this.#directory, true);
      this.#state = openState(files, state.file, 'usual');
      const outcome = this.#state.apply(uncommitted);
      if (outcome.type !== 'applied') throw refused('Internal', outcome.reason);
    } catch (error) {
      const end = endOf(error);
      this.#end(end);
      return { type: 'failed', reason: end.message };
    }
    this.#wake();
    return { type: 'done', result: this.#state.appliedIndex };
  }

  #commitSoon(): void {
    if (this.#commitTimer !== null) return;
    this.#commitTimer = setTimeout(() => {
      this.#commitTimer = null;
      this.#state?.commit();
    }, COMMIT_DELAY_MS);
  }

  #end(reason: SqlFailure): void {
    this.#ended ??= reason;
    for (const waiter of this.#waiters) waiter.reject(this.#ended);
    this.#waiters = [];
  }

  #wait(
    index: number,
    timeoutMs: number,
    isForData: boolean,
    signal: AbortSignal | null,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: SqlFailure): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        waiter.reject(reason);
      };
      const late = (): void => {
        const what =
          this.#state === null ? 'the database was not open' : `${index} was not applied`;
        giveUp(refused('Timeout', `${what} in ${Math.round(timeoutMs)} ms`));
      };
      const timer = setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
      const onAbort = (): void => giveUp(aborted());
      signal?.addEventListener('abort', onAbort, { once: true });
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        index,
        isForData,
        resolve: () => {
          end();
          resolve();
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #hasReached(index: number): boolean {
    return this.#state !== null && this.#state.appliedIndex >= index;
  }

  /** Something may have been applied, or all of the state been replaced. */
  #wake(): void {
    for (const listener of this.#listeners) listener.stateChanged?.();
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

/** Why there is no database, of what was thrown when it was opened. */
function endOf(error: unknown): SqlFailure {
  if (error instanceof SqlFailure) return error;
  return refused('Internal', error instanceof Error ? error.message : String(error));
}

function aborted(): SqlFailure {
  return refused('Aborted', 'the caller aborted the request');
}

function quarantined(): SqlFailure {
  const message = "this node's copy of the data cannot be trusted and is being replaced";
  return refused('Quarantined', message);
}
