/**
 * The Transport port over a simulated network, with the faults of the MIT 6.824 network model and
 * those of data channels: latency, loss, duplication, reordering, replies that are long on their
 * way, blocked directions (both for a symmetric partition, one for an asymmetric one), and links that
 * break and are dialled again.
 *
 * A link joins two running servers where at least one of them keeps the other as a peer. Breaking
 * loses what is on its way, or lets it arrive late; each end learns of it in its own time, and in any
 * case before the next link is up (TR4). A blocked direction loses what is sent; the link breaks only
 * once its ends notice. Nothing sent to a server arrives at its next start: a channel joins two
 * processes, not two names.
 *
 * Who may have a link at all is decided by what each end's runtime says of it (link-access.ts): whoever
 * may not is turned away, or its link breaks, and it is dialled again when either end knows better.
 *
 * Messages are frozen as they are sent, so that servers share nothing they could still change.
 */

import { standingIn } from '../node/access.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Transport } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';
import { deepFreeze, freezeMessage } from './deep-freeze.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import { Flights } from './flights.ts';
import { standingOf, type Credentials, type LinkStanding, type ToldAccess } from './link-access.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';

/** The server's side of the Transport port. */
export interface NetworkEndpoint {
  receive(message: NodeMessage): void;
  linkChanged(peer: NodeId, up: boolean): void;
}

/** How the whole network behaves now; faults change it. Rates are per million messages. */
export interface NetworkConditions {
  readonly latencyMinUs: number;
  readonly latencyMaxUs: number;
  readonly lossPerMillion: number;
  readonly duplicatesPerMillion: number;
  /** Messages that take `longDelayMinUs` to `longDelayMaxUs` instead. */
  readonly longDelaysPerMillion: number;
  readonly longDelayMinUs: number;
  readonly longDelayMaxUs: number;
  /** False: a link keeps the order of sending (TR2), whatever the latencies. */
  readonly reorders: boolean;
  /** In-flight messages of a broken link that arrive after all (TR1). */
  readonly lateAfterBreakPerMillion: number;
  /** How long dialling takes. */
  readonly dialMinUs: number;
  readonly dialMaxUs: number;
  /** Until an end notices that the other is gone or cannot be heard. */
  readonly detectMinUs: number;
  readonly detectMaxUs: number;
}

/** A network without faults. */
export const GOOD_NETWORK: NetworkConditions = {
  latencyMinUs: 500,
  latencyMaxUs: 5_000,
  lossPerMillion: 0,
  duplicatesPerMillion: 0,
  longDelaysPerMillion: 0,
  longDelayMinUs: 0,
  longDelayMaxUs: 0,
  reorders: false,
  lateAfterBreakPerMillion: 0,
  dialMinUs: 20_000,
  dialMaxUs: 200_000,
  detectMinUs: 1_000,
  detectMaxUs: 500_000,
};

/** What a slow link takes in is delivered within this; more is dropped. */
const SLOW_QUEUE_US = 5_000_000;

/** A running server as the network sees it. */
interface Port {
  readonly id: NodeId;
  readonly number: number;
  readonly loop: EventLoop;
  readonly endpoint: NetworkEndpoint;
  /** Null: nobody asks for any. */
  readonly credentials: Credentials | null;
  /** Null until its runtime has said who may have a link. */
  access: ToldAccess | null;
  peers: ReadonlySet<NodeId>;
}

/** The two ends of a pair are in the order of their ids. */
interface Link {
  readonly ends: readonly [NodeId, NodeId];
  /** Goes up with every break, so that what was sent before is known. */
  generation: number;
  up: boolean;
  dialling: boolean;
  /** What each end was told last. */
  readonly told: [boolean, boolean];
  /** As what each end is let in by the other, while the link is up. */
  readonly standings: [LinkStanding, LinkStanding];
  /** When the last message in each direction arrives. */
  readonly lastArrivalUs: [number, number];
}

export interface NetworkCounters {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
  delayed: number;
  linksBroken: number;
  /** Links that were not made, or that were broken, since one end does not let the other in. */
  linksRefused: number;
}

const REFUSED: LinkStanding = { type: 'refused', isRemoved: false };
const WELCOME: LinkStanding = { type: 'linked', admission: { type: 'none' } };

