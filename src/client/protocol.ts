/**
 * What the page and its two workers say to each other, as interfaces for rpc.ts.
 *
 * The node worker runs consensus, log and channels; the SQL worker runs SQLite. The page owns both,
 * connects them by a MessageChannel, and reads from the SQL worker directly: every read level is
 * "an index to wait for" (asked of the node worker) and then a local query at or behind it.
 */

import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import type {
  ExecuteRequest,
  ExecuteResponse,
  QueryResult,
  SqlParams,
  StatementKind,
} from '../node/sql.ts';
import type { RemoteStateMachine } from '../node/ports.ts';
import type { Administration } from '../node/messages.ts';
import type { NodeStatus } from '../node/status.ts';

/** What an invite link says. */
export interface Invite {
  readonly clusterId: string;
  /** 256 bits, base64url. */
  readonly secret: string;
  /** Members to dial first. */
  readonly members: readonly NodeId[];
}

/**
 * How the cluster looks after its own size while this node leads. All nodes of a cluster are best
 * opened with the same.
 */
export interface AutopilotOptions {
  /** The number of voters it grows to: odd, 1 to 31; 5 where not given. */
  readonly maxVoters?: number;
  /** A voter not heard for this long is swapped for a learner: at least 8 s; 15 s where not given. */
  readonly voterTimeoutMs?: number;
}

export interface OpenRequest {
  /** Join this cluster; null: the origin's default cluster, founded where there is none. */
  readonly invite: Invite | null;
  /** A cluster of this origin by id; null: the default one. */
  readonly clusterId: string | null;
  /** The identity this tab had before its reload. */
  readonly preferredNodeId: NodeId | null;
  readonly autopilot: AutopilotOptions;
  /** To the SQL worker. */
  readonly sqlPort: MessagePort;
  /** To the page's signalling. */
  readonly signallingPort: MessagePort;
}

export interface OpenResult {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly founded: boolean;
}

export interface Executed {
  readonly index: LogIndex;
  readonly term: Term;
  readonly response: ExecuteResponse;
}

export interface NodeWorkerApi {
  open(request: OpenRequest): Promise<OpenResult>;
  execute(request: ExecuteRequest, timeoutMs: number | null): Promise<Executed>;
  /** The index a read of this level has to wait for. */
  readIndex(level: 'weak' | 'linearizable' | 'strong', timeoutMs: number | null): Promise<LogIndex>;
  status(): Promise<NodeStatus>;
  invite(): Promise<Invite>;
  setVisible(visible: boolean): Promise<void>;
  isolate(on: boolean): Promise<void>;
  /** Asks the leader to change who belongs or leads; answers when it is done. */
  administer(administration: Administration, timeoutMs: number): Promise<{ warning: string }>;
  /** The page is about to be frozen or to go: if this node leads, somebody else had better. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

/** Pushed by the node worker, at most a few times a second. */
export type NodeWorkerEvent =
  | { readonly type: 'status'; readonly status: NodeStatus }
  | {
      readonly type: 'stopped';
      readonly code: 'StorageLost' | 'Removed' | 'Internal';
      readonly reason: string;
    };

interface QueryRequest {
  readonly sql: string;
  readonly params: SqlParams;
  /** Wait until this index is applied; null: read now. */
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

/** What the SQL worker does for the page. */
export interface SqlReaderApi {
  /** A single read-only statement; `Failure` 'InvalidArgument' for one that writes. */
  query(request: QueryRequest): Promise<QueryResult>;
  /** What SQLite's compiler says of a single statement, at or behind `atLeast`. */
  classify(sql: string, atLeast: LogIndex | null): Promise<StatementKind>;
  /** Cuts a script into its statements, as SQLite's own lexer sees them. */
  split(script: string): Promise<{ sql: string; kind: StatementKind }[]>;
  /** Logical hash of the whole replicated state. */
  hash(): Promise<{ index: LogIndex; hash: string }>;
  /** The database as a standard SQLite file. */
  export(): Promise<Uint8Array>;
}

/** What the SQL worker does for the node worker. */
export interface SqlApplierApi extends RemoteStateMachine {
  /**
   * Opens or creates the database with the number `file` in its own OPFS directory, and deletes all
   * others there. `opening` 'only-copy': a damaged one is left as it is, and the call fails with
   * 'Corrupt'; 'anew': what is in the file is not to be trusted, and is deleted first.
   * `quarantined`: see StateMachine.quarantine.
   */
  open(
    directory: string,
    file: number,
    opening: 'usual' | 'only-copy' | 'anew',
  ): Promise<{ appliedIndex: LogIndex; quarantined: boolean }>;
  close(): Promise<void>;
}
