/** What a tab remembers of its cluster, and how it comes back by it when nothing else is left. */

import { expect, test } from 'vitest';

import { hasMembersElsewhere, keepsakeOf, reborn } from '../../src/storage/keepsake.ts';
import type { NodeStorage } from '../../src/storage/node-storage.ts';
import type { StoredCluster, StoredIdentity } from '../../src/storage/registry-codec.ts';
import { nodeId } from './records.ts';

const [OWN, GONE, NEXT, OTHER] = ['own', 'gone', 'next', 'other'].map(nodeId) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
];
const KEY = { publicKey: 'public', privateKey: 'private' };

function identityOf(id: StoredIdentity['nodeId'], changes: Partial<StoredIdentity> = {}) {
  const fresh = { createdAtMs: 1, key: KEY, logCreated: true, retired: null, recoveredFrom: null };
  return { nodeId: id, ...fresh, ...changes };
}

const RETIRED = { reason: 'lost', replacedBy: OWN, files: 'deleted' } as const;

/** As it was registered before the node that runs had an identity in it. */
const CLUSTER: StoredCluster = {
  clusterId: 'cluster',
  secret: 'secret',
  isDefault: true,
  members: [],
  memberKeys: {},
  inviteToken: 'token',
  founding: null,
  recoveredAs: null,
  identities: [identityOf(GONE, { retired: RETIRED })],
};

const STORAGE = { cluster: CLUSTER, claim: { nodeId: OWN, key: KEY } } as NodeStorage;
const KNOWN = { members: [OWN, OTHER], memberKeys: { [OTHER]: 'its key' } };

test('a lost registry is made again: all ids here are retired with their keys, and one is new', () => {
  const keepsake = keepsakeOf(STORAGE, KNOWN);
  const empty = { profileId: 'profile', clusters: [] };
  const cluster = reborn(empty, keepsake, identityOf(NEXT, { logCreated: false }));
  expect(cluster).toMatchObject({ ...KNOWN, secret: 'secret', isDefault: true, inviteToken: null });
  expect(cluster.identities).toMatchObject([
    { nodeId: GONE, retired: RETIRED },
    { nodeId: OWN, key: KEY, retired: { replacedBy: NEXT, files: 'deleted' } },
    { nodeId: NEXT, retired: null, logCreated: false },
  ]);
});

test('it is not the default one where another cluster is by now', () => {
  const registry = { profileId: 'profile', clusters: [{ ...CLUSTER, clusterId: 'another' }] };
  expect(reborn(registry, keepsakeOf(STORAGE, KNOWN), identityOf(NEXT)).isDefault).toBe(false);
});

test('where all members live in the profile whose data were cleared, nothing is to come back to', () => {
  const profiles = { [OWN]: 'p', [GONE]: 'p', [OTHER]: 'q' };
  expect(hasMembersElsewhere([OWN, GONE], profiles, 'p')).toBe(false);
  expect(hasMembersElsewhere([OWN, OTHER], profiles, 'p')).toBe(true);
});
