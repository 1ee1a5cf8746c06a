/**
 * What is drawn of the live cluster: what each tab of this browser tells of its own node, and of members
 * elsewhere what this tab's status says. Where the two differ the tab's own word counts: it is the
 * truth, and a status is what one node believes. Pure.
 */

import type { Inspection } from '../../node/inspection.ts';
import type { MemberStatus, NodeStatus } from '../../node/status.ts';
import type {
  DrawnBallot,
  DrawnLink,
  DrawnLog,
  DrawnMember,
  LinkState,
  MemberState,
} from '../raft/drawn.ts';
import { halvesOf, majority } from '../health.ts';
import { reachabilityOf } from '../reachability.ts';
import { shortId } from '../wording.ts';
import type { TabPresence } from './share-messages.ts';

/** What is known of a tab of this browser. */
export interface TabReport {
  /** The last one; null: none yet. */
  readonly inspection: Inspection | null;
  readonly presence: TabPresence;
}

export interface Sights {
  readonly status: NodeStatus;
  /** Of all tabs of this browser that are there, by node. */
  readonly reports: ReadonlyMap<string, TabReport>;
}

export interface Picture {
  readonly members: readonly DrawnMember[];
  readonly links: readonly DrawnLink[];
  readonly logs: readonly DrawnLog[];
  readonly ballots: readonly DrawnBallot[];
  /** The leader of the newest term that anybody names one of; null: nobody leads. */
  readonly leaderId: string | null;
}

export function drawCluster(sights: Sights): Picture {
  const ids = idsOf(sights);
  const leaderId = leaderOf(sights);
  const leader = runningInspections(sights).find(({ nodeId }) => nodeId === leaderId) ?? null;
  return {
    members: ids.map((id) => drawMember(id, sights)),
    links: ids.flatMap((one, at) =>
      ids.slice(at + 1).map((other) => ({ one, other, state: linkState(one, other, sights) })),
    ),
    logs: ids.flatMap((id) => drawLog(id, sights, leader) ?? []),
    ballots: drawBallots(sights),
    leaderId,
  };
}

/** Always in the same order, on every tab. */
function idsOf({ status, reports }: Sights): string[] {
  const known = status.members.map(({ nodeId }): string => nodeId);
  return [...new Set([...known, ...reports.keys()])].toSorted();
}

export function wordOf({ status }: Sights, id: string): MemberStatus | null {
  return status.members.find(({ nodeId }) => nodeId === id) ?? null;
}

function drawMember(id: string, sights: Sights): DrawnMember {
  const { status, reports } = sights;
  const report = reports.get(id);
  const word = wordOf(sights, id);
  const own = id === status.nodeId ? status : null;
  const told = report?.inspection ?? own ?? word;
  const state = stateOf(id, sights);
  const wordRole = word?.voter === false ? 'learner' : null;
  return {
    id,
    name: shortId(id),
    role: told?.role ?? wordRole,
    term: told?.term ?? null,
    state,
    isIsolated: report?.inspection?.isolated ?? own?.transport.isolated ?? false,
    isHidden: own === null && state === 'running' && isHidden(report, word),
    note: noteOf(id, sights),
    timer: null,
  };
}

function isHidden(report: TabReport | undefined, word: MemberStatus | null): boolean {
  return report === undefined ? word?.visible === false : !report.presence.isVisible;
}

function stateOf(id: string, sights: Sights): MemberState {
  const report = sights.reports.get(id);
  if (report !== undefined) return report.presence.isRunning ? 'running' : 'down';
  if (id === sights.status.nodeId) return sights.status.state === 'stopped' ? 'down' : 'running';
  const isHeard = wordOf(sights, id)?.connected === true || isLinkedHere(id, sights);
  return isHeard ? 'running' : 'away';
}

/** A tab of this browser has a link with it. */
function isLinkedHere(id: string, { reports }: Sights): boolean {
  return [...reports.values()].some(({ presence }) => {
    return presence.isRunning && presence.linked.some((linked) => linked === id);
  });
}

function noteOf(id: string, { status, reports }: Sights): string | null {
  if (id === status.nodeId) return 'this tab';
  return reports.has(id) || isOfThisProfile(status, id) ? null : 'elsewhere';
}

/** As far as it named its profile. */
export function isOfThisProfile(status: NodeStatus, id: string): boolean {
  const profileOf = (nodeId: string): string | null => {
    return status.members.find((member) => member.nodeId === nodeId)?.profileId ?? null;
  };
  const own = profileOf(status.nodeId);
  return own !== null && profileOf(id) === own;
}

function linkState(one: string, other: string, sights: Sights): LinkState {
  if (isCut(one, other, sights)) return 'cut';
  const ends = [one, other].map((id) => sights.reports.get(id)?.presence);
  if (ends.some((end) => end?.isRunning === false)) return 'away';
  const linked = [isLinkedBy(ends[0], other), isLinkedBy(ends[1], one)].filter((is) => is !== null);
  if (linked.length > 0) return linked.includes(false) ? 'away' : 'open';
  return reachabilityOf(sights.status).stateOf(one, other) === 'linked' ? 'open' : 'away';
}

