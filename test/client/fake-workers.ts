/**
 * Workers for tests: the real protocol over real message ports, with the answers given by the test.
 * Both "workers" live in the test's own thread.
 */

import type {
  NodeWorkerApi,
  NodeWorkerEvent,
  OpenRequest,
  SqlReaderApi,
  SqlReaderEvent,
} from '../../src/client/protocol.ts';
import type { OpenPlatform } from '../../src/client/open-nodes.ts';
import { RpcServer } from '../../src/client/rpc.ts';
import type { ModuleMessage } from '../../src/client/sqlite-module.ts';
import type { WorkerPort } from '../../src/client/tab-node.ts';
import type { StateRequest, Statement, StatementKind } from '../../src/node/sql.ts';
import type { MemberStatus, NodeStatus } from '../../src/node/status.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';

export const CLUSTER_ID = 'abcdefghijklmnop';
export const NODE_ID = 'qrstuvwxyz234567' as NodeId;

class FakeWorker implements WorkerPort {
  readonly inside: MessagePort;
  readonly #outside: MessagePort;
  readonly #failures = new EventTarget();
  terminated = false;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#outside = port1;
    this.inside = port2;
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#outside.postMessage(message, transfer);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    const target = type === 'message' ? this.#outside : this.#failures;
    target.addEventListener(type, listener as (event: Event) => void);
    if (type === 'message') this.#outside.start();
  }

  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void {
    this.#outside.removeEventListener(type, listener);
  }

  fail(type: 'error' | 'messageerror', message: string): void {
    this.#failures.dispatchEvent(Object.assign(new Event(type), { message }));
  }

  terminate(): void {
    this.terminated = true;
    this.inside.close();
    this.#outside.close();
  }
}

/** A member that is there and follows. */
export function memberOf(nodeId: NodeId, changes: Partial<MemberStatus> = {}): MemberStatus {
  return {
    nodeId,
    voter: true,
    profileId: null,
    quarantined: false,
    build: null,
    connected: true,
    liveness: 'connected',
    reaches: null,
    role: 'follower',
    term: null,
    commitIndex: null,
    lastApplied: null,
    visible: true,
    mayBeEvicted: false,
    matchIndex: null,
    lastContactMs: 10,
    ...changes,
  };
}

export function statusOf(changes: Partial<NodeStatus> = {}): NodeStatus {
  const storage = {
    state: 'ok',
    repaired: 'none',
    replacedNodeId: null,
    persisted: true,
    usageBytes: null,
    quotaBytes: null,
    logBytes: 0,
  } as const;
  return {
    clusterId: CLUSTER_ID,
    nodeId: NODE_ID,
    profileId: 'profile',
    state: 'running',
    stoppedReason: null,
    role: 'leader',
    term: 1 as Term,
    leaderId: NODE_ID,
    commitIndex: 1 as LogIndex,
    lastApplied: 1 as LogIndex,
    firstIndex: 1 as LogIndex,
    lastIndex: 1 as LogIndex,
    voters: [NODE_ID],
    outgoingVoters: [],
    formerMembers: [],
    learners: [],
    members: [],
    connectedVoters: 1,
    survivesLosses: 0,
    survivesProfileLosses: 0,
    quarantined: false,
    stalledAt: null,
    build: { own: '', adopted: '', outdated: false },
    storage,
    transport: { signalling: 'connected', channels: 'none', isolated: false, refusal: null },
    counters: {},
    ...changes,
  };
}

export const READS: StatementKind = {
  readOnly: true,
  transaction: null,
  foreignKeys: null,
  vacuum: false,
  error: null,
};
export const WRITES: StatementKind = { ...READS, readOnly: false };

/** A pair of workers whose methods a test may replace. */
export class FakeTab {
  readonly node = new FakeWorker();
  readonly sql = new FakeWorker();
  sqlite: Promise<WebAssembly.Module | null> = Promise.resolve(null);
  readonly folder = 'http://localhost/';
  /** What the SQL worker was given to run, each time. */
  readonly modules: (WebAssembly.Module | null)[] = [];
  readonly requests: OpenRequest[] = [];
  readonly calls: string[] = [];
  readonly events: RpcServer<NodeWorkerApi, NodeWorkerEvent>;
  sqlEvents: RpcServer<SqlReaderApi, SqlReaderEvent> | null = null;
  nodeMethods: NodeWorkerApi;
  readerMethods: SqlReaderApi;

  constructor() {
    this.nodeMethods = this.#defaultNode();
    this.readerMethods = defaultReader();
    const node = this.#recording<NodeWorkerApi>('node', () => this.nodeMethods);
    this.events = new RpcServer(this.node.inside, node);
    const reader = this.#recording<SqlReaderApi>('sql', () => this.readerMethods);
    this.sql.inside.addEventListener('message', (event: MessageEvent) => {
      const ports = event.data as
        | { type: 'ports'; applier: MessagePort; reader: MessagePort }
        | ModuleMessage;
      if (ports.type === 'module') {
        this.modules.push(ports.module);
        return;
      }
      ports.applier.close();
      this.sqlEvents = new RpcServer(ports.reader, reader);
    });
    this.sql.inside.start();
  }

