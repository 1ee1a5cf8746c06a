/** The cluster's state, and what came of a write, in words. */

import type { NodeStatus, ResqliteError } from 'resqlite';

export interface ClusterWords {
  readonly tone: 'good' | 'fair' | 'bad';
  /** In a few words. */
  readonly badge: string;
  /** What a person should know now; '' for nothing. */
  readonly notice: string;
  /** What would make it safer; '' for nothing. */
  readonly hint: string;
  readonly members: readonly Member[];
  /** Whether this tab belongs to the cluster by now. */
  readonly isIn: boolean;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly isHere: boolean;
}

const SAFE_VOTERS = 3;

export function describeCluster(status: NodeStatus): ClusterWords {
  const isIn = status.state !== 'joining';
  return { ...describeState(status), members: membersOf(status), isIn };
}

type StateWords = Omit<ClusterWords, 'members' | 'isIn'>;

function describeState(status: NodeStatus): StateWords {
  const { connectedVoters, survivesLosses, leaderId } = status;
  const voters = status.voters.length;
  const none = { notice: '', hint: '' };
  if (status.state === 'stopped') {
    const notice = `This tab has stopped: ${status.stoppedReason}. Reload it to go on.`;
    return { ...none, tone: 'bad', badge: 'Stopped', notice };
  }
  if (status.state === 'joining') return describeJoining(status);
  if (connectedVoters * 2 <= voters) {
    const missing = Math.floor(voters / 2) + 1 - connectedVoters;
    const notice =
      `Only ${connectedVoters} of the ${voters} tabs that decide together can be reached. You see ` +
      'what this tab has; nothing can be saved until ' +
      `${missing === 1 ? 'one more is' : `${missing} more are`} there: open the page again.`;
    return { ...none, tone: 'bad', badge: 'No majority', notice };
  }
  if (leaderId === null) return { ...none, tone: 'fair', badge: 'Choosing a leader…' };
  if (voters < SAFE_VOTERS) {
    const hint = 'Open this page in two more tabs: then any one may be closed or crash.';
    return { ...none, tone: 'fair', badge: 'Survives no loss', hint };
  }
  if (survivesLosses > 0) {
    const badge = `Survives ${survivesLosses} ${survivesLosses === 1 ? 'loss' : 'losses'}`;
    return { ...none, tone: 'good', badge };
  }
  const hint = 'One tab is away. Open the page again, before another one goes.';
  return { ...none, tone: 'fair', badge: 'Survives no loss', hint };
}

function describeJoining({ transport }: NodeStatus): StateWords {
  if (transport.refusal !== null) {
    const notice = 'This invite is not open any more: ask for a new link.';
    return { tone: 'bad', badge: 'Not let in', notice, hint: '' };
  }
  const hint = 'A tab that is in lets this one in: it has to be open where you were invited.';
  const notice =
    transport.signalling === 'disconnected'
      ? 'The signalling server cannot be reached, by which tabs find each other.'
      : '';
  return { tone: 'fair', badge: 'Joining…', notice, hint };
}

/** Those who vote, and others that are there; this tab first. */
function membersOf({ members, nodeId, leaderId }: NodeStatus): Member[] {
  return members
    .filter(({ voter, connected }) => voter || connected)
    .map((member) => {
      const isThis = member.nodeId === nodeId;
      const tags = [
        member.nodeId === leaderId ? 'leads' : '',
        member.voter ? '' : 'stands by',
        member.connected ? '' : 'away',
      ];
      return {
        id: member.nodeId,
        name: isThis ? 'This tab' : `Tab ${member.nodeId.slice(0, 4)}`,
        tags: tags.filter((tag) => tag !== ''),
        isHere: member.connected,
      };
    })
    .toSorted((a, b) => Number(b.id === nodeId) - Number(a.id === nodeId));
}

/** What came of a write that has failed. */
export function describeFailure(what: string, { code, message, applied }: ResqliteError): string {
  const reason = code === 'NoQuorum' ? 'no majority of the tabs can be reached' : message;
  switch (applied) {
    case 'no':
      return `Not saved: ${what} (${reason}).`;
    case 'unknown':
      return `Saved or not: ${what} (${reason}). Look at the list before you try again.`;
    case 'yes':
      return `Saved, but the answer was lost: ${what}.`;
  }
}
