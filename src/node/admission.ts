/**
 * Who is taken in: a pure function of the configuration in force, of what a newcomer proved, and of
 * the leader's time.
 *
 * - Whoever was removed is never taken in.
 * - A former member comes back by its key.
 * - Anybody else needs an invite that is open, of which one use is taken, or a voucher: a member, or
 *   a former one, speaks for another node of its browser profile.
 * - Where members have keys a newcomer needs one, and one that no other node has: whoever got in
 *   twice under one key could not be locked out by removing one of them.
 *
 * What was proved is the transport's business (TR6), and that the use is taken together with the
 * newcomer's admission is due to both being in one configuration.
 */

import type { Access, Configuration, NodeId } from '../raft/types.ts';
import { isOpen, standingIn, withMember, withUse } from './access.ts';
import type { Admission } from './messages.ts';

export interface Newcomer {
  readonly nodeId: NodeId;
  /** '' where it has none. */
  readonly key: string;
  readonly admission: Admission;
}

export type AdmissionVerdict =
  /** `access` is what it is to be when the newcomer is a member. */
  | { readonly type: 'admitted'; readonly access: Access }
  | { readonly type: 'refused'; readonly reason: string };

/** `newcomer` is no member of the configuration. */
export function admit(
  configuration: Configuration,
  newcomer: Newcomer,
  wallClockMs: number,
): AdmissionVerdict {
  const { access } = configuration;
  const { nodeId, key, admission } = newcomer;
  const standing = standingIn(configuration, nodeId);
  if (standing === 'removed') return refused('it was removed');
  const objection = keyObjection(access, nodeId, key);
  if (objection !== null) return refused(objection);
  const admitted = { type: 'admitted', access: withMember(access, nodeId, key) } as const;
  if (standing === 'former') return admitted;
  switch (admission.type) {
    case 'none':
      return refused('it has no invite');
    case 'voucher': {
      const isGood = maySpeak(configuration, admission.by);
      return isGood ? admitted : refused(`${admission.by} does not belong to the cluster`);
    }
    case 'invite': {
      const invite = access.invites.find(({ id }) => id === admission.inviteId);
      if (invite === undefined) return refused('its invite is not known, or not any more');
      if (!isOpen(invite, wallClockMs)) return refused('its invite is over');
      return { type: 'admitted', access: withUse(admitted.access, invite.id) };
    }
  }
}

/** Null: none. */
function keyObjection(access: Access, nodeId: NodeId, key: string): string | null {
  if (key === '') {
    const areKeysKnown = Object.keys(access.keys).length > 0 || access.former.length > 0;
    return areKeysKnown ? 'it has no key' : null;
  }
  const own = access.former.find((one) => one.nodeId === nodeId);
  if (own !== undefined && own.key !== key) return 'its key is another than it had';
  const isTaken =
    Object.values(access.keys).includes(key) ||
    access.former.some((one) => one.nodeId !== nodeId && one.key === key);
  return isTaken ? 'another node has its key' : null;
}

/** Whoever was removed has no say: it is neither. */
function maySpeak(configuration: Configuration, by: NodeId): boolean {
  const standing = standingIn(configuration, by);
  return standing === 'member' || standing === 'former';
}

function refused(reason: string): AdmissionVerdict {
  return { type: 'refused', reason };
}
