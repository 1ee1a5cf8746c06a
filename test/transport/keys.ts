/** Key pairs and credentials for tests that cannot wait for WebCrypto to make them. */

import { generateKeyPairSync } from 'node:crypto';

import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { Access, Configuration, NodeId } from '../../src/raft/types.ts';
import type { CredentialSource } from '../../src/transport/credentials.ts';
import type { KeyPair } from '../../src/transport/node-key.ts';

export function keyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = [Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return {
    publicKey: Buffer.concat(point).toString('base64url'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
  };
}

const pairById = new Map<NodeId, KeyPair>();

/** The same for the same node in all tests of a file. */
export function keyPairOf(nodeId: NodeId): KeyPair {
  const known = pairById.get(nodeId);
  if (known !== undefined) return known;
  const pair = keyPair();
  pairById.set(nodeId, pair);
  return pair;
}

/** Nothing to show but the node's own key. */
export function ownKeyOnly(nodeId: NodeId): CredentialSource {
  return { key: keyPairOf(nodeId), siblings: [], memberKeys: {}, inviteToken: null };
}

/** A configuration of these voters, each known by its key. */
export function configurationOf(
  voters: readonly NodeId[],
  access: Partial<Access> = {},
): Configuration {
  const keys = Object.fromEntries(voters.map((id) => [id, keyPairOf(id).publicKey]));
  return {
    ...EMPTY_CONFIGURATION,
    voters: voters.toSorted(),
    access: { ...EMPTY_CONFIGURATION.access, keys, ...access },
  };
}
