/** The ring in a sentence. Pure. */

import { formatCounted, shortId } from '../wording.ts';
import type { Picture } from './cluster-picture.ts';

export function describeRing({ members, leaderId }: Picture): string {
  const running = members.filter(({ state }) => state === 'running');
  const of = `${running.length} of ${formatCounted(members.length, 'member')} ${running.length === 1 ? 'runs' : 'run'}`;
  const leaders = running.filter(({ role }) => role === 'leader');
  if (leaders.length > 1) {
    const older = leaders.filter(({ id }) => id !== leaderId).map(({ name }) => name);
    return `${of}. ${older.join(' and ')} still thinks it leads, in an older term: it can commit nothing.`;
  }
  if (leaderId === null)
    return `${of}, and nobody leads: nothing can be written until one is elected.`;
  return `${of}; ${shortId(leaderId)} leads. Pick a member or a link to act on it.`;
}
