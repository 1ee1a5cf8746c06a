/**
 * Stands between the signalling server and PeerJS, and lets through only what a member sent and PeerJS
 * can digest (page only).
 *
 * Anybody who learns a node's PeerJS id can send it messages. PeerJS makes an RTCPeerConnection for
 * every offer (after some hundreds the browser makes no more, and the tab is cut off for good), throws
 * on offers without a payload or with an unknown serialization, stores messages for connections it
 * does not have without bound, closes healthy connections when the server says that a peer has left
 * it, and destroys itself with all its connections when the server reports an error early. So:
 *
 * - an offer passes only with exactly the shape ours have and a member's proof (offer-proof.ts), and
 *   while there is room; what PeerJS gets is a copy with nothing else in it;
 * - answers and candidates pass only for connections there are;
 * - `LEAVE` and `EXPIRE` end dials that have got no answer, and nothing else;
 * - the server's errors are the server link's business.
 *
 * Peers' messages are judged one after the other, so that candidates do not overtake the offer they
 * belong to.
 */

import { isOfferProved } from './offer-proof.ts';

export interface OfferGateOptions {
  /** This node's PeerJS id. */
  readonly self: string;
  readonly offerProof: CryptoKey;
  /** Hands a message to PeerJS. */
  readonly deliver: (message: unknown) => void;
  readonly hasConnection: (peerId: string, connectionId: string) => boolean;
  readonly hasRoom: () => boolean;
  /** A member's offer is about to be delivered. */
  readonly onOffer: (peerId: string, connectionId: string) => void;
  /** The server could not reach `peerId`. */
  readonly onAway: (peerId: string) => void;
  /** The server does not let this node in (its id is taken, or it is full). */
  readonly onRefused: () => void;
}

/** Messages that wait to be judged; a flood beyond is dropped. */
const MAX_WAITING = 512;
const MAX_SDP_CHARACTERS = 64 * 1024;
const PEER_ID = /^[A-Za-z0-9-]{1,64}$/;
const CONNECTION_ID = /^[A-Za-z0-9_]{1,64}$/;

type Fields = Readonly<Record<string, unknown>>;

export class OfferGate {
  readonly #options: OfferGateOptions;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: OfferGateOptions) {
    this.#options = options;
  }

  /** Resolves when the message has been judged; never rejects for what is in it. */
  async receive(message: unknown): Promise<void> {
    const fields = fieldsOf(message);
    if (this.#judgeServersOwn(fields) || this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    const previous = this.#turn;
    this.#turn = this.#judgeNext(previous, fields);
    await this.#turn;
  }

  async #judgeNext(previous: Promise<void>, message: Fields): Promise<void> {
    await previous;
    try {
      await this.#judge(message);
    } catch {
      // PeerJS threw (the engine makes no more connections); the mesh's time limit ends the attempt.
    } finally {
      this.#waiting -= 1;
    }
  }

  /** What the server itself has to say waits for nobody. */
  #judgeServersOwn({ type, src }: Fields): boolean {
    const { deliver, onAway, onRefused } = this.#options;
    switch (type) {
      case 'OPEN':
        deliver({ type });
        return true;
      case 'ERROR':
      case 'ID-TAKEN':
      case 'INVALID-KEY':
        onRefused();
        return true;
      case 'LEAVE':
      case 'EXPIRE':
        if (matches(src, PEER_ID)) onAway(src);
        return true;
      default:
        return false;
    }
  }

  async #judge({ type, src, payload }: Fields): Promise<void> {
    if (!matches(src, PEER_ID)) return;
    if (type === 'OFFER') await this.#judgeOffer(src, fieldsOf(payload));
    else if (type === 'ANSWER' || type === 'CANDIDATE') this.#pass(type, src, fieldsOf(payload));
  }

  async #judgeOffer(from: string, payload: Fields): Promise<void> {
    const { self, offerProof, deliver, hasConnection, hasRoom, onOffer } = this.#options;
    const { connectionId, metadata, serialization, reliable } = payload;
    const sdp = sdpOf(payload['sdp'], 'offer');
    if (payload['type'] !== 'data' || serialization !== 'raw' || reliable !== true) return;
    if (sdp === null || !matches(connectionId, CONNECTION_ID)) return;
    if (typeof metadata !== 'string') return;
    const offer = { from, to: self, connectionId };
    if (!(await isOfferProved(offerProof, offer, metadata))) return;
    if (hasConnection(from, connectionId) || !hasRoom()) return;
    onOffer(from, connectionId);
    const copy = { type: 'data', connectionId, sdp, serialization, reliable };
    deliver({ type: 'OFFER', src: from, payload: copy });
  }

  #pass(type: 'ANSWER' | 'CANDIDATE', src: string, payload: Fields): void {
    const { deliver, hasConnection } = this.#options;
    const { connectionId } = payload;
    if (!matches(connectionId, CONNECTION_ID) || !hasConnection(src, connectionId)) return;
    if (type === 'CANDIDATE') {
      const candidate = fieldsOf(payload['candidate']);
      deliver({ type, src, payload: { type: 'data', connectionId, candidate } });
      return;
    }
    const sdp = sdpOf(payload['sdp'], 'answer');
    if (sdp !== null) deliver({ type, src, payload: { type: 'data', connectionId, sdp } });
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function sdpOf(value: unknown, type: 'offer' | 'answer'): RTCSessionDescriptionInit | null {
  const { type: found, sdp } = fieldsOf(value);
  if (found !== type || typeof sdp !== 'string' || sdp.length > MAX_SDP_CHARACTERS) return null;
  return { type, sdp };
}
