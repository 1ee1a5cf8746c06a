/**
 * The Transport port over WebRTC data channels: keeps a link with every peer, accepts links from
 * whom the configuration allows, and delivers messages between authenticated nodes. Lives in the node worker; the
 * page makes the connections at its bidding (signalling-protocol.ts) and moves their channels here.
 *
 * Both ends of a pair dial, so that neither depends on the other knowing of it; link-order.ts says
 * which connection is kept where both succeed, and the handshake is refused as early as that is
 * known, so that a link that is up is hardly ever replaced. Links do not need the signalling server:
 * while it is away they live on, and dialling goes on when it is back.
 *
 * Obeys TR1 to TR7; in what order messages go over a link is told in send-queue.ts. Never throws at its
 * callers.
 */

import { MAX_LINKS, MAX_PENDING_HANDSHAKES } from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Clock, Transport } from '../node/ports.ts';
import type { Configuration, LogIndex, NodeId } from '../raft/types.ts';
import { keyIn } from './access-policy.ts';
import { AccessRule } from './access-rule.ts';
import { arrivedChannel } from './arrived-channel.ts';
import { Attempt, type AttemptOutcome } from './attempt.ts';
import { MovedChannel } from './channel.ts';
import { decodeSecret, deriveClusterKeys, type ClusterKeys } from './cluster-keys.ts';
import { Counters } from './counters.ts';
import {
  credentialsOf,
  knownKeys,
  withoutInvite,
  type Credentials,
  type CredentialSource,
} from './credentials.ts';
import { Dialer } from './dialer.ts';
import type { RefusalReason } from './handshake-frames.ts';
import type { HandshakeOutcome, HandshakePolicy, Identity } from './handshake.ts';
import { LinkAccess } from './link-access.ts';
import { LinkHistory, supersedes } from './link-order.ts';
import { Link, LINK_TICK_MS } from './link.ts';
import { LinkFaults } from './link-faults.ts';
import type { OfferRefusal, ToldReason } from './offer-refusal.ts';
import { OFFER_REFUSALS } from './offer-tally.ts';
import type { MeshStatus } from './mesh-status.ts';
import { peerIdOf, peerTokenOf } from './peer-id.ts';
import type { FromMesh, FromPage, SignallingState } from './signalling-protocol.ts';

export interface MeshOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** 32 bytes, base64url. */
  readonly secret: string;
  readonly credentials: CredentialSource;
  /** To `startSignalling` on the page. */
  readonly port: MessagePort;
  readonly clock: Pick<Clock, 'now' | 'wallClock' | 'setTimer' | 'random'>;
  readonly onMessage: (message: NodeMessage) => void;
  readonly onLinkChanged: (peer: NodeId, connected: boolean) => void;
  readonly onSignalling?: (state: SignallingState) => void;
}

type Authenticated = HandshakeOutcome & { readonly type: 'authenticated' };

/** Nodes whose link numbers are remembered. */
const HISTORY_CAPACITY = 16 * MAX_LINKS;

export class Mesh implements Transport {
  /** Made from outside, but for those that `isolate` and `cutLink` make. */
  readonly faults: LinkFaults;
  readonly #options: MeshOptions;
  readonly #incarnation: number;
  readonly #counters = new Counters();
  readonly #history = new LinkHistory(HISTORY_CAPACITY);
  readonly #linkByPeer = new Map<NodeId, Link>();
  readonly #attemptByKey = new Map<string, Attempt>();
  readonly #peerIdByNode = new Map<NodeId, string>();
  readonly #dialer: Dialer;
  readonly #policy: HandshakePolicy;
  readonly #rule: AccessRule;
  readonly #access: LinkAccess;
  /** Who this node is, once everything is derived. */
  #own: { readonly keys: ClusterKeys; readonly credentials: Credentials } | null = null;
  #refusal: ToldReason | null = null;
  #peers: readonly NodeId[] = [];
  #signalling: SignallingState = 'disconnected';
  /** Nodes that this page hosts besides: dialled without a server, too. */
  #localPeerIds: ReadonlySet<string> = new Set();
  #closed = false;
  #nextDialNumber = 1;
  #cancelTick: () => void = () => undefined;

  /** Throws `RangeError` where the secret is malformed. */
  constructor(options: MeshOptions) {
    const { clock, port } = options;
    const secret = decodeSecret(options.secret);
    this.#options = options;
    this.faults = new LinkFaults(clock);
    this.#rule = new AccessRule(options.clusterId, () => clock.wallClock());
    this.#rule.beliefs = { ...this.#rule.beliefs, known: knownKeys(options.credentials) };
    this.#access = new LinkAccess(options.nodeId, this.#rule);
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
    this.#listen(secret).catch(() => this.#counters.add('unusableCredentials'));
    this.#tick();
  }

  setPeers(peers: readonly NodeId[]): void {
    this.#peers = peers.filter((peer) => peer !== this.#options.nodeId);
    this.#dialer.setPeers(this.#peers);
    void this.#namePeers();
  }

