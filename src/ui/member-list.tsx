/** The members of the cluster, each with its role and how far it is. */

import type { MemberStatus, NodeStatus } from '../node/status.ts';
import { listMembers } from './health.ts';
import { wokenNodes } from './stored-nodes.ts';
import { formatCount, nameOfRole, shortId } from './wording.ts';

export function MemberList({ status }: { readonly status: NodeStatus }) {
  return (
    <ul class="members" aria-label="Members">
      {listMembers(status).map((member) => (
        <Member
          key={member.nodeId}
          member={member}
          isThisTab={member.nodeId === status.nodeId}
          isWoken={wokenNodes.value.includes(member.nodeId)}
          isLeader={member.nodeId === status.leaderId}
          isOutdated={member.build !== null && member.build < status.build.adopted}
        />
      ))}
    </ul>
  );
}

interface MemberProps {
  readonly member: MemberStatus;
  readonly isThisTab: boolean;
  /** Runs in this tab, too, until another takes it over. */
  readonly isWoken: boolean;
  readonly isLeader: boolean;
  readonly isOutdated: boolean;
}

function Member({ member, isThisTab, isWoken, isLeader, isOutdated }: MemberProps) {
  const { nodeId, connected, liveness, visible } = member;
  const isPresent = connected || isThisTab;
  return (
    <li class={`member ${isLeader ? 'member-leader' : ''} ${isPresent ? '' : 'member-away'}`}>
      <span class="member-dot" aria-hidden="true" />
      <code class="member-id" title={nodeId}>
        {shortId(nodeId)}
      </code>
      {isThisTab && <span class="tag">this tab</span>}
      {liveness === 'suspect' && <span class="tag tag-quiet">silent, dialled anew</span>}
      {isWoken && <span class="tag tag-quiet">in this tab, too</span>}
      {isPresent && visible === false && <span class="tag tag-quiet">in background</span>}
      {isPresent && member.quarantined === true && <span class="tag">data being replaced</span>}
      {isPresent && isOutdated && <span class="tag">older version: reload it</span>}
      <span class="member-role">{roleOf(member, isLeader, isPresent)}</span>
      <span class="member-facts">{factsOf(member, isPresent)}</span>
    </li>
  );
}

function roleOf({ role, voter }: MemberStatus, isLeader: boolean, isPresent: boolean): string {
  if (!isPresent) return 'not connected';
  if (isLeader) return 'leader';
  return nameOfRole(role ?? (voter ? 'follower' : 'learner'));
}

function factsOf(member: MemberStatus, isPresent: boolean): string {
  const { voter, term, commitIndex, lastApplied, lastContactMs } = member;
  const vote = voter ? 'voter' : 'no vote yet';
  if (!isPresent) return `${vote} · ${lastHeard(lastContactMs)}`;
  if (term === null || commitIndex === null || lastApplied === null) return vote;
  const evictable = member.mayBeEvicted === true ? ' · may be evicted' : '';
  return `${vote} · term ${formatCount(term)} · commit ${formatCount(commitIndex)} · applied ${formatCount(lastApplied)}${evictable}`;
}

function lastHeard(lastContactMs: number | null): string {
  if (lastContactMs === null) return 'not heard yet';
  const seconds = Math.round(lastContactMs / 1_000);
  if (seconds < 100) return `last heard ${seconds} s ago`;
  return `last heard ${formatCount(Math.round(seconds / 60))} min ago`;
}
