/** The ring in a sentence. Pure. */

import { formatCounted, shortId } from '../wording.ts';
import type { Picture } from './cluster-picture.ts';

export function describeRing({ members, leaderId }: Picture): string {
  const running = members.filter(({ state }) => state === 'running');
  const of = `${running.length} of ${formatCounted(members.length, 'member')} ${running.length === 1 ? 'runs' : 'run'}`;
  const older = running.filter(({ id, role }) => role === 'leader' && id !== leaderId);
  const deposed = older.map(({ name }) => {
    return `${name} still thinks it leads, in an older term: it can commit nothing.`;
  });
  if (leaderId === null) {
    const none = 'and nobody leads: nothing can be written until one is elected.';
    return [`${of}, ${none}`, ...deposed].join(' ');
  }
  const hint = deposed.length > 0 ? deposed : ['Pick a member or a link to act on it.'];
  return [`${of}; ${shortId(leaderId)} leads.`, ...hint].join(' ');
}
