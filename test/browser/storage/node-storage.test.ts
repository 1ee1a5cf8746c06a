/**
 * Founding, identities and amnesia in a browser: workers stand for tabs, and are killed at the
 * worst moments.
 */

import { describe, expect, test } from 'vitest';

import type { NodeId } from '../../../src/raft/types.ts';
import {
  JOURNAL_FILES,
  logDatabase,
  nodeDirectory,
  nodeLock,
  registryDatabase,
} from '../../../src/storage/names.ts';
import {
  effectOf,
  foundingRecord,
  nodeId,
  noop,
  record,
  wholeRecord,
} from '../../storage/records.ts';
import { loseLog, openAndKill, openNode, placeIn } from './node-tabs.ts';
import {
  changeFile,
  deleteDatabase,
  listNames,
  makeDirectories,
  newRoot,
  StorageProcess,
} from './storage-process.ts';
import type { ShownNode } from './storage-worker.ts';

const INVITE = {
  clusterId: 'invitedaaaaaaaaa',
  secret: 'the secret in the link',
  members: [nodeId('membermembermemb')],
  token: 'the token in the link',
};
const { token: inviteToken, ...TOLD } = INVITE;
/** As it is registered. */
const KNOWN = { ...TOLD, inviteToken };

async function someoneWaitsFor(root: string, { cluster, nodeId }: ShownNode): Promise<void> {
  const name = nodeLock(root, { clusterId: cluster.clusterId, nodeId });
  await expect
    .poll(async () => (await navigator.locks.query()).pending?.map((lock) => lock.name))
    .toContain(name);
}

describe('founding', () => {
  test('the first page founds, and the next ones join what it founded', async () => {
    const root = newRoot();
    const one = await openNode(placeIn(root));
    const two = await openNode(placeIn(root));
    expect(one.node.founded).toBe(true);
    expect(one.node.log).toEqual(effectOf([foundingRecord(one.node.nodeId)]));
    expect(one.node.sqliteDirectory).toBe(
      `/${root}/${one.node.cluster.clusterId}/${one.node.nodeId}/sqlite`,
    );
    expect(two.node.founded).toBe(false);
    expect(two.node.log).toEqual(effectOf([]));
    expect(two.node.cluster).toMatchObject({
      clusterId: one.node.cluster.clusterId,
      secret: one.node.cluster.secret,
      members: [one.node.nodeId],
    });
    expect(two.node.nodeId).not.toBe(one.node.nodeId);
    one.process.kill();
    two.process.kill();
  });

  test('pages that open a fresh origin at the same instant get one cluster', async () => {
    for (let round = 0; round < 3; round += 1) {
      const root = newRoot();
      const tabs = await Promise.all([1, 2, 3].map(() => openNode(placeIn(root))));
      expect(new Set(tabs.map(({ node }) => node.cluster.clusterId)).size).toBe(1);
      expect(new Set(tabs.map(({ node }) => node.nodeId)).size).toBe(3);
      expect(tabs.filter(({ node }) => node.founded)).toHaveLength(1);
      const [tab] = tabs;
      const registry = await tab?.process.call('readRegistry', root);
      expect(registry?.clusters).toHaveLength(1);
      expect(registry?.clusters[0]).toMatchObject({ isDefault: true, founding: null });
      for (const { process } of tabs) process.kill();
    }
  });

  test('a founder that dies before its log is made is succeeded under its own id', async () => {
    const root = newRoot();
    const founder = new StorageProcess();
    const claim = await founder.call('claimOnly', placeIn(root));
    expect(claim).toMatchObject({ founding: true, logCreated: false });

    // While it lives nobody else founds.
    const joiner = await openNode(placeIn(root));
    expect(joiner.node.founded).toBe(false);
    expect(joiner.node.nodeId).not.toBe(claim.nodeId);
    await founder.killed();

    // Whoever comes next takes it up, even if it had an identity of its own before.
    await joiner.process.killed();
    const heir = await openNode(placeIn(root, joiner.node.nodeId));
    expect(heir.node).toMatchObject({ founded: true, nodeId: claim.nodeId });
    expect(heir.node.log).toEqual(effectOf([foundingRecord(claim.nodeId)]));
    const registry = await heir.process.call('readRegistry', root);
    expect(registry.clusters.map(({ founding }) => founding)).toEqual([null]);
    heir.process.kill();
  });

  test('a founder that dies before its log is marked goes on with the same log', async () => {
    const root = newRoot();
    const founder = new StorageProcess();
    const claim = await founder.call('makeLogOnly', placeIn(root));
    await founder.killed();
    const heir = await openAndKill(placeIn(root, claim.nodeId));
    expect(heir).toMatchObject({ nodeId: claim.nodeId, founded: true, repaired: 'none' });
    expect(heir.log).toEqual(effectOf([foundingRecord(claim.nodeId)]));
    expect((await openAndKill(placeIn(root))).founded).toBe(false);
  });

  test('a node directory without a registry forbids founding, and a link helps', async () => {
    const root = newRoot();
    await makeDirectories([root, 'someclusteraaaaa', 'somenodeaaaaaaaa']);
    const tab = new StorageProcess();
    await expect(tab.call('openNode', placeIn(root))).rejects.toThrow(/^StorageLost: .*invite/);
    expect((await tab.call('readRegistry', root)).clusters).toEqual([]);
    const node = await tab.call('openNode', { ...placeIn(root), invite: INVITE });
    expect(node).toMatchObject({ founded: false, cluster: KNOWN });
    tab.kill();
  });

  test('a cluster this browser does not know is not founded under its name', async () => {
    const root = newRoot();
    const tab = new StorageProcess();
    const unknown = { ...placeIn(root), clusterId: 'unknownaaaaaaaaa' };
    await expect(tab.call('openNode', unknown)).rejects.toThrow(/^StorageLost: .*invite/);
    expect((await tab.call('readRegistry', root)).clusters).toEqual([]);
    tab.kill();
  });
});