  #defaultNode(): NodeWorkerApi {
    return {
      open: async (request) => {
        this.requests.push(request);
        const clusterId = request.invite?.clusterId ?? request.clusterId ?? CLUSTER_ID;
        return { clusterId, nodeId: NODE_ID, founded: false };
      },
      execute: async (request) => ({
        index: 7 as LogIndex,
        term: 2 as Term,
        response: { committed: true, outcomes: statementsOf(request).map(() => resultOf()) },
      }),
      executeOrQueue: (request, timeoutMs) => this.nodeMethods.execute(request, timeoutMs),
      outbox: async () => [],
      cancelQueued: async () => undefined,
      dismissQueued: async () => undefined,
      readIndex: async () => 5 as LogIndex,
      freshIndex: async () => 4 as LogIndex,
      status: async () => statusOf(),
      storedNodes: async () => [{ nodeId: NODE_ID, inUse: true }],
      invite: async () => {
        const token = `${'B'.repeat(42)}A`;
        return { clusterId: CLUSTER_ID, secret: 'A'.repeat(43), members: [NODE_ID], token };
      },
      invites: async () => [
        { id: 'i'.repeat(16), createdAtMs: 1_000, expiresAtMs: null, usesLeft: 2 },
      ],
      setVisible: async () => undefined,
      lookAtStorage: async () => undefined,
      isolate: async () => undefined,
      cutLink: async () => undefined,
      delay: async () => undefined,
      inspect: async () => undefined,
      clusters: async () => [{ clusterId: CLUSTER_ID, isDefault: true, nodes: 3 }],
      administer: async () => ({ warning: '' }),
      checkRecoverable: async () => undefined,
      recover: async () => ({ clusterId: 'recovered' }),
      forget: async () => undefined,
      handOver: async () => undefined,
      release: async () => undefined,
      close: async () => undefined,
    };
  }

  /** Every method by its name, each call noted with its arguments. */
  #recording<Api extends object>(who: string, methods: () => Api): never {
    const handler: ProxyHandler<object> = {
      getOwnPropertyDescriptor: (_, name) =>
        Object.getOwnPropertyDescriptor(methods(), name) && { configurable: true, value: true },
      get: (_, name: string) => {
        const method = (methods() as Record<string, (...args: unknown[]) => unknown>)[name];
        return (...args: unknown[]) => {
          this.calls.push(`${who} ${name}`);
          return method?.(...args);
        };
      },
    };
    return new Proxy({}, handler) as never;
  }
}

export function resultOf(
  changes: { rowsAffected?: number; columns?: string[]; rows?: never } = {},
) {
  const result = { rowsAffected: 1, lastInsertRowId: 1, columns: [], rows: [], ...changes };
  return { type: 'result', result } as const;
}

export function errorOf(message: string, statement = 0) {
  const sqlite = { resultCode: 1, offset: null, statement };
  return { type: 'error', error: { code: 'Sql', message, sqlite } } as const;
}

function defaultReader(): SqlReaderApi {
  return {
    query: async ({ atLeast }) => ({
      columns: ['x'],
      rows: [[1]],
      appliedIndex: atLeast ?? (3 as LogIndex),
    }),
    classify: async (sql) => (/^select/iu.test(sql) ? READS : WRITES),
    openCursor: async ({ atLeast }) => ({
      cursor: 1,
      columns: ['x'],
      rowCount: 5,
      appliedIndex: atLeast ?? (3 as LogIndex),
    }),
    openDump: async ({ atLeast }) => ({
      cursor: 2,
      columns: ['sql'],
      rowCount: 5,
      appliedIndex: atLeast ?? (3 as LogIndex),
    }),
    readCursor: async (_, from, count) =>
      Array.from({ length: Math.min(count, 5 - from) }, (__, at) => [from + at]),
    closeCursor: async () => undefined,
    split: async (script) => [{ sql: script, kind: WRITES }],
    hash: async () => ({ index: 3 as LogIndex, hash: 'ab' }),
    openImport: async (file) => ({ hash: 'cd', sizeBytes: file.size }),
    importProgress: async () => 0.5,
    readImport: async (_offset, length) => new Uint8Array(Math.min(length, 3)),
    closeImport: async () => undefined,
    openExport: async () => ({ sizeBytes: 3, appliedIndex: 3 as LogIndex }),
    exportProgress: async () => 0.5,
    readExport: async () => new Uint8Array([1, 2, 3]),
    closeExport: async () => undefined,
    openLive: async () => 1,
    readLive: async () => ({ columns: ['x'], rows: [[1]], appliedIndex: 3 as LogIndex }),
    closeLive: async () => undefined,
    beginTransaction: async () => 1,
    runInTransaction: async () => resultOf(),
    finishTransaction: async () => null,
    discardTransaction: async () => undefined,
  };
}

export function statementsOf(request: StateRequest): readonly Statement[] {
  return 'statements' in request ? request.statements : [];
}

/** A page on which nothing happens but what the test is about. */
export const QUIET_PAGE: Omit<OpenPlatform, 'startWorkers'> = {
  memory: null,
  checkSupport: () => undefined,
  startSignalling: () => ({ use: () => undefined, close: () => undefined }),
  linkLocally: (start) => start,
  watchPage: () => () => undefined,
  host: () => null,
  fetchLateParts: () => undefined,
};
