/**
 * Links between nodes of one page, which need no signalling server and no network. Lives on the page,
 * between each mesh and its signalling: knows which nodes this page hosts, tells every mesh, and when
 * one dials another of them gives both the two ends of a message channel (port-channel.ts). Whatever
 * else a mesh and its signalling say passes through untouched, in the turn it came.
 *
 * There is no DTLS beneath such a channel and nobody who could sit in the middle of it, so both ends
 * are told fingerprints of zeros. Who is at the other end is proved by the handshake all the same.
 */

import type { FromMesh, FromPage, PagePort } from './signalling-protocol.ts';

/** What a fingerprint by SHA-256 takes. */
const FINGERPRINT_BYTES = 32;

/** Serves the mesh at the other end of the port, as `startSignalling` does. */
type StartSignalling = (port: PagePort) => { close(): void };

/** The other end of a connection. */
interface FarEnd {
  readonly port: LocalPort;
  readonly key: string;
}

export class LocalLinks {
  readonly #portByPeerId = new Map<string, LocalPort>();
  #nextNumber = 1;

  /** The same signalling, for nodes of this page that shall find each other without it, too. */
  beside(start: StartSignalling): (port: MessagePort) => { close(): void } {
    return (port) => {
      const local = new LocalPort(port, this);
      const signalling = start(local);
      local.start();
      return {
        close: () => {
          signalling.close();
          local.close();
        },
      };
    };
  }

  /** A node came; one of the same name is of an earlier life and is gone. */
  add(peerId: string, port: LocalPort): void {
    const former = this.#portByPeerId.get(peerId);
    if (former === port) return;
    this.#portByPeerId.set(peerId, port);
    former?.close();
    this.#tell();
  }

  remove(peerId: string, port: LocalPort): void {
    if (this.#portByPeerId.get(peerId) !== port) return;
    this.#portByPeerId.delete(peerId);
    this.#tell();
  }

  /** False: this page hosts no such node. */
  connect(near: LocalPort, key: string, from: string, peerId: string): boolean {
    const far = this.#portByPeerId.get(peerId);
    if (far === undefined || far === near) return false;
    const farKey = `l${this.#nextNumber}`;
    this.#nextNumber += 1;
    const { port1, port2 } = new MessageChannel();
    far.incoming(farKey, from, port2, { port: near, key });
    near.dialled(key, port1, { port: far, key: farKey });
    return true;
  }

  #tell(): void {
    for (const [own, port] of this.#portByPeerId) {
      const peerIds = [...this.#portByPeerId.keys()].filter((peerId) => peerId !== own);
      port.tell({ type: 'local', peerIds });
    }
  }
}

/** What signalling takes for the port to its mesh. */
class LocalPort implements PagePort {
  readonly #port: MessagePort;
  readonly #links: LocalLinks;
  readonly #farByKey = new Map<string, FarEnd>();
  readonly #listeners = new Set<(event: MessageEvent) => void>();
  #peerId: string | null = null;
  #closed = false;

  constructor(port: MessagePort, links: LocalLinks) {
    this.#port = port;
    this.#links = links;
    port.addEventListener('message', (event) => {
      if (this.#takes(event.data as FromMesh)) return;
      for (const listener of this.#listeners) listener(event);
    });
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#port.postMessage(message, transfer);
  }

  addEventListener(_type: 'message', listener: (event: MessageEvent) => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'message', listener: (event: MessageEvent) => void): void {
    this.#listeners.delete(listener);
  }

  start(): void {
    this.#port.start();
  }

  tell(message: FromPage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  dialled(key: string, channel: MessagePort, far: FarEnd): void {
    this.#farByKey.set(key, far);
    this.tell({ type: 'channel', key, channel, bulkChannel: null, carrier: 'local' }, [channel]);
  }

  incoming(key: string, peerId: string, channel: MessagePort, far: FarEnd): void {
    this.tell({ type: 'incoming', key, peerId });
    this.dialled(key, channel, far);
  }

  /** The other end is gone. */
  ended(key: string): void {
    if (this.#farByKey.delete(key)) this.tell({ type: 'closed', key });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const key of this.#farByKey.keys()) this.#end(key);
    if (this.#peerId !== null) this.#links.remove(this.#peerId, this);
  }

  /** Whether the message was for this file, and for nobody else. */
  #takes(message: FromMesh): boolean {
    if (this.#closed) return false;
    switch (message.type) {
      case 'listen':
        this.#peerId = message.peerId;
        this.#links.add(message.peerId, this);
        return false;
      case 'dial':
        if (this.#peerId === null) return false;
        return this.#links.connect(this, message.key, this.#peerId, message.peerId);
      case 'opened': {
        const { key } = message;
        if (!this.#farByKey.has(key)) return false;
        const zeros = new Uint8Array(FINGERPRINT_BYTES);
        this.tell({ type: 'fingerprints', key, local: zeros, remote: zeros });
        return true;
      }
      case 'adopted':
        return this.#farByKey.has(message.key);
      case 'close':
        return this.#end(message.key);
      case 'end':
        this.close();
        return false;
      default:
        return false;
    }
  }

  #end(key: string): boolean {
    const far = this.#farByKey.get(key);
    if (far === undefined) return false;
    this.#farByKey.delete(key);
    far.port.ended(far.key);
    return true;
  }
}
