/**
 * A node's key pair, by which members know each other: ECDSA on P-256, which every engine's WebCrypto
 * has. The public key is the raw point, the private one PKCS #8, both base64url; so they are stored
 * and, the public one alone, sent. A signature is 64 bytes, r and s.
 *
 * Whoever knows a node's private key is that node. It stays in the browser profile it was made in.
 */

import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { HMAC } from './hmac.ts';

export const SIGNATURE_BYTES = 64;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** 65 bytes, of which the first says that the point is not compressed. */
const PUBLIC_KEY = /^B[A-Za-z0-9_-]{86}$/;

/** As it is stored. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Ready for use; can be sent to the page, which cannot read the private key out of it. */
export interface NodeKey {
  readonly publicKey: string;
  readonly signing: CryptoKey;
  /** The private key as the key of an HMAC: for names that nobody else can derive. */
  readonly names: CryptoKey;
}

export async function newKeyPair(): Promise<KeyPair> {
  const { subtle } = crypto;
  const pair = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [publicKey, privateKey] = await Promise.all([
    subtle.exportKey('raw', pair.publicKey),
    subtle.exportKey('pkcs8', pair.privateKey),
  ]);
  return {
    publicKey: encodeBase64url(new Uint8Array(publicKey)),
    privateKey: encodeBase64url(new Uint8Array(privateKey)),
  };
}

/** Rejects where the private key is none. */
export async function importNodeKey({ publicKey, privateKey }: KeyPair): Promise<NodeKey> {
  const bytes = decodeBase64url(privateKey);
  if (bytes === null || !isPublicKey(publicKey)) throw new RangeError('not a key pair');
  const { subtle } = crypto;
  const [signing, names] = await Promise.all([
    subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']),
    subtle.importKey('raw', bytes, HMAC, false, ['sign']),
  ]);
  return { publicKey, signing, names };
}

/** Whether the text has the form of a public key; whether it is a point shows when it is used. */
export function isPublicKey(text: string): boolean {
  return PUBLIC_KEY.test(text);
}

export async function sign(
  { signing }: Pick<NodeKey, 'signing'>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign(SIGNING, signing, bytes));
}

/** False also where the key is none: both come from elsewhere. */
export async function isSignedBy(
  publicKey: string,
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array,
): Promise<boolean> {
  const raw = isPublicKey(publicKey) ? decodeBase64url(publicKey) : null;
  if (raw === null) return false;
  try {
    const key = await crypto.subtle.importKey('raw', raw, ALGORITHM, false, ['verify']);
    return await crypto.subtle.verify(SIGNING, key, new Uint8Array(signature), bytes);
  } catch {
    // The point is not on the curve.
    return false;
  }
}
