/**
 * What the page and its two workers say to each other, as interfaces for rpc.ts.
 *
 * The node worker runs consensus, log and channels; the SQL worker runs SQLite. The page owns both,
 * connects them by a MessageChannel, and reads from the SQL worker directly: every read level is
 * "an index to wait for" (asked of the node worker) and then a local query at or behind it.
 */

import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import type { Inspection } from '../node/inspection.ts';
import type { QueuedWrite } from '../node/queued-write.ts';
import type {
  ExecuteRequest,
  ExecuteResponse,
  QueryResult,
  SqlParams,
  SqlValue,
  StateRequest,
  Statement,
  StatementKind,
  StatementOutcome,
  TransactionRequest,
} from '../node/sql.ts';
import type { NodeOptions } from '../node/node-options.ts';
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
  /** 256 bits, base64url: by this its holder is let in; null: the cluster knows this browser already. */
  readonly token: string | null;
}

/** An invite that can be passed on. */
export interface MintedInvite extends Invite {
  readonly token: string;
}

/** How far a new invite is to go. */
export interface InviteTerms {
  /** Null: it does not expire. */
  readonly expiresInMs: number | null;
  /** How many browsers' tabs it lets in; null: any number. */
  readonly uses: number | null;
}

/**
 * An invite that is open, without what is in its link.
 *
 * @category Membership
 *
 * @example
 * ```ts
 * import { open, type OpenInvite } from 'resqlite';
 *
 * const describe = ({ usesLeft, expiresAtMs }: OpenInvite) =>
 *   `${usesLeft ?? 'any number of'} uses, until ${expiresAtMs === null ? 'revoked' : new Date(expiresAtMs)}`;
 *
 * const db = await open();
 * await db.invite({ uses: 7, expiresInMs: null });
 * const lines = async () => (await db.invites()).map(describe);
 * (await lines()).includes('7 uses, until revoked'); // soon => true
 * ```
 */
export interface OpenInvite {
  /** 16 characters; `revokeInvite` takes it. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAtMs: number | null;
  /** How many tabs' nodes it may still let in; null: any number. */
  readonly usesLeft: number | null;
}

/**
 * How the cluster looks after its own size while this node leads. All nodes of a cluster are best
 * opened with the same.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type AutopilotOptions } from 'resqlite';
 *
 * const autopilot: AutopilotOptions = { maxVoters: 3, voterTimeoutMs: 30_000 };
 * const db = await open({ autopilot });
 * (await db.status()).voters.length <= 3; // => true
 * ```
 */
export interface AutopilotOptions {
  /** The number of voters it grows to: odd, 1 to 31; 5 where not given. */
  readonly maxVoters?: number;
  /**
   * Milliseconds: a voter not heard for so long is swapped for a learner; at least 8,000, and 15,000
   * where not given.
   */
  readonly voterTimeoutMs?: number;
}

/**
 * What a node worker knew of its cluster, for the one that comes after it, should nothing of it be left
 * in storage. It is for node workers alone to look into.
 */
export type Keepsake = object;

