/**
 * Who may have a link with this node: the one rule, by which offers are judged before a connection is
 * made for them, handshakes before they end, and links again whenever the configuration changes.
 *
 * A decision from three things: what this node believes, what the other one claims (claims.ts), and
 * what of it is proved. That the claimed key is the other node's own must be proved whatever else is.
 *
 * - Whoever was removed is refused, once it is in no half of the configuration any more: until then
 *   its vote may be needed for that very change.
 * - A member is known by its key. One that the configuration knows no key of, as in a cluster of an
 *   older version, is taken at its word; its key is noted when it says it.
 * - A former member is known by its key too, and a node for which a member or a former one vouches.
 * - Whom its own browser profile knows, a node believes besides, and who proves to know the invite by
 *   which it wants in: it may have no configuration yet that tells of them.
 * - Whoever proves an open invite may ask to join, and nothing else.
 * - Everybody else is refused.
 */

import { isOpen, standingIn } from '../node/access.ts';
import type { Configuration, InviteRecord, LogIndex, NodeId } from '../raft/types.ts';
import type { Claims } from './claims.ts';
import type { InviteSecret } from './invite-token.ts';

export interface Beliefs {
  /** In force here. */
  readonly configuration: Configuration;
  /** Of the committed configuration. */
  readonly committedIndex: LogIndex;
  /** Keys of this profile's own nodes, and of the members it last knew. */
  readonly known: Readonly<Record<NodeId, string>>;
  /** By which this node wants to be let in; null: it is a member, or counts on being known. */
  readonly invite: InviteSecret | null;
}

/** What a peer proved besides its key. */
export interface Proved {
  /** Nodes whose vouchers for it are genuine, by the keys believed here. */
  readonly voucherBy: NodeId | null;
  /** That it knows the invite that one of the two claims. */
  readonly invite: boolean;
}

export type AccessRefusal =
  /** It was removed, and is locked out. */
  | 'removed'
  /** That node has another key. */
  | 'key'
  /** Its invite is not known, or not open any more. */
  | 'invite'
  /** Nobody speaks for it. */
  | 'stranger';

export type Admitted =
  | { readonly type: 'member' }
  /** `by` null: what speaks for it is known to this node alone. */
  | { readonly type: 'vouched'; readonly by: NodeId | null }
  | { readonly type: 'invited'; readonly inviteId: string };

export type Verdict = Admitted | { readonly type: 'refused'; readonly reason: AccessRefusal };

export function judge(
  beliefs: Beliefs,
  peer: NodeId,
  claims: Claims,
  proved: Proved,
  wallClockMs: number,
): Verdict {
  const own = judgeByConfiguration(beliefs.configuration, peer, claims.key);
  if (own !== null) return own;
  const { configuration, known, invite } = beliefs;
  const { voucherBy } = proved;
  if (voucherBy !== null && mayVouch(configuration, voucherBy)) {
    return { type: 'vouched', by: voucherBy };
  }
  const isInvitedHere = invite !== null && proved.invite;
  if (voucherBy !== null || known[peer] === claims.key || isInvitedHere) {
    return { type: 'vouched', by: null };
  }
  const { inviteId } = claims;
  if (inviteId === null) return { type: 'refused', reason: 'stranger' };
  const isOpen = openInvite(configuration, inviteId, wallClockMs) !== null;
  if (isOpen && proved.invite) return { type: 'invited', inviteId };
  return { type: 'refused', reason: 'invite' };
}

/** Null: the configuration says nothing of that node. */
function judgeByConfiguration(
  configuration: Configuration,
  peer: NodeId,
  key: string,
): Verdict | null {
  const known = keyIn(configuration, peer);
  const isOther = known !== null && known !== key;
  switch (standingIn(configuration, peer)) {
    case 'unknown':
      return null;
    case 'removed':
      return { type: 'refused', reason: 'removed' };
    case 'member':
      return isOther ? { type: 'refused', reason: 'key' } : { type: 'member' };
    case 'former':
      return isOther ? { type: 'refused', reason: 'key' } : { type: 'vouched', by: peer };
  }
}

/**
 * Whether a link that was made stays, and as what. It stays unless something speaks against it:
 * while a node catches up, the configuration in force may not know yet whom it is catching up from.
 */
export function judgeAgain(
  beliefs: Beliefs,
  peer: NodeId,
  standing: Standing,
  wallClockMs: number,
): Verdict {
  const { admitted, claims, proved } = standing;
  const verdict = judge(beliefs, peer, claims, proved, wallClockMs);
  if (verdict.type !== 'refused' || admitted.type === 'invited') return verdict;
  return verdict.reason === 'removed' || verdict.reason === 'key' ? verdict : admitted;
}

/** As what a link's other end was let in, and upon what. */
export interface Standing {
  readonly admitted: Admitted;
  readonly claims: Claims;
  readonly proved: Proved;
}

/** The key by which a voucher of that node is checked; null: it may not speak for anybody. */
export function keyOfVoucher(beliefs: Beliefs, by: NodeId): string | null {
  const { configuration, known } = beliefs;
  if (standingIn(configuration, by) === 'removed') return null;
  return keyIn(configuration, by) ?? known[by] ?? null;
}

/** By what the invite is proved, where this node may prove it or have it proved. */
export function verifierOf(
  { configuration, invite }: Beliefs,
  inviteId: string | null,
  wallClockMs: number,
): string | null {
  if (inviteId === null) return null;
  if (invite?.id === inviteId) return invite.verifier;
  return openInvite(configuration, inviteId, wallClockMs)?.verifier ?? null;
}

/** Whether its word admits another node: the configuration knows its key. */
export function mayVouch(configuration: Configuration, by: NodeId): boolean {
  return keyIn(configuration, by) !== null;
}

/** The key by which the configuration knows a node that is, or was, a member; null: it does not. */
export function keyIn({ access }: Configuration, id: NodeId): string | null {
  return access.keys[id] ?? access.former.find(({ nodeId }) => nodeId === id)?.key ?? null;
}

function openInvite(
  { access }: Configuration,
  inviteId: string,
  wallClockMs: number,
): InviteRecord | null {
  const invite = access.invites.find(({ id }) => id === inviteId);
  return invite !== undefined && isOpen(invite, wallClockMs) ? invite : null;
}