describe('invites', () => {
  test('an invited cluster is joined, never founded, and is the default of a fresh origin', async () => {
    const root = newRoot();
    const invited = await openAndKill({ ...placeIn(root), invite: INVITE });
    expect(invited).toMatchObject({ founded: false, cluster: { ...KNOWN, isDefault: true } });
    expect(invited.log).toEqual(effectOf([]));
    const later = await openAndKill(placeIn(root));
    expect(later.cluster).toMatchObject(KNOWN);
    expect(later.nodeId).toBe(invited.nodeId);
  });

  test('an invited cluster stands beside the one of this origin', async () => {
    const root = newRoot();
    const own = await openAndKill(placeIn(root));
    const invited = await openAndKill({ ...placeIn(root), invite: INVITE });
    expect(invited.cluster).toMatchObject({ ...KNOWN, isDefault: false });
    expect((await openAndKill(placeIn(root))).nodeId).toBe(own.nodeId);
    const again = await openAndKill({ ...placeIn(root), clusterId: INVITE.clusterId });
    expect(again.nodeId).toBe(invited.nodeId);
  });

  test('a wrong key is replaced by the next link, until a node here is a member', async () => {
    const root = newRoot();
    const wrong = { ...INVITE, secret: 'wrong' };
    const { nodeId: mine } = await openAndKill({ ...placeIn(root), invite: wrong });
    const right = await openAndKill({ ...placeIn(root), invite: INVITE });
    expect(right.cluster.secret).toBe(INVITE.secret);

    const tab = new StorageProcess();
    await tab.call('rememberMembers', root, INVITE.clusterId, {
      members: [mine, ...INVITE.members],
    });
    await expect(tab.call('openNode', { ...placeIn(root), invite: wrong })).rejects.toThrow(
      /^InvalidInvite: /,
    );
    const node = await tab.call('openNode', { ...placeIn(root), invite: INVITE });
    expect(node.cluster.secret).toBe(INVITE.secret);
    tab.kill();
  });

  test('the latest token is kept until a node here is a member', async () => {
    const root = newRoot();
    await openAndKill({ ...placeIn(root), invite: INVITE });
    const renewed = { ...INVITE, token: 'another token' };
    const { cluster, nodeId: mine } = await openAndKill({ ...placeIn(root), invite: renewed });
    expect(cluster.inviteToken).toBe('another token');
    const tab = new StorageProcess();
    const memberKeys = { [mine]: 'a key' };
    for (const belongs of [false, true]) {
      const known = { members: [mine], memberKeys, belongs };
      await tab.call('rememberMembers', root, INVITE.clusterId, known);
      const { clusters } = await tab.call('readRegistry', root);
      expect(clusters[0]).toMatchObject({
        memberKeys,
        inviteToken: belongs ? null : 'another token',
      });
    }
    tab.kill();
  });

  test('an identity of an older version gets a key when it is used', async () => {
    const root = newRoot();
    const tab = new StorageProcess();
    const node = await tab.call('openNode', placeIn(root));
    await tab.call('closeNode');
    await tab.call('forgetKeys', root);
    const again = await tab.call('openNode', placeIn(root));
    expect(again.nodeId).toBe(node.nodeId);
    const { clusters } = await tab.call('readRegistry', root);
    expect(clusters[0]?.identities[0]?.key?.privateKey).toMatch(/^private /);
    tab.kill();
  });

  test('a link adds whom to dial', async () => {
    const root = newRoot();
    await openAndKill({ ...placeIn(root), invite: INVITE });
    const other = nodeId('othermemberother');
    const node = await openAndKill({ ...placeIn(root), invite: { ...INVITE, members: [other] } });
    expect(node.cluster.members).toEqual([other, ...INVITE.members]);
  });
});

