/**
 * State checks: do all nodes have the same state? Applying is deterministic, so they must; disks rot,
 * and defects happen.
 *
 * The leader puts a check into the log now and then. Every node hashes the same slice of its state at
 * that very entry and tells all members. What a strict majority of the voters has is taken for right.
 * A node that has something else is quarantined; it needs nobody to tell it. Where no hash can reach a
 * majority, nobody can say which state is right: writing stops until people have looked at it.
 *
 * Behind the adoption of a new build (build-watch.ts) the checks follow each other, each behind the
 * answers to the one before, until they have gone over the whole state: what the new build computes
 * otherwise is found at once.
 *
 * Time comes in as arguments.
 */

import { membersOf, votersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId } from '../raft/types.ts';
import type { StateHashes } from './inspection.ts';
import { MAX_OPEN_STATE_CHECKS } from './limits.ts';
import type { NodeMessage, StateHash } from './messages.ts';

export interface StateCheckOptions {
  readonly raft: Raft;
  readonly intervalMs: number;
  readonly send: (message: NodeMessage) => void;
  /** Puts a check into the log; false: not now. */
  readonly propose: (nowMs: number) => boolean;
  /** The voter is heard, and will answer. */
  readonly isAwaited: (voter: NodeId) => boolean;
  /** This node's state differs from the majority's. */
  readonly onDeviant: (index: LogIndex) => void;
  /** There is no majority. */
  readonly onDiverged: (index: LogIndex) => void;
}

/** What was told for one check. */
interface Told {
  readonly hashByNode: Map<NodeId, string>;
  /**
   * What a strict majority had. It stays what is right there, though a node that lost its latest
   * entries may apply the check again to another state, and tell another hash.
   */
  verdict: string | null;
}

export class StateChecks {
  readonly #options: StateCheckOptions;
  readonly #toldByIndex = new Map<LogIndex, Told>();
  #nextMs = Infinity;
  /** The checks behind an adopted build have not gone over everything. */
  goesOn = false;
  /** The last check that was applied here; and one that this leader has put into the log behind it. */
  #lastIndex: LogIndex | null = null;
  #isUnderWay = false;
  /** Checks that every voter answered alike. */
  agreed = 0;

  constructor(options: StateCheckOptions) {
    this.#options = options;
  }

  /** When `check` has something to do. */
  nextDeadlineMs(): number {
    return this.#options.raft.role === 'leader' ? this.#nextMs : Infinity;
  }

  check(nowMs: number): void {
    const { raft, intervalMs, propose } = this.#options;
    if (raft.role !== 'leader') {
      this.#nextMs = Infinity;
      this.#isUnderWay = false;
      return;
    }
    if (this.#nextMs === Infinity) this.#nextMs = nowMs + intervalMs;
    const isNextOfRound = this.goesOn && !this.#isUnderWay && this.#isLastAnswered();
    if (nowMs < this.#nextMs && !isNextOfRound) return;
    this.#nextMs = nowMs + intervalMs;
    if (propose(nowMs)) this.#isUnderWay = true;
  }

  #isLastAnswered(): boolean {
    const { raft, isAwaited } = this.#options;
    const told = this.#lastIndex === null ? undefined : this.#toldByIndex.get(this.#lastIndex);
    if (told === undefined) return true;
    const voters = votersOf(raft.configuration);
    return voters.every((id) => told.hashByNode.has(id) || !isAwaited(id));
  }

  /** The check in the entry at `index` was applied here; '' is a hash that is no longer known. */
  onChecked(index: LogIndex, hash: string): void {
    this.#lastIndex = index;
    this.#isUnderWay = false;
    if (hash === '') return;
    const { raft, send } = this.#options;
    for (const to of membersOf(raft.configuration)) {
      if (to !== raft.nodeId) send({ type: 'state-hash', from: raft.nodeId, to, index, hash });
    }
    this.#note(raft.nodeId, index, hash);
  }

  /** Of the newest check among those of which the most members' hashes are known; null: of none. */
  get bestKnown(): StateHashes | null {
    let best: readonly [LogIndex, Told] | null = null;
    for (const [index, told] of this.#toldByIndex) {
      const more = told.hashByNode.size - (best?.[1].hashByNode.size ?? 0);
      if (best === null || more > 0 || (more === 0 && index > best[0])) best = [index, told];
    }
    if (best === null) return null;
    const hashes = [...best[1].hashByNode].map(([nodeId, hash]) => ({ nodeId, hash }));
    return { index: best[0], hashes };
  }

  /** Another state took the place of the one that was hashed: what that had says nothing any more. */
  onRestored(): void {
    this.#toldByIndex.clear();
  }

  onStateHash(message: StateHash): void {
    const isMember = membersOf(this.#options.raft.configuration).includes(message.from);
    if (isMember) this.#note(message.from, message.index, message.hash);
  }

  #note(from: NodeId, index: LogIndex, hash: string): void {
    let told = this.#toldByIndex.get(index);
    if (told === undefined) {
      told = { hashByNode: new Map(), verdict: null };
      this.#toldByIndex.set(index, told);
      this.#forgetOldest();
    }
    if (told.hashByNode.get(from) === hash) return;
    told.hashByNode.set(from, hash);
    this.#judge(index, told);
  }

  /** Whoever is so far behind tells its hash to nobody's use. */
  #forgetOldest(): void {
    while (this.#toldByIndex.size > MAX_OPEN_STATE_CHECKS) {
      this.#toldByIndex.delete(Math.min(...this.#toldByIndex.keys()) as LogIndex);
    }
  }

  #judge(index: LogIndex, told: Told): void {
    const { raft, onDeviant, onDiverged } = this.#options;
    const { hash, votes, missing, voters } = this.#count(told);
    const majority = Math.floor(voters / 2) + 1;
    if (votes >= majority) told.verdict ??= hash;
    if (told.verdict === null) {
      if (votes + missing < majority) onDiverged(index);
      return;
    }
    const own = told.hashByNode.get(raft.nodeId);
    if (own !== undefined && own !== told.verdict) onDeviant(index);
    else if (votes === voters) this.agreed += 1;
  }

  /** The hash that most voters told, how many did, and how many told none. */
  #count({ hashByNode }: Told): {
    readonly hash: string;
    readonly votes: number;
    readonly missing: number;
    readonly voters: number;
  } {
    const voters = votersOf(this.#options.raft.configuration);
    const votesByHash = new Map<string, number>();
    let most = { hash: '', votes: 0 };
    let missing = 0;
    for (const voter of voters) {
      const hash = hashByNode.get(voter);
      if (hash === undefined) {
        missing += 1;
        continue;
      }
      const votes = (votesByHash.get(hash) ?? 0) + 1;
      votesByHash.set(hash, votes);
      if (votes > most.votes) most = { hash, votes };
    }
    return { ...most, missing, voters: voters.length };
  }
}
