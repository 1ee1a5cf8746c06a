/**
 * The Transport port over WebRTC data channels: keeps a link with every peer, accepts links from
 * other members, and delivers messages between authenticated nodes. Lives in the node worker; the
 * page makes the connections at its bidding (signalling-protocol.ts) and moves their channels here.
 *
 * Both ends of a pair dial, so that neither depends on the other knowing of it; link-order.ts says
 * which connection is kept where both succeed, and the handshake is refused as early as that is
 * known, so that a link that is up is hardly ever replaced. Links do not need the signalling server:
 * while it is away they live on, and dialling goes on when it is back.
 *
 * Obeys TR1 to TR5; in what order messages go over a link is told in send-queue.ts. Never throws at its
 * callers.
 */

import { MAX_LINKS, MAX_PENDING_HANDSHAKES } from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Clock, Transport } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';
import { Attempt, type AttemptOutcome } from './attempt.ts';
import { MovedChannel, type Carrier } from './channel.ts';
import { decodeSecret, deriveClusterKeys, type ClusterKeys } from './cluster-keys.ts';
import { Counters } from './counters.ts';
import { Dialer } from './dialer.ts';
import type { RefusalReason } from './handshake-frames.ts';
import type { HandshakePolicy, Identity } from './handshake.ts';
import { LinkHistory, supersedes } from './link-order.ts';
import { Link, LINK_TICK_MS } from './link.ts';
import { peerIdOf, peerTokenOf } from './peer-id.ts';
import { RelayedChannel } from './relay.ts';
import type { FromMesh, FromPage, SignallingState } from './signalling-protocol.ts';

export interface MeshOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** 32 bytes, base64url. */
  readonly secret: string;
  /** To `startSignalling` on the page. */
  readonly port: MessagePort;
  readonly clock: Pick<Clock, 'now' | 'setTimer' | 'random'>;
  readonly onMessage: (message: NodeMessage) => void;
  readonly onLinkChanged: (peer: NodeId, connected: boolean) => void;
  readonly onSignalling?: (state: SignallingState) => void;
}

export interface LinkStatus {
  readonly nodeId: NodeId;
  readonly carrier: Carrier;
  /** Whether snapshots have a channel of their own. */
  readonly hasBulkChannel: boolean;
}

export interface MeshStatus {
  readonly signalling: SignallingState;
  readonly isolated: boolean;
  readonly links: readonly LinkStatus[];
  readonly counters: Readonly<Record<string, number>>;
}

/** Nodes whose link numbers are remembered. */
const HISTORY_CAPACITY = 16 * MAX_LINKS;

export class Mesh implements Transport {
  readonly #options: MeshOptions;
  readonly #incarnation: number;
  readonly #counters = new Counters();
  readonly #history = new LinkHistory(HISTORY_CAPACITY);
  readonly #linkByPeer = new Map<NodeId, Link>();
  readonly #attemptByKey = new Map<string, Attempt>();
  readonly #peerIdByNode = new Map<NodeId, string>();
  readonly #dialer: Dialer;
  readonly #policy: HandshakePolicy;
  #keys: ClusterKeys | null = null;
  #peers: readonly NodeId[] = [];
  #signalling: SignallingState = 'disconnected';
  #isolated = false;
  #closed = false;
  #nextDialNumber = 1;
  #cancelTick: () => void = () => undefined;

