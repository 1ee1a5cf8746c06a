/**
 * The node of this tab as the page sees it: two workers, the ports between them, and the last
 * status heard. It may assume that it is the only one to talk to its workers. It must not let a
 * caller wait for a worker that is gone: whatever ends a worker ends both and rejects what is
 * pending.
 */

import { failure, type ErrorCode, type Failure } from '../node/errors.ts';
import type { QueuedWrite } from '../node/queued-write.ts';
import type { NodeStatus } from '../node/status.ts';
import { Inspections } from './inspections.ts';
import { Listeners } from './listeners.ts';
import { LiveQueries } from './live.ts';
import type {
  Keepsake,
  NodeWorkerApi,
  NodeWorkerEvent,
  OpenRequest,
  OpenResult,
  SqlReaderApi,
  SqlReaderEvent,
} from './protocol.ts';
import { ReadIndexes } from './read-indexes.ts';
import { RpcClient, RpcFailure, type RpcPort } from './rpc.ts';
import type { ModuleMessage } from './sqlite-module.ts';
import { notLoaded } from './worker-files.ts';

/** What is needed of a Worker. */
export interface WorkerPort extends RpcPort {
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  terminate(): void;
}

export interface TabWorkers {
  readonly node: WorkerPort;
  readonly sql: WorkerPort;
  /** What the SQL worker runs, once it is compiled; null: it sees to that itself. */
  readonly sqlite: Promise<WebAssembly.Module | null>;
  /** Where they are loaded from, for the account of one that could not be. */
  readonly folder: string;
}

/** A port to a node worker, which stays on the page. */
export interface SignallingPort extends RpcPort {
  start(): void;
}

/** Starts signalling on the page, which serves the node worker at the other end of the port. */
export type StartSignalling = (port: SignallingPort) => { close(): void };

/** The page's whole part of the transport. */
export type StartTransport = (port: MessagePort) => { close(): void };

type Cluster = Omit<OpenRequest, 'sqlPort' | 'signallingPort'>;

/** How long closing waits for the workers to put things away. */
const CLOSE_TIMEOUT_MS = 3_000;

export class TabNode {
  /** Shared by all handles of the page, and so is their animation frame. */
  readonly lives: LiveQueries;
  /** Shared by all reads of the page. */
  readonly readIndexes = new ReadIndexes((level, timeoutMs) =>
    this.node('readIndex', [level, timeoutMs]),
  );
  /** Shared by all handles of the page. */
  readonly inspections = new Inspections((on) => this.node('inspect', [on]));
  /** Of each write that succeeded, through whichever handle: milliseconds from the call to its answer. */
  readonly writeTimes = new Listeners<number>();
  readonly #workers: TabWorkers;
  readonly #startTransport: StartTransport;
  readonly #node: RpcClient<NodeWorkerApi, NodeWorkerEvent>;
  readonly #reader: RpcClient<SqlReaderApi, SqlReaderEvent>;
  readonly #sqlPorts: { readonly applier: MessageChannel; readonly reader: MessageChannel };
  readonly #listeners = new Listeners<NodeStatus>();
  readonly #outboxListeners = new Listeners<readonly QueuedWrite[]>();
  /** Null: the node worker has not told yet. */
  #outbox: readonly QueuedWrite[] | null = null;
  #transport: { close(): void } | null = null;
  #status: NodeStatus | null = null;
  /** Why the node worker is of no more use; the SQL worker may be. */
  #nodeEnded: Failure | null = null;
  #terminated: Failure | null = null;
  #keepsake: Keepsake | null = null;

  constructor(workers: TabWorkers, startTransport: StartTransport) {
    this.#workers = workers;
    this.#startTransport = startTransport;
    this.#sqlPorts = { applier: new MessageChannel(), reader: new MessageChannel() };
    const { applier, reader } = this.#sqlPorts;
    const ports = { type: 'ports', applier: applier.port1, reader: reader.port1 };
    workers.sql.postMessage(ports, [applier.port1, reader.port1]);
    void workers.sqlite.then((module) => giveModule(workers.sql, module));
    this.#node = new RpcClient(workers.node, (event) => this.#onNodeEvent(event));
    this.#reader = new RpcClient(reader.port2, ({ lives }) => this.lives.told(lives));
    this.lives = new LiveQueries((method, args) => {
      const ended = this.#terminated ?? this.#nodeEnded;
      return ended === null
        ? this.#reader.call(method, args)
        : Promise.reject(new RpcFailure(ended));
    });
    this.#watch(workers.node, 'node worker', 'node-worker.js');
    this.#watch(workers.sql, 'SQL worker', 'sql-worker.js');
    reader.port2.addEventListener('messageerror', () =>
      this.#crashed('SQL worker', 'garbled data'),
    );
  }

  /** True: it is of no more use for writes, and another may take its place. */
  get ended(): boolean {
    return this.#terminated !== null || this.#nodeEnded !== null;
  }

  /** It is no member any more, and its identity is retired: another node may take its place. */
  get isRemoved(): boolean {
    return this.#nodeEnded?.code === 'Removed';
  }

  /** Of a node whose storage failed: for the next one of the cluster on this page. */
  get keepsake(): Keepsake | null {
    return this.#keepsake;
  }

