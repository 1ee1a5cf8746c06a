/**
 * As what the other end of each link was let in, and what follows from it: which messages pass (TR6),
 * and which links end when the configuration changes (TR7).
 */

import { membersOf } from '../raft/configuration.ts';
import type { Admission, JoinRequest, NodeMessage } from '../node/messages.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';
import type { Admitted, Beliefs, Standing } from './access-policy.ts';
import type { AccessRule } from './access-rule.ts';
import type { InviteSecret } from './invite-token.ts';

export class LinkAccess {
  readonly #self: NodeId;
  readonly #rule: AccessRule;
  readonly #standingByPeer = new Map<NodeId, Standing>();

  constructor(self: NodeId, rule: AccessRule) {
    this.#self = self;
    this.#rule = rule;
  }

  linked(peer: NodeId, standing: Standing): void {
    this.#standingByPeer.set(peer, standing);
  }

  lost(peer: NodeId): void {
    this.#standingByPeer.delete(peer);
  }

  /** What this node knows has changed; gives the peers that may not have a link any more. */
  judgeAgain(): NodeId[] {
    const barred: NodeId[] = [];
    for (const [peer, standing] of this.#standingByPeer) {
      const verdict = this.#rule.judgeAgain(peer, standing);
      if (verdict.type === 'refused') barred.push(peer);
      else this.#standingByPeer.set(peer, { ...standing, admitted: verdict });
    }
    return barred;
  }

  /** The message as the runtime may see it; null: it does not. */
  admit(message: NodeMessage, peer: NodeId): NodeMessage | null {
    const standing = this.#standingByPeer.get(peer);
    if (standing === undefined) return null;
    const isOwnRequest = message.type === 'join-request' && message.nodeId === peer;
    if (isOwnRequest) return withProved(message, standing);
    return standing.admitted.type === 'invited' ? null : message;
  }

  setConfiguration(configuration: Configuration, committedIndex: LogIndex): void {
    this.#believe({ ...this.#rule.beliefs, configuration, committedIndex });
  }

  /** By which this node wants to be let in. */
  setInvite(invite: InviteSecret | null): void {
    this.#believe({ ...this.#rule.beliefs, invite });
  }

  /** A member has no use for an invite any more. */
  #believe(beliefs: Beliefs): void {
    const isMember = membersOf(beliefs.configuration).includes(this.#self);
    this.#rule.beliefs = isMember ? { ...beliefs, invite: null } : beliefs;
  }
}

/** Key and admission are what was proved, whatever the request says. */
function withProved(request: JoinRequest, { claims, admitted }: Standing): JoinRequest {
  return { ...request, key: claims.key, admission: admissionOf(admitted) };
}

function admissionOf(admitted: Admitted): Admission {
  switch (admitted.type) {
    case 'member':
      return { type: 'none' };
    case 'vouched':
      return admitted.by === null ? { type: 'none' } : { type: 'voucher', by: admitted.by };
    case 'invited':
      return { type: 'invite', inviteId: admitted.inviteId };
  }
}
