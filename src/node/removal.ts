/**
 * Servers that are no longer members, and how they learn it (thesis section 4.2.3).
 *
 * A server is sent the configuration that removes it, but not for longer than its leader leads, and
 * not while it is away. One that missed it goes on for ever asking for votes, or waiting for a leader.
 * So whoever hears from a server outside the committed configuration tells it at which index that is.
 * A server that was a member by an older configuration that it knows to be committed learns that way
 * that it was removed: had it been taken in again, that would be by a newer one. Its storage then
 * belongs to no member any more; it stops.
 *
 * One that was let go because it stayed away, and has a key by which it is recognised, is not removed:
 * it may come back as what it was (configuration-news.ts tells it).
 *
 * A newcomer was never a member by a committed configuration. It is not told, and would not believe it.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';
import { standingIn } from './access.ts';
import { MAX_LINKS, REMOVED_NOTICE_INTERVAL_MS } from './limits.ts';
import type { NodeMessage, Removed } from './messages.ts';

type RemovalRaft = Pick<
  Raft,
  | 'nodeId'
  | 'firstIndex'
  | 'commitIndex'
  | 'leaderCommitIndex'
  | 'entryAt'
  | 'configuration'
  | 'committedConfiguration'
>;

export class Removal {
  readonly #raft: RemovalRaft;
  readonly #send: (message: NodeMessage) => void;
  readonly #toldAtMsByNode = new Map<NodeId, number>();
  #wasMember: boolean;
  #isRemoved = false;
  #checked: Configuration | null = null;

  constructor(raft: RemovalRaft, send: (message: NodeMessage) => void) {
    this.#raft = raft;
    this.#send = send;
    this.#wasMember = wasMemberBefore(raft);
  }

  /** A committed configuration named it: it is a member or was, and is not to ask to join again. */
  get wasEverMember(): boolean {
    return this.#wasMember || this.#isKnownMember;
  }

  get #isKnownMember(): boolean {
    return isMemberBy(this.#raft.committedConfiguration.configuration, this.#raft.nodeId);
  }

  /** Something came from a peer: tells it, at most once an interval, that it is no member. */
  onHeard(message: NodeMessage, nowMs: number): void {
    if (!isSentByMembers(message)) return;
    const { index, configuration } = this.#raft.committedConfiguration;
    const to = message.from;
    const standing = standingIn(configuration, to);
    if (index === 0 || standing === 'member' || standing === 'former') return;
    // It is being taken in, or is one of those that are told by the change itself.
    if (membersOf(this.#raft.configuration).includes(to)) return;
    const toldAtMs = this.#toldAtMsByNode.get(to) ?? -Infinity;
    if (nowMs - toldAtMs < REMOVED_NOTICE_INTERVAL_MS) return;
    this.#forgetTold(nowMs);
    if (this.#toldAtMsByNode.size >= MAX_LINKS) return;
    this.#toldAtMsByNode.set(to, nowMs);
    this.#send({ type: 'removed', from: this.#raft.nodeId, to, configurationIndex: index });
  }

  onRemoved(message: Removed): void {
    const { index } = this.#raft.committedConfiguration;
    const isNews = message.configurationIndex > index;
    const isConfirmed = message.configurationIndex === index && !this.#isKnownMember;
    if (this.wasEverMember && (isNews || isConfirmed)) this.#isRemoved = true;
  }

  /** Whether this server was removed: it was told, or its own log says so. */
  check(): boolean {
    const { configuration } = this.#raft;
    const { configuration: committed } = this.#raft.committedConfiguration;
    // A change is looked at when it is committed, and again when there is none under way.
    if (configuration === committed && committed === this.#checked) return this.#isRemoved;
    // A log that lags may yet bring the change that took it in again.
    const { commitIndex, leaderCommitIndex } = this.#raft;
    const isOut = this.#wasMember && !this.#isKnownMember;
    if (isOut && commitIndex < leaderCommitIndex) return this.#isRemoved;
    this.#checked = committed;
    const isInForce = isMemberBy(configuration, this.#raft.nodeId);
    if (this.#isKnownMember) this.#wasMember = true;
    else if (this.#wasMember && !isInForce) {
      this.#isRemoved = standingIn(committed, this.#raft.nodeId) !== 'former';
    }
    return this.#isRemoved;
  }

  #forgetTold(nowMs: number): void {
    for (const [id, toldAtMs] of this.#toldAtMsByNode) {
      if (nowMs - toldAtMs >= REMOVED_NOTICE_INTERVAL_MS) this.#toldAtMsByNode.delete(id);
    }
  }
}

/**
 * Only what members send of themselves. Who asks to join says thereby that it knows of no committed
 * membership, and an announcement of an empty log is a newcomer's.
 */
function isSentByMembers(message: NodeMessage): boolean {
  if (message.type === 'announce') return message.lastIndex > 0;
  return message.type === 'pre-vote' || message.type === 'request-vote';
}

function isMemberBy(configuration: Configuration, id: NodeId): boolean {
  return membersOf(configuration).includes(id);
}

/**
 * What the log says that was loaded: a process that ended before its removal was acted upon finds it
 * there. A removal that is compacted away was acted upon long ago.
 */
function wasMemberBefore(raft: RemovalRaft): boolean {
  for (let index: number = raft.firstIndex; index <= raft.commitIndex; index += 1) {
    const entry = raft.entryAt(index as LogIndex);
    if (entry?.type !== 'configuration') continue;
    if (isMemberBy(entry.configuration, raft.nodeId)) return true;
  }
  return false;
}
