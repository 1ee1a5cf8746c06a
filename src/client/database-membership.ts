/** Who belongs to a database's cluster, who leads it, and who may come. Types only. */

import type { LogIndex, NodeId } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import type { LeaveOptions, RemovalAnswer } from './departure.ts';
import type { InviteOptions } from './invites.ts';
import type { OpenInvite } from './protocol.ts';

/**
 * Invites, members, and who leads. What changes the cluster is done by its leader, whichever tab asks:
 * 'NoQuorum' and 'Timeout' where it cannot be reached.
 *
 * @category Membership
 */
export interface DatabaseMembership {
  /**
   * A new link that lets other browsers in. It is a key: whoever has it becomes a member. It is open
   * when this resolves, for 7 days and any number of tabs unless `expiresInMs` and `uses` say otherwise
   * (null: for ever; any number). It leads to this page, without its query, unless `page` names another.
   * Rejects with 'Refused' where too many are open already.
   *
   * @example
   * ```ts
   * import { inviteIn, open } from 'resqlite';
   *
   * const db = await open();
   * const link = await db.invite({ expiresInMs: 60 * 60 * 1_000, uses: 1 });
   * link.startsWith(location.origin); // => true
   *
   * // In the other browser, whose page was opened by that link:
   * const theirs = await open({ cluster: inviteIn(link) });
   * theirs.clusterId === db.clusterId; // => true
   * ```
   */
  invite(options?: InviteOptions): Promise<string>;

  /**
   * The invites that are open, as far as this node knows; their links are not kept anywhere.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.invite({ uses: 12 });
   * const usesLeft = async () => (await db.invites()).map((invite) => invite.usesLeft);
   * (await usesLeft()).includes(12); // soon => true
   * ```
   */
  invites(): Promise<readonly OpenInvite[]>;

  /**
   * Nobody gets in by that invite any more when this resolves, also where it was over before. Whoever
   * got in by it stays.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.invite();
   * for (const { id } of await db.invites()) await db.revokeInvite(id);
   * (await db.invites()).length; // soon => 0
   * ```
   */
  revokeInvite(inviteId: string, options?: CallOptions): Promise<void>;

  /**
   * Hands the leadership to a voter, or to whoever is best placed; resolves when that one leads.
   * Rejects with 'Refused' where it cannot.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const { voters, leaderId } = await db.status();
   * const other = voters.find((voter) => voter !== leaderId);
   * await db.transferLeadership(other);
   * (await db.status()).leaderId === other; // soon => true
   * ```
   */
  transferLeadership(nodeId?: NodeId | null, options?: CallOptions): Promise<void>;

  /**
   * Takes a member out of the cluster for good, be it reachable or not, or one that was let go because
   * it stayed away; resolves when that is committed. It may know the invites that are open: they end with
   * it. Rejects with 'Refused' where the data would be left in one copy.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * // Members that only have a copy, and are gone.
   * const { members } = await db.status();
   * const gone = members.filter(({ voter, liveness }) => !voter && liveness === 'away');
   * for (const { nodeId } of gone) {
   *   const { warning } = await db.removeNode(nodeId);
   *   warning; // => ''
   * }
   * const isLeft = async (nodeId: string) => (await db.status()).learners.some((one) => one === nodeId);
   * (await Promise.all(gone.map(({ nodeId }) => isLeft(nodeId)))).includes(true); // soon => false
   * ```
   */
  removeNode(nodeId: NodeId, options?: CallOptions): Promise<RemovalAnswer>;

  /**
   * Has the log entry at `index` skipped, which no node can apply (`status().stalledAt`): its write
   * fails with 'Skipped', and everything behind it goes on. Rejects with 'Refused' where the leader is
   * not stalled there, or a voter that it hears has applied it.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const { stalledAt, lastApplied } = await db.status();
   * if (stalledAt !== null) await db.skip(stalledAt.index);
   *
   * // Nothing is stalled here.
   * await db.skip(lastApplied); // throws 'Refused'
   * ```
   */
  skip(index: LogIndex, options?: CallOptions): Promise<void>;

  /**
   * Takes this tab's own node out of the cluster for good, as `removeNode` does; invites stay open. With
   * `force` the cluster is not asked, which may be out of reach: this copy is deleted all the same, and
   * the others miss a voter until they replace it. Rejects with 'Refused' where no other voter is left
   * to go on with the data, and with 'StorageLost' where the node stopped and may yet come back.
   *
   * @example
   * ```ts newcomer
   * import { open, type RemovalAnswer } from 'resqlite';
   *
   * const describe = ({ warning }: RemovalAnswer) => warning || 'all is well';
   *
   * const db = await open();
   * describe(await db.leave()); // => 'all is well'
   * await db.query('SELECT 1'); // throws 'Removed'
   * ```
   */
  leave(options?: LeaveOptions): Promise<RemovalAnswer>;
}
