/**
 * Stands between the signalling server and PeerJS, and lets through only what comes from nodes that may
 * have a link (access-policy.ts) and PeerJS can digest (page only).
 *
 * Anybody who learns a node's PeerJS id can send it messages. PeerJS makes an RTCPeerConnection for
 * every offer (after some hundreds the browser makes no more, and the tab is cut off for good), throws
 * on offers without a payload or with an unknown serialization, stores messages for connections it
 * does not have without bound, closes healthy connections when the server says that a peer has left
 * it, and destroys itself with all its connections when the server reports an error early. So:
 *
 * - an offer passes only with exactly the shape ours have, with a proof (offer-proof.ts) of a node that
 *   may have a link, and while there is room; what PeerJS gets is a copy with nothing else in it;
 * - without the cluster's secret nobody is answered; who has it, but was removed or comes by an invite
 *   that is not open, is told so (offer-refusal.ts), and not too often;
 * - answers and candidates pass only for connections there are;
 * - `LEAVE` and `EXPIRE` end dials that have got no answer, and nothing else;
 * - the server's errors are the server link's business.
 *
 * Peers' messages are judged one after the other, so that candidates do not overtake the offer they
 * belong to.
 */

import {
  ANSWERED_REFUSALS_BURST,
  ANSWERED_REFUSALS_PER_S,
  JUDGED_OFFERS_BURST,
  JUDGED_OFFERS_PER_S,
} from '../node/limits.ts';
import type { AccessRefusal } from './access-policy.ts';
import type { AccessRule } from './access-rule.ts';
import { Budget } from './budget.ts';
import type { Credentials } from './credentials.ts';
import {
  hasSecret,
  isInvited,
  isOwn,
  readOfferProof,
  type Offer,
  type OfferProof,
} from './offer-proof.ts';
import { readRefusal, refuseOffer, type OfferRefusal, type ToldReason } from './offer-refusal.ts';
import type { OfferRefusalReason } from './offer-tally.ts';

export interface OfferGateOptions {
  /** This node's PeerJS id. */
  readonly self: string;
  readonly offerProof: CryptoKey;
  /** By which refusals are signed. */
  readonly credentials: Credentials;
  readonly rule: AccessRule;
  /** Monotonic. */
  readonly now: () => number;
  readonly onOfferRefused: (reason: OfferRefusalReason) => void;
  /** Has the signalling server relay a message. */
  readonly answer: (message: { type: 'ANSWER'; dst: string; payload: object }) => void;
  /** An offer of this node was refused by a node that knows the cluster. */
  readonly onRefusal: (peerId: string, connectionId: string, refusal: OfferRefusal) => void;
  /** Hands a message to PeerJS. */
  readonly deliver: (message: unknown) => void;
  readonly hasConnection: (peerId: string, connectionId: string) => boolean;
  /** Whether that is one this node dialled and that has got no answer. */
  readonly isUnanswered: (peerId: string, connectionId: string) => boolean;
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
  readonly #judged: Budget;
  readonly #answered: Budget;

  constructor(options: OfferGateOptions) {
    this.#options = options;
    const nowMs = options.now();
    this.#judged = new Budget(JUDGED_OFFERS_BURST, JUDGED_OFFERS_PER_S, nowMs);
    this.#answered = new Budget(ANSWERED_REFUSALS_BURST, ANSWERED_REFUSALS_PER_S, nowMs);
  }

  /** Resolves when the message has been judged; never rejects for what is in it. */
  async receive(message: unknown): Promise<void> {
    const fields = fieldsOf(message);
    if (this.#judgeServersOwn(fields)) return;
    if (this.#waiting >= MAX_WAITING) {
      if (fields['type'] === 'OFFER') this.#options.onOfferRefused('busy');
      return;
    }
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
    if (!matches(src, PEER_ID)) {
      if (type === 'OFFER') this.#options.onOfferRefused('malformed');
    } else if (type === 'OFFER') await this.#judgeOffer(src, fieldsOf(payload));
    else if (type === 'ANSWER' && 'refusal' in fieldsOf(payload)) {
      await this.#readRefusal(src, fieldsOf(payload));
    } else if (type === 'ANSWER' || type === 'CANDIDATE') {
      this.#pass(type, src, fieldsOf(payload));
    }
  }

  async #judgeOffer(src: string, payload: Fields): Promise<void> {
    const { self, deliver, hasConnection, hasRoom, onOffer, onOfferRefused } = this.#options;
    const { connectionId, metadata, serialization, reliable } = payload;
    const sdp = sdpOf(payload['sdp'], 'offer');
    const isData = payload['type'] === 'data' && serialization === 'raw' && reliable === true;
    const isKnownForm = isData && sdp !== null && matches(connectionId, CONNECTION_ID);
    const proof = typeof metadata === 'string' ? readOfferProof(metadata) : null;
    if (!isKnownForm || proof === null) {
      onOfferRefused('malformed');
      return;
    }
    const offer = { from: src, to: self, connectionId };
    const refusal = await this.#objection(offer, proof);
    if (refusal !== null) {
      onOfferRefused(refusal);
      return;
    }
    if (hasConnection(src, connectionId)) return;
    if (!hasRoom()) {
      onOfferRefused('busy');
      return;
    }
    onOffer(src, connectionId);
    const copy = { type: 'data', connectionId, sdp, serialization, reliable };
    deliver({ type: 'OFFER', src, payload: copy });
  }

  /** What speaks against the sender; tells it where it may know. Cheap questions are asked first. */
  async #objection(offer: Offer, proof: OfferProof): Promise<OfferRefusalReason | null> {
    const { offerProof, credentials, rule, now } = this.#options;
    if (!(await hasSecret(offerProof, offer, proof))) return 'stranger';
    if (!this.#judged.take(now())) return 'busy';
    const { nodeId, claims } = proof;
    if (nodeId === credentials.nodeId || !(await isOwn(offer, proof))) return 'key';
    const voucherBy = await rule.voucherBy(nodeId, claims);
    // Who holds the invite by which this node itself wants in can show it in the handshake alone.
    const invite = (await isInvited(offer, proof, rule)) || rule.beliefs.invite !== null;
    const verdict = rule.judge(nodeId, claims, { voucherBy, invite });
    if (verdict.type !== 'refused') return null;
    const told = toldReason(verdict.reason);
    if (told !== null && this.#answered.take(now())) await this.#refuse(offer, told);
    return verdict.reason;
  }

  async #refuse(offer: Offer, reason: ToldReason): Promise<void> {
    const { offerProof, credentials, rule, answer } = this.#options;
    const { committedIndex } = rule.beliefs;
    const refusal = await refuseOffer(offerProof, credentials, offer, reason, committedIndex);
    const payload = { type: 'data', connectionId: offer.connectionId, refusal };
    answer({ type: 'ANSWER', dst: offer.from, payload });
  }

  async #readRefusal(src: string, { connectionId, refusal: text }: Fields): Promise<void> {
    const { self, offerProof, isUnanswered, onRefusal } = this.#options;
    if (typeof text !== 'string' || !matches(connectionId, CONNECTION_ID)) return;
    if (!isUnanswered(src, connectionId)) return;
    const offer = { from: self, to: src, connectionId };
    const refusal = await readRefusal(offerProof, offer, text);
    if (refusal !== null) onRefusal(src, connectionId, refusal);
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

/** One without an invite that nobody knows needs one, too. Whoever comes by another's name is not told. */
function toldReason(reason: AccessRefusal): ToldReason | null {
  switch (reason) {
    case 'removed':
      return 'removed';
    case 'invite':
    case 'stranger':
      return 'invite';
    case 'key':
      return null;
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
