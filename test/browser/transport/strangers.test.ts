/** Who may not have a link gets none, in a real browser, over a real signalling server. */

import { beforeAll, describe, expect, test } from 'vitest';

import { EMPTY_CONFIGURATION } from '../../../src/raft/configuration.ts';
import type { LogIndex } from '../../../src/raft/types.ts';
import { decodeSecret, deriveClusterKeys } from '../../../src/transport/cluster-keys.ts';
import { credentialsOf } from '../../../src/transport/credentials.ts';
import { inviteOf, newInviteToken } from '../../../src/transport/invite-token.ts';
import { newKeyPair, type KeyPair } from '../../../src/transport/node-key.ts';
import { proveOffer } from '../../../src/transport/offer-proof.ts';
import { peerIdOf } from '../../../src/transport/peer-id.ts';
import {
  BOUND_MS,
  ClusterBench,
  exchange,
  randomId,
  randomSecret,
  showing,
  untilTrue,
} from './cluster.ts';
import { liveConnections, madeConnections } from './connections.ts';
import type { WorkerReport } from './mesh-worker.ts';
import { Stranger } from './stranger.ts';
import { noteUncaught } from './uncaught.ts';

const bench = new ClusterBench();
/** Nobody's. */
let strangeKey: KeyPair;

beforeAll(async () => {
  strangeKey = await newKeyPair();
});

