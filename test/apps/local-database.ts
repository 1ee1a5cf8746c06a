/**
 * The library's own `Database` over real SQLite, in Node and in one thread: a cluster of one node without
 * a log, whose every write is applied at once. Its workers are played by this thread; what they answer
 * comes from the code that runs in real ones. Statements are stamped with a time that the test sets.
 */

import { expect, onTestFinished, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import type { StateRequest } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { Cursors } from '../../src/sqlite/cursors.ts';
import { FileExport } from '../../src/sqlite/file-export.ts';
import { FileImport } from '../../src/sqlite/file-import.ts';
import { LiveQueries } from '../../src/sqlite/live-queries.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { Speculations } from '../../src/sqlite/speculations.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { openFake } from '../client/fake-database.ts';
import { FakeTab } from '../client/fake-workers.ts';
import { executeEntry, registration, responseOf, STAMP_MS } from '../sqlite/log.ts';
import { loadTestRuntime, newName } from '../sqlite/support.ts';

let runtime: Promise<Runtime> | null = null;

/** What befalls the next writes, in order: each is lost before it is applied, or its answer is. */
export type Mishap = 'lost' | 'answer-lost';

export class LocalDatabase {
  readonly db: Database;
  /** Another handle of the same database, as another tab has it; close it or leave it. */
  readonly another: () => Database;
  /** What `unixepoch('now')` of the next entry says, in milliseconds. */
  stampMs = STAMP_MS;
  readonly mishaps: Mishap[] = [];
  /** Writes that were applied. */
  applied = 0;
  readonly #service: SqlService;
  #index = 1 as LogIndex;
  #sequence = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    service: SqlService,
    opened: { db: Database; another: () => Database },
    tab: FakeTab,
  ) {
    this.#service = service;
    this.db = opened.db;
    this.another = opened.another;
    tab.nodeMethods.execute = served(async (request) => this.#execute(request));
    tab.nodeMethods.readIndex = async () => this.#index;
  }

  /** Put away with the test. */
  static async open(): Promise<LocalDatabase> {
    runtime ??= loadTestRuntime();
    const files = await runtime;
    const name = newName();
    const service = new SqlService(async () => memoryFiles(files, name));
    onTestFinished(() => service.close());
    watchReports();
    drawFrames();
    await service.open('', 0);
    await service.apply(encodeEntries([registration()]));
    const tab = new FakeTab();
    serveReads(tab, service);
    return new LocalDatabase(service, await openFake(tab), tab);
  }

  /** One entry a request, in the order of the calls. */
  #execute(request: StateRequest) {
    const mishap = this.mishaps.shift();
    if (mishap === 'lost') throw new RpcFailure(failure('NoQuorum', 'no', 'lost on the way'));
    const done = this.#turn.then(() => this.#apply(request));
    this.#turn = done.catch(() => undefined);
    return done.then((executed) => {
      if (mishap === undefined) return executed;
      throw new RpcFailure(failure('Timeout', 'unknown', 'the answer was lost'));
    });
  }

  async #apply(request: StateRequest) {
    const body = encodeRequest(request);
    this.#sequence += 1;
    const index = (this.#index + 1) as LogIndex;
    const entry = executeEntry(index, {
      sequence: this.#sequence,
      stampMs: this.stampMs,
      body,
    });
    const outcome = decodeApplyOutcome(await this.#service.apply(encodeEntries([entry])));
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    this.#index = index;
    this.applied += 1;
    return { index, term: 1 as Term, response: responseOf(outcome.outcomes[0]) };
  }
}

/** What a browser would tell the console fails the test. */
function watchReports(): void {
  const reported: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
  onTestFinished(() => {
    vi.unstubAllGlobals();
    expect(reported).toEqual([]);
  });
}

/** A page in front, whose frames are drawn as soon as they are asked for. */
function drawFrames(): void {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  const frames: ReturnType<typeof setTimeout>[] = [];
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => {
    frames.push(setTimeout(callback, 1));
    return frames.at(-1);
  });
  onTestFinished(() => frames.forEach(clearTimeout));
  vi.stubGlobal('cancelAnimationFrame', clearTimeout);
}

/** As sql-worker.ts does. */
function serveReads(tab: FakeTab, service: SqlService): void {
  const cursors = new Cursors(service);
  const speculations = new Speculations(service);
  const fileImport = new FileImport(service);
  const fileExport = new FileExport(service);
  const lives = new LiveQueries(service, (stale) => {
    tab.sqlEvents?.push({ type: 'live-stale', lives: stale });
  });
  const never = new AbortController().signal;
  Object.assign(tab.readerMethods, {
    query: served((request) => service.query(request, never)),
    classify: served((sql, atLeast) => service.classify(sql, atLeast)),
    openCursor: served((request) => cursors.openCursor(request, never)),
    readCursor: served((cursor, from, count) => cursors.readCursor(cursor, from, count)),
    closeCursor: served((cursor) => cursors.closeCursor(cursor)),
    split: served((script) => service.split(script)),
    hash: served(() => service.hash()),
    openImport: served((file) => fileImport.openImport(file)),
    importProgress: served(() => fileImport.importProgress()),
    readImport: served((offset, length) => fileImport.readImport(offset, length)),
    closeImport: served(() => fileImport.closeImport()),
    openExport: served(() => fileExport.openExport()),
    exportProgress: served(() => fileExport.exportProgress()),
    readExport: served((offset, length) => fileExport.readExport(offset, length)),
    closeExport: served(() => fileExport.closeExport()),
    openLive: served((sql, params) => lives.openLive(sql, params)),
    readLive: served((live, timeoutMs) => lives.readLive(live, timeoutMs)),
    closeLive: served((live) => lives.closeLive(live)),
    beginTransaction: served((atLeast, timeoutMs) =>
      speculations.beginTransaction(atLeast, timeoutMs),
    ),
    runInTransaction: served((id, statement, readsOnly) =>
      speculations.runInTransaction(id, statement, readsOnly),
    ),
    finishTransaction: served((id) => speculations.finishTransaction(id)),
    discardTransaction: served((id) => speculations.discardTransaction(id)),
  } satisfies Partial<FakeTab['readerMethods']>);
}

function served<Args extends unknown[], Result>(
  method: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await method(...args);
    } catch (error) {
      throw error instanceof SqlFailure ? new RpcFailure(error.failure) : error;
    }
  };
}