  async open(cluster: Cluster): Promise<OpenResult> {
    const signalling = new MessageChannel();
    this.#transport = this.#startTransport(signalling.port1);
    const sqlPort = this.#sqlPorts.applier.port2;
    const request = { ...cluster, sqlPort, signallingPort: signalling.port2 };
    const result = await this.node('open', [request], [sqlPort, signalling.port2]);
    if (this.#status === null) {
      await this.status().catch((error: unknown) => {
        // It stopped meanwhile, and a status came before: the caller learns of it from that.
        if (this.#status === null) throw error;
      });
    }
    return result;
  }

  /** Calls the node worker; rejects with `RpcFailure`. */
  node: RpcClient<NodeWorkerApi, NodeWorkerEvent>['call'] = (method, args, transfer) => {
    const ended = this.#terminated ?? this.#nodeEnded;
    if (ended !== null) return Promise.reject(new RpcFailure({ ...ended, applied: 'no' }));
    return this.#node.call(method, args, transfer);
  };

  /** Calls the SQL worker; rejects with `RpcFailure`. */
  reader: RpcClient<SqlReaderApi, SqlReaderEvent>['call'] = (method, args, transfer, signal) => {
    const ended = this.#terminated;
    if (ended !== null) return Promise.reject(new RpcFailure({ ...ended, applied: 'no' }));
    return this.#reader.call(method, args, transfer, signal);
  };

  /** A fresh status; of a node that has stopped, the last one. */
  async status(): Promise<NodeStatus> {
    const ended = this.#terminated ?? this.#nodeEnded;
    if (ended === null) this.#tell(await this.node('status', []));
    if (this.#status === null)
      throw new RpcFailure(ended ?? failure('Internal', 'no', 'no status'));
    return this.#status;
  }

  /** Calls back with every status, at once with the last one; the answer unsubscribes. */
  onStatus(listener: (status: NodeStatus) => void): () => void {
    return this.#listeners.add(listener, this.#status);
  }

  /** Calls back with what is in the outbox, at once as far as it is known; the answer unsubscribes. */
  onOutbox(listener: (writes: readonly QueuedWrite[]) => void): () => void {
    return this.#outboxListeners.add(listener, this.#outbox);
  }

  /** Puts everything away as far as the workers manage in time, then ends them. */
  async close(): Promise<void> {
    const timedOut = new Promise<void>((resolve) => {
      setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    const closed = this.node('close', []).catch(() => undefined);
    await Promise.race([closed, timedOut]);
    this.terminate('Closed', 'the database was closed');
  }

  /** The page is frozen: whoever leads must not stand still. */
  handOver(): void {
    void this.node('handOver', []).catch(() => undefined);
  }

  /** The page goes away: there is no time to wait for anything. */
  release(): void {
    void this.node('release', []).catch(() => undefined);
  }

  /** Ends both workers at once, in the middle of whatever they do. */
  terminate(code: ErrorCode, message: string): void {
    if (this.#terminated !== null) return;
    this.#terminated = failure(code, 'unknown', message);
    this.#workers.node.terminate();
    this.#workers.sql.terminate();
    this.#transport?.close();
    this.#node.end(this.#terminated);
    this.#reader.end(this.#terminated);
    this.lives.fail(this.#terminated);
    this.#tellStopped(message, false);
  }

  #watch(worker: WorkerPort, name: string, file: 'node-worker.js' | 'sql-worker.js'): void {
    worker.addEventListener('error', (event) => {
      const message = (event as Partial<ErrorEvent>).message ?? '';
      this.#crashed(name, message === '' ? notLoaded(file, this.#workers.folder) : message);
    });
    worker.addEventListener('messageerror', () => this.#crashed(name, 'garbled data'));
  }

  #crashed(name: string, message: string): void {
    this.terminate('Internal', `the ${name} of this tab failed: ${message}`);
  }

  #onNodeEvent(event: NodeWorkerEvent): void {
    switch (event.type) {
      case 'status':
        this.#tell(event.status);
        this.inspections.retry();
        return;
      case 'inspection':
        this.inspections.told(event.inspection);
        return;
      case 'given-up':
        this.terminate('Closed', 'another tab took this node over');
        return;
      case 'outbox':
        this.#outbox = event.writes;
        this.#outboxListeners.tell(event.writes);
        return;
      case 'stopped':
        this.#keepsake = event.keepsake;
        this.#nodeEnded = failure(event.code, 'unknown', event.reason);
        this.#node.end(this.#nodeEnded);
        // Nothing is applied any more: what they show would be taken for the present.
        this.lives.fail(this.#nodeEnded);
        this.#tellStopped(event.reason, event.code === 'StorageLost');
        return;
      case 'room':
        this.#tellStorage(event.hasRoom ? 'failed' : 'full');
    }
  }

  #tellStorage(state: NodeStatus['storage']['state']): void {
    const last = this.#status;
    if (last !== null) this.#tell({ ...last, storage: { ...last.storage, state } });
  }

  #tellStopped(stoppedReason: string, storageFailed: boolean): void {
    const last = this.#status;
    if (last === null || last.state === 'stopped') return;
    const storage = storageFailed ? { ...last.storage, state: 'failed' as const } : last.storage;
    this.#tell({ ...last, state: 'stopped', stoppedReason, storage });
  }

  #tell(status: NodeStatus): void {
    this.#status = status;
    this.#listeners.tell(status);
  }
}

/** An engine that does not let the module cross says so here, or to the worker. */
function giveModule(worker: WorkerPort, module: WebAssembly.Module | null): void {
  const give = (given: ModuleMessage['module']): void => {
    const message: ModuleMessage = { type: 'module', module: given };
    worker.postMessage(message, []);
  };
  try {
    give(module);
  } catch {
    give(null);
  }
}
