/**
 * Nobody becomes a member who was not entitled to, and nobody who was removed ever comes back: judged
 * by the committed configurations in their order, by what the servers could prove, and by the stamps
 * in the log, which are never ahead of the time by which a leader judges.
 *
 * A newcomer was let in by an invite that the configuration before knew, of which it took a use; by
 * another node's word, which that one knew as a member or a former one; or as a former member by its
 * key. Whoever goes is removed, or former; the keys of members never change; and an invite is there
 * until it is used up, revoked or, by its own terms, over, or until an operator removes somebody, who
 * may know it: then all that were open are gone.
 */

import { standingIn } from '../../node/access.ts';
import { membersOf } from '../../raft/configuration.ts';
import type { Configuration, InviteRecord, NodeId } from '../../raft/types.ts';
import type { Credentials } from '../link-access.ts';
import { Violation } from './violation.ts';

export class Entitlement {
  readonly #credentialsOf: (id: NodeId) => Credentials | null;
  readonly #removed = new Set<NodeId>();
  readonly #revoked = new Set<string>();
  readonly #askedByNode = new Map<NodeId, Set<'remove' | 'leave'>>();
  #latest: Configuration | null = null;
  #stampMs = 0;
  /** Members that came by an invite, and former ones that came back. */
  readonly counters = { invitedIn: 0, cameBack: 0 };

  constructor(credentialsOf: (id: NodeId) => Credentials | null) {
    this.#credentialsOf = credentialsOf;
  }

  /** An operator asked for it: from now on it may be gone. */
  onRevoke(inviteId: string): void {
    this.#revoked.add(inviteId);
  }

  /** An operator asked for its removal, or itself to leave: from now on it may be gone. */
  onDepart(kind: 'remove' | 'leave', id: NodeId): void {
    const asked = this.#askedByNode.get(id) ?? new Set();
    this.#askedByNode.set(id, asked.add(kind));
  }

  /** Of a committed command. */
  onStamp(stampMs: number): void {
    this.#stampMs = Math.max(this.#stampMs, stampMs);
  }

  /** The next committed configuration. */
  onConfiguration(next: Configuration): void {
    const before = this.#latest;
    this.#latest = next;
    if (before === null) return;
    const usesByInvite = new Map<string, number>();
    for (const id of membersOf(next)) {
      if (membersOf(before).includes(id)) this.#checkKey(before, next, id);
      else this.#checkNewcomer(before, next, id, usesByInvite);
    }
    for (const id of membersOf(before)) {
      if (!membersOf(next).includes(id)) this.#checkDeparture(before, next, id);
    }
    const isEnded = this.#mayEndInvites(before, next);
    for (const invite of before.access.invites) {
      this.#checkInvite(invite, next, usesByInvite.get(invite.id) ?? 0, isEnded);
    }
  }

  /** Whether somebody is removed now; null: it may have been removed, or have left. */
  #mayEndInvites(before: Configuration, next: Configuration): boolean | null {
    const known = new Set(before.access.removed);
    const asked = next.access.removed
      .filter((id) => !known.has(id))
      .map((id) => this.#askedByNode.get(id) ?? new Set());
    if (asked.some((kinds) => kinds.has('remove') && !kinds.has('leave'))) return true;
    return asked.some((kinds) => kinds.has('remove')) ? null : false;
  }

  #checkKey(before: Configuration, next: Configuration, id: NodeId): void {
    const known = before.access.keys[id];
    if (known === undefined || next.access.keys[id] === known) return;
    throw violation(`the key of member ${id} became ${next.access.keys[id]}`);
  }

  #checkNewcomer(
    before: Configuration,
    next: Configuration,
    id: NodeId,
    usesByInvite: Map<string, number>,
  ): void {
    if (this.#removed.has(id)) throw violation(`${id} was removed and is a member again`);
    const credentials = this.#credentialsOf(id);
    if (credentials === null) throw violation(`${id}, which nobody knows, is a member`);
    const { key, admission } = credentials;
    if (next.access.keys[id] !== key) throw violation(`member ${id} is not known by its key`);
    const { former, invites } = before.access;
    if (former.some((one) => one.nodeId === id && one.key === key)) {
      this.counters.cameBack += 1;
      return;
    }
    if (admission.type === 'none') throw violation(`${id} is a member without invite or voucher`);
    if (admission.type === 'voucher') {
      const standing = standingIn(before, admission.by);
      if (standing === 'member' || standing === 'former') return;
      throw violation(`${id} is a member by the word of ${admission.by}, which is ${standing}`);
    }
    const invite = invites.find((one) => one.id === admission.inviteId);
    if (invite === undefined) throw violation(`${id} is a member by an invite that is not open`);
    if (invite.expiresAtMs !== null && invite.expiresAtMs <= this.#stampMs) {
      throw violation(`${id} is a member by an invite that was over`);
    }
    usesByInvite.set(invite.id, (usesByInvite.get(invite.id) ?? 0) + 1);
    this.counters.invitedIn += 1;
  }

  #checkDeparture(before: Configuration, next: Configuration, id: NodeId): void {
    const standing = standingIn(next, id);
    if (next.access.keys[id] !== undefined) throw violation(`${id} went, and its key is there`);
    if (standing === 'removed') {
      this.#removed.add(id);
      return;
    }
    const hadKey = before.access.keys[id] !== undefined;
    if (standing === 'former' || !hadKey) return;
    throw violation(`${id} went without being removed or remembered`);
  }

  #checkInvite(
    invite: InviteRecord,
    next: Configuration,
    uses: number,
    isEnded: boolean | null,
  ): void {
    const { id, usesLeft, expiresAtMs } = invite;
    const left = usesLeft === null ? null : usesLeft - uses;
    if (left !== null && left < 0) throw violation(`invite ${id} let in ${uses} of ${usesLeft}`);
    const after = next.access.invites.find((one) => one.id === id);
    const isOver = left === 0 || expiresAtMs !== null || this.#revoked.has(id);
    const mayBeGone = isOver || isEnded !== false;
    if (after !== undefined && isEnded === true) throw violation(`invite ${id} outlived a removal`);
    if (after === undefined && !mayBeGone) throw violation(`invite ${id} is gone`);
    if (after !== undefined && after.usesLeft !== left) {
      throw violation(`invite ${id} has ${after.usesLeft} uses left and not ${left}`);
    }
  }
}

function violation(evidence: string): Violation {
  return new Violation('entitlement', 'TR6, TR7', evidence);
}
