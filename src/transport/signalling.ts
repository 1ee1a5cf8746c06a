/**
 * The page's part of the transport: finds other nodes through a PeerJS server, makes connections to
 * them, and moves each data channel to the node worker, which decides everything else. Runs on the
 * main thread, because RTCPeerConnection exists there alone; PeerJS is loaded when it is first needed,
 * so that this module can be imported anywhere.
 *
 * Nobody outside this machine is asked for anything by default: no STUN or TURN server is used unless
 * `iceServers` names one.
 */

import type * as PeerJs from 'peerjs';

import {
  MAX_PENDING_HANDSHAKES,
  OFFER_EXPIRY_MS,
  SIGNALLING_BACKOFF_MAX_MS,
} from '../node/limits.ts';
import type { SignallingSettings } from '../node/signalling-settings.ts';
import { AccessRule } from './access-rule.ts';
import { watchConnection } from './connection-watch.ts';
import type { Credentials } from './credentials.ts';
import { fingerprintsOf } from './fingerprints.ts';
import { movedConnectionClass, SERIALIZATION, type PeerJsParts } from './moved-connection.ts';
import { watchNetwork } from './network-watch.ts';
import { OfferGate } from './offer-gate.ts';
import { proveOffer } from './offer-proof.ts';
import { OfferTally } from './offer-tally.ts';
import { relay } from './relay.ts';
import { serverAddress } from './server-address.ts';
import { ServerLink } from './server-link.ts';
import type { FromMesh, FromPage, PagePort } from './signalling-protocol.ts';

/** Where the PeerJS server is; by default on the page's own origin. */
export interface SignallingOptions extends SignallingSettings {
  /** Keep the channels on the page and relay their bytes, as where an engine cannot move them. */
  readonly relayChannels?: boolean;
}

export interface Signalling {
  /** Goes over to another server, or other ICE servers; links live on, what is being dialled does not. */
  use(settings: SignallingSettings): void;
  /** Closes every connection and leaves the server. */
  close(): void;
}

/** Serves the mesh at the other end of `port`. */
export function startSignalling(port: PagePort, options: SignallingOptions = {}): Signalling {
  return new PageSignalling(port, options);
}

const LABEL = 'resqlite';
/** By this number both ends know the channel for snapshots; far from those that engines give. */
export const BULK_CHANNEL_ID = 100;

interface Connection {
  readonly key: string;
  readonly peerId: string;
  readonly connectionId: string;
  readonly inbound: boolean;
  readonly startedAtMs: number;
  /** Null until PeerJS has made it. */
  connection: PeerJs.DataConnection | null;
  moved: boolean;
  opened: boolean;
  adopted: boolean;
  unwatch: () => void;
}

/** What the mesh said when it began to listen. */
interface Listening {
  readonly peerId: string;
  readonly offerProof: CryptoKey;
  readonly rule: AccessRule;
  credentials: Credentials;
}

class PageSignalling implements Signalling {
  readonly #port: PagePort;
  #settings: SignallingSettings;
  readonly #connectionByKey = new Map<string, Connection>();
  #relayChannels: boolean;
  #listening: Listening | null = null;
  #server: ServerLink | null = null;
  /** Makes a link to the server that the settings name; null until the mesh said who listens. */
  #linkServer: (() => ServerLink) | null = null;
  /** Left servers, through whose PeerJS connections were made that live on. */
  readonly #leftServers: ServerLink[] = [];
  readonly #unwatchNetwork: () => void;
  #nextInboundNumber = 1;
  #closed = false;

