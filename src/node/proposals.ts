/**
 * What becomes of proposals at the leader: judged by the intake, stamped, seeded, and appended to the
 * log. Stamps grow over the whole log, whoever led: every entry and snapshot that this node stores is
 * noted.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex, LogRecord } from '../raft/types.ts';
import type { BuildName } from './build.ts';
import { encodeCommand, SEED_BYTES, stampOf } from './command.ts';
import { Intake } from './intake.ts';
import type { Proposal, ProposeRefused } from './messages.ts';

export type ProposalOutcome = 'taken' | ProposeRefused['reason'];

const SEED_WORD_BOUND = 2 ** 32;

export class Proposals {
  readonly #raft: Raft;
  readonly #intake = new Intake();
  readonly #stampMs: (nowMs: number) => number;
  readonly #random: (bound: number) => number;
  #lastStampMs = 0;
  /** The nodes' states differ and no majority agrees: nothing more is written. */
  isHalted = false;

  /** `stampMs` gives the wall-clock time for an entry that is appended now. */
  constructor(raft: Raft, stampMs: (nowMs: number) => number, random: (bound: number) => number) {
    this.#raft = raft;
    this.#stampMs = stampMs;
    this.#random = random;
  }

  /** The latest stamp of any entry that this node has stored. */
  get lastStampMs(): number {
    return this.#lastStampMs;
  }

  take(proposal: Proposal, nowMs: number): ProposalOutcome {
    if (this.#raft.role !== 'leader') return 'not-leader';
    if (this.isHalted) return 'diverged';
    if (proposal.type === 'execute') {
      const { session, isCopyWanted } = proposal;
      const verdict = this.#intake.judge(this.#raft.term, session, isCopyWanted);
      if (verdict === 'gap') return 'gap';
      if (verdict === 'duplicate') return 'taken';
      if (verdict === 'copy') return this.#append(this.#encode(proposal, nowMs)) ?? 'taken';
    }
    const refusal = this.#append(this.#encode(proposal, nowMs));
    if (refusal !== null) return refusal;
    if (proposal.type === 'execute') this.#intake.admit(proposal.session);
    return 'taken';
  }

  /** Has every node hash the next slice of its state; false: not now. */
  checkState(nowMs: number): boolean {
    const stampMs = this.#nextStampMs(nowMs);
    return this.#append(encodeCommand({ type: 'check-state', stampMs })) === null;
  }

  /** Has the entry at `index` left out; false: not now. */
  skip(index: LogIndex): boolean {
    return this.#append(encodeCommand({ type: 'skip', index })) === null;
  }

  /** Has all nodes go over to the build; false: not now. */
  adoptBuild(build: BuildName, nowMs: number): boolean {
    if (this.#raft.role !== 'leader' || this.isHalted) return false;
    const stampMs = this.#nextStampMs(nowMs);
    return this.#append(encodeCommand({ type: 'adopt-build', stampMs, build })) === null;
  }

  /** What was loaded, or is to be stored. */
  note({ snapshot, entries }: Pick<LogRecord, 'snapshot' | 'entries'>): void {
    this.#lastStampMs = Math.max(this.#lastStampMs, snapshot?.state.stampMs ?? 0);
    for (const entry of entries) {
      if (entry.type !== 'command') continue;
      this.#lastStampMs = Math.max(this.#lastStampMs, stampOf(entry.data));
    }
  }

  #append(data: Uint8Array): 'not-leader' | 'overloaded' | 'transferring' | null {
    const { type } = this.#raft.propose([data]);
    if (type === 'appended') return null;
    // A node refuses what is too large before it sends it anywhere.
    return type === 'too-large' ? 'overloaded' : type;
  }

  #encode(proposal: Proposal, nowMs: number): Uint8Array {
    if (proposal.type !== 'execute') return encodeCommand(proposal);
    return encodeCommand({ ...proposal, stampMs: this.#nextStampMs(nowMs), seed: this.#seed() });
  }

  #nextStampMs(nowMs: number): number {
    this.#lastStampMs = Math.max(this.#lastStampMs, this.#stampMs(nowMs));
    return this.#lastStampMs;
  }

  #seed(): Uint8Array {
    const seed = new Uint8Array(SEED_BYTES);
    const view = new DataView(seed.buffer);
    for (let at = 0; at < SEED_BYTES; at += 4) {
      view.setUint32(at, this.#random(SEED_WORD_BOUND), true);
    }
    return seed;
  }
}