  setAccess(configuration: Configuration, committedIndex: LogIndex): void {
    this.#access.setConfiguration(configuration, committedIndex);
    this.#onBeliefsChanged();
  }

  send(message: NodeMessage): void {
    const link = this.#linkByPeer.get(message.to);
    if (link === undefined) this.#counters.add('droppedNoLink');
    else if (!this.faults.send(message, link)) this.#counters.add('droppedNoRoom');
  }

  flush(): void {
    for (const link of this.#linkByPeer.values()) link.flush();
  }

  /** For demonstrations: while on, nothing goes in or out, as if the network were unplugged. */
  isolate(on: boolean): void {
    if (this.faults.isIsolated === on || this.#closed) return;
    this.faults.isIsolated = on;
    if (on) this.#dropEverything();
    else this.#dialer.dialAll();
  }

  /** For demonstrations: while on, this node and `peer` have no link, as if a firewall stood between. */
  cutLink(peer: NodeId, on: boolean): void {
    const { cutPeers } = this.faults;
    if (on) cutPeers.add(peer);
    else if (cutPeers.delete(peer)) this.#dialer.dialNow(peer);
    const link = this.#linkByPeer.get(peer);
    if (on && link !== undefined) this.#drop(link);
  }

  status(): MeshStatus {
    const all = [...this.#linkByPeer.values()];
    const links = all.map((link) => ({
      nodeId: link.peer,
      carrier: link.carrier,
      hasBulkChannel: link.hasBulkChannel,
    }));
    return {
      signalling: this.#signalling,
      isolated: this.faults.isIsolated,
      refusal: this.#refusal,
      links: links.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
      unsent: all.reduce((sum, link) => sum + link.unsent, this.faults.waiting),
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
    this.faults.close();
    this.#post({ type: 'end' });
    this.#options.port.removeEventListener('message', this.#receive);
    this.#options.port.removeEventListener('messageerror', this.#onUnreceivable);
  }

  async #listen(secret: Uint8Array<ArrayBuffer>): Promise<void> {
    const { clusterId, nodeId } = this.#options;
    const keys = await deriveClusterKeys(secret, clusterId);
    const peerId = await peerIdOf(keys, nodeId);
    const credentials = await credentialsOf(clusterId, nodeId, this.#options.credentials);
    const token = await peerTokenOf(credentials.key, clusterId, nodeId);
    if (this.#closed) return;
    this.#own = { keys, credentials };
    this.#access.setInvite(credentials.invite);
    const { offerProof } = keys;
    const access = { credentials: this.#presented(credentials), beliefs: this.#rule.beliefs };
    this.#post({ type: 'listen', clusterId, peerId, token, offerProof, ...access });
    await this.#namePeers();
  }

  /** Finds out under which names the peers are to be dialled, and dials those that are new. */
  async #namePeers(): Promise<void> {
    if (this.#own === null) return;
    const { keys } = this.#own;
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

  /** A member has no use for an invite. */
  #presented(credentials: Credentials): Credentials {
    return this.#rule.beliefs.invite === null ? withoutInvite(credentials) : credentials;
  }

  /** Whom this node believes has changed: the page must know, and some links may have to end. */
  #onBeliefsChanged(): void {
    if (this.#own !== null && !this.#closed) {
      const credentials = this.#presented(this.#own.credentials);
      this.#post({ type: 'access', credentials, beliefs: this.#rule.beliefs });
    }
    for (const peer of this.#access.judgeAgain()) {
      const link = this.#linkByPeer.get(peer);
      if (link === undefined) continue;
      this.#counters.add('linksBarred');
      this.#drop(link);
    }
  }

  #onLinkMessage(message: NodeMessage, link: Link): void {
    // What it may not say counts as little as what comes over a link that was given up.
    if (this.#linkByPeer.get(link.peer) !== link) return;
    const admitted = this.#access.admit(message, link.peer);
    if (admitted === null) this.#counters.add('droppedUninvited');
    else this.#options.onMessage(admitted);
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
      case 'local':
        this.#onLocal(message.peerIds);
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
      case 'refused':
        this.#onOfferRefused(message.refusal);
        return;
      case 'tally':
        for (const reason of OFFER_REFUSALS) {
          this.#counters.add(`offersRefused.${reason}`, message.counts[reason] ?? 0);
        }
        return;
      case 'closed':
        this.#onConnectionClosed(message.key);
        return;
      case 'network-changed':
        this.#dialer.dialAll();
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

  #onLocal(peerIds: readonly string[]): void {
    const known = this.#localPeerIds;
    this.#localPeerIds = new Set(peerIds);
    for (const [peer, peerId] of this.#peerIdByNode) {
      if (this.#localPeerIds.has(peerId) && !known.has(peerId)) this.#dialer.dialNow(peer);
    }
  }

  /**
   * A node that has the cluster's secret says so, or one that was refused would learn nothing. Whether
   * it was removed is believed of a member alone.
   */
  #onOfferRefused({ reason, nodeId, key, configurationIndex }: OfferRefusal): void {
    if (this.#closed) return;
    this.#counters.add(`offersRefusedThere.${reason}`);
    const isByMember = keyIn(this.#rule.beliefs.configuration, nodeId) === key;
    if (reason === 'removed' && !isByMember) return;
    if (this.#linkByPeer.size === 0) this.#refusal = reason;
    if (reason !== 'removed') return;
    const to = this.#options.nodeId;
    this.#options.onMessage({ type: 'removed', from: nodeId, to, configurationIndex });
  }

  #onIncoming(key: string, peerId: string): void {
    const pending = [...this.#attemptByKey.values()].filter((other) => other.dialled === null);
    if (this.faults.isIsolated || this.#own === null || pending.length >= MAX_PENDING_HANDSHAKES) {
      this.#post({ type: 'close', key });
      return;
    }
    // Who dials beside a link suspects it; if it lives, that is better known before the handshake.
    const peer = this.#nodeAt(peerId);
    if (peer !== null) this.#linkByPeer.get(peer)?.ping();
    this.#attempt(this.#own, key, peerId, null);
  }

  #onChannel(message: FromPage & { type: 'channel' }): void {
    const { bulkChannel } = message;
    const bulk = bulkChannel === null ? null : new MovedChannel(bulkChannel);
    const wrapped = arrivedChannel(message);
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
    const link = this.#linkByPeer.get(peer);
    if (peerId === undefined || (link !== undefined && !link.isSuspect)) return false;
    if (this.faults.bars(peer) || this.#closed) return false;
    if (this.#signalling !== 'connected' && !this.#localPeerIds.has(peerId)) return false;
    // What is on its way in from that peer may make a dial needless; when it ends, see `lost`.
    return ![...this.#attemptByKey.values()].some(
      (attempt) => !attempt.ended && attempt.peerId === peerId,
    );
  }

  #dial(peer: NodeId): void {
    const peerId = this.#peerIdByNode.get(peer);
    if (peerId === undefined || this.#own === null) return;
    const key = `d${this.#nextDialNumber}`;
    this.#nextDialNumber += 1;
    this.#counters.add('dials');
    this.#attempt(this.#own, key, peerId, peer);
    this.#post({ type: 'dial', key, peerId });
  }

  #attempt(
    { keys, credentials: all }: { keys: ClusterKeys; credentials: Credentials },
    key: string,
    peerId: string,
    dialled: NodeId | null,
  ): void {
    const { clock } = this.#options;
    const credentials = this.#presented(all);
    const incarnation = this.#incarnation;
    const rule = this.#rule;
    const attempt = new Attempt({
      key,
      peerId,
      clock,
      handshake: { keys, credentials, rule, incarnation, dialled, policy: this.#policy },
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
      this.#adopt(attempt, outcome);
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
    if (this.faults.bars(peer) || this.#closed) return 'closing';
    const link = this.#linkByPeer.get(peer);
    const current = link?.identity;
    if (current === undefined) {
      if (this.#linkByPeer.size >= MAX_LINKS) return 'busy';
    } else if (!supersedes(identity, current)) {
      return 'duplicate';
    }
    // A link came up, or came to life, while this end was dialling: its own dial is needless.
    const isNeedless = current?.incarnation === incarnation && link?.isSuspect === false;
    if (initiator !== peer) return isNeedless ? 'duplicate' : null;
    // The other end will keep this end's dial rather than its own, as soon as it has heard of both.
    for (const { confirmed } of this.#attemptByKey.values()) {
      if (confirmed?.peer !== peer || confirmed.incarnation !== incarnation) continue;
      if (!supersedes(identity, confirmed)) return 'duplicate';
    }
    return null;
  }

  #adopt(attempt: Attempt, { identity, standing }: Authenticated): void {
    const { peer } = identity;
    const { channel, bulkChannel, key } = attempt;
    const current = this.#linkByPeer.get(peer);
    const unwanted = current !== undefined && !supersedes(identity, current.identity);
    if (channel === null || unwanted || this.faults.bars(peer)) {
      channel?.close();
      bulkChannel?.close();
      this.#post({ type: 'close', key });
      return;
    }
    if (current !== undefined) this.#drop(current);
    const { nodeId: self, clock, onLinkChanged } = this.#options;
    const link: Link = new Link({
      key,
      self,
      identity,
      channel,
      bulkChannel,
      counters: this.#counters,
      onMessage: (message) => this.#onLinkMessage(message, link),
      onBroken: () => this.#drop(link),
      onSuspect: () => this.#dialer.dialNow(peer),
      later: (callback) => void clock.setTimer(0, callback),
    });
    this.#linkByPeer.set(peer, link);
    this.#access.linked(peer, standing);
    this.#refusal = null;
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
    this.#access.lost(link.peer);
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