  constructor(port: PagePort, options: SignallingOptions) {
    this.#port = port;
    this.#settings = options;
    this.#relayChannels = options.relayChannels ?? false;
    port.addEventListener('message', this.#receive);
    port.start();
    this.#unwatchNetwork = watchNetwork(() => {
      this.#retryNow();
      this.#post({ type: 'network-changed' });
    });
    addEventListener('visibilitychange', this.#retryNow);
    addEventListener('pagehide', this.#leave);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.removeEventListener('message', this.#receive);
    this.#unwatchNetwork();
    removeEventListener('visibilitychange', this.#retryNow);
    removeEventListener('pagehide', this.#leave);
    this.#leave();
    for (const server of this.#leftServers) server.stop();
    this.#server?.stop();
  }

  use(settings: SignallingSettings): void {
    this.#settings = settings;
    if (this.#closed || this.#linkServer === null) return;
    for (const connection of this.#connectionByKey.values()) {
      if (!connection.opened) this.#end(connection);
    }
    if (this.#server !== null) {
      this.#server.leave();
      this.#leftServers.push(this.#server);
      this.#post({ type: 'server', state: 'disconnected' });
    }
    this.#server = this.#linkServer();
    this.#server.start();
  }

  readonly #retryNow = (): void => this.#server?.retryNow();

  /** Ends every connection, so that the other ends learn of it at once and not by silence. */
  readonly #leave = (): void => {
    for (const connection of this.#connectionByKey.values()) this.#end(connection);
  };

  readonly #receive = (event: MessageEvent): void => {
    const message = event.data as FromMesh;
    switch (message.type) {
      case 'listen':
        void this.#listen(message);
        return;
      case 'access':
        if (this.#listening === null) return;
        this.#listening.rule.beliefs = message.beliefs;
        this.#listening.credentials = message.credentials;
        return;
      case 'dial':
        void this.#dial(message.key, message.peerId);
        return;
      case 'opened':
        void this.#onOpened(message.key);
        return;
      case 'adopted': {
        const connection = this.#connectionByKey.get(message.key);
        if (connection !== undefined) connection.adopted = true;
        return;
      }
      case 'close':
        this.#onClose(message.key);
        return;
      case 'unmovable':
        this.#relayChannels = true;
        return;
      case 'end':
        this.close();
        return;
    }
  };

  async #listen(message: FromMesh & { type: 'listen' }): Promise<void> {
    const { clusterId, peerId, token, offerProof, credentials, beliefs } = message;
    const rule = new AccessRule(clusterId, () => Date.now());
    rule.beliefs = beliefs;
    this.#listening = { peerId, offerProof, rule, credentials };
    const peerJs = await loadPeerJs();
    if (this.#closed) return;
    const connectionClass = movedConnectionClass(peerJs, {
      onChannel: (connection, channel) => this.#onChannel(connection, channel),
      onClosed: (connection) => this.#onConnectionClosed(connection),
    });
    const gate = this.#gate(this.#listening);
    this.#linkServer = () => {
      const options: PeerJs.PeerJSOption & Pick<PeerJs.PeerOptions, 'serializers'> = {
        ...serverAddress(this.#settings, location),
        token,
        config: { iceServers: iceServersOf(this.#settings) },
        serializers: { [SERIALIZATION]: connectionClass },
      };
      return new ServerLink({
        createPeer: () => {
          const peer = new peerJs.Peer(peerId, options);
          peer.on('connection', (made) => this.#onInbound(made));
          return peer;
        },
        onMessage: (received) => void gate.receive(received),
        onState: (state) => this.#post({ type: 'server', state }),
      });
    };
    this.#server = this.#linkServer();
    this.#server.start();
  }

  async #dial(key: string, peerId: string): Promise<void> {
    if (this.#listening === null) return;
    const connectionId = `dc_${crypto.randomUUID().replaceAll('-', '')}`;
    const connection = this.#add({ key, peerId, connectionId, inbound: false });
    const { peerId: from, offerProof, credentials } = this.#listening;
    const offer = { from, to: peerId, connectionId };
    const metadata = await proveOffer(offerProof, credentials, offer);
    if (this.#connectionByKey.get(key) !== connection) return;
    const settings = {
      connectionId,
      label: LABEL,
      metadata,
      reliable: true,
      serialization: SERIALIZATION,
    };
    try {
      connection.connection = this.#server?.peer?.connect(peerId, settings) ?? null;
    } catch {
      // The engine makes no more connections, or PeerJS lost the server in this very turn.
    }
    if (connection.connection === null) this.#end(connection);
  }

  #gate({ peerId: self, offerProof, rule, credentials }: Listening): OfferGate {
    const tally = new OfferTally((counts) => this.#post({ type: 'tally', counts }));
    return new OfferGate({
      self,
      offerProof,
      credentials,
      rule,
      now: () => performance.now(),
      deliver: (delivered) => this.#server?.deliver(delivered),
      answer: (message) => this.#server?.send(message),
      hasConnection: (peer, id) => this.#find(peer, id) !== undefined,
      isUnanswered: (peer, id) => this.#isUnanswered(this.#find(peer, id)),
      hasRoom: () => this.#pendingInbound < MAX_PENDING_HANDSHAKES,
      onOffer: (peer, id) => this.#onOffer(peer, id),
      onOfferRefused: (reason) => tally.add(reason),
      onRefusal: (peer, id, refusal) => {
        const connection = this.#find(peer, id);
        if (connection === undefined || !this.#isUnanswered(connection)) return;
        this.#post({ type: 'refused', refusal });
        this.#end(connection);
      },
      onAway: (peer) => this.#onAway(peer),
      onRefused: () => this.#server?.refused(),
    });
  }

  #isUnanswered(connection: Connection | undefined): boolean {
    return connection !== undefined && !connection.inbound && !connection.opened;
  }

  #onOffer(peerId: string, connectionId: string): void {
    const key = `i${this.#nextInboundNumber}`;
    this.#nextInboundNumber += 1;
    this.#add({ key, peerId, connectionId, inbound: true });
    this.#post({ type: 'incoming', key, peerId });
  }

  /** PeerJS has made a connection for an offer; its channel follows, or never does. */
  #onInbound(made: PeerJs.DataConnection): void {
    const connection = this.#find(made.peer, made.connectionId);
    if (connection === undefined) made.close();
    else connection.connection = made;
  }

  #add(known: Pick<Connection, 'key' | 'peerId' | 'connectionId' | 'inbound'>): Connection {
    const connection: Connection = {
      ...known,
      startedAtMs: performance.now(),
      connection: null,
      moved: false,
      opened: false,
      adopted: false,
      unwatch: () => undefined,
    };
    this.#connectionByKey.set(known.key, connection);
    return connection;
  }

  /** Called while PeerJS makes the connection, or in the turn its channel comes in. */
  #onChannel(made: PeerJs.DataConnection, channel: RTCDataChannel): void {
    const connection = this.#find(made.peer, made.connectionId);
    if (connection === undefined || connection.moved) {
      channel.close();
      return;
    }
    connection.connection = made;
    connection.moved = true;
    connection.unwatch = watchConnection(made.peerConnection, () => this.#end(connection));
    const { key } = connection;
    if (!this.#relayChannels) {
      const bulkChannel = bulkChannelOf(made);
      const both = bulkChannel === null ? [channel] : [channel, bulkChannel];
      try {
        this.#post({ type: 'channel', key, channel, bulkChannel, carrier: 'worker' }, both);
        return;
      } catch {
        this.#relayChannels = true;
        bulkChannel?.close();
      }
    }
    const { port1, port2 } = new MessageChannel();
    relay(channel, port1);
    const relayed = { channel: port2, bulkChannel: null, carrier: 'page' } as const;
    this.#post({ type: 'channel', key, ...relayed }, [port2]);
  }

  async #onOpened(key: string): Promise<void> {
    const connection = this.#connectionByKey.get(key);
    const peerConnection = connection?.connection?.peerConnection;
    if (connection === undefined || !peerConnection) return;
    connection.opened = true;
    const fingerprints = await fingerprintsOf(peerConnection);
    if (this.#connectionByKey.get(key) !== connection) return;
    if (fingerprints === null) this.#end(connection);
    else this.#post({ type: 'fingerprints', key, ...fingerprints });
  }

  #onClose(key: string): void {
    const connection = this.#connectionByKey.get(key);
    if (connection === undefined) return;
    const { startedAtMs, inbound, opened } = connection;
    this.#end(connection);
    const unanswered = !inbound && !opened && performance.now() - startedAtMs > OFFER_EXPIRY_MS;
    if (unanswered) this.#server?.onDialUnanswered(startedAtMs);
  }

  #onConnectionClosed(made: PeerJs.DataConnection): void {
    const connection = this.#find(made.peer, made.connectionId);
    if (connection !== undefined) this.#end(connection);
  }

  #onAway(peerId: string): void {
    for (const connection of this.#connectionByKey.values()) {
      if (connection.peerId === peerId && this.#isUnanswered(connection)) this.#end(connection);
    }
  }

  #end(connection: Connection): void {
    const { key } = connection;
    if (!this.#connectionByKey.delete(key)) return;
    connection.unwatch();
    connection.connection?.close();
    this.#post({ type: 'closed', key });
  }

  #find(peerId: string, connectionId: string): Connection | undefined {
    for (const connection of this.#connectionByKey.values()) {
      if (connection.peerId === peerId && connection.connectionId === connectionId) {
        return connection;
      }
    }
    return undefined;
  }

  get #pendingInbound(): number {
    let pending = 0;
    for (const { inbound, adopted } of this.#connectionByKey.values()) {
      if (inbound && !adopted) pending += 1;
    }
    return pending;
  }

  #post(message: FromPage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/**
 * The second channel of a connection. Both ends make it as they get the first, without telling each
 * other, so a channel that the other end announces is never one of ours.
 */
function bulkChannelOf({ peerConnection }: PeerJs.DataConnection): RTCDataChannel | null {
  try {
    return peerConnection.createDataChannel(LABEL, { negotiated: true, id: BULK_CHANNEL_ID });
  } catch {
    // The engine has no such number left; the link does without.
    return null;
  }
}

/** A page may be offline just when it first needs its signalling. */
async function loadPeerJs(): Promise<PeerJsParts> {
  try {
    // Named here, so that a bundler leaves out the rest.
    const { BufferedConnection, Peer } = await import('peerjs');
    return { BufferedConnection, Peer };
  } catch {
    await new Promise((resolve) => setTimeout(resolve, SIGNALLING_BACKOFF_MAX_MS));
    return loadPeerJs();
  }
}

/** The platform's form of them, which is one that may be changed. */
function iceServersOf({ iceServers = [] }: SignallingSettings): RTCIceServer[] {
  return iceServers.map(({ urls, ...rest }) => ({
    ...rest,
    urls: typeof urls === 'string' ? urls : [...urls],
  }));
}
