/** Small logs, configurations and limits for the core's tests, and ways to make a core lead. */

import { NO_ACCESS } from '../../src/raft/configuration.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { RaftLimits, RaftOptions, Ready } from '../../src/raft/raft.ts';
import type { AppendEntries, InstallSnapshot, Message } from '../../src/raft/messages.ts';
import type {
  CommandEntry,
  Configuration,
  ConfigurationEntry,
  Entry,
  LogIndex,
  NodeId,
  ReadRequestId,
  Snapshot,
  Term,
} from '../../src/raft/types.ts';

export const LIMITS: RaftLimits = {
  heartbeatIntervalMs: 100,
  commitDelayMs: 0,
  spareDelayMs: 0,
  electionTimeoutMinMs: 1_000,
  electionTimeoutMaxMs: 2_000,
  maxAppendBytes: 1_000,
  maxAppendEntries: 8,
  maxInflightMessages: 4,
  maxInflightBytes: 4_000,
  maxEntryBytes: 1_000_000,
  maxUncommittedBytes: 10_000,
  maxUnappliedBytes: 1_000_000,
  maxApplyBytes: 1_000,
  maxApplyEntries: 8,
  maxHeldMessages: 16,
  maxPendingReads: 8,
};

export const A = 'aaaaaaaaaa' as NodeId;
export const B = 'bbbbbbbbbb' as NodeId;
export const C = 'cccccccccc' as NodeId;
export const D = 'dddddddddd' as NodeId;
export const E = 'eeeeeeeeee' as NodeId;

export const index = (value: number): LogIndex => value as LogIndex;
export const term = (value: number): Term => value as Term;
export const request = (value: number): ReadRequestId => value as ReadRequestId;
export const bytes = (length: number): Uint8Array => new Uint8Array(length);

export function configuration(
  voters: readonly NodeId[],
  outgoingVoters: readonly NodeId[] = [],
  learners: readonly NodeId[] = [],
): Configuration {
  return { voters, outgoingVoters, learners, profiles: {}, access: NO_ACCESS };
}

export function command(at: number, ofTerm: number, length = 1): CommandEntry {
  return { type: 'command', index: index(at), term: term(ofTerm), data: bytes(length) };
}

export function configurationEntry(
  at: number,
  ofTerm: number,
  entryConfiguration: Configuration,
): ConfigurationEntry {
  return {
    type: 'configuration',
    index: index(at),
    term: term(ofTerm),
    configuration: entryConfiguration,
  };
}

/** A log whose entries have these terms, the first one being the configuration. */
export function logOf(terms: readonly number[], of: Configuration): Entry[] {
  return terms.map((ofTerm, i) =>
    i === 0 ? configurationEntry(1, ofTerm, of) : command(i + 1, ofTerm),
  );
}

/** Commands from index `from` on, of these terms. */
export function tailOf(from: number, terms: readonly number[]): Entry[] {
  return terms.map((ofTerm, i) => command(from + i, ofTerm));
}

export function snapshotAt(at: number, ofTerm: number, of = THREE, file = 1): Snapshot {
  return {
    index: index(at),
    term: term(ofTerm),
    configuration: of,
    state: { file, hash: `state ${at}`, stampMs: at },
  };
}

export const THREE = configuration([A, B, C]);
export const FIVE = configuration([A, B, C, D, E]);

export interface CoreOptions extends Partial<Omit<RaftOptions, 'limits'>> {
  readonly limits?: Partial<RaftLimits>;
  /** Terms of the log's entries; the first is a configuration, unless a snapshot precedes them. */
  readonly terms?: readonly number[];
  readonly configuration?: Configuration;
}

/** Server A of three, term 1, with a log of one entry, unless told otherwise. */
export function core(options: CoreOptions = {}): Raft {
  const { limits, configuration: of = THREE, snapshot = null, ...rest } = options;
  const terms = rest.terms ?? (snapshot === null ? [1] : []);
  const behind = snapshot === null ? logOf(terms, of) : tailOf(snapshot.index + 1, terms);
  const entries = rest.entries ?? behind;
  const lastTerm = entries.at(-1)?.term ?? snapshot?.term ?? 0;
  return new Raft({
    nodeId: A,
    hardState: { term: term(Math.max(1, lastTerm)), votedFor: null },
    snapshot,
    appliedIndex: snapshot?.index ?? index(0),
    nowMs: 0,
    random: () => 0,
    ...rest,
    entries,
    limits: { ...LIMITS, ...limits },
  });
}

/** What a message of this type looks like. */
export type MessageOf<T extends Message['type']> = Extract<Message, { readonly type: T }>;

export function ofType<T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): MessageOf<T>[] {
  return messages.filter((message): message is MessageOf<T> => message.type === type);
}