  /** Throws `RangeError` where the secret is malformed. */
  constructor(options: MeshOptions) {
    const { clock, port } = options;
    const secret = decodeSecret(options.secret);
    this.#options = options;
    this.#incarnation = clock.random(Number.MAX_SAFE_INTEGER);
    this.#dialer = new Dialer({
      clock,
      mayDial: (peer) => this.#mayDial(peer),
      dial: (peer) => this.#dial(peer),
    });
    this.#policy = {
      nextGeneration: (peer, incarnation) => this.#history.next(peer, incarnation),
      objection: (identity) => this.#objection(identity),
    };
    port.addEventListener('message', this.#receive);
    port.addEventListener('messageerror', this.#onUnreceivable);
    port.start();
    void this.#listen(secret);
    this.#tick();
  }

  setPeers(peers: readonly NodeId[]): void {
    this.#peers = peers.filter((peer) => peer !== this.#options.nodeId);
    this.#dialer.setPeers(this.#peers);
    void this.#namePeers();
  }

  send(message: NodeMessage): void {
    const link = this.#linkByPeer.get(message.to);
    if (link === undefined) this.#counters.add('droppedNoLink');
    else link.send(message);
  }

  /** For demonstrations: while on, nothing goes in or out, as if the network were unplugged. */
  isolate(on: boolean): void {
    if (this.#isolated === on || this.#closed) return;
    this.#isolated = on;
    if (on) this.#dropEverything();
    else this.#dialer.dialAll();
  }

  status(): MeshStatus {
    const links = [...this.#linkByPeer.values()].map((link) => ({
      nodeId: link.peer,
      carrier: link.carrier,
      hasBulkChannel: link.hasBulkChannel,
    }));
    return {
      signalling: this.#signalling,
      isolated: this.#isolated,
      links: links.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
      counters: this.#counters.toRecord(),
    };
  }

  /** Ends every link and the page's signalling; nothing is reported any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTick();
    this.#dialer.stop();
    this.#dropEverything();
    this.#post({ type: 'end' });
    this.#options.port.removeEventListener('message', this.#receive);
    this.#options.port.removeEventListener('messageerror', this.#onUnreceivable);
  }

  async #listen(secret: Uint8Array<ArrayBuffer>): Promise<void> {
    const { clusterId, nodeId } = this.#options;
    const keys = await deriveClusterKeys(secret, clusterId);
    const peerId = await peerIdOf(keys, nodeId);
    const token = await peerTokenOf(keys, nodeId);
    if (this.#closed) return;
    this.#keys = keys;
    this.#post({ type: 'listen', peerId, token, offerProof: keys.offerProof });
    await this.#namePeers();
  }

  /** Finds out under which names the peers are to be dialled, and dials those that are new. */
  async #namePeers(): Promise<void> {
    if (this.#keys === null) return;
    const keys = this.#keys;
    const peers = this.#peers;
    const unnamed = peers.filter((peer) => !this.#peerIdByNode.has(peer));
    const names = await Promise.all(unnamed.map((peer) => peerIdOf(keys, peer)));
    if (this.#closed) return;
    for (const [i, name] of names.entries()) {
      const peer = unnamed[i];
      if (peer !== undefined) this.#peerIdByNode.set(peer, name);
    }
    for (const peer of unnamed) this.#dialer.dialNow(peer);
    for (const peer of this.#peerIdByNode.keys()) {
      if (!this.#peers.includes(peer)) this.#peerIdByNode.delete(peer);
    }
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.setTimer(LINK_TICK_MS, () => {
      for (const link of this.#linkByPeer.values()) link.tick();
      if (!this.#closed) this.#tick();
    });
  }

  readonly #receive = (event: MessageEvent): void => {
    const message = event.data as FromPage;
    switch (message.type) {
      case 'server':
        this.#onServer(message.state);
        return;
      case 'incoming':
        this.#onIncoming(message.key, message.peerId);
        return;
      case 'channel':
        this.#onChannel(message);
        return;
      case 'fingerprints':
        this.#attemptByKey.get(message.key)?.onFingerprints(message);
        return;
      case 'closed':
        this.#onConnectionClosed(message.key);
        return;
    }
  };

  /** Nothing but a channel can fail to arrive; its dial runs out of time, and the next is relayed. */
  readonly #onUnreceivable = (): void => this.#post({ type: 'unmovable' });

  #onServer(state: SignallingState): void {
    if (this.#signalling === state) return;
    this.#signalling = state;
    this.#options.onSignalling?.(state);
    if (state === 'connected') this.#dialer.dialAll();
  }

  #onIncoming(key: string, peerId: string): void {
    const pending = [...this.#attemptByKey.values()].filter((other) => other.dialled === null);
    if (this.#isolated || this.#keys === null || pending.length >= MAX_PENDING_HANDSHAKES) {
      this.#post({ type: 'close', key });
      return;
    }
    this.#attempt(this.#keys, key, peerId, null);
  }

  #onChannel(message: FromPage & { type: 'channel' }): void {
    const { channel, bulkChannel } = message;
    const bulk = bulkChannel === null ? null : new MovedChannel(bulkChannel);
    const wrapped =
      message.carrier === 'page'
        ? new RelayedChannel(channel as MessagePort)
        : new MovedChannel(channel as RTCDataChannel);
    const attempt = this.#attemptByKey.get(message.key);
    if (attempt !== undefined) {
      attempt.onChannel(wrapped, bulk);
      return;
    }
    wrapped.close();
    bulk?.close();
  }

  #onConnectionClosed(key: string): void {
    this.#attemptByKey.get(key)?.fail();
    for (const link of this.#linkByPeer.values()) {
      if (link.key === key) this.#drop(link);
    }
  }

  #mayDial(peer: NodeId): boolean {
    const peerId = this.#peerIdByNode.get(peer);
    if (peerId === undefined || this.#linkByPeer.has(peer)) return false;
    if (this.#isolated || this.#closed || this.#signalling !== 'connected') return false;
    // What is on its way in from that peer may make a dial needless; when it ends, see `lost`.
    return ![...this.#attemptByKey.values()].some(
      (attempt) => !attempt.ended && attempt.peerId === peerId,
    );
  }

  #dial(peer: NodeId): void {
    const peerId = this.#peerIdByNode.get(peer);
    if (peerId === undefined || this.#keys === null) return;
    const key = `d${this.#nextDialNumber}`;
    this.#nextDialNumber += 1;
    this.#counters.add('dials');
    this.#attempt(this.#keys, key, peerId, peer);
    this.#post({ type: 'dial', key, peerId });
  }

  #attempt(keys: ClusterKeys, key: string, peerId: string, dialled: NodeId | null): void {
    const { nodeId: self, clock } = this.#options;
    const incarnation = this.#incarnation;
    const attempt = new Attempt({
      key,
      peerId,
      clock,
      handshake: { keys, self, incarnation, dialled, policy: this.#policy },
      onOpened: () => this.#post({ type: 'opened', key }),
      onOutcome: (outcome) => this.#onOutcome(attempt, outcome),
      onReleased: () => this.#forget(key),
    });
    this.#attemptByKey.set(key, attempt);
  }

  #forget(key: string): void {
    this.#attemptByKey.delete(key);
    this.#post({ type: 'close', key });
  }

  #onOutcome(attempt: Attempt, outcome: AttemptOutcome): void {
    if (outcome.type === 'authenticated') {
      this.#attemptByKey.delete(attempt.key);
      this.#adopt(attempt, outcome.identity);
      return;
    }
    if (outcome.type === 'refused') {
      const where = outcome.by === 'here' ? 'refusedHere' : 'refusedThere';
      this.#counters.add(`${where}.${outcome.reason}`);
    } else {
      this.#counters.add('dialsFailed');
    }
    const peer = attempt.dialled ?? this.#nodeAt(attempt.peerId);
    if (peer !== null && !this.#linkByPeer.has(peer)) this.#dialer.lost(peer);
  }

  #nodeAt(peerId: string): NodeId | null {
    for (const [node, name] of this.#peerIdByNode) if (name === peerId) return node;
    return null;
  }

  #objection(identity: Identity): RefusalReason | null {
    const { peer, incarnation, initiator } = identity;
    if (this.#isolated || this.#closed) return 'closing';
    const current = this.#linkByPeer.get(peer)?.identity;
    if (current === undefined) {
      if (this.#linkByPeer.size >= MAX_LINKS) return 'busy';
    } else if (!supersedes(identity, current)) {
      return 'duplicate';
    }
    // A link came up while this end was dialling, so its own dial has become needless.
    if (initiator !== peer) return current?.incarnation === incarnation ? 'duplicate' : null;
    // The other end will keep this end's dial rather than its own, as soon as it has heard of both.
    for (const { confirmed } of this.#attemptByKey.values()) {
      if (confirmed?.peer !== peer || confirmed.incarnation !== incarnation) continue;
      if (!supersedes(identity, confirmed)) return 'duplicate';
    }
    return null;
  }

  #adopt(attempt: Attempt, identity: Identity): void {
    const { peer } = identity;
    const { channel, bulkChannel, key } = attempt;
    const current = this.#linkByPeer.get(peer);
    const unwanted = current !== undefined && !supersedes(identity, current.identity);
    if (channel === null || unwanted || this.#isolated) {
      channel?.close();
      bulkChannel?.close();
      this.#post({ type: 'close', key });
      return;
    }
    if (current !== undefined) this.#drop(current);
    const { nodeId: self, clock, onMessage, onLinkChanged } = this.#options;
    const link = new Link({
      key,
      self,
      identity,
      channel,
      bulkChannel,
      counters: this.#counters,
      onMessage,
      onBroken: () => this.#drop(link),
      later: (callback) => void clock.setTimer(0, callback),
    });
    this.#linkByPeer.set(peer, link);
    this.#history.note(peer, identity.incarnation, identity.generation);
    this.#counters.add('linksUp');
    this.#post({ type: 'adopted', key });
    this.#dialer.linked(peer);
    for (const other of this.#attemptByKey.values()) {
      if (other.peerId === attempt.peerId && !other.begun) other.abort();
    }
    onLinkChanged(peer, true);
  }

  /** TR4: the loss is reported before anything else can become of this peer. */
  #drop(link: Link): void {
    if (this.#linkByPeer.get(link.peer) !== link) return;
    this.#linkByPeer.delete(link.peer);
    link.close();
    this.#counters.add('linksDown');
    this.#post({ type: 'close', key: link.key });
    this.#dialer.lost(link.peer);
    if (!this.#closed) this.#options.onLinkChanged(link.peer, false);
  }

  #dropEverything(): void {
    for (const attempt of this.#attemptByKey.values()) attempt.abort();
    for (const link of this.#linkByPeer.values()) this.#drop(link);
  }

  #post(message: FromMesh): void {
    this.#options.port.postMessage(message, []);
  }
}
