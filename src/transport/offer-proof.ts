/**
 * The proof in an offer, by which a page knows a member's offer from a stranger's before it makes an
 * RTCPeerConnection for it: HMAC-SHA256 over both PeerJS ids and the connection's id, under a key
 * derived from the cluster's secret. It opens the door to the handshake and no further.
 */

import { asciiBytes } from './cluster-keys.ts';

const PROOF = /^[0-9a-f]{64}$/;

export interface Offer {
  /** PeerJS ids. */
  readonly from: string;
  readonly to: string;
  readonly connectionId: string;
}

export async function proveOffer(key: CryptoKey, offer: Offer): Promise<string> {
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytesOf(offer)));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function isOfferProved(key: CryptoKey, offer: Offer, proof: string): Promise<boolean> {
  if (!PROOF.test(proof)) return false;
  const mac = new Uint8Array(proof.length / 2);
  for (let i = 0; i < mac.length; i += 1) {
    mac[i] = Number.parseInt(proof.slice(2 * i, 2 * i + 2), 16);
  }
  return crypto.subtle.verify('HMAC', key, mac, bytesOf(offer));
}

/** None of the three can hold a newline: see the patterns in offer-gate.ts. */
function bytesOf(offer: Offer): Uint8Array<ArrayBuffer> {
  return asciiBytes(`offer\n${offer.from}\n${offer.to}\n${offer.connectionId}`);
}