describe('identities', () => {
  test('a reload waits for its own identity while its former self goes away', async () => {
    const root = newRoot();
    const before = await openNode(placeIn(root));
    const reopening = openNode(placeIn(root, before.node.nodeId));
    await someoneWaitsFor(root, before.node);
    before.process.kill();
    const after = await reopening;
    expect(after.node.nodeId).toBe(before.node.nodeId);
    expect(after.node).toMatchObject({ founded: false, repaired: 'none' });
    after.process.kill();
  });

  test('an identity that is retired while it is waited for is not taken', async () => {
    const root = newRoot();
    const one = await openNode(placeIn(root));
    const waiting = openNode(placeIn(root, one.node.nodeId));
    await someoneWaitsFor(root, one.node);
    const next = await one.process.call('replaceNode', placeIn(root), 'SQLite is ahead.');
    const two = await waiting;
    expect([one.node.nodeId, next.nodeId]).not.toContain(two.node.nodeId);
    one.process.kill();
    two.process.kill();
  });

  test('a duplicated tab gets another identity', async () => {
    const root = newRoot();
    const one = await openNode(placeIn(root));
    const copy = await openNode(placeIn(root, one.node.nodeId));
    expect(copy.node.nodeId).not.toBe(one.node.nodeId);
    one.process.kill();
    copy.process.kill();
  });

  test('free identities are taken again, the oldest first', async () => {
    const root = newRoot();
    const tabs = [];
    for (let i = 0; i < 3; i += 1) tabs.push(await openNode(placeIn(root)));
    const ids = tabs.map(({ node }) => node.nodeId);
    for (const { process } of tabs) await process.call('closeNode');
    for (const id of ids) {
      const again = await openNode(placeIn(root));
      expect(again.node.nodeId).toBe(id);
      tabs.push(again);
    }
    for (const { process } of tabs) process.kill();
  });

  test('an identity that is not known here is not taken', async () => {
    const root = newRoot();
    await openAndKill(placeIn(root));
    const stranger = nodeId('strangerstranger');
    expect((await openAndKill(placeIn(root, stranger))).nodeId).not.toBe(stranger);
  });
});

