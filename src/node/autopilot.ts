/**
 * Who should vote: a pure function from what the leader sees to the next change of configuration.
 *
 * One change is planned at a time, and the first rule that has one to make wins:
 *
 * 1. An even number of voters is made odd by one more. The quorum stays the same, so this only adds.
 * 2. A voter that has not answered for long is swapped for a learner, in one joint change. It stays a
 *    member, as a learner, and may come back.
 * 3. Voters of crowded profiles are swapped for learners of others where that lets the cluster
 *    survive the loss of more profiles, or gets the votes out of a single one.
 * 4. Two learners become voters, up to the maximum, unless fewer profiles could then be lost.
 * 5. Where the leader's data is wrong or lost and no voter has a true copy to lead with, a learner that
 *    has one is swapped in: for another such voter, or for the leader where it votes alone.
 * 6. Learners that have been away for very long are let go; where newcomers find the cluster full,
 *    the one that has been away the longest goes sooner.
 *
 * Only learners that are caught up, answer, and hold sound data are ever made voters, and nothing is
 * planned that could not be committed: a majority of the voters before and one of those after must
 * answer and be caught up. No rule leaves fewer voters than there were.
 *
 * Of choices that are equally good otherwise the one is taken that has the fewest voters whose storage
 * may be evicted. That is a preference only: it bars nobody, and is no reason for a change.
 *
 * The rules cannot chase each other: while nothing else changes, every plan leaves fewer lost voters,
 * or as many and survives the loss of more profiles, or of as many out of more than one profile, or
 * all that with more voters; or brings the first true copy among them; or else it removes learners. So plans come to an end.
 *
 * What it must not do: look at a clock, remember anything, or decide about safety. A plan is safe
 * because it is carried out by joint consensus, whatever it says.
 */

import type { ConfigurationTarget } from '../raft/configuration.ts';
import type { NodeId } from '../raft/types.ts';
import { LEARNER_SILENCE_MS, type RuntimeLimits } from './limits.ts';
import { groupLossesSurvived, quorumSize, sharesOf } from './survival.ts';

/** A member as the leader sees it. */
export interface MemberView {
  readonly nodeId: NodeId;
  readonly role: 'voter' | 'learner';
  /** The failure domain; null: unknown, and taken for one of its own. */
  readonly profileId: string | null;
  /** For how long it has not answered the leader; 0 for the leader itself. */
  readonly silentMs: number;
  /** For how long nothing at all has been heard of it. */
  readonly awayMs: number;
  /** It lacks few of the leader's entries. */
  readonly isCaughtUp: boolean;
  /** Its data is known to be wrong or lost. */
  readonly isQuarantined: boolean;
  /** Its browser may delete its storage. */
  readonly mayBeEvicted: boolean;
}

export interface ClusterView {
  readonly leaderId: NodeId;
  /** In order of id. The configuration they are members of is committed and not joint. */
  readonly members: readonly MemberView[];
  /** Newcomers wait, and there is no room for more members. */
  readonly isCrowded: boolean;
}

/** `maxVoters` is odd. */
export type AutopilotLimits = Pick<
  RuntimeLimits,
  'maxVoters' | 'voterSilenceMs' | 'learnerForgetMs'
>;

/** The next change, or null where all is as well as it can be. */
export function planConfiguration(
  view: ClusterView,
  limits: AutopilotLimits,
): ConfigurationTarget | null {
  const electorate = new Electorate(view, limits);
  const voters =
    makeOdd(electorate, limits) ??
    replaceLost(electorate) ??
    rebalance(electorate) ??
    grow(electorate, limits) ??
    bringSound(electorate);
  if (voters !== null && electorate.canCommit(voters)) return electorate.target(voters);
  return forget(electorate, view, limits);
}

/** What the rules ask of a view. */
export class Electorate {
  readonly voters: readonly NodeId[];
  /** Learners that may be made voters. */
  readonly candidates: readonly NodeId[];
  readonly leaderId: NodeId;
  readonly #memberById: ReadonlyMap<NodeId, MemberView>;
  readonly #limits: AutopilotLimits;