function isLinkedBy(presence: TabPresence | undefined, other: string): boolean | null {
  return presence === undefined ? null : presence.linked.some((id) => id === other);
}

/** Whether what is sent to it gets there: its links are not cut, and it runs. */
export function isReached(from: string, to: string, sights: Pick<Sights, 'reports'>): boolean {
  return !isCut(from, to, sights) && sights.reports.get(to)?.presence.isRunning !== false;
}

/** On purpose, at either end. */
function isCut(one: string, other: string, { reports }: Pick<Sights, 'reports'>): boolean {
  const cuts = (from: string, to: string): boolean => {
    const inspection = reports.get(from)?.inspection;
    if (inspection === null || inspection === undefined) return false;
    return inspection.isolated || inspection.cutLinks.some((id) => id === to);
  };
  return cuts(one, other) || cuts(other, one);
}

/**
 * Whom the tabs here follow in the newest term, wherever it lives: a tab that is cut off may follow, or
 * be, the leader of an older one. It leads nobody if its own tab says otherwise.
 */
function leaderOf(sights: Sights): string | null {
  const { status, reports } = sights;
  const own = status.state === 'stopped' ? [] : [status];
  const [newest] = [...runningInspections(sights), ...own]
    .filter(({ leaderId }) => leaderId !== null)
    .toSorted((a, b) => b.term - a.term);
  if (newest === undefined || newest.leaderId === null) return null;
  const report = reports.get(newest.leaderId);
  const word = report?.inspection ?? null;
  const hasSteppedDown = word !== null && word.term >= newest.term && word.role !== 'leader';
  return report?.presence.isRunning === false || hasSteppedDown ? null : newest.leaderId;
}

function runningInspections({ reports }: Pick<Sights, 'reports'>): Inspection[] {
  return [...reports.values()].flatMap(({ inspection, presence }) =>
    inspection !== null && presence.isRunning ? [inspection] : [],
  );
}

function drawLog(id: string, sights: Sights, leader: Inspection | null): DrawnLog | null {
  const inspection = sights.reports.get(id)?.inspection ?? null;
  if (inspection === null) return drawCommitted(id, sights, leader);
  return {
    id,
    name: shortId(id),
    snapshotIndex: inspection.snapshot?.index ?? null,
    lastIndex: inspection.lastIndex,
    isEndKnown: true,
    commitIndex: inspection.commitIndex,
    appliedIndex: inspection.lastApplied,
    runs: inspection.runs,
    progress: progressOf(id, leader),
  };
}

/**
 * What is committed is the same everywhere (paper section 5.4.3): of others no more is known, and neither
 * how long their logs are nor where they begin.
 */
function drawCommitted(id: string, sights: Sights, leader: Inspection | null): DrawnLog | null {
  const word = wordOf(sights, id);
  const [like] = runningInspections(sights).toSorted((a, b) => b.commitIndex - a.commitIndex);
  if (like === undefined || word?.commitIndex === null || word?.commitIndex === undefined)
    return null;
  const { commitIndex } = word;
  return {
    id,
    name: shortId(id),
    snapshotIndex: null,
    lastIndex: commitIndex,
    isEndKnown: false,
    commitIndex,
    appliedIndex: word.lastApplied ?? 0,
    runs: like.runs.filter(({ firstIndex }) => firstIndex <= commitIndex),
    progress: progressOf(id, leader),
  };
}

function progressOf(id: string, leader: Inspection | null): DrawnLog['progress'] {
  return leader?.progress.find(({ nodeId }) => nodeId === id) ?? null;
}

/** Of all that lead or stand for election, the newest term first. */
function drawBallots(sights: Sights): DrawnBallot[] {
  const inspections = runningInspections(sights);
  return inspections
    .filter(({ role }) => role === 'leader' || role === 'candidate')
    .toSorted((a, b) => b.term - a.term)
    .map((inspection) => drawBallot(inspection, inspections, sights.status));
}

function drawBallot(
  { nodeId, term, role, votes }: Inspection,
  inspections: readonly Inspection[],
  status: NodeStatus,
): DrawnBallot {
  const voted = inspections
    .filter((other) => other.term === term && other.votedFor === nodeId)
    .map((other) => other.nodeId);
  const granted = new Set<string>([...votes, ...voted]);
  const halves = halvesOf(status);
  const isWon = role === 'leader';
  // Who votes now may be others than those who elected it.
  const asked = isWon ? granted : new Set<string>(halves.flat());
  return {
    id: nodeId,
    name: shortId(nodeId),
    term,
    isWon,
    votes: [...asked].map((id) => ({ id, name: shortId(id), isGranted: granted.has(id) })),
    halves: halves.map((voters) => ({
      voters: voters.length,
      granted: voters.filter((id) => granted.has(id)).length,
      quorum: majority(voters.length),
    })),
  };
}
