/**
 * The safety properties of the paper (Figure 3) over all servers of a world, and what a message
 * promises against the disk of its sender. Every check fails by throwing.
 */

import { EMPTY_CONFIGURATION, hasQuorum } from '../../src/raft/configuration.ts';
import { checkServer, checkTransition, summarize } from '../../src/raft/invariants.ts';
import type { ServerSummary } from '../../src/raft/invariants.ts';
import type { Message } from '../../src/raft/messages.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Configuration, Entry, NodeId, Snapshot } from '../../src/raft/types.ts';
import type { Disk } from './cluster.ts';
import { index } from './fixtures.ts';
import { EMPTY_STATE, applyTo } from './model-state.ts';
import type { ModelState } from './model-state.ts';

/** A server as these checks see it, and what they remember of it. */
export interface CheckedServer {
  readonly nodeId: NodeId;
  readonly disk: Disk;
  readonly raft: Raft;
  before: ServerSummary;
  /** The log when it was last checked, with what it has compacted. */
  readonly checkedLog: Entry[];
  checkedSnapshot: Snapshot | null;
}

/** How often what happened. */
interface Counts {
  commits: number;
  elections: number;
}

export function fail(what: string): never {
  throw new Error(what);
}

export class Safety {
  readonly #leaderByTerm = new Map<number, NodeId>();
  /** By index and term: the one entry, and the term of the one before it. */
  readonly #entries = new Map<string, { readonly entry: Entry; readonly previousTerm: number }>();
  readonly #committed: Entry[] = [];
  /** What the committed entries make of the state machine, from index 0 on. */
  readonly #states: ModelState[] = [EMPTY_STATE];
  readonly #votes = new Map<string, NodeId>();
  readonly #serverOf: (id: NodeId) => CheckedServer;
  readonly #counts: Counts;

  constructor(serverOf: (id: NodeId) => CheckedServer, counts: Counts) {
    this.#serverOf = serverOf;
    this.#counts = counts;
  }

  get committedIndex(): number {
    return this.#committed.length;
  }

  /** The state at an index that is committed. */
  stateAt(at: number): ModelState {
    return this.#states[at] ?? fail('a state of what is not committed');
  }

  /** Everything that holds of one server after something happened to it. */
  check(server: CheckedServer): void {
    const { raft } = server;
    checkServer(raft);
    checkTransition(server.before, raft);
    const wasLeader = server.before.role === 'leader' && server.before.term === raft.term;
    const { commitIndex } = server.before;
    server.before = summarize(raft);
    this.checkLog(server);
    if (raft.role === 'leader' && !wasLeader) this.#checkNewLeader(raft);
    for (let at = commitIndex + 1; at <= raft.commitIndex; at += 1) this.#checkCommit(raft, at);
  }

  /** Log Matching, by induction: one entry for each index and term, and one before it. */
  checkLog(server: CheckedServer): void {
    const { raft, checkedLog } = server;
    if (raft.snapshot !== server.checkedSnapshot) this.#checkSnapshot(server);
    const baseIndex = raft.firstIndex - 1;
    let from = Math.min(checkedLog.length, raft.lastIndex);
    checkedLog.length = from;
    while (from > baseIndex && checkedLog[from - 1] !== raft.entryAt(index(from))) from -= 1;
    for (let at = from + 1; at <= raft.lastIndex; at += 1) {
      const entry = raft.entryAt(index(at)) ?? fail('a hole in the log');
      const previousTerm = raft.termAt(index(at - 1)) ?? 0;
      const key = `${at} ${entry.term}`;
      const known = this.#entries.get(key);
      if (known === undefined) this.#entries.set(key, { entry, previousTerm });
      else if (known.previousTerm !== previousTerm) fail('Log Matching: another past');
      else if (known.entry !== entry) fail('Log Matching: another entry');
      checkedLog[at - 1] = entry;
    }
  }

