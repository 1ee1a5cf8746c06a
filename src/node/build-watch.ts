/**
 * Going over to a new build of the state machine (build.ts), by a log entry, once all voters have it.
 *
 * The leader proposes the adoption when it hears every voter, and all have its own build, and that is
 * not the one that the log comes to. So a build that was taken back is adopted like any other: what
 * counts is that all voters have it. A leader that is outdated itself and finds nobody to make room for
 * does not wait for voters that stay away: nothing is applied any more, and one that is gone for good
 * would stop the others for ever. Such a voter is outdated when it comes back.
 *
 * A node with a later build than the adopted one goes on with what it has. One with an earlier build
 * does not know what entries behind the adoption mean: it is outdated, and applies nothing of them,
 * unless the committed log comes to its own build further on. It votes and logs, makes room for another
 * leader, and goes on by itself when its page has been loaded anew.
 *
 * What is committed is read once. Time comes in as arguments.
 */

import { votersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import type { Announcements } from './announcements.ts';
import type { BuildName } from './build.ts';
import { buildAdoptedBy } from './command.ts';
import type { NodeOptions } from './node-options.ts';
import type { Proposals } from './proposals.ts';

export interface BuildWatchOptions {
  readonly raft: Pick<
    Raft,
    | 'nodeId'
    | 'role'
    | 'term'
    | 'appliedIndex'
    | 'commitIndex'
    | 'lastIndex'
    | 'configuration'
    | 'entryAt'
    | 'transferLeadership'
  >;
  readonly build?: NodeOptions['build'];
  /** Between two attempts to make room. */
  readonly intervalMs: number;
  /** A voter not heard for this long stays away. */
  readonly voterSilenceMs: number;
  /** What members say of themselves. */
  readonly hearsay: Pick<Announcements, 'buildOf' | 'contactMs' | 'isQuarantined'>;
  readonly proposals: Pick<Proposals, 'adoptBuild'>;
}

interface Adoption {
  readonly index: LogIndex;
  readonly build: BuildName;
}

export class BuildWatch {
  readonly #options: BuildWatchOptions;
  /** '': builds are not told apart. */
  readonly #own: BuildName;
  /** What the state has come to. */
  #adopted: BuildName;
  /** Committed adoptions that are not applied, in order. */
  #ahead: Adoption[] = [];
  #readTo: number;
  /** What the log of this node comes to, committed or not, as a leader of the term. */
  #led: { readonly term: Term; build: BuildName } | null = null;
  #nextMs = -Infinity;
  /** When this node was first seen to lead in the term. */
  #leading: { readonly term: Term; readonly sinceMs: number } | null = null;

  constructor(options: BuildWatchOptions) {
    this.#options = options;
    this.#own = options.build?.own ?? '';
    this.#adopted = options.build?.adopted.build ?? '';
    this.#readTo = options.raft.appliedIndex;
  }

  get status(): { own: BuildName; adopted: BuildName; outdated: boolean } {
    return { own: this.#own, adopted: this.adopted, outdated: this.isOutdated() };
  }

  /** What counts for the next entry; where this node is outdated, what it waits behind. */
  get adopted(): BuildName {
    this.#read();
    const { appliedIndex } = this.#options.raft;
    const next = this.#ahead.find(({ index }) => index === appliedIndex + 1);
    return this.isOutdated() && next !== undefined ? next.build : this.#adopted;
  }

  /** The state has come to the build. */
  onAdopted(build: BuildName): void {
    this.#adopted = build;
  }

  /** The next entry is not for this node's build. */
  isOutdated(): boolean {
    return this.barrier() <= this.#options.raft.appliedIndex + 1;
  }

  /** The first entry that may not be applied here; Infinity: all may. */
  barrier(): number {
    this.#read();
    const { appliedIndex } = this.#options.raft;
    if (!this.#isFor(this.#adopted, 0)) return appliedIndex + 1;
    const first = this.#ahead.find(({ build, index }) => !this.#isFor(build, index));
    return first?.index ?? Infinity;
  }

  /** The member applies entries, as far as it says: it is heard, not outdated, and its state sound. */
  isUpToDate(member: NodeId): boolean {
    const { hearsay } = this.#options;
    const build = hearsay.buildOf(member);
    return build !== null && build >= this.adopted && !hearsay.isQuarantined(member);
  }

  check(nowMs: number): void {
    const { raft, proposals } = this.#options;
    const own = this.#own;
    if (raft.role !== 'leader' || own === '') return;
    if (this.#leading?.term !== raft.term) this.#leading = { term: raft.term, sinceMs: nowMs };
    if (this.#isWanted(nowMs) && proposals.adoptBuild(own, nowMs)) {
      this.#led = { term: raft.term, build: own };
    }
    if (!this.isOutdated() || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#options.intervalMs;
    const others = raft.configuration.voters.filter((id) => id !== raft.nodeId);
    const fit = others.find((id) => this.isUpToDate(id));
    if (fit !== undefined) raft.transferLeadership(fit);
  }

  /** All voters have this node's build, and the log does not come to it. */
  #isWanted(nowMs: number): boolean {
    const { raft, hearsay } = this.#options;
    if (this.#ledTo() === this.#own) return false;
    const isStuck = this.isOutdated();
    const has = (id: NodeId): boolean => id === raft.nodeId || hearsay.buildOf(id) === this.#own;
    const counts = (id: NodeId): boolean => has(id) || (isStuck && this.#isAway(id, nowMs));
    return votersOf(raft.configuration).every(counts);
  }

  #isAway(id: NodeId, nowMs: number): boolean {
    const { hearsay, voterSilenceMs } = this.#options;
    if (hearsay.buildOf(id) !== null) return false;
    const sinceMs = Math.max(hearsay.contactMs(id) ?? -Infinity, this.#leading?.sinceMs ?? nowMs);
    return nowMs - sinceMs >= voterSilenceMs;
  }

  /** A leader's log only grows: it is read once a term. */
  #ledTo(): BuildName {
    const { raft } = this.#options;
    if (this.#led?.term === raft.term) return this.#led.build;
    this.#read();
    let build = this.#ahead.at(-1)?.build ?? this.#adopted;
    for (let at = raft.commitIndex + 1; at <= raft.lastIndex; at += 1) {
      build = this.#adoptedAt(at as LogIndex) ?? build;
    }
    this.#led = { term: raft.term, build };
    return build;
  }

  /** What follows on an adoption of `build` at `index` may be applied here. */
  #isFor(build: BuildName, index: number): boolean {
    const own = this.#own;
    if (own === '' || own >= build) return true;
    return this.#ahead.some((one) => one.index > index && one.build === own);
  }

  #read(): void {
    const { appliedIndex, commitIndex } = this.#options.raft;
    for (let at = this.#readTo + 1; at <= commitIndex; at += 1) {
      const build = this.#adoptedAt(at as LogIndex);
      if (build !== null) this.#ahead.push({ index: at as LogIndex, build });
    }
    this.#readTo = Math.max(this.#readTo, commitIndex);
    const [first] = this.#ahead;
    if (first !== undefined && first.index <= appliedIndex) {
      this.#ahead = this.#ahead.filter(({ index }) => index > appliedIndex);
    }
  }

  #adoptedAt(index: LogIndex): BuildName | null {
    const entry = this.#options.raft.entryAt(index);
    return entry?.type === 'command' ? buildAdoptedBy(entry.data) : null;
  }
}
