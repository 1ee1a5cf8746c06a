/** A member in words. Pure. */

import type { MemberStatus } from '../../node/status.ts';
import type { DrawnMember } from '../raft/drawn.ts';
import { formatCount } from '../wording.ts';
import type { TabReport } from './cluster-picture.ts';
import type { StopReason } from './stop-reason.ts';

export interface Tag {
  readonly text: string;
  readonly isQuiet: boolean;
}

interface TaggedMember {
  readonly member: DrawnMember;
  readonly word: MemberStatus | null;
  /** It runs in this tab, too, until another takes it over. */
  readonly isWoken: boolean;
  /** The build of SQL that the cluster has adopted. */
  readonly adopted: string;
}

export function tagsOf({ member, word, isWoken, adopted }: TaggedMember): Tag[] {
  const isPresent = member.state === 'running';
  const isOutdated = typeof word?.build === 'string' && word.build < adopted;
  const tags: (Tag | false)[] = [
    member.note === 'this tab' && { text: 'this tab', isQuiet: false },
    member.isIsolated && { text: 'isolated', isQuiet: false },
    word?.liveness === 'suspect' && { text: 'silent, dialled anew', isQuiet: true },
    isWoken && { text: 'in this tab, too', isQuiet: true },
    isPresent && member.isHidden && { text: 'in background', isQuiet: true },
    isPresent && word?.quarantined === true && { text: 'data being replaced', isQuiet: false },
    isPresent && isOutdated && { text: 'older version: reload it', isQuiet: false },
  ];
  return tags.filter((tag) => tag !== false);
}

/** What a member is that does not run. */
const STOPPED: Readonly<Record<StopReason, { readonly role: string; readonly wayBack: string }>> = {
  crash: { role: 'crashed', wayBack: 'comes back when its tab is reloaded' },
  storage: { role: 'storage failed', wayBack: 'its tab starts it again, or a reload does' },
  removed: { role: 'removed', wayBack: 'comes in again only as a new member' },
};

function stoppedOf(report: TabReport | null): (typeof STOPPED)[StopReason] {
  return STOPPED[report?.presence.stopReason ?? 'crash'];
}

export function describeRole({ state, role }: DrawnMember, report: TabReport | null): string {
  if (state === 'away') return 'not connected';
  if (state === 'down') return stoppedOf(report).role;
  if (role === 'pre-candidate') return 'asks whether it would be elected';
  return role ?? 'not heard here';
}

export function describeMember(
  member: DrawnMember,
  word: MemberStatus | null,
  report: TabReport | null,
): string {
  const vote = describeVote(word);
  if (member.state === 'away') return `${vote} · ${describeContact(word?.lastContactMs ?? null)}`;
  if (member.state === 'down') {
    const isMember = report?.presence.stopReason !== 'removed';
    return `${isMember ? `${vote} · ` : ''}${stoppedOf(report).wayBack}`;
  }
  const told = report?.inspection ?? word;
  if (told === null || told.term === null) return vote;
  const { term, commitIndex, lastApplied } = told;
  const facts = [vote, `term ${formatCount(term)}`];
  if (commitIndex !== null) facts.push(`commit ${formatCount(commitIndex)}`);
  if (lastApplied !== null) facts.push(`applied ${formatCount(lastApplied)}`);
  return facts.join(' · ');
}

function describeVote(word: MemberStatus | null): string {
  if (word === null) return 'not a member yet';
  return word.voter ? 'voter' : 'no vote';
}

function describeContact(lastContactMs: number | null): string {
  if (lastContactMs === null) return 'not heard yet';
  const seconds = Math.round(lastContactMs / 1_000);
  if (seconds < 100) return `last heard ${seconds} s ago`;
  return `last heard ${formatCount(Math.round(seconds / 60))} min ago`;
}

/** Its own tab knows best. */
export function describePage({ visible }: MemberStatus, report: TabReport | null): string {
  const isVisible = report?.presence.isVisible ?? visible;
  if (isVisible === null) return 'not told';
  return isVisible ? 'visible' : 'in the background';
}

export function describeBrowser(
  { profileId }: MemberStatus,
  report: TabReport | null,
  isSameProfile: boolean,
): string {
  if (report !== null || isSameProfile) return 'this one';
  return profileId === null ? 'not told' : 'another';
}

export function describeStorage({ mayBeEvicted }: MemberStatus): string {
  if (mayBeEvicted === null) return 'not told';
  return mayBeEvicted ? 'the browser may evict it' : 'kept';
}