export class Network {
  readonly counters: NetworkCounters = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    delayed: 0,
    linksBroken: 0,
    linksRefused: 0,
  };
  conditions: NetworkConditions = GOOD_NETWORK;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #linkRandom: Random;
  readonly #trace: Trace;
  readonly #ports = new Map<NodeId, Port>();
  readonly #links = new Map<string, Link>();
  /** Blocked directions, as `from>to`. */
  readonly #blocked = new Set<string>();
  /** Directions, as `from>to`, in which every message takes this long, one after the other. */
  readonly #messageUsBySlow = new Map<string, number>();
  #partitions = 0;
  #flights: Flights | null = null;
  /** Looks at every message as it is sent; throws where it must not be. */
  onSend: (message: NodeMessage) => void = () => {};

  constructor(queue: EventQueue, random: Random, trace: Trace) {
    this.#queue = queue;
    this.#random = random.stream('messages');
    this.#linkRandom = random.stream('links');
    this.#trace = trace;
  }

  /**
   * A server has started; the transport is good until `detach`. Without credentials anybody may have a
   * link with it, and it with anybody.
   */
  attach(
    id: NodeId,
    number: number,
    loop: EventLoop,
    endpoint: NetworkEndpoint,
    credentials: Credentials | null = null,
  ): Transport {
    const port: Port = { id, number, loop, endpoint, credentials, access: null, peers: new Set() };
    this.#ports.set(id, port);
    for (const other of this.#ports.keys()) this.#dial(id, other);
    return {
      send: (message) => this.#send(port, message),
      setPeers: (peers) => {
        if (this.#ports.get(id) !== port) return;
        port.peers = new Set(peers);
        for (const peer of peers) this.#dial(id, peer);
      },
      flush: () => undefined,
      setAccess: (configuration, committedIndex) => {
        if (this.#ports.get(id) === port) this.#setAccess(port, { configuration, committedIndex });
      },
    };
  }

  /** The server is gone: its links break, which the others notice in their time. */
  detach(id: NodeId): void {
    this.#ports.delete(id);
    for (const link of this.#links.values()) {
      if (!link.ends.includes(id)) continue;
      link.told[link.ends[0] === id ? 0 : 1] = false;
      if (link.up) this.#break(link);
    }
  }

  /** Loses whatever is sent from one server to another. */
  block(from: NodeId, to: NodeId): void {
    this.#blocked.add(`${from}>${to}`);
    const link = this.#links.get(linkKey(from, to));
    if (link === undefined || !link.up) return;
    const { generation } = link;
    this.#queue.schedule(this.#detectDelayUs(), () => {
      const current = link.up && link.generation === generation;
      if (current && this.#isCut(link.ends[0], link.ends[1])) this.#break(link);
    });
  }

  unblock(from: NodeId, to: NodeId): void {
    if (this.#blocked.delete(`${from}>${to}`)) this.#dial(from, to);
  }

  /** Goes up with every `unblockAll`: tells one partition from the next. */
  get partitions(): number {
    return this.#partitions;
  }

  /** Lets every message in this direction take so long, one after the other; 0: as the others. */
  slow(from: NodeId, to: NodeId, messageUs: number): void {
    if (messageUs === 0) this.#messageUsBySlow.delete(`${from}>${to}`);
    else this.#messageUsBySlow.set(`${from}>${to}`, messageUs);
  }

  slowNobody(): void {
    this.#messageUsBySlow.clear();
  }

  /** Unblocks every direction. */
  unblockAll(): void {
    this.#partitions += 1;
    this.#blocked.clear();
    const ids = [...this.#ports.keys()];
    for (const [i, a] of ids.entries()) for (const b of ids.slice(i + 1)) this.#dial(a, b);
  }

  /** Breaks a link that works, as a lost data channel; it is dialled again. */
  reset(a: NodeId, b: NodeId): void {
    const link = this.#links.get(linkKey(a, b));
    if (link?.up === true) this.#break(link);
  }

  /** Messages on their way, kept from the first time that somebody asks for them. */
  get flights(): Flights {
    this.#flights ??= new Flights(this.#queue, () => {
      this.counters.lost += 1;
    });
    return this.#flights;
  }

  /** One way: the other may be free. */
  isBlocked(from: NodeId, to: NodeId): boolean {
    return this.#blocked.has(`${from}>${to}`);
  }

  isUp(a: NodeId, b: NodeId): boolean {
    return this.#links.get(linkKey(a, b))?.up === true;
  }

  /** At least one way: a link takes both. */
  #isCut(a: NodeId, b: NodeId): boolean {
    return this.isBlocked(a, b) || this.isBlocked(b, a);
  }

  #detectDelayUs(): number {
    return this.#linkRandom.between(this.conditions.detectMinUs, this.conditions.detectMaxUs);
  }

  #link(a: NodeId, b: NodeId): Link {
    const key = linkKey(a, b);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link: Link = {
      ends: a < b ? [a, b] : [b, a],
      generation: 0,
      up: false,
      dialling: false,
      told: [false, false],
      standings: [REFUSED, REFUSED],
      lastArrivalUs: [0, 0],
    };
    this.#links.set(key, link);
    return link;
  }

  #isWanted(a: NodeId, b: NodeId): boolean {
    if (a === b) return false;
    const portA = this.#ports.get(a);
    const portB = this.#ports.get(b);
    if (portA === undefined || portB === undefined) return false;
    return portA.peers.has(b) || portB.peers.has(a);
  }

  /** Starts dialling where a link is wanted and possible; else whatever changes that calls again. */
  #dial(a: NodeId, b: NodeId): void {
    if (!this.#isWanted(a, b) || this.#isCut(a, b)) return;
    const link = this.#link(a, b);
    if (link.up || link.dialling) return;
    link.dialling = true;
    const delayUs = this.#linkRandom.between(this.conditions.dialMinUs, this.conditions.dialMaxUs);
    this.#queue.schedule(delayUs, () => {
      link.dialling = false;
      if (link.up || !this.#isWanted(a, b) || this.#isCut(a, b)) return;
      if (!this.#judge(link)) {
        this.#turnAway(link);
        return;
      }
      link.up = true;
      this.#tell(link, 0, true);
      this.#tell(link, 1, true);
    });
  }

  #setAccess(port: Port, access: ToldAccess): void {
    port.access = access;
    for (const link of this.#links.values()) {
      if (!link.up || !link.ends.includes(port.id) || this.#judge(link)) continue;
      this.counters.linksRefused += 1;
      this.#break(link);
    }
    for (const other of this.#ports.keys()) this.#dial(port.id, other);
  }

  /** Whether both ends let each other in, now; notes as what. */
  #judge(link: Link): boolean {
    for (const end of [0, 1] as const) {
      link.standings[end] = this.#standing(link.ends[end], link.ends[1 - end] as NodeId);
    }
    return link.standings.every(({ type }) => type !== 'refused');
  }

  /** As what `peer` is let in by `self`. */
  #standing(peer: NodeId, self: NodeId): LinkStanding {
    const credentials = this.#ports.get(peer)?.credentials;
    const own = this.#ports.get(self);
    if (credentials === undefined || own === undefined) return REFUSED;
    if (credentials === null || own.credentials === null) return WELCOME;
    return own.access === null ? REFUSED : standingOf(own.access, self, peer, credentials);
  }

  /** Whoever was removed is told, by a member alone (TR7). */
  #turnAway(link: Link): void {
    this.counters.linksRefused += 1;
    for (const end of [0, 1] as const) {
      const standing = link.standings[end];
      const port = this.#ports.get(link.ends[end]);
      const from = link.ends[1 - end] as NodeId;
      const access = this.#ports.get(from)?.access;
      if (standing.type !== 'refused' || !standing.isRemoved) continue;
      if (port === undefined || access === undefined || access === null) continue;
      if (standingIn(access.configuration, from) !== 'member') continue;
      const configurationIndex = access.committedIndex;
      const removed = { type: 'removed', from, to: port.id, configurationIndex } as const;
      port.loop.post('network', () => port.endpoint.receive(removed));
    }
  }

  #break(link: Link): void {
    this.counters.linksBroken += 1;
    link.up = false;
    link.generation += 1;
    const { generation } = link;
    for (const end of [0, 1] as const) {
      this.#queue.schedule(this.#detectDelayUs(), () => {
        if (link.generation === generation && !link.up) this.#tell(link, end, false);
      });
    }
    this.#dial(link.ends[0], link.ends[1]);
  }

  /** Tells one end of the link's state, a loss always before a new link. */
  #tell(link: Link, end: 0 | 1, up: boolean): void {
    const port = this.#ports.get(link.ends[end]);
    const peer = link.ends[1 - end] as NodeId;
    if (port === undefined) return;
    if (up && link.told[end]) this.#tell(link, end, false);
    if (link.told[end] === up) return;
    link.told[end] = up;
    this.#trace.record(
      this.#queue.nowUs,
      'link',
      port.number,
      [up ? 1 : 0],
      () => `${peer} ${up ? 'up' : 'down'}`,
    );
    port.loop.post('network', () => port.endpoint.linkChanged(peer, up));
  }

  #send(port: Port, message: NodeMessage): void {
    if (message.from !== port.id) throw new Error(`${port.id} sent as ${message.from}`);
    if (port.loop.ended) return;
    freezeMessage(message);
    this.onSend(message);
    this.counters.sent += 1;
    const link = this.#links.get(linkKey(message.from, message.to));
    const receiver = this.#ports.get(message.to);
    const number = this.counters.sent;
    this.#trace.send(this.#queue.nowUs, port.number, number, message);
    const standing = link?.standings[link.ends[0] === message.from ? 0 : 1] ?? REFUSED;
    const passes = standing.type === 'linked' || message.type === 'join-request';
    const lost =
      link === undefined ||
      receiver === undefined ||
      !link.up ||
      !passes ||
      this.isBlocked(message.from, message.to) ||
      this.#random.chance(this.conditions.lossPerMillion);
    if (lost) {
      this.#lose(message);
      return;
    }
    const proved = this.#asProved(port, message, standing);
    this.#transmit(link, receiver, proved, number);
    if (!this.#random.chance(this.conditions.duplicatesPerMillion)) return;
    this.counters.duplicated += 1;
    this.#transmit(link, receiver, proved, number);
  }

  /** TR6: a request to join holds what its sender proved, whatever it says. */
  #asProved({ credentials }: Port, message: NodeMessage, standing: LinkStanding): NodeMessage {
    const isOwn = message.type === 'join-request' && message.from === message.nodeId;
    if (!isOwn || credentials === null || standing.type === 'refused') return message;
    return deepFreeze({ ...message, key: credentials.key, admission: standing.admission });
  }

  #transmit(link: Link, receiver: Port, message: NodeMessage, number: number): void {
    const { generation } = link;
    const late = this.#random.chance(this.conditions.lateAfterBreakPerMillion);
    const delayUs = this.#delayUs(link, receiver, message.from);
    if (delayUs === null) {
      this.#lose(message);
      return;
    }
    const isCut = (): boolean => receiver.loop.ended || (link.generation !== generation && !late);
    const arrive = (): void => {
      if (isCut()) {
        this.counters.lost += 1;
        return;
      }
      this.counters.delivered += 1;
      this.#trace.deliver(this.#queue.nowUs, receiver.number, number, message);
      receiver.loop.post('network', () => receiver.endpoint.receive(message));
    };
    if (this.#flights === null) this.#queue.schedule(delayUs, arrive);
    else this.#flights.carry(message, delayUs, arrive, isCut);
  }

  #lose(message: NodeMessage): void {
    this.counters.lost += 1;
    const { latencyMinUs, latencyMaxUs } = this.conditions;
    this.#flights?.lose(message, Math.ceil((latencyMinUs + latencyMaxUs) / 2));
  }

  /** Null: the link has more to carry than it takes, and drops the message (TR1). */
  #delayUs(link: Link, receiver: Port, from: NodeId): number | null {
    const { conditions } = this;
    const direction = link.ends[0] === receiver.id ? 0 : 1;
    if (this.#messageUsBySlow.size > 0) {
      const messageUs = this.#messageUsBySlow.get(`${from}>${receiver.id}`);
      if (messageUs !== undefined) return this.#slowDelayUs(link, direction, messageUs);
    }
    let delayUs = this.#random.between(conditions.latencyMinUs, conditions.latencyMaxUs);
    if (this.#random.chance(conditions.longDelaysPerMillion)) {
      this.counters.delayed += 1;
      delayUs = this.#random.between(conditions.longDelayMinUs, conditions.longDelayMaxUs);
    }
    if (conditions.reorders) return delayUs;
    const arrivalUs = Math.max(this.#queue.nowUs + delayUs, link.lastArrivalUs[direction]);
    link.lastArrivalUs[direction] = arrivalUs;
    return arrivalUs - this.#queue.nowUs;
  }

  #slowDelayUs(link: Link, direction: 0 | 1, messageUs: number): number | null {
    const { nowUs } = this.#queue;
    const arrivalUs = Math.max(nowUs, link.lastArrivalUs[direction]) + messageUs;
    if (arrivalUs - nowUs > SLOW_QUEUE_US) return null;
    link.lastArrivalUs[direction] = arrivalUs;
    this.counters.delayed += 1;
    return arrivalUs - nowUs;
  }
}

function linkKey(a: NodeId, b: NodeId): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
