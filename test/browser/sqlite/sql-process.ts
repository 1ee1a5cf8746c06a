/** The real SQL worker, called as the node worker and the page call it, and killed as tabs die. */

import type { SqlApplierApi, SqlReaderApi } from '../../../src/client/protocol.ts';
import { RpcClient } from '../../../src/client/rpc.ts';
import { sharedSqlite } from '../../../src/client/sqlite-module.ts';
import type { CommandOutcome } from '../../../src/node/command.ts';
import type { SnapshotOutcome } from '../../../src/node/ports.ts';
import type { QueryResult } from '../../../src/node/sql.ts';
import type { Entry, LogIndex } from '../../../src/raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from '../../../src/sqlite/apply-codec.ts';

export class SqlProcess {
  readonly applier: RpcClient<SqlApplierApi, never>;
  readonly reader: RpcClient<SqlReaderApi, never>;
  readonly #worker: Worker;

  constructor(worker = newSqlWorker()) {
    this.#worker = worker;
    const [applier, reader] = [new MessageChannel(), new MessageChannel()];
    const ports = { type: 'ports', applier: applier.port1, reader: reader.port1 };
    this.#worker.postMessage(ports, [applier.port1, reader.port1]);
    void sharedSqlite().then((module) => this.#worker.postMessage({ type: 'module', module }));
    this.applier = new RpcClient(applier.port2, () => undefined);
    this.reader = new RpcClient(reader.port2, () => undefined);
  }

  /** Answers the applied index. */
  async open(directory: string, file = 0): Promise<number> {
    const { appliedIndex } = await this.applier.call('open', [directory, file, 'usual']);
    return appliedIndex;
  }

  async apply(entries: readonly Entry[]): Promise<readonly CommandOutcome[]> {
    const bytes = await this.applier.call('apply', [encodeEntries(entries)]);
    const outcome = decodeApplyOutcome(bytes);
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    return outcome.outcomes;
  }

  query(sql: string, options: { atLeast?: number; timeoutMs?: number } = {}): Promise<QueryResult> {
    const { atLeast, timeoutMs = 10_000 } = options;
    const index = atLeast === undefined ? null : (atLeast as LogIndex);
    return this.reader.call('query', [{ sql, params: [], atLeast: index, timeoutMs }]);
  }

  async close(): Promise<void> {
    await this.applier.call('close', []);
    this.kill();
  }

  /** At once, in the middle of whatever it does. */
  kill(): void {
    this.#worker.terminate();
  }
}

function newSqlWorker(): Worker {
  return new Worker(new URL('../../../src/sql-worker.ts', import.meta.url), { type: 'module' });
}

/** The result of a call that ended well. */
export async function result<Result>(outcome: Promise<SnapshotOutcome<Result>>): Promise<Result> {
  const ended = await outcome;
  if (ended.type !== 'done') throw new Error(`${ended.type}: ${ended.reason}`);
  return ended.result;
}

/** A directory that no other test uses. */
export function newDirectory(): string {
  return `/sqlite-tests/${crypto.randomUUID()}/sqlite`;
}

/** What the pool's header of the file says it is. */
export async function pathIn(file: FileSystemFileHandle): Promise<string> {
  const header = await (await file.getFile()).slice(0, 512).text();
  return header.slice(0, header.indexOf('\0'));
}

/** Writes over a part of a file that nobody has open. */
export async function damage(file: FileSystemFileHandle, position: number): Promise<void> {
  const writable = await file.createWritable({ keepExistingData: true });
  await writable.write({ type: 'write', position, data: new Uint8Array(100).fill(65) });
  await writable.close();
}

/** The files in which the pool keeps what is in the directory. */
export async function poolFiles(directory: string): Promise<FileSystemFileHandle[]> {
  let handle = await navigator.storage.getDirectory();
  for (const name of [...directory.split('/').filter(Boolean), '.opaque']) {
    handle = await handle.getDirectoryHandle(name);
  }
  const files: FileSystemFileHandle[] = [];
  for await (const entry of handle.values()) {
    if (entry.kind === 'file') files.push(entry as FileSystemFileHandle);
  }
  return files;
}
