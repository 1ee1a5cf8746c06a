/**
 * The rule of access-policy.ts with what is believed now, for whoever has to judge: the mesh in the
 * worker and the gate on the page each have one, told of the same.
 */

import { EMPTY_CONFIGURATION } from '../raft/configuration.ts';
import type { LogIndex, NodeId } from '../raft/types.ts';
import {
  judge,
  judgeAgain,
  keyOfVoucher,
  mayVouch,
  verifierOf,
  type Beliefs,
  type Proved,
  type Standing,
  type Verdict,
} from './access-policy.ts';
import { isVoucher, type Claims } from './claims.ts';

const NO_BELIEFS: Beliefs = {
  configuration: EMPTY_CONFIGURATION,
  committedIndex: 0 as LogIndex,
  known: {},
  invite: null,
};

export class AccessRule {
  readonly #clusterId: string;
  readonly #wallClock: () => number;
  beliefs: Beliefs = NO_BELIEFS;

  /** `wallClock`: milliseconds since 1970. */
  constructor(clusterId: string, wallClock: () => number) {
    this.#clusterId = clusterId;
    this.#wallClock = wallClock;
  }

  judge(peer: NodeId, claims: Claims, proved: Proved): Verdict {
    return judge(this.beliefs, peer, claims, proved, this.#wallClock());
  }

  /** As if it had proved what there is no way to prove yet. */
  judgeBeforehand(peer: NodeId, claims: Claims, voucherBy: NodeId | null): Verdict {
    return this.judge(peer, claims, { voucherBy, invite: true });
  }

  judgeAgain(peer: NodeId, standing: Standing): Verdict {
    return judgeAgain(this.beliefs, peer, standing, this.#wallClock());
  }

  verifierOf(inviteId: string | null): string | null {
    return verifierOf(this.beliefs, inviteId, this.#wallClock());
  }

  /** Who vouches for the peer, be it one that the configuration knows where there is one; null: nobody. */
  async voucherBy(peer: NodeId, claims: Claims): Promise<NodeId | null> {
    const vouched = { clusterId: this.#clusterId, nodeId: peer, key: claims.key };
    let found: NodeId | null = null;
    for (const voucher of claims.vouchers) {
      const { by } = voucher;
      const key = keyOfVoucher(this.beliefs, by);
      if (key === null || !(await isVoucher(vouched, voucher, key))) continue;
      if (mayVouch(this.beliefs.configuration, by)) return by;
      found ??= by;
    }
    return found;
  }
}
