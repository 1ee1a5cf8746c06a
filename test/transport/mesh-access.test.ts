/** Rules TR6 and TR7: what the mesh lets pass, and which links it keeps, as the configuration changes. */

import { describe, expect, test } from 'vitest';

import type { JoinRequest, NodeMessage } from '../../src/node/messages.ts';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { Access, Configuration, LogIndex, NodeId } from '../../src/raft/types.ts';
import { inviteOf, newInviteToken } from '../../src/transport/invite-token.ts';
import { configurationOf, keyPair, keyPairOf } from './keys.ts';
import { CLUSTER, idOf, type TestNode, World } from './mesh-world.ts';

const SECOND = 1_000;
const [A, B, N] = [idOf('a'), idOf('b'), idOf('n')];

function asks(from: TestNode, to: NodeId, changes: Partial<JoinRequest> = {}): JoinRequest {
  const admission = { type: 'voucher', by: A } as const;
  const { nodeId } = from;
  const request = { type: 'join-request', from: nodeId, to, nodeId } as const;
  return { ...request, profileId: '', key: 'made up', admission, ...changes };
}

function notice(from: TestNode, to: NodeId): NodeMessage {
  return { type: 'removed', from: from.nodeId, to, configurationIndex: 7 as LogIndex };
}

/** `a` is a member; `other` has dialled it. */
async function linkedWith(
  other: Parameters<World['add']>[1],
  configuration: Configuration,
): Promise<{ world: World; a: TestNode; n: TestNode }> {
  const world = new World();
  const a = world.add('a', { configuration });
  const n = world.add('n', other);
  n.mesh.setPeers([A]);
  await world.until(() => a.linked === 'n' && n.linked === 'a', SECOND, 'a link');
  return { world, a, n };
}

function access(a: TestNode, configuration: Configuration, index: number): void {
  a.mesh.setAccess(configuration, index as LogIndex);
}

async function openInvite(): Promise<{ inviteToken: string; invites: Access['invites'] }> {
  const inviteToken = newInviteToken();
  const invite = await inviteOf(CLUSTER, inviteToken);
  const record = { ...invite, createdAtMs: 0, expiresAtMs: null, usesLeft: null };
  return { inviteToken, invites: [record] };
}

describe('TR6', () => {
  test('an invited node may ask to join and nothing else, as what it proved to be', async () => {
    const { inviteToken, invites } = await openInvite();
    const joiner = { credentials: { inviteToken }, configuration: EMPTY_CONFIGURATION };
    const { world, a, n } = await linkedWith(joiner, configurationOf([A, B], { invites }));
    n.mesh.send(notice(n, A));
    n.mesh.send(asks(n, A, { nodeId: B }));
    n.mesh.send(asks(n, A));
    await world.run(10);
    const [invite] = invites;
    const admission = { type: 'invite', inviteId: invite?.id };
    expect(a.received).toEqual([asks(n, A, { key: keyPairOf(N).publicKey, admission } as object)]);
    expect(a.counter('droppedUninvited')).toBe(2);

    a.received.splice(0);
    const { keys } = configurationOf([N]).access;
    const joined = configurationOf([A, B]);
    const learners = [N];
    const known = { ...joined.access, keys: { ...joined.access.keys, ...keys } };
    access(a, { ...joined, learners, access: known }, 2);
    n.mesh.send(notice(n, A));
    n.mesh.send(asks(n, A));
    await world.run(10);
    const proved = { key: keyPairOf(N).publicKey, admission: { type: 'none' } } as const;
    expect(a.received).toEqual([notice(n, A), asks(n, A, proved)]);
    expect(a.events).toEqual(['+n']);
  });

  test('one that a sibling vouches for says what it likes, but asks as what it proved', async () => {
    const siblings = [{ nodeId: B, key: keyPairOf(B) }];
    const { world, a, n } = await linkedWith(
      { credentials: { siblings } },
      configurationOf([A, B]),
    );
    n.mesh.send(notice(n, A));
    n.mesh.send(asks(n, A, { admission: { type: 'invite', inviteId: 'i'.repeat(16) } }));
    await world.run(10);
    const proved = { key: keyPairOf(N).publicKey, admission: { type: 'voucher', by: B } } as const;
    expect(a.received).toEqual([notice(n, A), asks(n, A, proved)]);
  });

  test('a request that a member passes on stays as it is', async () => {
    const { world, a, n } = await linkedWith({}, configurationOf([A, N]));
    n.mesh.send(asks(n, A, { nodeId: B }));
    await world.run(10);
    expect(a.received).toEqual([asks(n, A, { nodeId: B })]);
  });
});