describe('amnesia', () => {
  test('a node whose logs are both gone comes back under a new id, and never again as itself', async () => {
    const root = newRoot();
    const before = await openAndKill(placeIn(root));
    await loseLog(root, before);
    const after = await openNode(placeIn(root, before.nodeId));
    expect(after.node.nodeId).not.toBe(before.nodeId);
    expect(after.node).toMatchObject({ founded: false, replacedNodeId: before.nodeId });
    expect(after.node.log).toEqual(effectOf([]));
    expect(after.node.cluster.clusterId).toBe(before.cluster.clusterId);

    const other = await openNode(placeIn(root, before.nodeId));
    expect([before.nodeId, after.node.nodeId]).not.toContain(other.node.nodeId);
    after.process.kill();
    const again = await openAndKill(placeIn(root, after.node.nodeId));
    expect(again).toMatchObject({ nodeId: after.node.nodeId, replacedNodeId: before.nodeId });
    const registry = await other.process.call('readRegistry', root);
    expect(registry.clusters[0]?.identities[0]).toMatchObject({
      nodeId: before.nodeId,
      retired: { replacedBy: after.node.nodeId },
    });
    other.process.kill();
  });

  test('a node whose state machine is ahead of its log is replaced on the spot', async () => {
    const root = newRoot();
    const { process, node } = await openNode(placeIn(root));
    const next = await process.call('replaceNode', placeIn(root), 'SQLite is ahead.');
    expect(next.nodeId).not.toBe(node.nodeId);
    expect(next).toMatchObject({ founded: false, replacedNodeId: node.nodeId });
    const lockOf = (id: NodeId): string => {
      return nodeLock(root, { clusterId: node.cluster.clusterId, nodeId: id });
    };
    const held = async () => (await navigator.locks.query()).held?.map((lock) => lock.name);
    await expect.poll(held).not.toContain(lockOf(node.nodeId));
    expect(await held()).toContain(lockOf(next.nodeId));
    const [answer] = await process.call('append', [record(2, [noop(1, 2)])]);
    expect(answer?.error).toBeNull();
    await process.killed();
    const again = await openAndKill(placeIn(root, node.nodeId));
    expect(again.nodeId).toBe(next.nodeId);
    expect(again.log).toEqual(effectOf([record(2, [noop(1, 2)])]));
  });

  test('one lost copy is no amnesia', async () => {
    const root = newRoot();
    const before = await openAndKill(placeIn(root));
    const { clusterId } = before.cluster;
    await deleteDatabase(logDatabase(root, { clusterId, nodeId: before.nodeId }));
    const after = await openAndKill(placeIn(root));
    expect(after).toMatchObject({ nodeId: before.nodeId, repaired: 'indexeddb' });
    expect(after.log).toEqual(before.log);
  });

  test('all of IndexedDB wiped, as Chromium does it: identity and log are there', async () => {
    const root = newRoot();
    const before = await openAndKill(placeIn(root));
    const { clusterId } = before.cluster;
    await deleteDatabase(logDatabase(root, { clusterId, nodeId: before.nodeId }));
    await deleteDatabase(registryDatabase(root));
    const tab = new StorageProcess();
    await tab.call('pretendWipe', 'database was corrupt');
    const after = await tab.call('openNode', placeIn(root));
    expect(after).toMatchObject({ nodeId: before.nodeId, repaired: 'indexeddb' });
    expect([before.wiped, after.wiped]).toEqual([null, 'database was corrupt']);
    tab.kill();
  });

  test('a corrupt log of which nobody else is known is left as it is, under its own id', async () => {
    const root = newRoot();
    const before = await openAndKill(placeIn(root));
    const identity = { clusterId: before.cluster.clusterId, nodeId: before.nodeId };
    await deleteDatabase(logDatabase(root, identity));
    const [name] = JOURNAL_FILES;
    await changeFile(nodeDirectory(root, identity), name, (bytes) => bytes.fill(1, 60, 61));
    const tab = new StorageProcess();
    await expect(tab.call('openNode', placeIn(root))).rejects.toThrow(/^Corrupt: /);
    const registry = await tab.call('readRegistry', root);
    expect(registry.clusters[0]?.identities).toMatchObject([
      { nodeId: before.nodeId, retired: null },
    ]);
    // Nothing is held: the same is said again, and not that it is in use.
    await expect(tab.call('openNode', placeIn(root))).rejects.toThrow(/^Corrupt: /);
    tab.kill();
    expect(await listNames(nodeDirectory(root, identity))).toEqual([...JOURNAL_FILES]);
  });
});

test('the profile has one id, whichever node and cluster, and keeps it', async () => {
  const root = newRoot();
  const tabs = await Promise.all([1, 2].map(() => openNode(placeIn(root))));
  const invited = await openAndKill({ ...placeIn(root), invite: INVITE });
  for (const { process } of tabs) process.kill();
  await deleteDatabase(registryDatabase(root));
  const later = await openAndKill(placeIn(root));
  const ids = [...tabs.map(({ node }) => node), invited, later].map(({ profileId }) => profileId);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[a-z2-7]{16}$/);
  expect((await openAndKill(placeIn(newRoot()))).profileId).not.toBe(ids[0]);
});

test('the database file that counts is the one the last whole record names', async () => {
  const root = newRoot();
  const { process, node } = await openNode(placeIn(root));
  expect(node.databaseFile).toBe(0);
  const whole = wholeRecord(5, 2, [noop(6, 2)]);
  const [answer] = await process.call('append', [whole]);
  expect(answer?.error).toBeNull();
  await process.killed();
  const again = await openAndKill(placeIn(root));
  expect(again).toMatchObject({ nodeId: node.nodeId, databaseFile: whole.snapshot?.state.file });
  expect(again.log).toEqual(effectOf([whole]));
});
