/**
 * Under which name the signalling server knows a node: `resqlite-` and 20 characters of base32 of
 * HMAC-SHA256(secret, "peer" || cluster id || node id). A member that knows a node's id can dial it;
 * a stranger cannot guess where anybody is. The token is made alike, but with the node's private key in
 * place of the secret: by it a restarted tab, and nobody else, takes its own name over from a socket
 * the server still holds open.
 */

import type { NodeId } from '../raft/types.ts';
import { asciiBytes, type ClusterKeys } from './cluster-keys.ts';
import { hmacOf } from './hmac.ts';
import type { NodeKey } from './node-key.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const DERIVED_NAME_LENGTH = 20;
const PEER_ID_PREFIX = 'resqlite-';

export async function peerIdOf(keys: ClusterKeys, nodeId: NodeId): Promise<string> {
  return PEER_ID_PREFIX + (await derivedName(keys.names, `peer${keys.clusterId}${nodeId}`));
}

export function peerTokenOf(
  { names }: NodeKey,
  clusterId: string,
  nodeId: NodeId,
): Promise<string> {
  return derivedName(names, `token${clusterId}${nodeId}`);
}

async function derivedName(key: CryptoKey, message: string): Promise<string> {
  return base32(await hmacOf(key, asciiBytes(message))).slice(0, DERIVED_NAME_LENGTH);
}

/** RFC 4648 base32 in lower case, without padding; only whole characters. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      text += BASE32[(bits >> bitCount) & 31];
    }
    bits &= (1 << bitCount) - 1;
  }
  return text;
}