  constructor(view: ClusterView, limits: AutopilotLimits) {
    this.#memberById = new Map(view.members.map((member) => [member.nodeId, member]));
    this.#limits = limits;
    this.leaderId = view.leaderId;
    this.voters = view.members.filter((m) => m.role === 'voter').map((m) => m.nodeId);
    this.candidates = view.members
      .filter((m) => m.role === 'learner' && this.isSound(m.nodeId))
      .map((m) => m.nodeId);
  }

  /** It answers and is caught up: a change need not wait for it. */
  isReady(id: NodeId): boolean {
    const member = this.#memberById.get(id);
    if (member === undefined) return false;
    return member.silentMs <= LEARNER_SILENCE_MS && member.isCaughtUp;
  }

  /** It also holds a true copy of the data. */
  isSound(id: NodeId): boolean {
    return this.isReady(id) && !this.isQuarantined(id);
  }

  isQuarantined(id: NodeId): boolean {
    return this.#memberById.get(id)?.isQuarantined !== false;
  }

  mayBeEvicted(id: NodeId): boolean {
    return this.#memberById.get(id)?.mayBeEvicted === true;
  }

  isLost(id: NodeId): boolean {
    return (this.#memberById.get(id)?.silentMs ?? Infinity) > this.#limits.voterSilenceMs;
  }

  /** A majority of the present voters and one of those to be are ready. */
  canCommit(voters: readonly NodeId[]): boolean {
    return this.#hasReadyQuorum(this.voters) && this.#hasReadyQuorum(voters);
  }

  #hasReadyQuorum(voters: readonly NodeId[]): boolean {
    return voters.filter((id) => this.isReady(id)).length >= quorumSize(voters.length);
  }

