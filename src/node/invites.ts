/**
 * What becomes of the invites that a configuration knows when an operator wants one more, or one
 * fewer. A pure function; asking for what is so already is harmless, any number of times.
 *
 * An invite's time begins when it is opened, by the time of the leader, which is the one that ends it:
 * whoever asks for it says by its two times how long it is to be open, and its own clock may be wrong.
 */

import type { Access, InviteRecord } from '../raft/types.ts';
import { isOpen, tidied, withInvite, withoutInvite } from './access.ts';
import { MAX_INVITES } from './limits.ts';
import type { Administration } from './messages.ts';

export type InviteAdministration = Extract<
  Administration,
  { readonly type: 'invite' | 'revoke-invite' }
>;

export type InvitePlan =
  | { readonly type: 'done' }
  | { readonly type: 'planned'; readonly access: Access }
  | { readonly type: 'refused'; readonly message: string };

/** `access` is that of the configuration in force, which is committed. */
export function planInvites(
  access: Access,
  administration: InviteAdministration,
  wallClockMs: number,
): InvitePlan {
  const open = tidied(access, wallClockMs);
  if (administration.type === 'revoke-invite') {
    const { inviteId } = administration;
    if (access.invites.every(({ id }) => id !== inviteId)) return { type: 'done' };
    return { type: 'planned', access: withoutInvite(open, inviteId) };
  }
  const invite = beginningAt(wallClockMs, administration.invite);
  if (open.invites.some(({ id }) => id === invite.id)) return { type: 'done' };
  if (!isOpen(invite, wallClockMs)) {
    return { type: 'refused', message: 'the invite would be over before it is open' };
  }
  if (open.invites.length >= MAX_INVITES) {
    const message = `${MAX_INVITES} invites are open: revoke one that is not needed`;
    return { type: 'refused', message };
  }
  return { type: 'planned', access: withInvite(open, invite) };
}

function beginningAt(wallClockMs: number, invite: InviteRecord): InviteRecord {
  const { createdAtMs, expiresAtMs } = invite;
  const isForEver = expiresAtMs === null;
  return {
    ...invite,
    createdAtMs: wallClockMs,
    expiresAtMs: isForEver ? null : Math.max(wallClockMs + expiresAtMs - createdAtMs, 0),
  };
}
