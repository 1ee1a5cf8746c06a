/**
 * The first minute: which step of the guide comes next, as the cluster stands. Pure. A step is done
 * when what it asks for is so, whoever did it and in whatever tab; the guide goes back only where tabs are
 * missing again before anything else was tried.
 */

import type { MemberStatus, NodeStatus } from '../../node/status.ts';
import { healthOf, SAFE_MEMBERS } from '../health.ts';

export const GUIDE_STEPS = ['tabs', 'sample', 'query', 'kill', 'reopen', 'done'] as const;
export type GuideStep = (typeof GUIDE_STEPS)[number];

/** What the guide goes by. */
export interface GuideFacts {
  readonly status: NodeStatus;
  /** The step it was at. */
  readonly step: GuideStep;
  readonly isSampleLoaded: boolean;
  /** A query has been answered in this tab while the guide suggested one. */
  readonly hasQueried: boolean;
  /**
   * This tab has seen that one is missing. Another may have told of a kill that this one's status does
   * not show yet, and a whole cluster would be taken for one that is whole again.
   */
  readonly hasSeenLoss: boolean;
}

export function nextGuideStep(facts: GuideFacts): GuideStep {
  const { status, step } = facts;
  const { spareVoters } = healthOf(status);
  const isWhole = isClusterWhole(status);
  switch (step) {
    case 'tabs':
      return isWhole ? 'sample' : 'tabs';
    case 'sample':
      if (facts.isSampleLoaded) return 'query';
      return isWhole ? 'sample' : 'tabs';
    case 'query':
      return facts.hasQueried ? 'kill' : 'query';
    case 'kill': {
      const isSurvived = spareVoters >= 0 && status.leaderId !== null;
      return isMissingOne(status) && isSurvived ? 'reopen' : 'kill';
    }
    case 'reopen':
      return facts.hasSeenLoss && isWhole && status.state === 'running' ? 'done' : 'reopen';
    case 'done':
      return 'done';
  }
}

export function isMissingOne(status: NodeStatus): boolean {
  const { voters, connectedVoters } = healthOf(status);
  return voters >= SAFE_MEMBERS && connectedVoters < voters;
}

/** Enough voters to lose one, and all of them connected. */
export function isClusterWhole(status: NodeStatus): boolean {
  const { voters, connectedVoters } = healthOf(status);
  return voters >= SAFE_MEMBERS && connectedVoters === voters;
}

/** The one behind it, for who does not want to do it; who kills nobody brings nobody back. */
export function skipped(step: GuideStep): GuideStep {
  if (step === 'kill') return 'done';
  return GUIDE_STEPS[GUIDE_STEPS.indexOf(step) + 1] ?? 'done';
}

/** A place of the small ring: three, and one more for every further voter, up to five. */
export interface Seat {
  readonly state: 'free' | 'joining' | 'there' | 'gone';
  readonly isLeader: boolean;
  readonly isThisTab: boolean;
}

const SEATS_MAX = 5;

/** In the order in which members are listed everywhere; this tab may be none of them yet. */
export function seatsOf(status: NodeStatus | null): Seat[] {
  const seats: Seat[] = (status?.members ?? []).slice(0, SEATS_MAX).map((member) => ({
    state: !isPresent(member, status) ? 'gone' : member.voter ? 'there' : 'joining',
    isLeader: member.nodeId === status?.leaderId && isPresent(member, status),
    isThisTab: member.nodeId === status?.nodeId,
  }));
  while (seats.length < SAFE_MEMBERS) {
    seats.push({ state: 'free', isLeader: false, isThisTab: false });
  }
  return seats;
}

/** A node that has stopped still has its last status, in which it is with itself. */
function isPresent({ nodeId, connected }: MemberStatus, status: NodeStatus | null): boolean {
  return connected && !(nodeId === status?.nodeId && status.state === 'stopped');
}