function refusedOffers({ counters }: WorkerReport['mesh']): number {
  const counts = Object.entries(counters).filter(([name]) => name.startsWith('offersRefused.'));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

describe('strangers', { timeout: BOUND_MS }, () => {
  test('one with another secret does not even find a member', async () => {
    const a = bench.newCluster().add();
    const stranger = bench.cluster.add({ secret: randomSecret() });
    stranger.setPeers(a);
    a.setPeers(stranger);
    await stranger.until((report) => (report.mesh.counters['dials'] ?? 0) > 0, 'a dial');
    await stranger.until((report) => (report.mesh.counters['dialsFailed'] ?? 0) > 0, 'a failure');
    const report = await a.report();
    expect([report.events, report.mesh.counters['messagesIn']]).toEqual([[], 0]);
  });

  test('one whose offer passes but who has another secret is refused by the handshake', async () => {
    const a = bench.newCluster().add();
    const keys = await deriveClusterKeys(
      decodeSecret(bench.cluster.secret),
      bench.cluster.clusterId,
    );
    const aPeerId = await peerIdOf(keys, a.nodeId);
    const stranger = bench.cluster.add({
      secret: randomSecret(),
      alter: (message) => {
        if (message.type === 'dial') return { ...message, peerId: aPeerId };
        return message.type === 'listen' ? { ...message, offerProof: keys.offerProof } : message;
      },
    });
    await a.until((report) => report.mesh.signalling === 'connected', 'the server');
    stranger.setPeers(a);
    const refused = await stranger.until(
      (report) => (report.mesh.counters['refusedHere.proof'] ?? 0) > 0,
      'a refusal',
    );
    const report = await a.report();
    expect([report.events, refused.events]).toEqual([[], []]);
    expect(report.mesh.counters['messagesOut']).toBe(0);
  });

  test('1,200 offers of every bad kind make no connection, throw nothing, and harm nobody', async () => {
    const uncaught = noteUncaught();
    const [a, b] = await bench.newCluster().pair();
    const { peerId } = await a.listening;
    await untilTrue(() => liveConnections() === 2, 'needless connections to close');
    const before = madeConnections();
    const stranger = await Stranger.connect(bench.server, peerId);
    for (let i = 0; i < 1_200; i += 1) stranger.sendBadOffer(i);
    stranger.sendStrayMessages();
    // What the stranger sent last comes back: the server has passed on all of it.
    await stranger.echo();
    expect(await exchange(a, b, 100, 100)).toBe(0);
    const c = bench.cluster.add();
    c.setPeers(a, b);
    await c.linkedWith(a, b);
    stranger.close();
    expect(uncaught.stop()).toEqual([]);
    // Two for each of the newcomer's links, and none for the stranger.
    expect(madeConnections() - before).toBe(4);
    const report = await a.until(({ mesh }) => refusedOffers(mesh) === 1_200, 'the tally');
    expect(report.events).toEqual([`+${b.nodeId}`, `+${c.nodeId}`]);
  });

  test('nobody without a key of a member gets a connection, whatever it shows', async () => {
    const a = bench.newCluster().add();
    const { peerId } = await a.listening;
    const { clusterId, secret } = bench.cluster;
    const { offerProof } = await deriveClusterKeys(decodeSecret(secret), clusterId);
    await a.until((report) => report.mesh.signalling === 'connected', 'the server');
    const stranger = await Stranger.connect(bench.server, peerId);
    const before = madeConnections();
    const [, member] = bench.cluster.members;
    const claimed = [member?.nodeId ?? a.nodeId, randomId()];
    const token = newInviteToken();
    for (const [i, nodeId] of claimed.entries()) {
      const source = { ...showing(strangeKey), inviteToken: i === 0 ? null : token };
      const credentials = await credentialsOf(clusterId, nodeId, source);
      const connectionId = `dc_${i}`;
      const offer = { from: stranger.id, to: peerId, connectionId };
      stranger.sendOffer(connectionId, await proveOffer(offerProof, credentials, offer));
    }
    const report = await a.until(({ mesh }) => refusedOffers(mesh) === 2, 'two refusals');
    expect(report.mesh.counters).toMatchObject({
      'offersRefused.key': 1,
      'offersRefused.invite': 1,
    });
    expect(madeConnections()).toBe(before);
    stranger.close();
  });

  test('silent offers of a member fill their room and no more, and then time out', async () => {
    const a = bench.newCluster().add();
    const { peerId } = await a.listening;
    const { clusterId, secret } = bench.cluster;
    const keys = await deriveClusterKeys(decodeSecret(secret), clusterId);
    const { nodeId, credentials: source } = bench.cluster.next();
    const credentials = await credentialsOf(clusterId, nodeId, source);
    await a.until((report) => report.mesh.signalling === 'connected', 'the server');
    const stranger = await Stranger.connect(bench.server, peerId);
    const before = madeConnections();
    for (let i = 0; i < 40; i += 1) {
      const connectionId = `dc_${i}`;
      const offer = { from: stranger.id, to: peerId, connectionId };
      stranger.sendOffer(connectionId, await proveOffer(keys.offerProof, credentials, offer));
    }
    await stranger.echo();
    await untilTrue(() => madeConnections() - before === 8, 'eight connections');
    await untilTrue(() => liveConnections() === 0, 'their end');
    expect(madeConnections() - before).toBe(8);
    stranger.close();
  });

  test('10,000 frames of garbage over a channel that passed the gate let nobody in', async () => {
    const [a, b] = await bench.newCluster().pair();
    let sent = 0;
    const vandal = bench.cluster.add({
      keepChannel: (channel) => {
        const send = (): void => {
          for (; channel.readyState === 'open' && sent < 10_000; sent += 1) {
            channel.send(crypto.getRandomValues(new Uint8Array(1 + (sent % 300))));
          }
        };
        channel.addEventListener('open', send);
        if (channel.readyState === 'open') send();
      },
    });
    vandal.setPeers(a);
    await untilTrue(() => sent === 10_000, 'all garbage to be sent');
    const ended = ({ mesh }: WorkerReport): boolean => {
      return (
        (mesh.counters['refusedHere.malformed'] ?? 0) + (mesh.counters['dialsFailed'] ?? 0) > 0
      );
    };
    await a.until(ended, 'the end of that connection');
    expect(await exchange(a, b, 100, 100)).toBe(0);
    const report = await a.report();
    expect(report.events).toEqual([`+${b.nodeId}`]);
    expect(report.mesh.counters['malformed']).toBe(0);
  });
});

describe('members that were removed, and invites', { timeout: BOUND_MS }, () => {
  test('a removed member is refused before there is a connection, and learns it from a member', async () => {
    const [a, b] = await bench.newCluster().pair();
    const without = bench.cluster.configurationWith({ removed: [b.nodeId] });
    const voters = without.voters.filter((id) => id !== b.nodeId);
    const { [b.nodeId]: _, ...keys } = without.access.keys;
    const configuration = { ...without, voters, access: { ...without.access, keys } };
    const committedIndex = 5 as LogIndex;
    a.setPeers();
    a.command({ type: 'access', configuration, committedIndex });
    const told = await b.until(({ removed }) => removed.length > 0, 'the word of a member');
    expect(told.removed[0]).toEqual({ from: a.nodeId, configurationIndex: committedIndex });
    expect(told.mesh).toMatchObject({ refusal: 'removed', links: [] });
    const report = await a.until(
      ({ mesh }) => (mesh.counters['offersRefused.removed'] ?? 0) > 0,
      'the tally',
    );
    expect(report.events).toEqual([`+${b.nodeId}`, `-${b.nodeId}`]);
    expect(report.mesh.counters['linksBarred']).toBe(1);
  });

  test('an open invite lets a newcomer ask, and no more, until it is a member', async () => {
    const token = newInviteToken();
    const a = bench.newCluster().add();
    const invite = await inviteOf(bench.cluster.clusterId, token);
    const record = { ...invite, createdAtMs: 1, expiresAtMs: null, usesLeft: 1 };
    const open = bench.cluster.configurationWith({ invites: [record] });
    const command = { type: 'access', configuration: open, committedIndex: 2 as LogIndex } as const;
    a.command(command);
    const credentials = { ...showing(strangeKey), inviteToken: token };
    const nodeId = randomId();
    const newcomer = bench.cluster.add({ nodeId, credentials, configuration: EMPTY_CONFIGURATION });
    newcomer.setPeers(a);
    await Promise.all([newcomer.linkedWith(a), a.linkedWith(newcomer)]);
    newcomer.command({ type: 'announce', to: a.nodeId, count: 1 });
    newcomer.command({ type: 'send', to: a.nodeId, count: 3, bodyBytes: 10 });
    const asked = await a.until(
      ({ mesh }) => mesh.counters['droppedUninvited'] === 3,
      'what may not be said',
    );
    expect([asked.overtakers, asked.inOrder]).toEqual([1, {}]);

    const access = {
      ...open.access,
      keys: { ...open.access.keys, [nodeId]: strangeKey.publicKey },
    };
    const joined = { ...open, learners: [nodeId], access: { ...access, invites: [] } };
    a.command({ ...command, configuration: joined, committedIndex: 3 as LogIndex });
    newcomer.command({ type: 'send', to: a.nodeId, count: 2, bodyBytes: 10 });
    await a.until((report) => report.outOfOrder > 0, 'a message of the member');
  });

  test('an invite that is not open is refused, and its holder is told', async () => {
    const a = bench.newCluster().add();
    const credentials = { ...showing(strangeKey), inviteToken: newInviteToken() };
    const nodeId = randomId();
    const newcomer = bench.cluster.add({ nodeId, credentials, configuration: EMPTY_CONFIGURATION });
    newcomer.setPeers(a);
    const told = await newcomer.until(({ mesh }) => mesh.refusal === 'invite', 'the refusal');
    expect(told.mesh.counters['offersRefusedThere.invite']).toBeGreaterThan(0);
    expect((await a.report()).events).toEqual([]);
  });
});