describe('TR7', () => {
  test('the link of a member that is removed is broken at once, and not made again', async () => {
    const { world, a, n } = await linkedWith({}, configurationOf([A, B, N]));
    access(a, configurationOf([A, B], { removed: [N] }), 2);
    expect(a.events).toEqual(['+n', '-n']);
    await world.run(10 * SECOND);
    expect(n.linked).toBe('');
    expect(a.counter('linksBarred')).toBe(1);
    expect(a.counter('refusedHere.removed')).toBeGreaterThan(0);
  });

  test('so is that of an invited node whose invite is revoked', async () => {
    const { inviteToken, invites } = await openInvite();
    const joiner = { credentials: { inviteToken }, configuration: EMPTY_CONFIGURATION };
    const { world, a, n } = await linkedWith(joiner, configurationOf([A, B], { invites }));
    access(a, configurationOf([A, B]), 2);
    await world.run(10 * SECOND);
    expect([a.events, n.linked]).toEqual([['+n', '-n'], '']);
    expect(a.counter('refusedHere.invite')).toBeGreaterThan(0);
  });

  test('and of one whose key turns out to be another', async () => {
    const keyless = configurationOf([A, B, N]);
    const known = configurationOf([A, B, N], {
      keys: { ...keyless.access.keys, [N]: keyPair().publicKey },
    });
    const { a } = await linkedWith({}, { ...keyless, access: { ...keyless.access, keys: {} } });
    access(a, known, 2);
    expect(a.events).toEqual(['+n', '-n']);
  });

  test('a link stays while the configurations of a log that is caught up know nothing of it', async () => {
    const { world, a, n } = await linkedWith({}, configurationOf([A, N]));
    access(a, configurationOf([B]), 2);
    access(a, EMPTY_CONFIGURATION, 2);
    n.mesh.send(notice(n, A));
    await world.run(SECOND);
    expect([a.events, a.received]).toEqual([['+n'], [notice(n, A)]]);
  });

  test('a refusal is believed of a member alone, and told in its name', async () => {
    const world = new World();
    const n = world.add('n', { configuration: configurationOf([A, N]) });
    await world.run(10);
    const refusal = { reason: 'removed', nodeId: A, configurationIndex: 9 as LogIndex } as const;
    const { publicKey } = keyPairOf(A);
    n.post({ type: 'refused', refusal: { ...refusal, key: keyPair().publicKey } });
    n.post({ type: 'refused', refusal: { ...refusal, nodeId: B, key: keyPairOf(B).publicKey } });
    await world.run(10);
    expect([n.received, n.mesh.status().refusal]).toEqual([[], null]);
    n.post({ type: 'refused', refusal: { ...refusal, key: publicKey } });
    await world.run(10);
    expect(n.received).toEqual([{ type: 'removed', from: A, to: N, configurationIndex: 9 }]);
    expect(n.mesh.status().refusal).toBe('removed');
    expect(n.counter('offersRefusedThere.removed')).toBe(3);
  });

  test('that its invite is not open any more is told until there is a link', async () => {
    const world = new World();
    const a = world.add('a');
    const n = world.add('n');
    await world.run(10);
    const refusal = { reason: 'invite', nodeId: A, key: keyPairOf(A).publicKey } as const;
    n.post({ type: 'refused', refusal: { ...refusal, configurationIndex: 9 as LogIndex } });
    n.post({ type: 'tally', counts: { stranger: 3, malformed: 1_200 } });
    await world.run(10);
    expect(n.mesh.status().refusal).toBe('invite');
    expect([n.counter('offersRefused.stranger'), n.counter('offersRefused.malformed')]).toEqual([
      3, 1_200,
    ]);
    n.mesh.setPeers([A]);
    await world.until(() => a.linked === 'n' && n.linked === 'a', SECOND, 'a link');
    expect(n.mesh.status().refusal).toBeNull();
  });
});
