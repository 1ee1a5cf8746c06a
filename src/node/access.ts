/**
 * The rules on `Access`, the part of a configuration that says who is known by which key, who was let
 * go, who is locked out, and which invites are open. Pure functions from one value to the next: what
 * they give takes effect with the change of configuration that it is proposed with.
 *
 * - A node is in one of three places at most: among the keys of members, among former members, or
 *   among removed ones.
 * - A member that an operator removes, or that leaves, is removed: locked out for as long as its name
 *   is remembered. One that is let go because it stayed away is former, where it had a key by which
 *   it can be recognised when it comes back.
 * - A key that is known is never replaced, and no two nodes have the same one.
 * - Each list is bounded, and the earliest goes first. Invites that are over go with any change.
 *
 * It must not look at a clock: the time comes in, and is the leader's.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Access, Configuration, InviteRecord, NodeId } from '../raft/types.ts';
import { MAX_FORMER_MEMBERS, MAX_REMOVED_MEMBERS } from './limits.ts';

/** What a configuration makes of a node. */
export type Standing = 'member' | 'former' | 'removed' | 'unknown';

/** A voter on its way out of a joint configuration is a member until that is left. */
export function standingIn(configuration: Configuration, id: NodeId): Standing {
  if (membersOf(configuration).includes(id)) return 'member';
  const { removed, former } = configuration.access;
  if (removed.includes(id)) return 'removed';
  return former.some((one) => one.nodeId === id) ? 'former' : 'unknown';
}

/** It may still let somebody in. */
export function isOpen(invite: InviteRecord, wallClockMs: number): boolean {
  const isExpired = invite.expiresAtMs !== null && invite.expiresAtMs <= wallClockMs;
  return !isExpired && invite.usesLeft !== 0;
}

/** Without the invites that are over. */
export function tidied(access: Access, wallClockMs: number): Access {
  return { ...access, invites: access.invites.filter((invite) => isOpen(invite, wallClockMs)) };
}

/** An invite of the same id stays as it is. */
export function withInvite(access: Access, invite: InviteRecord): Access {
  if (access.invites.some(({ id }) => id === invite.id)) return access;
  return { ...access, invites: [...access.invites, invite] };
}

export function withoutInvite(access: Access, inviteId: string): Access {
  return { ...access, invites: access.invites.filter(({ id }) => id !== inviteId) };
}

/** One newcomer fewer may come by it. */
export function withUse(access: Access, inviteId: string): Access {
  const invites = access.invites.map((invite) => {
    if (invite.id !== inviteId || invite.usesLeft === null) return invite;
    return { ...invite, usesLeft: invite.usesLeft - 1 };
  });
  return { ...access, invites };
}

/** `id` is a member again, or for the first time; '' where it has no key. */
export function withMember(access: Access, id: NodeId, key: string): Access {
  const former = access.former.filter((one) => one.nodeId !== id);
  return withKeys({ ...access, former }, { [id]: key });
}

/** With the keys of members that none is known of yet. */
export function withKeys(access: Access, keys: Readonly<Record<NodeId, string>>): Access {
  const known: Record<NodeId, string> = { ...access.keys };
  const taken = new Set([...Object.values(known), ...access.former.map(({ key }) => key)]);
  for (const [id, key] of Object.entries(keys) as [NodeId, string][]) {
    if (key === '' || known[id] !== undefined || taken.has(key)) continue;
    known[id] = key;
    taken.add(key);
  }
  return { ...access, keys: known };
}

/** Members that go of their own or an operator's will. */
export function withRemoved(access: Access, ids: readonly NodeId[]): Access {
  const isGone = (id: NodeId): boolean => ids.includes(id);
  const removed = [...access.removed.filter((id) => !isGone(id)), ...ids];
  return {
    keys: keysWithout(access, isGone),
    former: access.former.filter(({ nodeId }) => !isGone(nodeId)),
    removed: removed.slice(-MAX_REMOVED_MEMBERS),
    invites: access.invites,
  };
}

/** Members that are let go because they stayed away. */
export function withFormer(access: Access, ids: readonly NodeId[]): Access {
  const isGone = (id: NodeId): boolean => ids.includes(id);
  const recognisable = ids.flatMap((nodeId) => {
    const key = access.keys[nodeId];
    return key === undefined ? [] : [{ nodeId, key }];
  });
  const former = [...access.former.filter(({ nodeId }) => !isGone(nodeId)), ...recognisable];
  return {
    ...access,
    keys: keysWithout(access, isGone),
    former: former.slice(-MAX_FORMER_MEMBERS),
  };
}

function keysWithout(
  { keys }: Access,
  isGone: (id: NodeId) => boolean,
): Readonly<Record<NodeId, string>> {
  const kept = (Object.entries(keys) as [NodeId, string][]).filter(([id]) => !isGone(id));
  return Object.fromEntries(kept);
}
