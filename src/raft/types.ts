/**
 * The nouns of the Raft paper (Ongaro and Ousterhout 2014, Figure 2) that every room speaks of.
 *
 * Numbers that are easy to mix up are branded. Terms and indexes stay below 2^53, so that they are
 * exact as JavaScript numbers; the codec refuses anything larger.
 */

declare const brand: unique symbol;

/**
 * A term, counted from 1; 0 is the term before any election (paper section 5.1).
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type Term } from 'resqlite';
 *
 * const db = await open();
 * const terms: Term[] = [(await db.status()).term, (await db.execute('CREATE TABLE t (x)')).term];
 * terms[0] <= terms[1]; // => true
 * ```
 */
export type Term = number & { readonly [brand]: 'Term' };

/**
 * The position of an entry in the log, counted from 1; 0 is the position before the first entry.
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type LogIndex } from 'resqlite';
 *
 * const db = await open();
 * const write = async (sql: string): Promise<LogIndex> => (await db.execute(sql)).index;
 * (await write('CREATE TABLE a (x)')) < (await write('CREATE TABLE b (x)')); // => true
 * ```
 */
export type LogIndex = number & { readonly [brand]: 'LogIndex' };

/**
 * The name of a server, bound to its storage and used once for all time (thesis section 11.7.2).
 * Lower-case base32: matches `/^[a-z2-7]{10,32}$/`.
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type NodeId } from 'resqlite';
 *
 * const shortName = (nodeId: NodeId) => nodeId.slice(0, 4);
 *
 * const db = await open();
 * shortName(db.nodeId).length; // => 4
 * ```
 */
export type NodeId = string & { readonly [brand]: 'NodeId' };

/**
 * A cluster configuration (paper section 6). It is joint while `outgoingVoters` is not empty: then
 * elections and commitment need a majority of `voters` (C_new) and one of `outgoingVoters` (C_old).
 *
 * Invariants: ids are sorted and unique; a learner is not in `voters`. A learner that is also in
 * `outgoingVoters` votes until the joint configuration is left, and learns from then on. Only members
 * have a profile and a key.
 */
export interface Configuration {
  readonly voters: readonly NodeId[];
  readonly outgoingVoters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /**
   * The failure domain of each member that named one: a browser profile, whose storage is lost as a
   * whole. The core carries it along and never looks at it.
   */
  readonly profiles: Readonly<Record<NodeId, string>>;
  readonly access: Access;
}

/**
 * By what members know each other, and who else may ask to become one. The core carries it along from
 * one configuration to the next and looks at nothing in it but whose keys there are.
 */
export interface Access {
  /** The public key of each member that named one: a raw point of P-256, base64url. */
  readonly keys: Readonly<Record<NodeId, string>>;
  /**
   * Members that were let go because they stayed away, the earliest first: they may come back, and
   * speak for another node of their profile.
   */
  readonly former: readonly FormerMember[];
  /** Members that an operator removed, or that left, the earliest first: they are locked out. */
  readonly removed: readonly NodeId[];
  /** In order of creation. */
  readonly invites: readonly InviteRecord[];
}

export interface FormerMember {
  readonly nodeId: NodeId;
  readonly key: string;
}

/** An invite as the cluster knows it: by what its holder is recognised, not what the holder has. */
export interface InviteRecord {
  /** Lower-case base32, 16 characters; derived from the token. */
  readonly id: string;
  /** 32 bytes, base64url; derived from the token. */
  readonly verifier: string;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAtMs: number | null;
  /** Learners that it may still let in; null: any number. */
  readonly usesLeft: number | null;
}

/** What every log entry carries. */
interface EntryHeader {
  readonly index: LogIndex;
  readonly term: Term;
}

/** The entry a new leader appends at once, so that it may commit (paper section 8). */
export interface NoopEntry extends EntryHeader {
  readonly type: 'noop';
}

/** A client's command; the core never looks inside. */
export interface CommandEntry extends EntryHeader {
  readonly type: 'command';
  readonly data: Uint8Array;
}

/** A configuration, in force from the moment it is appended (paper section 6). */
export interface ConfigurationEntry extends EntryHeader {
  readonly type: 'configuration';
  readonly configuration: Configuration;
}

export type Entry = NoopEntry | CommandEntry | ConfigurationEntry;

/**
 * Where the state machine keeps what stands in for the log's beginning. The core carries it from the
 * record that names it to the next start and never looks inside.
 */
export interface StateReference {
  /** The number of the file that the state machine works on; counted up with every install. */
  readonly file: number;
  /** What the file was when it was installed, as the state machine's own hash; '' where it began empty. */
  readonly hash: string;
  /** The latest stamp of any entry that the state holds (milliseconds since 1970), or 0. */
  readonly stampMs: number;
}

/**
 * What stands in for the log up to and with `index` (paper section 7: lastIncludedIndex,
 * lastIncludedTerm and the configuration as of then). Everything it covers is committed.
 */
export interface Snapshot {
  readonly index: LogIndex;
  readonly term: Term;
  /** In force at `index`. */
  readonly configuration: Configuration;
  readonly state: StateReference;
}

/** Figure 2's persistent state besides the log. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | null;
}

/**
 * The role a server plays now (paper section 5.1, thesis sections 4.2.1 and 9.6).
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type Role } from 'resqlite';
 *
 * const SIGNS: Record<Role, string> = {
 *   leader: '★',
 *   follower: '●',
 *   candidate: '?',
 *   'pre-candidate': '?',
 *   learner: '○',
 * };
 * const db = await open();
 * SIGNS[(await db.status()).role].length; // => 1
 * ```
 */
export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';

/**
 * The number by which a caller knows its own ReadIndex request. A caller never reuses one, not
 * even for a retry: an answer to an older round would then confirm a newer read.
 */
export type ReadRequestId = number & { readonly [brand]: 'ReadRequestId' };

/** A finished ReadIndex request (paper section 8, thesis section 6.4). */
export type ReadState =
  /** The read may be served once the state machine has applied `index`. */
  | { readonly type: 'ready'; readonly requestId: ReadRequestId; readonly index: LogIndex }
  /** No leader confirmed it; the caller may ask again under a new id. */
  | { readonly type: 'failed'; readonly requestId: ReadRequestId };

/**
 * One unit of durable work. `entries` are appended after truncating the log from the first one's
 * index; `hardState` is null where it did not change. At most one record is in flight at a time.
 *
 * A record with a snapshot is **whole**: it makes every earlier record superfluous. It then has a
 * hard state, and `entries` are the whole log behind `snapshot.index` (none: the log ends there).
 */
export interface LogRecord {
  readonly hardState: HardState | null;
  readonly snapshot: Snapshot | null;
  readonly entries: readonly Entry[];
}
