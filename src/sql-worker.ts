/**
 * The SQL worker: SQLite on OPFS in a worker of its own, so that a long statement never silences a
 * heartbeat. The page's first message brings two ports: one to the node worker, which applies log
 * entries, and one to the page, which reads. Another one brings the compiled module.
 */

import { Moved, RpcFailure, RpcServer } from './client/rpc.ts';
import type { SqlApplierApi, SqlReaderApi, SqlReaderEvent } from './client/protocol.ts';
import { compileSqlite, type ModuleMessage } from './client/sqlite-module.ts';
import { Cursors } from './sqlite/cursors.ts';
import { FileExport } from './sqlite/file-export.ts';
import { FileImport } from './sqlite/file-import.ts';
import { LiveQueries } from './sqlite/live-queries.ts';
import { Dumps } from './sqlite/dump.ts';
import { openPooledFiles } from './sqlite/pool.ts';
import { loadRuntime } from './sqlite/runtime.ts';
import { SqlService } from './sqlite/service.ts';
import { Speculations } from './sqlite/speculations.ts';
import { SqlFailure } from './sqlite/sql-error.ts';

interface PortsMessage {
  readonly type: 'ports';
  readonly applier: MessagePort;
  readonly reader: MessagePort;
}

/** The same method, its failures in the form that crosses to the caller. */
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

/** Bytes that were read for the caller, and move to it. */
function moving(bytes: Uint8Array): Moved<Uint8Array> {
  return new Moved(bytes, [bytes.buffer]);
}

let give: (module: ModuleMessage['module']) => void = () => undefined;
const compiled = new Promise<ModuleMessage['module']>((resolve) => {
  give = resolve;
}).then((module) => module ?? compileSqlite());
/** A compiled module has no memory: each instance of it begins anew. */
const load = (): ReturnType<typeof loadRuntime> => loadRuntime(() => compiled);

// The module is made ready while the node worker opens its log.
let runtime = load();
runtime.catch(() => undefined);
const service = new SqlService(async (directory, isAnew) => {
  if (isAnew) runtime = load();
  return openPooledFiles(await runtime, directory);
});
const cursors = new Cursors(service);
const speculations = new Speculations(service);
const dumps = new Dumps(service, cursors);
const fileImport = new FileImport(service);
const fileExport = new FileExport(service);

function serve({ applier, reader }: PortsMessage): readonly object[] {
  const applierServer = new RpcServer<SqlApplierApi, never>(applier, {
    open: served((directory, file, opening) => service.open(directory, file, opening)),
    apply: served((entries) => service.apply(entries)),
    close: served(() => service.close()),
    checkpoint: served(() => service.checkpoint()),
    openSnapshot: served(() => service.openSnapshot()),
    readSnapshot: served(async (offset, length) => {
      const outcome = await service.readSnapshot(offset, length);
      return outcome.type === 'done' ? new Moved(outcome, [outcome.result.buffer]) : outcome;
    }),
    closeSnapshot: served(() => service.closeSnapshot()),
    beginStage: served((snapshot) => service.beginStage(snapshot)),
    writeStage: served((offset, data) => service.writeStage(offset, data)),
    finishStage: served(() => service.finishStage()),
    discardStage: served(() => service.discardStage()),
    restore: served((file) => service.restore(file)),
    quarantine: served(() => service.quarantine()),
    skip: served((index) => service.skip(index)),
    adoptedBuild: served(() => service.adoptedBuild()),
    reopen: served(() => service.reopen()),
  });
  const lives = new LiveQueries(service, (stale) => {
    readerServer.push({ type: 'live-stale', lives: stale });
  });
  const readerServer = new RpcServer<SqlReaderApi, SqlReaderEvent>(reader, {
    query: served((request, signal) => service.query(request, signal)),
    classify: served((sql, atLeast) => service.classify(sql, atLeast)),
    openCursor: served((request, signal) => cursors.openCursor(request, signal)),
    openDump: served((request, signal) => dumps.openDump(request, signal)),
    readCursor: served((cursor, from, count) => cursors.readCursor(cursor, from, count)),
    closeCursor: served((cursor) => cursors.closeCursor(cursor)),
    split: served((script) => service.split(script)),
    hash: served(() => service.hash()),
    openImport: served((file) => fileImport.openImport(file)),
    importProgress: served(() => fileImport.importProgress()),
    readImport: served(async (offset, length) =>
      moving(await fileImport.readImport(offset, length)),
    ),
    closeImport: served(() => fileImport.closeImport()),
    openExport: served(() => fileExport.openExport()),
    exportProgress: served(() => fileExport.exportProgress()),
    readExport: served(async (offset, length) =>
      moving(await fileExport.readExport(offset, length)),
    ),
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
  });
  return [applierServer, readerServer];
}

self.addEventListener('message', ({ data }: MessageEvent<PortsMessage | ModuleMessage>) => {
  if (data.type === 'ports') serve(data);
  else give(data.module);
});
// Of what the page sends only the module may not be readable here.
self.addEventListener('messageerror', () => give(null));
