/** Who belongs to a database's cluster, who leads it, and who may come. Types only. */

import type { LogIndex, NodeId } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import type { LeaveOptions, RemovalAnswer } from './departure.ts';
import type { InviteOptions } from './invites.ts';
import type { OpenInvite } from './protocol.ts';

/** Invites, members, and who leads. */
export interface DatabaseMembership {
  /**
   * A new link that lets other browsers in. It is a key: whoever has it becomes a member. It is open
   * when this resolves, for 7 days and any number of tabs unless `expiresInMs` and `uses` say otherwise
   * (null: for ever; any number). Rejects with 'Refused' where too many are open already.
   */
  invite(options?: InviteOptions): Promise<string>;

  /** The invites that are open, as far as this node knows; their links are not kept anywhere. */
  invites(): Promise<readonly OpenInvite[]>;

  /**
   * Nobody gets in by that invite any more when this resolves, also where it was over before. Whoever
   * got in by it stays.
   */
  revokeInvite(inviteId: string, options?: CallOptions): Promise<void>;

  /**
   * Hands the leadership to a voter, or to whoever is best placed; resolves when that one leads.
   * Rejects with 'Refused' where it cannot.
   */
  transferLeadership(nodeId?: NodeId | null, options?: CallOptions): Promise<void>;

  /**
   * Takes a member out of the cluster for good, be it reachable or not, or one that was let go because
   * it stayed away; resolves when that is committed. It may know the invites that are open: they end with
   * it. Rejects with 'Refused' where the data would be left in one copy.
   */
  removeNode(nodeId: NodeId, options?: CallOptions): Promise<RemovalAnswer>;

  /**
   * Has the log entry at `index` skipped, which no node can apply (`status().stalledAt`): its write
   * fails with 'Skipped', and everything behind it goes on. Rejects with 'Refused' where the leader is
   * not stalled there, or a voter that it hears has applied it.
   */
  skip(index: LogIndex, options?: CallOptions): Promise<void>;

  /**
   * Takes this tab's own node out of the cluster for good, as `removeNode` does; invites stay open. With
   * `force` the cluster is not asked, which may be out of reach: this copy is deleted all the same, and
   * the others miss a voter until they replace it. Rejects with 'Refused' where no other voter is left
   * to go on with the data, and with 'StorageLost' where the node stopped and may yet come back.
   */
  leave(options?: LeaveOptions): Promise<RemovalAnswer>;
}
