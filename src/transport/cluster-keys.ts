/**
 * What a node derives from the cluster's secret (256 random bits, carried by the invite link). Whoever
 * knows the secret knows where the members are and is listened to; it makes nobody a member.
 *
 * One key for each purpose, so that nothing made for one can serve another: a proof by the
 * connection's initiator, a proof by its responder, the tag of a link's frames, the proof in an
 * offer. They come out of HKDF-SHA256 with the cluster id as salt and the purpose as info (RFC 5869).
 */

import { HMAC } from './hmac.ts';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

export interface ClusterKeys {
  readonly clusterId: string;
  readonly initiatorProof: CryptoKey;
  readonly responderProof: CryptoKey;
  readonly frameTag: CryptoKey;
  /** Goes to the page: by it an offer is told from a stranger's before anything is made for it. */
  readonly offerProof: CryptoKey;
  /** The secret itself, for peer-id.ts. */
  readonly names: CryptoKey;
}

/** Throws `RangeError` where `secret` is not 32 bytes in base64url without padding. */
export function decodeSecret(secret: string): Uint8Array<ArrayBuffer> {
  if (!SECRET.test(secret)) throw new RangeError('a cluster secret is 43 characters of base64url');
  const binary = atob(secret.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export async function deriveClusterKeys(
  secret: Uint8Array<ArrayBuffer>,
  clusterId: string,
): Promise<ClusterKeys> {
  const { subtle } = crypto;
  const names = await subtle.importKey('raw', secret, HMAC, false, ['sign']);
  const root = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const derive = (purpose: string): Promise<CryptoKey> => {
    const info = asciiBytes(`resqlite/1/${purpose}`);
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: asciiBytes(clusterId), info };
    return subtle.deriveKey(hkdf, root, { ...HMAC, length: 256 }, false, ['sign', 'verify']);
  };
  return {
    clusterId,
    initiatorProof: await derive('initiator'),
    responderProof: await derive('responder'),
    frameTag: await derive('frame tag'),
    offerProof: await derive('offer'),
    names,
  };
}

export function asciiBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
