/** The one change of the registry by which a cluster is given up for a copy of it. */

import { describe, expect, test } from 'vitest';

import { recoverCluster } from '../../src/storage/recovery.ts';
import { formersOf } from '../../src/storage/registry.ts';
import type { Registry, StoredCluster, StoredIdentity } from '../../src/storage/registry-codec.ts';
import { nodeId } from './records.ts';

const ONE = nodeId('oneaaaaaaaaaaaaa');
const TWO = nodeId('twoaaaaaaaaaaaaa');
const GONE = nodeId('goneaaaaaaaaaaaa');
const NEW = nodeId('newaaaaaaaaaaaaa');
const NEWER = nodeId('neweraaaaaaaaaaa');

function identity(id: StoredIdentity['nodeId'], changes: Partial<StoredIdentity> = {}) {
  return {
    nodeId: id,
    createdAtMs: 1,
    key: null,
    logCreated: true,
    retired: null,
    recoveredFrom: null,
    ...changes,
  };
}

function cluster(clusterId: string, changes: Partial<StoredCluster>): StoredCluster {
  return {
    clusterId,
    secret: `secret of ${clusterId}`,
    isDefault: false,
    members: [],
    memberKeys: {},
    inviteToken: null,
    founding: null,
    recoveredAs: null,
    identities: [],
    ...changes,
  };
}

const retired = { reason: 'lost', replacedBy: ONE, files: 'deleted' } as const;
const OLD = cluster('old', {
  isDefault: true,
  members: [ONE, TWO],
  identities: [identity(GONE, { retired }), identity(ONE), identity(TWO)],
});
const OTHER = cluster('other', { identities: [identity(GONE)] });
const REGISTRY: Registry = { profileId: 'profile', clusters: [OLD, OTHER] };
const FRESH = cluster('fresh', {
  members: [NEW],
  founding: NEW,
  identities: [identity(NEW, { logCreated: false })],
});

function recover(
  registry: Registry,
  from: StoredCluster,
  id: StoredIdentity['nodeId'],
  locked: readonly string[],
  { fresh = FRESH, kept = [] }: { fresh?: StoredCluster; kept?: readonly string[] } = {},
): Registry {
  return recoverCluster(
    registry,
    { clusterId: from.clusterId, nodeId: id },
    { locked: new Set(locked), kept: new Set(kept) },
    fresh,
  );
}

describe('recovering a cluster', () => {
  const recovered = recover(REGISTRY, OLD, ONE, [ONE, TWO]);
  const [old, other, fresh] = recovered.clusters;

  test('retires all its identities, and keeps the files of the one that goes on', () => {
    expect(old).toMatchObject({ isDefault: false, recoveredAs: 'fresh', founding: null });
    expect(old?.identities).toMatchObject([
      { nodeId: GONE, retired },
      { nodeId: ONE, retired: { replacedBy: NEW, files: 'kept' } },
      { nodeId: TWO, retired: { replacedBy: NEW, files: 'unneeded' } },
    ]);
    expect(other).toBe(OTHER);
    expect(recovered.profileId).toBe('profile');
  });

  test('keeps the files also of one that may have more, and could not go on', () => {
    const { clusters } = recover(REGISTRY, OLD, ONE, [ONE, TWO], { kept: [TWO] });
    expect(clusters[0]?.identities[2]?.retired?.files).toBe('kept');
  });

  test('is known of all that went on as it, the last first', () => {
    const next = cluster('again', { members: [TWO], identities: [identity(TWO)] });
    const again = recover(recovered, FRESH, NEW, [NEW], { fresh: next });
    expect(formersOf(again, 'again')).toEqual(['fresh', 'old']);
    expect(formersOf(again, 'fresh')).toEqual(['old']);
    expect(formersOf(again, 'old')).toEqual([]);
  });

  test('registers the new one, to be founded by an identity that points at the old one', () => {
    const source = { clusterId: 'old', nodeId: ONE };
    expect(fresh).toEqual({
      ...FRESH,
      isDefault: true,
      identities: [
        identity(NEW, { logCreated: false, recoveredFrom: { log: source, state: source } }),
      ],
    });
  });

  test('once more: the log is the last one, the database is where it always was', () => {
    const founded = {
      ...recovered,
      clusters: recovered.clusters.map((each) =>
        each === fresh ? { ...fresh, founding: null } : each,
      ),
    };
    const second = cluster('second', { members: [NEWER], identities: [identity(NEWER)] });
    const again = recover(founded, FRESH, NEW, [NEW], { fresh: second });
    expect(again.clusters.at(-1)).toMatchObject({
      isDefault: true,
      identities: [
        {
          recoveredFrom: {
            log: { clusterId: 'fresh', nodeId: NEW },
            state: { clusterId: 'old', nodeId: ONE },
          },
        },
      ],
    });
    expect(again.clusters.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  test('is refused where somebody came whose lock is not held', () => {
    expect(() => recover(REGISTRY, OLD, ONE, [ONE])).toThrow(/Another tab/);
  });
});
