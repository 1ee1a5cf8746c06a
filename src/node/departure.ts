/**
 * A member goes because an operator, or the member itself, wants it: which configuration is to
 * follow, and who is to lead next. Pure functions of what the leader sees.
 *
 * - A learner goes freely.
 * - A voter's place is taken by a learner that is caught up. Where there is none the cluster has one
 *   voter less, and its operator is told what that means.
 * - Two voters never become one, nor two sound copies of the data: what only one server holds is gone
 *   with it.
 * - Of an even number that is left, a voter that does not answer is made a learner: it only raises
 *   the quorum. One that answers keeps its vote, which costs nothing and is a copy more.
 */

import type { ConfigurationTarget } from '../raft/configuration.ts';
import type { NodeId } from '../raft/types.ts';
import { Electorate, type AutopilotLimits, type ClusterView } from './autopilot.ts';
import { quorumSize } from './survival.ts';

export type Departure =
  | { readonly type: 'planned'; readonly target: ConfigurationTarget; readonly warning: string }
  | { readonly type: 'refused'; readonly message: string };

const ONE_COPY =
  'the data would be left in one copy: open another tab, wait until it has caught up, and try again';
const NO_MAJORITY =
  'a majority of the voters that would be left does not answer or is not caught up: bring them ' +
  'back, or open another tab and wait until it has caught up, and try again';

const ONE_SOUND_COPY =
  'only one true copy of the data would be left: wait until the others have been replaced, or until ' +
  'another tab has caught up, and try again';

/** `leaving` is a member of the view. */
export function planDeparture(
  view: ClusterView,
  leaving: NodeId,
  limits: AutopilotLimits,
): Departure {
  const electorate = new Electorate(view, limits);
  const before = electorate.voters;
  if (!before.includes(leaving)) {
    return { type: 'planned', target: electorate.target(before, [leaving]), warning: '' };
  }
  const filled = fillPlaces(electorate, leaving, limits);
  const demoted = whoToDemote(electorate, filled);
  const voters = filled.filter((id) => id !== demoted);
  if (voters.length < 2) return { type: 'refused', message: ONE_COPY };
  if (!electorate.canCommit(voters)) return { type: 'refused', message: NO_MAJORITY };
  const sound = voters.filter((id) => electorate.isSound(id)).length;
  if (sound < 2) return { type: 'refused', message: ONE_SOUND_COPY };
  const target = electorate.target(voters, [leaving]);
  const warning = voters.length < before.length ? warningOf(voters.length, demoted) : '';
  return { type: 'planned', target, warning };
}

/** The voters that stay, and candidates up to the odd number there was, at least three. */
function fillPlaces(
  electorate: Electorate,
  leaving: NodeId,
  limits: AutopilotLimits,
): readonly NodeId[] {
  const before = electorate.voters.length;
  const odd = before % 2 === 1 ? before : before - 1;
  const wanted = Math.min(Math.max(odd, 3), limits.maxVoters);
  let voters: readonly NodeId[] = electorate.voters.filter((id) => id !== leaving);
  while (voters.length < wanted) {
    const current = voters;
    const free = electorate.candidates.filter((id) => id !== leaving && !current.includes(id));
    const next = electorate.bestSpread(free.map((id) => [...current, id]));
    if (next === null) break;
    voters = next;
  }
  return voters;
}

function whoToDemote(electorate: Electorate, voters: readonly NodeId[]): NodeId | null {
  if (voters.length % 2 === 1 || voters.length < 4) return null;
  return voters.find((id) => !electorate.isReady(id)) ?? null;
}

/** What whoever did not see the change should know of it: that an even number of voters is left. */
export function remainingWarning(voterCount: number): string {
  return voterCount % 2 === 0 ? warningOf(voterCount, null) : '';
}

/** What an operator should know of a cluster that has fewer voters now. */
function warningOf(voterCount: number, demoted: NodeId | null): string {
  const survived = voterCount - quorumSize(voterCount);
  const sentences: string[] = [];
  if (voterCount === 2) {
    sentences.push('two voters are left: writes stop when either is lost');
  } else {
    const losses = survived === 1 ? 'one loss' : `${survived} losses`;
    sentences.push(`${voterCount} voters are left: they survive ${losses}`);
  }
  if (demoted !== null) sentences.push(`${demoted} does not answer and is a learner until it does`);
  if (voterCount % 2 === 0)
    sentences.push('another tab takes the free place once it has caught up');
  return sentences.join('; ');
}

/** Who is to lead next: the one that was wished for, or else who is best placed. */
export function chooseSuccessor(
  view: ClusterView,
  wish: NodeId | null,
  limits: AutopilotLimits,
): { readonly nodeId: NodeId } | { readonly refusal: string } {
  const electorate = new Electorate(view, limits);
  const others = electorate.voters.filter((id) => id !== view.leaderId);
  if (wish !== null) {
    if (!others.includes(wish)) return { refusal: `${wish} is not a voter` };
    if (!electorate.isReady(wish)) return { refusal: `${wish} does not answer or is far behind` };
    if (!electorate.isSound(wish)) return { refusal: `the data of ${wish} is being replaced` };
    return { nodeId: wish };
  }
  const silenceOf = new Map(view.members.map((member) => [member.nodeId, member.silentMs]));
  const [best] = others
    .filter((id) => electorate.isSound(id))
    .toSorted((a, b) => (silenceOf.get(a) ?? 0) - (silenceOf.get(b) ?? 0))
    .toSorted((a, b) => Number(electorate.mayBeEvicted(a)) - Number(electorate.mayBeEvicted(b)));
  return best === undefined ? { refusal: 'no other voter could take over' } : { nodeId: best };
}
