/**
 * What the transport is told: with whom to keep links (TR5), and who may have one (TR7). The latter is
 * the configuration in force, as far as this node knows it, and what a node needs besides to get there.
 *
 * - A node whose log is behind is told what members told it (configuration-news.ts): else it would
 *   know the leader by no key.
 * - A node that catches up meets configurations of old in its log; it is no member by them, and they
 *   count for nothing.
 * - Members that a change lets go stay until it is committed, and for a moment after: a leader that
 *   leaves commits its own leaving by their links, and they learn of it by what is under way.
 * - A node that is being let in is a newcomer until that is committed: if the change is lost with its
 *   leader, nobody else knows of it, and what it came by is all it has to come back with.
 */

import { EMPTY_CONFIGURATION, membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';
import { standingIn } from './access.ts';
import type { ConfigurationNews } from './configuration-news.ts';
import { DEPARTURE_LINGER_MS } from './limits.ts';
import type { Membership } from './membership.ts';
import type { NodeOptions } from './node-options.ts';
import type { Transport } from './ports.ts';

/** `peers` is the same array unless the servers to keep links with changed. */
type LinkMembership = Pick<Membership, 'peers'> & {
  readonly news: Pick<ConfigurationNews, 'latest'>;
};
type LinkRaft = Pick<Raft, 'nodeId' | 'configuration' | 'configurationIndex'>;

interface Departed {
  /** Undefined where it had none. */
  readonly key: string | undefined;
  readonly untilMs: number;
}

export class LinkPolicy {
  readonly #raft: LinkRaft;
  readonly #membership: LinkMembership;
  readonly #transport: Pick<Transport, 'setAccess' | 'setPeers'>;
  readonly #onMembers: NodeOptions['onMembers'];
  readonly #departedById = new Map<NodeId, Departed>();
  #peers: readonly NodeId[] = [];
  #belongs = false;
  #inForce: Configuration | null = null;
  #committed: Configuration = EMPTY_CONFIGURATION;
  #committedIndex = -1 as LogIndex;

  constructor(
    raft: LinkRaft,
    membership: LinkMembership,
    { ports, onMembers }: Pick<NodeOptions, 'ports' | 'onMembers'>,
  ) {
    this.#raft = raft;
    this.#membership = membership;
    this.#transport = ports.transport;
    this.#onMembers = onMembers;
  }

  nextDeadlineMs(): number {
    let deadlineMs = Infinity;
    for (const { untilMs } of this.#departedById.values()) {
      deadlineMs = Math.min(deadlineMs, untilMs);
    }
    return deadlineMs;
  }

  check(nowMs: number): void {
    this.#checkAccess(nowMs);
    const peers = this.#membership.peers();
    const belongs = membersOf(this.#committed).includes(this.#raft.nodeId);
    const isSame = peers === this.#peers;
    if (isSame && belongs === this.#belongs) return;
    this.#peers = peers;
    this.#belongs = belongs;
    if (!isSame) this.#transport.setPeers(peers);
    this.#onMembers?.([this.#raft.nodeId, ...peers].toSorted(), belongs);
  }

  #checkAccess(nowMs: number): void {
    const { index, configuration: committed } = this.#membership.news.latest;
    const inForce = this.#configurationInForce(index);
    const isOver = this.#forgetDeparted(nowMs);
    const isSame = inForce === this.#inForce && index === this.#committedIndex;
    if (isSame && !isOver) return;
    this.#noteDeparted(committed, nowMs);
    this.#inForce = inForce;
    this.#committed = committed;
    this.#committedIndex = index;
    const isPast = inForce === EMPTY_CONFIGURATION;
    const told = isPast ? inForce : this.#withThoseWhoGo(this.#withoutOwnArrival(inForce));
    this.#transport.setAccess(told, index);
  }

  /** Whoever votes learned before, and so belonged. */
  #withoutOwnArrival(inForce: Configuration): Configuration {
    const { nodeId } = this.#raft;
    const isArriving =
      inForce.learners.includes(nodeId) && !membersOf(this.#committed).includes(nodeId);
    if (!isArriving) return inForce;
    return { ...inForce, learners: inForce.learners.filter((id) => id !== nodeId) };
  }

  #configurationInForce(latestIndex: LogIndex): Configuration {
    const { configuration, configurationIndex, nodeId } = this.#raft;
    if (latestIndex > configurationIndex) return this.#membership.news.latest.configuration;
    const isPast = standingIn(configuration, nodeId) === 'unknown';
    return isPast ? EMPTY_CONFIGURATION : configuration;
  }

  #noteDeparted(committed: Configuration, nowMs: number): void {
    if (committed === this.#committed) return;
    const { access } = this.#committed;
    for (const id of membersOf(this.#committed)) {
      if (membersOf(committed).includes(id)) continue;
      const untilMs = nowMs + DEPARTURE_LINGER_MS;
      this.#departedById.set(id, { key: access.keys[id], untilMs });
    }
    for (const id of membersOf(committed)) this.#departedById.delete(id);
  }

  /** Whether anybody's time is up. */
  #forgetDeparted(nowMs: number): boolean {
    let isOver = false;
    for (const [id, { untilMs }] of this.#departedById) {
      if (nowMs < untilMs) continue;
      this.#departedById.delete(id);
      isOver = true;
    }
    return isOver;
  }

  #withThoseWhoGo(inForce: Configuration): Configuration {
    const members = membersOf(inForce);
    const keys: Record<NodeId, string> = { ...inForce.access.keys };
    const going: NodeId[] = [];
    const keep = (id: NodeId, key: string | undefined): void => {
      if (members.includes(id) || going.includes(id)) return;
      going.push(id);
      if (key !== undefined) keys[id] = key;
    };
    for (const id of membersOf(this.#committed)) keep(id, this.#committed.access.keys[id]);
    for (const [id, { key }] of this.#departedById) keep(id, key);
    if (going.length === 0) return inForce;
    const { access } = inForce;
    return {
      ...inForce,
      learners: [...inForce.learners, ...going].toSorted(),
      access: { ...access, keys, removed: access.removed.filter((id) => !going.includes(id)) },
    };
  }
}