export interface Drained {
  readonly messages: Message[];
  readonly committed: Entry[];
  readonly readStates: Ready['readStates'][number][];
  readonly records: NonNullable<Ready['record']>[];
  readonly snapshots: Snapshot[];
}

/** A chunk of a snapshot at index 10 to A from B, in term 1, unless told otherwise. */
export function installSnapshot(fields: Partial<InstallSnapshot> = {}): InstallSnapshot {
  return {
    type: 'install-snapshot',
    from: B,
    to: A,
    term: term(1),
    lastIncludedIndex: index(10),
    lastIncludedTerm: term(1),
    configuration: THREE,
    stampMs: 0,
    sizeBytes: 100,
    hash: 'hash',
    offset: 0,
    data: bytes(10),
    ...fields,
  };
}

/** Does all that is ready, with a disk and a state machine that take no time. */
export function drain(raft: Raft): Drained {
  const drained: Drained = {
    messages: [],
    committed: [],
    readStates: [],
    records: [],
    snapshots: [],
  };
  for (let ready = raft.ready(); ready !== null; ready = raft.ready()) {
    if (drained.messages.length > 1_000) throw new Error('the server never stops talking');
    drained.messages.push(...ready.messages);
    drained.readStates.push(...ready.readStates);
    if (ready.record !== null) {
      drained.records.push(ready.record);
      raft.recordDurable();
      drained.messages.push(...ready.messagesAfterRecord);
    }
    if (ready.snapshot !== null) {
      drained.snapshots.push(ready.snapshot);
      raft.restored();
    }
    const last = ready.committedEntries.at(-1);
    drained.committed.push(...ready.committedEntries);
    if (last !== undefined) raft.applied(last.index);
  }
  return drained;
}

/** The messages that `drain` finds. */
export function sent(raft: Raft): Message[] {
  return drain(raft).messages;
}

/** The one message of this type that is sent; fails unless it is one. */
export function sentOne<T extends Message['type']>(raft: Raft, type: T): MessageOf<T> {
  const [message, ...others] = ofType(sent(raft), type);
  if (message === undefined || others.length > 0) throw new Error(`not one ${type}`);
  return message;
}

/** A granted answer to a request for a vote or pre-vote; null for other messages. */
export function grant(message: Message): Message | null {
  if (message.type !== 'pre-vote' && message.type !== 'request-vote') return null;
  return {
    type: message.type === 'pre-vote' ? 'pre-vote-response' : 'request-vote-response',
    from: message.to,
    to: message.from,
    term: message.term,
    voteGranted: true,
  };
}

/** Lets the core time out and win with everybody's vote. Nothing it appended is ready yet. */
export function elect(raft: Raft): Raft {
  raft.tick(raft.nextDeadlineMs());
  while (raft.role !== 'leader') {
    const ready = raft.ready();
    if (ready === null) throw new Error('the campaign stands still');
    if (ready.record !== null) raft.recordDurable();
    for (const message of [...ready.messages, ...ready.messagesAfterRecord]) {
      const response = grant(message);
      if (response !== null) raft.step(response);
    }
  }
  return raft;
}

/** A leader of three (A) at term 2, whose no-op is appended, durable and on its way. */
export function leader(options: CoreOptions = {}): Raft {
  const raft = elect(core(options));
  sent(raft);
  return raft;
}

/** `from` acknowledges everything up to `matchIndex`, in the leader's term and last round. */
export function acknowledge(raft: Raft, from: NodeId, matchIndex: number, round = 0): void {
  raft.step({
    type: 'append-entries-response',
    from,
    to: raft.nodeId,
    term: raft.term,
    round,
    success: true,
    matchIndex: index(matchIndex),
  });
}

export function refuse(
  raft: Raft,
  from: NodeId,
  rejectedIndex: number,
  conflictIndex: number,
  conflictTerm: number | null = null,
): void {
  raft.step({
    type: 'append-entries-response',
    from,
    to: raft.nodeId,
    term: raft.term,
    round: 0,
    success: false,
    rejectedIndex: index(rejectedIndex),
    conflictIndex: index(conflictIndex),
    conflictTerm: conflictTerm === null ? null : term(conflictTerm),
  });
}

/** An AppendEntries to A from B, in term 1, behind entry 1, unless told otherwise. */
export function appendEntries(fields: Partial<AppendEntries> = {}): AppendEntries {
  return {
    type: 'append-entries',
    from: B,
    to: A,
    term: term(1),
    prevLogIndex: index(1),
    prevLogTerm: term(1),
    entries: [],
    leaderCommit: index(0),
    round: 0,
    ...fields,
  };
}

/** The terms of a core's log, in order. */
export function termsOf(raft: Raft): number[] {
  return Array.from({ length: raft.lastIndex }, (_, i) => raft.termAt(index(i + 1)) ?? -1);
}

/** A small, fast, seeded generator (mulberry32): uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
