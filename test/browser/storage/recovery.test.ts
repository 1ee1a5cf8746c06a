/**
 * A cluster that is given up for a copy of it, on real storage: the locks, which copy goes on, and a
 * recovery that is cut off anywhere.
 */

import { describe, expect, test } from 'vitest';

import type { LoadedLog } from '../../../src/node/ports.ts';
import { recoveredRecord } from '../../../src/node/recovery.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { logDatabase, nodeDirectory, sqliteDirectory } from '../../../src/storage/names.ts';
import type { StoredCluster } from '../../../src/storage/registry-codec.ts';
import { effectOf, foundingRecord, noop, record, wholeRecord } from '../../storage/records.ts';
import { loseLog, openAndKill, openNode, placeIn } from './node-tabs.ts';
import { deleteDatabase, deleteJournal, newRoot, StorageProcess } from './storage-process.ts';
import type { ShownNode } from './storage-worker.ts';

async function clustersOf(root: string): Promise<readonly StoredCluster[]> {
  const reader = new StorageProcess();
  const { clusters } = await reader.call('readRegistry', root);
  reader.kill();
  return clusters;
}

function directoryOf(root: string, { cluster, nodeId }: ShownNode): string {
  return sqliteDirectory(root, { clusterId: cluster.clusterId, nodeId });
}

/** What the first start of the recovered cluster finds, where the old log held that. */
async function recoveredLog(
  root: string,
  nodeId: NodeId,
  old: LoadedLog,
): Promise<LoadedLog | null> {
  const reader = new StorageProcess();
  const { profileId, clusters } = await reader.call('readRegistry', root);
  reader.kill();
  const identity = clusters.at(-1)?.identities.find((each) => each.nodeId === nodeId);
  const key = identity?.key?.publicKey ?? '';
  const first = recoveredRecord(old, { nodeId, profileId: profileId ?? '', key });
  return first === null ? null : effectOf([first]);
}

describe('recovering', () => {
  test('the next start has the log under a new id, and the database where it was', async () => {
    const root = newRoot();
    const { process, node: old } = await openNode(placeIn(root));
    const { clusterId } = old.cluster;
    const whole = wholeRecord(4, 2, [noop(5, 2)]);
    await process.call('append', [record(2, [noop(2, 2)]), whole]);
    const recovered = await process.call('recover', true);
    process.kill();

    const { process: next, node } = await openNode(placeIn(root, old.nodeId));
    expect(node.cluster).toMatchObject({ clusterId: recovered, isDefault: true });
    expect(recovered).not.toBe(clusterId);
    expect(node.cluster.secret).not.toBe(old.cluster.secret);
    expect(node.nodeId).not.toBe(old.nodeId);
    expect(node.sqliteDirectory).toBe(directoryOf(root, old));
    expect(node.databaseFile).toBe(3);
    expect(node.log).toEqual(await recoveredLog(root, node.nodeId, effectOf([whole])));
    await next.call('append', [record(3, [noop(6, 3)])]);
    await next.killed();

    // From then on the old log is not needed, and the old id opens what came of it.
    await loseLog(root, old);
    const again = await openAndKill({ ...placeIn(root), clusterId });
    expect(again).toMatchObject({ nodeId: node.nodeId, sqliteDirectory: node.sqliteDirectory });
    expect(again.log.entries.at(-1)).toEqual(noop(6, 3));
    expect(again.cluster.founding).toBeNull();
  });

  test('cut off before the new log was whole, it is taken up by whoever comes next', async () => {
    const root = newRoot();
    const { process, node: old } = await openNode(placeIn(root));
    await process.call('append', [wholeRecord(4, 2, [noop(5, 2)])]);
    const clusterId = await process.call('recover', true);
    process.kill();
    const making = new StorageProcess();
    const { nodeId, founding } = await making.call('makeLogOnly', placeIn(root));
    await making.killed();
    expect(founding).toBe(true);
    const identity = { clusterId, nodeId };
    const wanted = await recoveredLog(root, nodeId, effectOf([wholeRecord(4, 2, [noop(5, 2)])]));

    // All of the log but the mark; then only one copy of it; then none.
    const losses = [
      async () => undefined,
      () => deleteDatabase(logDatabase(root, identity)),
      () => deleteJournal(nodeDirectory(root, identity)),
    ];
    for (const lose of losses) {
      await lose();
      const attempt = new StorageProcess();
      expect(await attempt.call('makeLogOnly', placeIn(root))).toMatchObject({ nodeId });
      await attempt.killed();
    }
    await deleteDatabase(logDatabase(root, identity));
    await deleteJournal(nodeDirectory(root, identity));
    const node = await openAndKill(placeIn(root));
    expect(node).toMatchObject({ nodeId, founded: true, log: wanted });
    expect(node.sqliteDirectory).toBe(directoryOf(root, old));
  });

  test('is refused while another tab runs a node of the cluster, which goes on', async () => {
    const root = newRoot();
    const one = await openNode(placeIn(root));
    const two = await openNode(placeIn(root));
    const before = await clustersOf(root);
    await expect(one.process.call('recover', true)).rejects.toThrow(/^Refused: Another tab/);
    expect(await clustersOf(root)).toEqual(before);
    two.process.kill();
    one.process.kill();
  });

  test('the copy that is furthest goes on; one whose database is not sound does not, and is kept', async () => {
    for (const isSound of [true, false]) {
      const root = newRoot();
      const one = await openNode(placeIn(root));
      const two = await openNode(placeIn(root));
      const records = [foundingRecord(one.node.nodeId), record(1, [noop(2, 1)])];
      await two.process.call('append', records);
      await two.process.killed();
      await one.process.call('recover', isSound);
      one.process.kill();
      const [going, given] = isSound ? [two.node, one.node] : [one.node, two.node];
      const { process, node } = await openNode(placeIn(root));
      expect(node.sqliteDirectory).toBe(directoryOf(root, going));
      expect(node.log.entries).toHaveLength(isSound ? 2 : 1);
      await expect
        .poll(async () => {
          const { identities = [] } = (await clustersOf(root))[0] ?? {};
          return [going, given].map(
            ({ nodeId }) => identities.find((each) => each.nodeId === nodeId)?.retired?.files,
          );
        })
        .toEqual(['kept', isSound ? 'deleted' : 'kept']);
      process.kill();
    }
  });

  test('files in use are deleted with the node that uses them, not before', async () => {
    const root = newRoot();
    const { process, node: old } = await openNode(placeIn(root));
    await process.call('recover', true);
    process.kill();
    const recovered = await openNode(placeIn(root));
    const members = [recovered.node.nodeId, old.nodeId];
    const { clusterId } = recovered.node.cluster;
    await recovered.process.call('rememberMembers', root, clusterId, { members });
    await recovered.process.killed();
    const filesOf = async (cluster: number): Promise<unknown> =>
      (await clustersOf(root))[cluster]?.identities[0]?.retired?.files;
    expect(await filesOf(0)).toBe('kept');
    await loseLog(root, recovered.node);
    await openAndKill(placeIn(root));
    expect(await filesOf(0)).toBe('kept');
    const { process: later } = await openNode(placeIn(root));
    await expect.poll(() => filesOf(1)).toBe('deleted');
    expect(await filesOf(0)).toBe('unneeded');
    await later.killed();
    const { process: last } = await openNode(placeIn(root));
    await expect.poll(() => filesOf(0)).toBe('deleted');
    last.kill();
  });
});
