/**
 * What members tell those whose own configuration is older, or who have none yet: the one that is
 * committed.
 *
 * A link is made by keys that stand in the configuration. A member that was away may not know the
 * leader that was admitted meanwhile, and nobody but the leader brings it its log; a newcomer may
 * know none but the one that let it in; and one that was let go has nobody who sends it anything. So
 * whoever hears of such a node tells it, at most once an interval, and the node believes members that
 * it knows; one that is in no configuration believes whoever it has a link with, since it linked for
 * that reason. What it was told counts until its own log has come as far; it decides about links and
 * about asking to join, and never about votes.
 *
 * Invites are not told: only members need to recognise who holds one.
 */

import { EMPTY_CONFIGURATION, membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';
import { CONFIGURATION_NOTICE_INTERVAL_MS, MAX_LINKS } from './limits.ts';
import type { ConfigurationNotice, NodeMessage } from './messages.ts';

type NewsRaft = Pick<Raft, 'nodeId' | 'configuration' | 'committedConfiguration'>;

interface CommittedConfiguration {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export class ConfigurationNews {
  readonly #raft: NewsRaft;
  readonly #send: (message: NodeMessage) => void;
  readonly #toldAtMsByNode = new Map<NodeId, number>();
  #told: CommittedConfiguration = { index: 0 as LogIndex, configuration: EMPTY_CONFIGURATION };

  constructor(raft: NewsRaft, send: (message: NodeMessage) => void) {
    this.#raft = raft;
    this.#send = send;
  }

  /** The latest committed configuration that this node knows of, by its log or because it was told. */
  get latest(): CommittedConfiguration {
    const own = this.#raft.committedConfiguration;
    return this.#told.index > own.index ? this.#told : own;
  }

  /** Something came from a peer: where it lacks the committed configuration it is told. */
  onHeard(message: NodeMessage, nowMs: number): void {
    const { index, configuration } = this.#raft.committedConfiguration;
    const isBehind =
      message.type === 'announce'
        ? message.commitIndex < index
        : message.type === 'join-request' && message.from === message.nodeId;
    if (!isBehind || !membersOf(configuration).includes(this.#raft.nodeId)) return;
    const to = message.from;
    const toldAtMs = this.#toldAtMsByNode.get(to) ?? -Infinity;
    if (nowMs - toldAtMs < CONFIGURATION_NOTICE_INTERVAL_MS) return;
    this.#forgetTold(nowMs);
    if (this.#toldAtMsByNode.size >= MAX_LINKS) return;
    this.#toldAtMsByNode.set(to, nowMs);
    this.#send({
      type: 'configuration-notice',
      from: this.#raft.nodeId,
      to,
      index,
      configuration: {
        ...configuration,
        access: { ...configuration.access, invites: [] },
      },
    });
  }

  onNotice({ from, index, configuration }: ConfigurationNotice): void {
    if (index <= this.latest.index || !this.#isBelieved(from)) return;
    this.#told = { index, configuration };
  }

  #isBelieved(from: NodeId): boolean {
    const { nodeId, configuration } = this.#raft;
    const own = membersOf(configuration);
    if (!own.includes(nodeId)) return true;
    return own.includes(from) || membersOf(this.latest.configuration).includes(from);
  }

  #forgetTold(nowMs: number): void {
    for (const [id, toldAtMs] of this.#toldAtMsByNode) {
      if (nowMs - toldAtMs >= CONFIGURATION_NOTICE_INTERVAL_MS) this.#toldAtMsByNode.delete(id);
    }
  }
}
