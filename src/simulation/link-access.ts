/**
 * Who may have a link in the simulated network: what rules TR6 and TR7 ask of a transport, without the
 * proofs. What a server could prove is taken for proved; so nobody pretends to be another, but whoever
 * may not come is turned away.
 */

import { standingIn } from '../node/access.ts';
import type { Admission } from '../node/messages.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';

/** What a server can prove of itself. */
export interface Credentials {
  readonly key: string;
  readonly admission: Admission;
}

/** What a server's transport was told (TR7). */
export interface ToldAccess {
  readonly configuration: Configuration;
  readonly committedIndex: LogIndex;
}

export type LinkStanding =
  /** Everything passes. `admission`: what a request to join holds. */
  | { readonly type: 'linked'; readonly admission: Admission }
  /** Nothing but requests to join passes. */
  | { readonly type: 'invited'; readonly admission: Admission }
  | { readonly type: 'refused'; readonly isRemoved: boolean };

const NOTHING: Admission = { type: 'none' };
const STRANGER: LinkStanding = { type: 'refused', isRemoved: false };

/** As what `peer` is let in by `self`, which knows `access`. */
export function standingOf(
  access: ToldAccess,
  self: NodeId,
  peer: NodeId,
  { key, admission }: Credentials,
): LinkStanding {
  const { configuration } = access;
  const { keys, former, invites } = configuration.access;
  switch (standingIn(configuration, peer)) {
    case 'member': {
      const known = keys[peer];
      if (known !== undefined && known !== key) return STRANGER;
      return { type: 'linked', admission: NOTHING };
    }
    case 'removed':
      return { type: 'refused', isRemoved: true };
    case 'former': {
      const isSame = former.some((one) => one.nodeId === peer && one.key === key);
      return isSame ? { type: 'linked', admission: { type: 'voucher', by: peer } } : STRANGER;
    }
    case 'unknown':
  }
  if (admission.type === 'voucher') {
    const by = standingIn(configuration, admission.by);
    if (by === 'member' || by === 'former') return { type: 'linked', admission };
  }
  if (admission.type === 'invite' && invites.some(({ id }) => id === admission.inviteId)) {
    return { type: 'invited', admission };
  }
  // A newcomer believes whoever it came for.
  const isNewcomer = standingIn(configuration, self) === 'unknown';
  return isNewcomer ? { type: 'linked', admission: NOTHING } : STRANGER;
}
