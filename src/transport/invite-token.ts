/**
 * What an invite link carries, and what the cluster knows of it: the token, 32 random bytes, is only
 * in the link. From it come the invite's id and the verifier, which stand in the configuration; so
 * whoever reads the log can tell a holder of the token, but members alone can tell each other by it.
 *
 * Derived by HKDF-SHA256 with the cluster id as salt: the invite to one cluster is none to another.
 */

import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { asciiBytes } from './cluster-keys.ts';
import { base32 } from './peer-id.ts';

const TOKEN_BYTES = 32;
const ID_BYTES = 10;
const VERIFIER_BYTES = 32;

/** By what an invite is known: `InviteRecord`. */
export interface InviteSecret {
  readonly id: string;
  readonly verifier: string;
}

export function newInviteToken(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
}

export function isInviteToken(text: string): boolean {
  return decodeBase64url(text)?.length === TOKEN_BYTES;
}

/** Rejects with `RangeError` where the token is none. */
export async function inviteOf(clusterId: string, token: string): Promise<InviteSecret> {
  const bytes = decodeBase64url(token);
  if (bytes === null || bytes.length !== TOKEN_BYTES) throw new RangeError('not an invite token');
  const root = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits']);
  const derive = async (purpose: string, length: number): Promise<Uint8Array> => {
    const info = asciiBytes(`resqlite/1/${purpose}`);
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: asciiBytes(clusterId), info };
    return new Uint8Array(await crypto.subtle.deriveBits(hkdf, root, 8 * length));
  };
  return {
    id: base32(await derive('invite id', ID_BYTES)),
    verifier: encodeBase64url(await derive('invite verifier', VERIFIER_BYTES)),
  };
}
