/**
 * The connection to the signalling server, kept up: comes back with jittered pauses after it is lost
 * or refused, and never touches the data connections, which live without it (page only).
 *
 * Whether it is up is not simple to tell. The server says `OPEN` to a new client only; to one that
 * takes its own id over from a socket the server still holds open it says nothing. So a socket that is
 * open and has had no error for OPEN_GRACE_MS counts as up. A server that is not there after all, or vanished without closing the
 * socket, is noticed by its silence: a server answers every dial with something (offer-gate.ts), so
 * when a dial ran out of time and nothing at all was heard since it began, the socket is renewed.
 *
 * A shared server must not be hammered: there is one socket a node, no id is ever asked for, and the
 * pauses between tries grow to SIGNALLING_BACKOFF_MAX_MS, each drawn from its upper half, so that the
 * tabs of a cluster do not come back in step. Being refused counts as a failure like any other.
 */

import { SIGNALLING_BACKOFF_MAX_MS, SIGNALLING_BACKOFF_MIN_MS } from '../node/limits.ts';
import type { Peer } from 'peerjs';
import { backoffMs } from './backoff.ts';
import type { SignallingState } from './signalling-protocol.ts';

export interface ServerLinkOptions {
  /** Makes a peer, which connects by itself. May throw. */
  readonly createPeer: () => Peer;
  readonly onMessage: (message: unknown) => void;
  readonly onState: (state: SignallingState) => void;
}

const OPEN_GRACE_MS = 2_000;
/** `WebSocket.OPEN`. */
const OPEN = 1;
/** A host that answers nothing at all would keep a browser waiting for minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

export class ServerLink {
  readonly #options: ServerLinkOptions;
  #peer: Peer | null = null;
  #deliver: ((message: unknown) => void) | null = null;
  #state: SignallingState = 'disconnected';
  #failures = 0;
  #heardAtMs = 0;
  /** Of the pause before the next try. */
  #retryTimer: ReturnType<typeof setTimeout> | null = null;
  #openTimer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
  }

  /** The peer to dial by; null while the server is away. */
  get peer(): Peer | null {
    return this.#state === 'connected' ? this.#peer : null;
  }

  start(): void {
    if (this.#stopped || this.#state === 'unsupported') return;
    try {
      if (this.#peer === null) this.#attach(this.#options.createPeer());
      else this.#peer.reconnect();
      this.#awaitOpen();
    } catch {
      this.#onDown();
    }
  }

  /** Hands a message to PeerJS, as if it came from the server just now. */
  deliver(message: unknown): void {
    this.#deliver?.(message);
  }

  /** Has the server relay a message to another peer; lost where the server is away. */
  send(message: { type: string; dst: string; payload: object }): void {
    this.peer?.socket.send(message);
  }

  /** Tries at once where it was waiting: the machine woke up, or is online again. */
  retryNow(): void {
    if (this.#retryTimer === null) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.start();
  }

  /** The server refused this node. */
  refused(): void {
    this.#peer?.disconnect();
  }

  /** A dial that began then has got no answer of any kind. */
  onDialUnanswered(sinceMs: number): void {
    if (this.#state === 'connected' && this.#heardAtMs < sinceMs) this.#peer?.disconnect();
  }

  /** Leaves the server for good; the connections that came about by it live on until `stop`. */
  leave(): void {
    this.#stopped = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    if (this.#openTimer !== null) clearTimeout(this.#openTimer);
    this.#peer?.disconnect();
  }

  stop(): void {
    this.leave();
    this.#peer?.destroy();
  }

  #attach(peer: Peer): void {
    this.#peer = peer;
    const { socket } = peer;
    const [deliver, ...others] = socket.listeners('message');
    if (deliver === undefined || others.length > 0) {
      throw new Error('PeerJS does not listen to its socket as expected');
    }
    this.#deliver = (message) => deliver.call(socket, message);
    socket.removeAllListeners('message');
    socket.on('message', (message: unknown) => {
      this.#heardAtMs = performance.now();
      this.#options.onMessage(message);
    });
    peer.on('open', () => this.#onUp());
    peer.on('disconnected', () => this.#onDown());
    peer.on('error', (error) => {
      if (error.type === 'browser-incompatible') this.#setState('unsupported');
    });
    peer.on('close', () => {
      if (this.#peer === peer) this.#peer = null;
      this.#onDown();
    });
  }

  #awaitOpen(): void {
    if (this.#openTimer !== null) clearTimeout(this.#openTimer);
    const sinceMs = performance.now();
    const look = (): void => {
      if (isSocketOpen(this.#peer)) this.#onUp();
      else if (performance.now() - sinceMs >= CONNECT_TIMEOUT_MS) this.#peer?.disconnect();
      else this.#openTimer = setTimeout(look, OPEN_GRACE_MS);
    };
    this.#openTimer = setTimeout(look, OPEN_GRACE_MS);
  }

  #onUp(): void {
    if (this.#stopped || this.#retryTimer !== null || this.#state === 'unsupported') return;
    this.#failures = 0;
    this.#setState('connected');
  }

  #onDown(): void {
    if (this.#stopped || this.#state === 'unsupported') return;
    this.#setState('disconnected');
    if (this.#retryTimer !== null) return;
    const pauseMs = backoffMs(
      this.#failures,
      SIGNALLING_BACKOFF_MIN_MS,
      SIGNALLING_BACKOFF_MAX_MS,
      (bound) => Math.floor(Math.random() * bound),
    );
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.start();
    }, pauseMs);
  }

  #setState(state: SignallingState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** PeerJS tells nobody when its socket opens. */
function isSocketOpen(peer: Peer | null): boolean {
  const socket = peer?.socket as unknown as Readonly<Record<string, WebSocket>> | undefined;
  return socket?.['_socket']?.readyState === OPEN;
}