  /** Paper section 7: a snapshot at an index equals the committed log up to there. */
  #checkSnapshot(server: CheckedServer): void {
    const { snapshot } = server.raft;
    server.checkedSnapshot = snapshot;
    if (snapshot === null) fail('a snapshot is gone');
    const last = this.#committed[snapshot.index - 1] ?? fail('a snapshot of what is not committed');
    if (last.term !== snapshot.term) fail('a snapshot of another term');
    const { hash } = snapshot.state;
    if (hash !== '' && hash !== this.stateAt(snapshot.index).hash) fail('another state');
    const expected = this.#configurationAt(snapshot.index);
    if (JSON.stringify(expected) !== JSON.stringify(snapshot.configuration)) {
      fail('a snapshot with another configuration');
    }
    for (let at = 0; at < snapshot.index; at += 1) {
      server.checkedLog[at] = this.#committed[at] ?? fail('no such entry');
    }
  }

  /** In force once everything up to `at` is committed, and nothing more. */
  #configurationAt(at: number): Configuration {
    for (let from = at; from > 0; from -= 1) {
      const entry = this.#committed[from - 1];
      if (entry?.type === 'configuration') return entry.configuration;
    }
    return EMPTY_CONFIGURATION;
  }

  /** Election Safety, and Leader Completeness. */
  #checkNewLeader(raft: Raft): void {
    this.#counts.elections += 1;
    const known = this.#leaderByTerm.get(raft.term) ?? raft.nodeId;
    if (known !== raft.nodeId) fail('Election Safety: two leaders in a term');
    this.#leaderByTerm.set(raft.term, raft.nodeId);
    // What it has compacted was compared when it was.
    for (let at = Math.max(raft.firstIndex - 1, 1); at <= this.#committed.length; at += 1) {
      if (raft.termAt(index(at)) !== this.#committed[at - 1]?.term) fail('Leader Completeness');
    }
  }

  #checkCommit(raft: Raft, at: number): void {
    const known = this.#committed[at - 1];
    if (at < raft.firstIndex) {
      if (known === undefined) fail('compacted before it was committed');
      return;
    }
    const entry = raft.entryAt(index(at)) ?? fail('committed beyond the log');
    if (known !== undefined) {
      if (known.term !== entry.term) fail('State Machine Safety: two entries committed');
      return;
    }
    if (at !== this.#committed.length + 1) fail('committed with a hole');
    this.#committed.push(entry);
    this.#states.push(applyTo(this.stateAt(at - 1), entry));
    this.#counts.commits += 1;
    if (raft.role === 'leader' && at === raft.commitIndex)
      this.#checkCommittedIsDurable(raft, entry);
  }

  /** A committed entry is on the disks of a quorum of the configuration it was committed by. */
  #checkCommittedIsDurable(raft: Raft, entry: Entry): void {
    const configurations = [raft.configuration];
    for (let at = raft.lastIndex; at >= raft.firstIndex; at = index(at - 1)) {
      const before = raft.entryAt(at);
      if (before?.type === 'configuration') configurations.push(before.configuration);
      if (configurations.length > 2) break;
    }
    if (raft.snapshot !== null) configurations.push(raft.snapshot.configuration);
    const has = (id: NodeId): boolean => {
      const { disk } = this.#serverOf(id);
      return disk.baseIndex >= entry.index || disk.termAt(entry.index) === entry.term;
    };
    if (!configurations.some((of) => hasQuorum(of, has))) fail('committed, but not durable');
  }

  /** `entries` are handed to a server's state machine. */
  checkHandedOut(server: CheckedServer, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (server.disk.entryAt(entry.index) !== entry) fail('applied before it was durable');
      if (this.#committed[entry.index - 1] !== entry) fail('State Machine Safety');
    }
  }

  /** Figure 2: what a message promises is on its sender's disk. */
  checkPromise(server: CheckedServer, message: Message): void {
    const { disk, raft } = server;
    const { hardState } = disk;
    if (message.type === 'request-vote' && hardState.term < message.term) {
      fail('a vote request before the term was durable');
    }
    if (message.type === 'request-vote-response' && message.voteGranted) {
      const isKept = hardState.term === message.term && hardState.votedFor === message.to;
      if (!isKept && hardState.term <= message.term) fail('a vote before it was durable');
    }
    if (message.type === 'append-entries-response' && message.term === raft.term) {
      if (hardState.term < message.term) fail('an answer before its term was durable');
      if (!message.success) return;
      const at = message.matchIndex;
      const compacted = this.#committed[at - 1] ?? null;
      const kept = at <= disk.baseIndex ? compacted : disk.entryAt(at);
      const claimed = at < raft.firstIndex ? compacted : raft.entryAt(at);
      if (kept !== claimed) fail('acknowledged before it was durable');
    }
  }

  /** A record is on the disk of `server`. */
  checkVote(server: CheckedServer): void {
    const { term: ofTerm, votedFor } = server.disk.hardState;
    if (votedFor === null) return;
    const key = `${server.nodeId} ${ofTerm}`;
    const vote = this.#votes.get(key) ?? votedFor;
    if (vote !== votedFor) fail(`${server.nodeId} voted twice in term ${ofTerm}`);
    this.#votes.set(key, votedFor);
  }
}