  spreadOf(voters: readonly NodeId[]): Spread {
    const shares = sharesOf(voters, (id) => this.#memberById.get(id)?.profileId ?? null);
    return {
      survived: groupLossesSurvived(shares, quorumSize(voters.length)),
      largestShare: shares[0] ?? 0,
      squares: shares.reduce((sum, share) => sum + share * share, 0),
      domains: shares.length,
    };
  }

  /**
   * The best spread of the alternatives; among equals the one with the fewest that may be evicted, and
   * the first one of those; null where there is none.
   */
  bestSpread(alternatives: readonly (readonly NodeId[])[]): readonly NodeId[] | null {
    let best: { voters: readonly NodeId[]; spread: Spread; evictable: number } | null = null;
    for (const voters of alternatives) {
      const spread = this.spreadOf(voters);
      const evictable = voters.filter((id) => this.mayBeEvicted(id)).length;
      const isBetter =
        best === null ||
        isBetterSpread(spread, best.spread) ||
        (!isBetterSpread(best.spread, spread) && evictable < best.evictable);
      if (isBetter) best = { voters, spread, evictable };
    }
    return best?.voters ?? null;
  }

  /** With these voters; everybody else who is a member learns, but for those who go. */
  target(voters: readonly NodeId[], gone: readonly NodeId[] = []): ConfigurationTarget {
    const stay = [...this.#memberById.keys()].filter((id) => !gone.includes(id));
    const isVoter = new Set(voters);
    return { voters: [...voters].toSorted(), learners: stay.filter((id) => !isVoter.has(id)) };
  }
}

/** How voters are spread over failure domains. */
interface Spread {
  /** How many domains may be lost, whichever. */
  readonly survived: number;
  /** Voters in the most crowded domain. */
  readonly largestShare: number;
  /** The sum of the squares of all shares: the smaller, the more even. */
  readonly squares: number;
  readonly domains: number;
}

/** Compares sets of equally many voters. */
function isBetterSpread(one: Spread, other: Spread): boolean {
  if (one.survived !== other.survived) return one.survived > other.survived;
  if (one.largestShare !== other.largestShare) return one.largestShare < other.largestShare;
  return one.squares < other.squares;
}

function makeOdd(electorate: Electorate, limits: AutopilotLimits): readonly NodeId[] | null {
  const { voters, candidates } = electorate;
  if (voters.length % 2 === 1 || voters.length >= limits.maxVoters) return null;
  return electorate.bestSpread(candidates.map((id) => [...voters, id]));
}

function replaceLost(electorate: Electorate): readonly NodeId[] | null {
  const lost = electorate.voters.filter((id) => electorate.isLost(id));
  return electorate.bestSpread(swaps(electorate.voters, lost, electorate.candidates));
}

function grow(electorate: Electorate, limits: AutopilotLimits): readonly NodeId[] | null {
  const { voters, candidates } = electorate;
  if (voters.length % 2 === 0 || voters.length + 2 > limits.maxVoters) return null;
  const pairs = candidates.flatMap((one, i) =>
    candidates.slice(i + 1).map((other) => [...voters, one, other]),
  );
  const grown = electorate.bestSpread(pairs);
  if (grown === null) return null;
  const isDearer = electorate.spreadOf(grown).survived < electorate.spreadOf(voters).survived;
  return isDearer ? null : grown;
}

/** A leader without data hands over only to a voter that has them (quarantine.ts). */
function bringSound(electorate: Electorate): readonly NodeId[] | null {
  const { voters, candidates, leaderId } = electorate;
  if (!electorate.isQuarantined(leaderId) || voters.some((id) => electorate.isSound(id)))
    return null;
  const others = voters.filter((id) => id !== leaderId && electorate.isQuarantined(id));
  const leaving = others.length > 0 ? others : [leaderId];
  return electorate.bestSpread(swaps(voters, leaving, candidates));
}

/**
 * Swaps as long as the spread gets better, and takes as many of them, in one change, as it needs to
 * survive the most. An evener spread that survives no more is not worth a change by itself.
 */
function rebalance(electorate: Electorate): readonly NodeId[] | null {
  const before = electorate.spreadOf(electorate.voters);
  let worthwhile: readonly NodeId[] | null = null;
  let survived = before.survived;
  let voters = electorate.voters;
  for (let count = 0; count < electorate.voters.length; count += 1) {
    const current = voters;
    const entering = electorate.candidates.filter((id) => !current.includes(id));
    const next = electorate.bestSpread(swaps(current, leavable(electorate, current), entering));
    if (next === null) break;
    const spread = electorate.spreadOf(next);
    if (!isBetterSpread(spread, electorate.spreadOf(current))) break;
    voters = next;
    const leavesOneDomain = before.domains === 1 && worthwhile === null;
    if (spread.survived <= survived && !leavesOneDomain) continue;
    worthwhile = next;
    survived = spread.survived;
  }
  return worthwhile;
}

/** Whom to take the vote first: who is not ready, then whose data is not sound. Never the leader. */
function leavable(electorate: Electorate, voters: readonly NodeId[]): readonly NodeId[] {
  const merit = (id: NodeId): number =>
    Number(electorate.isReady(id)) + Number(electorate.isSound(id));
  return voters
    .filter((id) => id !== electorate.leaderId && electorate.voters.includes(id))
    .toSorted((a, b) => merit(a) - merit(b));
}

function swaps(
  voters: readonly NodeId[],
  leaving: readonly NodeId[],
  entering: readonly NodeId[],
): (readonly NodeId[])[] {
  return leaving.flatMap((out) =>
    entering.map((id) => [...voters.filter((voter) => voter !== out), id]),
  );
}

/** Nobody is let go while its copy might be needed: a majority of the voters must hold sound ones. */
function forget(
  electorate: Electorate,
  view: ClusterView,
  limits: AutopilotLimits,
): ConfigurationTarget | null {
  const { voters } = electorate;
  const sound = voters.filter((id) => electorate.isSound(id)).length;
  if (sound < quorumSize(voters.length)) return null;
  const away = view.members
    .filter((m) => m.role === 'learner' && !electorate.isReady(m.nodeId))
    .toSorted((a, b) => b.awayMs - a.awayMs);
  const gone = away.filter((member) => member.awayMs > limits.learnerForgetMs);
  const longest = away[0];
  if (gone.length === 0 && view.isCrowded && longest !== undefined) {
    if (longest.awayMs > limits.voterSilenceMs) gone.push(longest);
  }
  if (gone.length === 0) return null;
  return electorate.target(
    voters,
    gone.map((member) => member.nodeId),
  );
}
