/**
 * Who reaches whom, from what the members say of their links. Pure but for `CutWatch`, which remembers
 * since when a pair has been cut: links come up one after the other, and what mends itself within
 * seconds is not worth a word.
 */

import type { NodeStatus } from '../node/status.ts';
import { listMembers } from './health.ts';
import { capital } from './wording.ts';

export type PairState = 'linked' | 'cut' | 'unknown';

export interface Cut {
  readonly one: string;
  readonly other: string;
}

export interface Reachability {
  /** Those that are there, as this tab hears or as others say: this tab first, then the leader. */
  readonly members: readonly string[];
  readonly stateOf: (one: string, other: string) => PairState;
  readonly cuts: readonly Cut[];
}

/** How long a pair must have been cut before a person is told. */
const CUT_NOTICE_MS = 3_000;

export function reachabilityOf(status: NodeStatus): Reachability {
  const wordOf = new Map<string, ReadonlySet<string>>();
  for (const { nodeId, reaches } of status.members) {
    if (reaches !== null) wordOf.set(nodeId, new Set<string>(reaches));
  }
  const reached = new Set([...wordOf.values()].flatMap((word) => [...word]));
  const members = listMembers(status)
    .map(({ nodeId }): string => nodeId)
    .filter((nodeId) => wordOf.has(nodeId) || reached.has(nodeId));
  const stateOf = (one: string, other: string): PairState => {
    const words = [wordOf.get(one)?.has(other), wordOf.get(other)?.has(one)];
    const isLinked = words.includes(true);
    const isCut = words.includes(false);
    // Where they contradict each other, one of them has not noticed yet.
    if (isLinked === isCut) return 'unknown';
    return isLinked ? 'linked' : 'cut';
  };
  const cuts = members.flatMap((one, at) =>
    members
      .slice(at + 1)
      .filter((other) => stateOf(one, other) === 'cut')
      .map((other) => ({ one, other })),
  );
  return { members, stateOf, cuts };
}

export class CutWatch {
  readonly #sinceMsByPair = new Map<string, number>();

  /** The cuts that have lasted; to be called with every status. */
  lasting(cuts: readonly Cut[], nowMs: number): readonly Cut[] {
    const present = new Set(cuts.map((cut) => keyOf(cut)));
    for (const pair of this.#sinceMsByPair.keys()) {
      if (!present.has(pair)) this.#sinceMsByPair.delete(pair);
    }
    return cuts.filter((cut) => {
      const key = keyOf(cut);
      const sinceMs = this.#sinceMsByPair.get(key) ?? nowMs;
      this.#sinceMsByPair.set(key, sinceMs);
      return nowMs - sinceMs >= CUT_NOTICE_MS;
    });
  }
}

function keyOf({ one, other }: Cut): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** What a cut means for the cluster; `nameOf` is how members are called. */
export function describeCut(
  { one, other }: Cut,
  { leaderId, voters }: Pick<NodeStatus, 'leaderId' | 'voters'>,
  stateOf: Reachability['stateOf'],
  nameOf: (nodeId: string) => string,
): string {
  const pair = `${nameOf(one)} and ${nameOf(other)} cannot reach each other`;
  if (leaderId === null) {
    return `${capital(pair)}. If one of them leads, the other falls behind and cannot write.`;
  }
  if (one !== leaderId && other !== leaderId) {
    const isMissing = [one, other].some((node) => stateOf(node, leaderId) === 'cut');
    return capital(
      isMissing ? `${pair}.` : `${pair}. Both reach the leader: nothing is missing now.`,
    );
  }
  const left = one === leaderId ? other : one;
  const isVoter = (voters as readonly string[]).includes(left);
  const vote = isVoter ? ' Its vote does not count towards a majority meanwhile.' : '';
  return `${capital(pair)}, and ${nameOf(leaderId)} leads: ${nameOf(left)} falls behind and cannot write.${vote}`;
}
