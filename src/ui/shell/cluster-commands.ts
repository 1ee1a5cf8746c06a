/** The dot-commands about the cluster and this tab's node. */

import type { MemberStatus, NodeStatus } from '../../node/status.ts';
import { LEVELS } from '../read-levels.ts';
import { atMost, CommandError, Declined, switchOf, usage } from './command-error.ts';
import type { Command } from './command-context.ts';
import { findName } from './command-list.ts';
import type { Question, ShellHost } from './shell-ports.ts';
import { columnText, factsText } from './text-columns.ts';

export const nodes: Command = async ({ database }, args) => {
  atMost('nodes', args, 0);
  const status = await database.status();
  const head = ['node', 'role', 'vote', 'link', 'term', 'applied', 'last heard'];
  const members = status.members.map((member) => [
    member.nodeId + (member.nodeId === status.nodeId ? ' (this tab)' : ''),
    member.role ?? '?',
    member.voter ? 'yes' : 'no',
    member.liveness,
    String(member.term ?? '?'),
    String(member.lastApplied ?? '?'),
    lastHeard(member, status),
  ]);
  const former = status.formerMembers.map((id) => [id, 'let go', 'no', '-', '-', '-', '-']);
  return columnText(head, [...members, ...former]);
};

function lastHeard({ nodeId, lastContactMs }: MemberStatus, status: NodeStatus): string {
  if (nodeId === status.nodeId) return '-';
  return lastContactMs === null ? 'never' : `${Math.round(lastContactMs)} ms ago`;
}

export const status: Command = async ({ database }, args) => {
  atMost('status', args, 0);
  const known = await database.status();
  return factsText([
    ['cluster', known.clusterId],
    ['node', known.nodeId],
    ['state', known.stoppedReason ?? known.state],
    ['role', known.role],
    ['term', known.term],
    ['leader', known.leaderId ?? 'none'],
    ['committed', known.commitIndex],
    ['applied', known.lastApplied],
    ...troubleOf(known),
    ['log', `${known.firstIndex} to ${known.lastIndex}`],
    ['voters', `${known.connectedVoters} of ${known.voters.length} connected`],
    ['may be lost', known.survivesLosses],
    ['storage', known.storage.state],
    ['signalling', known.transport.signalling],
    ['channels', known.transport.isolated ? 'cut on request' : known.transport.channels],
  ]);
};

/** Why nothing more is applied, and which build of SQL there is. */
function troubleOf({ stalledAt, build }: NodeStatus): [string, string][] {
  const facts: [string, string][] = [];
  if (stalledAt !== null) facts.push(['stalled', `at ${stalledAt.index}: ${stalledAt.reason}`]);
  if (build.outdated) facts.push(['outdated', 'reload this page']);
  facts.push(['build', build.own]);
  if (build.adopted !== build.own) facts.push(['adopted', build.adopted]);
  return facts;
}

export const stats: Command = async ({ database }, args) => {
  atMost('stats', args, 0);
  const known = await database.status();
  return factsText([
    ['log bytes', known.storage.logBytes],
    ...Object.entries(known.counters).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
};

export const leader: Command = async ({ database }, args) => {
  atMost('leader', args, 0);
  const { leaderId } = await database.status();
  if (leaderId === null) return 'There is no leader at present.';
  return leaderId === database.nodeId ? `${leaderId} (this tab)` : leaderId;
};

/** As much of a node's id as no other has is enough. */
export const transfer: Command = async ({ database, signal }, args) => {
  atMost('transfer', args, 1);
  const [typed] = args;
  const { voters } = await database.status();
  const heir = typed === undefined ? null : idOf(typed, voters, 'voter');
  await database.transferLeadership(heir, { signal });
  const { leaderId } = await database.status();
  return leaderId === null ? 'Done.' : `${leaderId} leads now.`;
};

/** Also of one that was let go because it stayed away, which could else come back. */
export const remove: Command = async ({ database, host, signal }, args) => {
  const [typed, ...rest] = args;
  if (typed === undefined || rest.length > 0) throw usage('remove');
  const { voters, learners, formerMembers } = await database.status();
  const nodeId = idOf(typed, [...voters, ...learners, ...formerMembers], 'node');
  await requireAgreement(host, {
    title: `Remove node ${nodeId}`,
    text:
      'It is locked out for good, and its copy gets nothing new. All open invites end with it, since ' +
      'it may know them. Its browser can come back only by a new invite.',
    action: 'Remove',
  });
  const { warning } = await database.removeNode(nodeId, { signal });
  return `${nodeId} is removed.${warning === '' ? '' : ` ${warning}`}`;
};

/** To what cannot be taken back. Rejects with `Declined`. */
async function requireAgreement(
  host: ShellHost,
  question: Pick<Question, 'title' | 'text' | 'action'>,
): Promise<void> {
  const reply = await host.ask({ ...question, file: null, field: null, isDangerous: true });
  if (reply === null) throw new Declined();
}

function idOf<Id extends string>(typed: string, ids: readonly Id[], what: string): Id {
  const match = findName(typed, ids);
  if (match.type === 'found') return match.name;
  throw new CommandError(
    match.type === 'ambiguous'
      ? `Several nodes begin with ${typed}.`
      : `No ${what}'s id begins with ${typed}.`,
  );
}

/** The write is lost for good: a person has to say so. */
export const skip: Command = async ({ database, host, signal }, args) => {
  const [typed = '', ...rest] = args;
  const index = Number(typed);
  if (rest.length > 0 || !/^[1-9]\d*$/.test(typed) || !Number.isSafeInteger(index)) {
    throw usage('skip');
  }
  await requireAgreement(host, {
    title: `Skip log entry ${index}`,
    text:
      'Its write fails for whoever made it, on all nodes and for good. Everything behind it goes ' +
      'on. It can only be skipped while no node has applied it.',
    action: 'Skip',
  });
  await database.skip(index as NodeStatus['lastIndex'], { signal });
  return `Entry ${index} is skipped.`;
};

export const level: Command = (context, args) => {
  const [typed] = args;
  if (typed === undefined) return context.level.value;
  const match = findName(typed.toLowerCase(), LEVELS);
  if (match.type !== 'found' || args.length > 1) throw usage('level', LEVELS.join('|'));
  context.level.value = match.name;
  return null;
};

/** The link alone, so that it can be copied. */
export const invite: Command = async ({ database, host }, args) => {
  atMost('invite', args, 0);
  return database.invite({ signalling: host.signalling() });
};

export const faults: Command = async ({ database }, args) => {
  const [fault, ...rest] = args;
  if (fault === 'crash' && rest.length === 0) {
    database.faults.crash();
    return 'The node of this tab has crashed. Reload the page to start it again.';
  }
  if (fault !== 'isolate') throw usage('faults', 'isolate on|off, or .faults crash');
  const isOn = switchOf('faults', rest, 'isolate on|off');
  await database.faults.isolate(isOn);
  return isOn ? 'This tab is cut off from all others.' : 'This tab may reach the others again.';
};
