/**
 * The SQL worker: SQLite on OPFS in a worker of its own, so that a long statement never silences a
 * heartbeat. The page's first message brings two ports: one to the node worker, which applies log
 * entries, and one to the page, which reads.
 */

import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';
import { RpcFailure, RpcServer } from './client/rpc.ts';
import type { SqlApplierApi, SqlReaderApi } from './client/protocol.ts';
import { openPooledFiles } from './sqlite/pool.ts';
import { loadRuntime } from './sqlite/runtime.ts';
import { SqlService } from './sqlite/service.ts';
import { SqlFailure } from './sqlite/sql-error.ts';

interface PortsMessage {
  readonly type: 'ports';
  readonly applier: MessagePort;
  readonly reader: MessagePort;
}

/** Not by streaming: a host that serves the file under another MIME type will do. */
async function compile(): Promise<WebAssembly.Module> {
  const response = await fetch(wasmUrl);
  if (!response.ok) throw new Error(`SQLite could not be loaded: HTTP status ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
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

// The module loads while the node worker opens its log.
const runtime = loadRuntime(compile);
runtime.catch(() => undefined);
const service = new SqlService(async (directory) => openPooledFiles(await runtime, directory));

function serve({ applier, reader }: PortsMessage): readonly object[] {
  const applierServer = new RpcServer<SqlApplierApi, never>(applier, {
    open: served((directory, file, opening) => service.open(directory, file, opening)),
    apply: served((entries) => service.apply(entries)),
    close: served(() => service.close()),
    checkpoint: served(() => service.checkpoint()),
    openSnapshot: served(() => service.openSnapshot()),
    readSnapshot: served((offset, length) => service.readSnapshot(offset, length)),
    closeSnapshot: served(() => service.closeSnapshot()),
    beginStage: served((snapshot) => service.beginStage(snapshot)),
    writeStage: served((offset, data) => service.writeStage(offset, data)),
    finishStage: served(() => service.finishStage()),
    discardStage: served(() => service.discardStage()),
    restore: served((file) => service.restore(file)),
    quarantine: served(() => service.quarantine()),
  });
  const readerServer = new RpcServer<SqlReaderApi, never>(reader, {
    query: served((request) => service.query(request)),
    classify: served((sql, atLeast) => service.classify(sql, atLeast)),
    split: served((script) => service.split(script)),
    hash: served(() => service.hash()),
    export: served(() => service.export()),
  });
  return [applierServer, readerServer];
}

self.addEventListener('message', (event: MessageEvent<PortsMessage>) => serve(event.data), {
  once: true,
});