export interface OpenRequest {
  /** Join this cluster; null: the origin's default cluster, founded where there is none. */
  readonly invite: Invite | null;
  /** A cluster of this origin by id; null: the default one. */
  readonly clusterId: string | null;
  /** The identity this tab had before its reload. */
  readonly preferredNodeId: NodeId | null;
  /** Not the page's own node: it is the preferred one or none, and goes to a tab that asks for it. */
  readonly woken: boolean;
  readonly autopilot: AutopilotOptions;
  /** What a node of this cluster on this page left when its storage failed; else null. */
  readonly keepsake: Keepsake | null;
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

/**
 * A cluster of which this browser profile has nodes.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { clusters, open, type ClusterEntry } from 'resqlite';
 *
 * const describe = ({ isDefault, nodes }: ClusterEntry) =>
 *   `${isDefault ? 'this page’s own' : 'another'}, ${nodes > 0 ? 'stored here' : 'given up'}`;
 *
 * await open();
 * (await clusters()).map(describe); // => ['this page’s own, stored here']
 * ```
 */
export interface ClusterEntry {
  /** What `open` takes as `cluster`. */
  readonly clusterId: string;
  /** The one that a page opened without a link belongs to. */
  readonly isDefault: boolean;
  /** Stored here, whether or not a tab has them open; those that will never act again do not count. */
  readonly nodes: number;
}

export interface Executed {
  readonly index: LogIndex;
  readonly term: Term;
  readonly response: ExecuteResponse;
}

/** It is in the outbox, under this id. */
export interface Queued {
  readonly queuedAs: string;
}

export interface NodeWorkerApi {
  open(request: OpenRequest): Promise<OpenResult>;
  /** The origin's clusters, in order of their first opening; answers before `open`, too. */
  clusters(): Promise<readonly ClusterEntry[]>;
  execute(request: StateRequest, timeoutMs: number | null): Promise<Executed>;
  /**
   * The same where there is a quorum and nothing is queued; else the request is put into the outbox of
   * this browser profile. `isAwaited`: it is answered when it has been sent from there and has committed
   * or failed; else as soon as it is there.
   */
  executeOrQueue(
    request: ExecuteRequest,
    timeoutMs: number | null,
    isAwaited: boolean,
  ): Promise<Executed | Queued>;
  outbox(): Promise<readonly QueuedWrite[]>;
  /** Rejects with 'Refused' where it was sent. */
  cancelQueued(id: string): Promise<void>;
  /** Rejects with 'Refused' where its outcome is not known yet. */
  dismissQueued(id: string): Promise<void>;
  /** The index a read of this level has to wait for. */
  readIndex(level: 'weak' | 'linearizable' | 'strong', timeoutMs: number | null): Promise<LogIndex>;
  /** The index that a local read no older than that has to wait for; rejects with 'Stale'. */
  freshIndex(freshnessMs: number): Promise<LogIndex>;
  status(): Promise<NodeStatus>;
  /** The nodes of this cluster that this browser profile has, and whether some worker is each now. */
  storedNodes(): Promise<readonly { readonly nodeId: NodeId; readonly inUse: boolean }[]>;
  /** Opens an invite; answers when the cluster knows it. */
  invite(terms: InviteTerms, timeoutMs: number): Promise<MintedInvite>;
  /** As far as this node's log goes, in order of creation. */
  invites(): Promise<readonly OpenInvite[]>;
  setVisible(visible: boolean): Promise<void>;
  /** The page has asked the browser to keep this site's data. */
  lookAtStorage(): Promise<void>;
  isolate(on: boolean): Promise<void>;
  cutLink(nodeId: NodeId, on: boolean): Promise<void>;
  /** Messages leave that many milliseconds later from now on. */
  delay(ms: number): Promise<void>;
  /** Whether inspections are wanted. */
  inspect(on: boolean): Promise<void>;
  /** Asks the leader to change who belongs or leads; answers when it is done. */
  administer(administration: Administration, timeoutMs: number): Promise<{ warning: string }>;
  /** Rejects with 'Refused' where the cluster is alive, or this copy not sound. */
  checkRecoverable(): Promise<void>;
  /** Makes this profile's copy of a cluster without a quorum a new cluster, and ends the node. */
  recover(): Promise<{ clusterId: string }>;
  /**
   * Ends the node and deletes its copy; its id is never used again. The cluster is not asked. Rejects
   * with 'Refused' where there is no other copy.
   */
  forget(): Promise<void>;
  /** The page is about to be frozen or to go: if this node leads, somebody else had better. */
  handOver(): Promise<void>;
  /** The page goes away and waits for nothing: what others have to know is told first. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** Pushed by the node worker, at most a few times a second. */
export type NodeWorkerEvent =
  | { readonly type: 'status'; readonly status: NodeStatus }
  | { readonly type: 'inspection'; readonly inspection: Inspection }
  /** A woken node was closed, and its identity is another tab's now. */
  | { readonly type: 'given-up' }
  /** Also when another tab of the profile has changed the outbox. */
  | { readonly type: 'outbox'; readonly writes: readonly QueuedWrite[] }
  | {
      readonly type: 'stopped';
      readonly code: 'StorageLost' | 'Removed' | 'Internal';
      readonly reason: string;
      readonly keepsake: Keepsake | null;
    }
  /** Behind 'stopped' with code 'StorageLost': there is no room for this site's data, or is again. */
  | { readonly type: 'room'; readonly hasRoom: boolean };

export interface QueryRequest {
  readonly sql: string;
  readonly params: SqlParams;
  /** Wait until this index is applied; null: read now. */
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

/** A query's whole result, as of one index, kept by the SQL worker to be read in any order. */
export interface OpenedCursor {
  readonly cursor: number;
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly appliedIndex: LogIndex;
}

export interface CursorApi {
  openCursor(request: QueryRequest): Promise<OpenedCursor>;
  /** The database as a script that makes it again: rows of one column, a statement each. */
  openDump(request: DumpRequest): Promise<OpenedCursor>;
  /** Rows `from`, counted from 0, and those behind; fewer than `count` at the end, or to bound a batch. */
  readCursor(
    cursor: number,
    from: number,
    count: number,
  ): Promise<readonly (readonly SqlValue[])[]>;
  closeCursor(cursor: number): Promise<void>;
}

export interface DumpRequest {
  /** Names of tables and views; null: everything. */
  readonly objects: readonly string[] | null;
  readonly schemaOnly: boolean;
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

/**
 * Interactive transactions, run ahead on this node's state. All but `discardTransaction` reject with
 * 'Conflict' when what the caller has seen is no longer so; the transaction is gone then, and with
 * every other rejection too, except for 'InvalidArgument'.
 */
export interface SpeculationApi {
  /** `timeoutMs`: all the time that the transaction has. */
  beginTransaction(atLeast: LogIndex, timeoutMs: number): Promise<number>;
  /** `readsOnly`: 'InvalidArgument' for a statement that writes, which is not run. */
  runInTransaction(
    transaction: number,
    statement: Statement,
    readsOnly: boolean,
  ): Promise<StatementOutcome>;
  /** What has to be committed; null: it changed nothing, and what it saw was one state's. */
  finishTransaction(transaction: number): Promise<TransactionRequest | null>;
  discardTransaction(transaction: number): Promise<void>;
}

export interface LiveApi {
  openLive(sql: string, params: SqlParams): Promise<number>;
  /** The result now. From then on a change to what it reads is told once, by an event. */
  readLive(live: number, timeoutMs: number): Promise<QueryResult>;
  closeLive(live: number): Promise<void>;
}

/** Pushed by the SQL worker. */
export interface SqlReaderEvent {
  readonly type: 'live-stale';
  readonly lives: readonly number[];
}

export interface FileApi {
  /**
   * Copies a SQLite file into this node's storage, checks that it is whole and can be replicated, and
   * takes out what only belongs to its former cluster. One at a time. Rejects with 'InvalidArgument'
   * where it is none, or holds what cannot be replicated.
   */
  openImport(file: Blob): Promise<{ hash: string; sizeBytes: number }>;
  /** How much of `openImport` is done, from 0 to 1. */
  importProgress(): Promise<number>;
  readImport(offset: number, length: number): Promise<Uint8Array>;
  closeImport(): Promise<void>;
  /** A copy of the database as a standard SQLite file; one at a time. */
  openExport(): Promise<{ sizeBytes: number; appliedIndex: LogIndex }>;
  exportProgress(): Promise<number>;
  readExport(offset: number, length: number): Promise<Uint8Array>;
  closeExport(): Promise<void>;
}

/** What the SQL worker does for the page. */
export interface SqlReaderApi extends CursorApi, SpeculationApi, FileApi, LiveApi {
  /** A single read-only statement; `Failure` 'InvalidArgument' for one that writes. */
  query(request: QueryRequest): Promise<QueryResult>;
  /** What SQLite's compiler says of a single statement, at or behind `atLeast`. */
  classify(sql: string, atLeast: LogIndex | null): Promise<StatementKind>;
  /** Cuts a script into its statements, as SQLite's own lexer sees them. */
  split(script: string): Promise<{ sql: string; kind: StatementKind }[]>;
  /** Logical hash of the whole replicated state. */
  hash(): Promise<{ index: LogIndex; hash: string }>;
}

/** What was found where the database was opened: see `NodeOptions`. */
export interface OpenedState {
  readonly appliedIndex: LogIndex;
  readonly quarantined: boolean;
  readonly build: NonNullable<NodeOptions['build']>;
}

/** What the SQL worker does for the node worker. */
export interface SqlApplierApi extends RemoteStateMachine {
  /**
   * Opens or creates the database with the number `file` in its own OPFS directory, and deletes all
   * others there. `opening` 'only-copy': a damaged one is left as it is, and the call fails with
   * 'Corrupt'; 'anew': what is in the file is not to be trusted, and is deleted first.
   */
  open(
    directory: string,
    file: number,
    opening: 'usual' | 'only-copy' | 'anew',
  ): Promise<OpenedState>;
  close(): Promise<void>;
}
