/** The mesh: rules TR1 to TR5 of the Transport port, and everything that happens to links. */

import { describe, expect, test } from 'vitest';

import {
  DIAL_BACKOFF_MAX_MS,
  DIAL_TIMEOUT_MS,
  HANDSHAKE_TIMEOUT_MS,
  LINK_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_HANDSHAKE_FRAME_BYTES,
  MAX_PENDING_HANDSHAKES,
  OFFER_EXPIRY_MS,
  REFUSAL_LINGER_MS,
} from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { LogIndex, NodeId } from '../../src/raft/types.ts';
import type { FakeDataChannel } from './fake-channel.ts';
import { keyPair } from './keys.ts';
import { idOf, OTHER_SECRET, type TestNode, World } from './mesh-world.ts';

const SECOND = 1_000;

function propose(from: TestNode, to: NodeId, sequence: number, bytes = 8): NodeMessage {
  const session = { sessionId: 1 as LogIndex, sequence, lowestUnanswered: 1 };
  const body = new Uint8Array(bytes);
  const proposal = { type: 'execute', session, body, isCopyWanted: false } as const;
  return { type: 'propose', from: from.nodeId, to, proposal };
}

function sequences(node: TestNode): number[] {
  return node.received.map((message) => {
    if (message.type !== 'propose' || message.proposal.type !== 'execute') return Number.NaN;
    return message.proposal.session.sequence;
  });
}

/** Two nodes that have each other as peers, linked. */
async function pair(world: World): Promise<[TestNode, TestNode]> {
  const a = world.add('a');
  const b = world.add('b');
  a.mesh.setPeers([b.nodeId]);
  b.mesh.setPeers([a.nodeId]);
  await world.until(() => a.linked === 'b' && b.linked === 'a', 5 * SECOND, 'a link');
  await onlyLinksLeft(world, a, b);
  return [a, b];
}

/** Until dials that turned out needless are gone. */
async function onlyLinksLeft(world: World, ...nodes: TestNode[]): Promise<void> {
  const left = (): boolean => nodes.every((node) => openConnections(node) === node.linked.length);
  await world.until(left, DIAL_TIMEOUT_MS + SECOND, 'needless connections to go');
}

function openConnections(node: TestNode): number {
  return node.connections.size;
}

/** The link's channel as `node` holds it. */
function channelOf(node: TestNode): FakeDataChannel {
  const [connection] = node.connections.values();
  const end = connection?.ends.find((one) => one.page === node);
  if (end === undefined) throw new Error('no connection');
  return end.channel;
}

describe('links', () => {
  test('TR3 messages go both ways, and say who the link says they are from', async () => {
    const world = new World();
    const [c, d] = await pair(world);
    c.mesh.send({ ...propose(c, d.nodeId, 1), from: idOf('e') });
    d.mesh.send(propose(d, c.nodeId, 2));
    await world.run(10);
    expect(d.received).toEqual([propose(c, d.nodeId, 1)]);
    expect(c.received).toEqual([propose(d, c.nodeId, 2)]);
  });

  test('TR2 many messages arrive in the order sent', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    for (let i = 1; i <= 1_000; i += 1) {
      a.mesh.send(propose(a, b.nodeId, i));
      b.mesh.send(propose(b, a.nodeId, i));
    }
    await world.until(() => a.received.length + b.received.length === 2_000, SECOND, 'all');
    const expected = Array.from({ length: 1_000 }, (_, i) => i + 1);
    expect(sequences(a)).toEqual(expected);
    expect(sequences(b)).toEqual(expected);
  });

  test('TR5 whoever is a member may dial: one end alone needs to know of the other', async () => {
    const world = new World();
    const member = world.add('m');
    const joiner = world.add('j');
    joiner.mesh.setPeers([member.nodeId]);
    await world.until(() => member.linked === 'j' && joiner.linked === 'm', SECOND, 'a link');
    member.mesh.send(propose(member, joiner.nodeId, 1));
    await world.run(10);
    expect(sequences(joiner)).toEqual([1]);
    expect(member.events).toEqual(['+j']);
  });

  test('TR1 without a link, too large, or unsendable: lost and counted, never thrown', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    a.mesh.send(propose(a, idOf('z'), 1));
    a.mesh.send(propose(a, b.nodeId, 2, MAX_BODY_BYTES + 100_000));
    a.mesh.send(propose(a, b.nodeId, -1));
    a.mesh.send(propose(a, b.nodeId, 3));
    await world.run(10);
    expect(sequences(b)).toEqual([3]);
    expect(a.counter('droppedNoLink')).toBe(1);
    expect(a.counter('droppedUnsendable')).toBe(2);
  });

  test('a dial goes out as soon as a peer is named', async () => {
    const world = new World();
    const a = world.add('a');
    await world.run(100);
    a.mesh.setPeers([idOf('b')]);
    await world.run(2);
    expect(a.dials).toBe(1);
  });

  test('a channel that closes under its hands does not throw, and is told of afterwards', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    channelOf(a).readyState = 'closing';
    a.mesh.send(propose(a, b.nodeId, 1));
    expect(a.events).toEqual(['+b']);
    await world.run(1);
    expect(a.events).toEqual(['+b', '-b']);
  });

  test('close ends everything, tells the page, and reports nothing more', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    a.mesh.close();
    await world.run(10);
    expect(a.events).toEqual(['+b']);
    expect(a.posted.at(-1)).toEqual({ type: 'end' });
    expect(b.events).toEqual(['+a', '-a']);
    expect(openConnections(a)).toBe(0);
    await world.run(20 * SECOND);
    expect(a.dials).toBeLessThanOrEqual(1);
  });

  test('where a channel cannot arrive, the page is asked to relay', async () => {
    const world = new World();
    const a = world.add('a');
    await world.run(10);
    a.meshPort.dispatchEvent(new MessageEvent('messageerror'));
    await world.run(10);
    expect(a.posted.at(-1)).toEqual({ type: 'unmovable' });
  });
});

describe('both dial at once', () => {
  test('one link is kept, the same at both ends, and never replaced', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const world = new World(seed);
      world.latencyMs = seed % 40;
      world.latencySpreadMs = (seed % 3) * 40;
      const [a, b] = await pair(world);
      expect([a.events, b.events], `seed ${seed}`).toEqual([['+b'], ['+a']]);
      a.mesh.send(propose(a, b.nodeId, 1));
      b.mesh.send(propose(b, a.nodeId, 2));
      const exchanged = (): boolean => a.received.length === 1 && b.received.length === 1;
      await world.until(exchanged, SECOND, `messages with seed ${seed}`);
    }
  });

  test('five nodes that start together are all linked within two seconds', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const world = new World(seed);
      const nodes = [...'abcde'].map((letter) => world.add(letter));
      for (const node of nodes) {
        node.mesh.setPeers(nodes.filter((other) => other !== node).map((other) => other.nodeId));
      }
      const all = (): boolean => nodes.every((node) => node.linked.length === 4);
      await world.until(all, 2 * SECOND, `all links with seed ${seed}`);
      await onlyLinksLeft(world, ...nodes);
      for (const node of nodes) expect(node.events, `seed ${seed}`).toHaveLength(4);
    }
  });
});

describe('loss', () => {
  test('TR4 a closed channel is reported, and the link comes back', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    channelOf(a).close();
    await world.until(() => a.events.length === 3 && b.events.length === 3, 3 * SECOND, 'again');
    expect(a.events).toEqual(['+b', '-b', '+b']);
    expect(b.events).toEqual(['+a', '-a', '+a']);
  });

  test('silence breaks a link after LINK_TIMEOUT_MS, an idle link lives on pings', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    await world.run(60 * SECOND);
    expect(a.events).toEqual(['+b']);
    const cutMs = world.clock.now();
    world.setSignalling(false);
    world.setBlackHole(a, b, true);
    await world.until(() => a.linked === '' && b.linked === '', 10 * SECOND, 'both notice');
    const noticedMs = world.clock.now() - cutMs;
    expect(noticedMs).toBeGreaterThanOrEqual(LINK_TIMEOUT_MS - SECOND);
    expect(noticedMs).toBeLessThanOrEqual(LINK_TIMEOUT_MS + SECOND);
    expect(a.counter('linksSilent') + b.counter('linksSilent')).toBe(2);
  });

  test('a link that went silent is replaced by a new connection before it is missed', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const world = new World(seed);
      const [a, b] = await pair(world);
      world.setBlackHole(a, b, true);
      const cutMs = world.clock.now();
      const again = (): boolean => a.events.length === 3 && b.events.length === 3;
      await world.until(again, 6 * SECOND, `another link with seed ${seed}`);
      expect(world.clock.now() - cutMs, `seed ${seed}`).toBeLessThan(LINK_TIMEOUT_MS);
      expect([a.events, b.events]).toEqual([
        ['+b', '-b', '+b'],
        ['+a', '-a', '+a'],
      ]);
      await onlyLinksLeft(world, a, b);
      expect(a.counter('linksSilent') + b.counter('linksSilent')).toBe(0);
    }
  });

  test('a link that comes to life while it is dialled beside is kept', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const world = new World(seed);
      world.signallingMaxMs = 400;
      const [a, b] = await pair(world);
      const dials = a.dials + b.dials;
      world.setBlackHole(a, b, true);
      await world.until(() => a.dials + b.dials > dials, 6 * SECOND, 'a dial');
      world.setBlackHole(a, b, false);
      await world.run(5 * SECOND);
      expect([a.events, b.events], `seed ${seed}`).toEqual([['+b'], ['+a']]);
      await onlyLinksLeft(world, a, b);
    }
  });

  test('a cut link does not come back, at neither end, before it is restored', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    a.mesh.cutLink(b.nodeId, true);
    await world.run(30 * SECOND);
    expect([a.events, b.events]).toEqual([
      ['+b', '-b'],
      ['+a', '-a'],
    ]);
    a.mesh.cutLink(b.nodeId, false);
    await world.until(() => a.linked === 'b' && b.linked === 'a', 10 * SECOND, 'a link again');
  });

  test('another network is dialled from at once', async () => {
    const world = new World();
    const a = world.add('a');
    a.mesh.setPeers([idOf('b')]);
    await world.run(60 * SECOND);
    const inPause = (): boolean => a.counter('dialsFailed') === a.dials;
    await world.until(inPause, DIAL_TIMEOUT_MS, 'a pause');
    const { dials } = a;
    a.post({ type: 'network-changed' });
    await world.run(2);
    expect(a.dials).toBe(dials + 1);
  });

  test('a node that was frozen hears what waits for it before it gives its links up', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    a.clock.frozen = true;
    await world.run(3 * SECOND);
    a.clock.thaw();
    await world.run(5 * SECOND);
    expect(a.events).toEqual(['+b']);
    expect(b.events).toEqual(['+a']);
  });

  test('a new incarnation replaces the link its predecessor left, at once', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    world.kill(b, true);
    const again = world.add('b');
    again.mesh.setPeers([a.nodeId]);
    await world.until(() => again.linked === 'a', SECOND, 'the new link');
    await world.run(10);
    expect(a.events).toEqual(['+b', '-b', '+b']);
    a.mesh.send(propose(a, again.nodeId, 1));
    await world.run(10);
    expect(sequences(again)).toEqual([1]);
  });

  test('an end that lost the link replaces it at the end that has not noticed', async () => {
    for (const loser of ['a', 'b']) {
      const world = new World();
      const [a, b] = await pair(world);
      const lost = loser === 'a' ? a : b;
      const kept = lost === a ? b : a;
      const channel = channelOf(lost);
      channel.blackHole = true;
      channel.close();
      const relinked = (): boolean => lost.events.length === 3 && kept.events.length === 3;
      await world.until(relinked, 2 * SECOND, 'both linked anew');
      expect(kept.events.map((event) => event[0])).toEqual(['+', '-', '+']);
    }
  });

  test('a malformed frame of a member breaks the link, is counted, and it is dialled again', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    channelOf(b).send(new Uint8Array([1, 2, 3, 4, 5, 6, 7]));
    await world.until(() => a.events.length === 3, 3 * SECOND, 'a new link');
    expect(a.counter('malformed')).toBe(1);
    expect(b.counter('malformed')).toBe(0);
    a.mesh.send(propose(a, b.nodeId, 1));
    await world.run(100);
    expect(sequences(b)).toEqual([1]);
  });

  test('an absent peer is dialled at growing pauses, and found when it comes', async () => {
    const world = new World();
    const a = world.add('a');
    a.mesh.setPeers([idOf('b')]);
    await world.run(5 * 60 * SECOND);
    const periodMs = OFFER_EXPIRY_MS + DIAL_BACKOFF_MAX_MS;
    expect(a.dials).toBeGreaterThanOrEqual((5 * 60 * SECOND) / periodMs);
    expect(a.dials).toBeLessThan((5 * 60 * SECOND) / OFFER_EXPIRY_MS);
    expect(openConnections(a)).toBe(0);
    const b = world.add('b');
    await world.until(() => a.linked === 'b' && b.linked === 'a', periodMs + SECOND, 'a link');
  });
});

describe('signalling', () => {
  test('links live without it, nobody is dialled in vain, and all goes on when it is back', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    world.setSignalling(false);
    await world.run(SECOND);
    const dials = a.dials;
    const c = world.add('c');
    c.mesh.setPeers([a.nodeId, b.nodeId]);
    a.mesh.setPeers([b.nodeId, c.nodeId]);
    await world.run(30 * SECOND);
    expect(a.mesh.status().signalling).toBe('disconnected');
    expect([a.dials - dials, c.dials]).toEqual([0, 0]);
    a.mesh.send(propose(a, b.nodeId, 1));
    await world.run(10);
    expect(sequences(b)).toEqual([1]);
    expect(a.events).toEqual(['+b']);
    world.setSignalling(true);
    const together = (): boolean => c.linked === 'ab' && a.linked === 'bc' && b.linked === 'ac';
    await world.until(together, SECOND, 'the newcomer');
    expect(a.events).toEqual(['+b', '+c']);
  });
});

describe('isolation', () => {
  test('drops every link both ways, lets nothing in or out, and ends', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    a.mesh.isolate(true);
    await world.run(10);
    expect([a.linked, b.linked]).toEqual(['', '']);
    a.mesh.send(propose(a, b.nodeId, 1));
    await world.run(10 * SECOND);
    expect([a.linked, b.linked]).toEqual(['', '']);
    expect(b.received).toEqual([]);
    expect(b.dials).toBeGreaterThan(1);
    expect([openConnections(a), a.counter('refusedHere.closing')]).toEqual([0, 0]);
    expect(a.mesh.status().isolated).toBe(true);
    a.mesh.isolate(false);
    await world.until(() => a.linked === 'b' && b.linked === 'a', SECOND, 'the link');
    expect(a.events).toEqual(['+b', '-b', '+b']);
  });
});

describe('strangers', () => {
  test('one with another secret is refused, gets no message in and none out', async () => {
    const world = new World();
    const a = world.add('a');
    await world.run(10);
    const stranger = world.add('s', { secret: OTHER_SECRET, dialsPeerId: a.peerId ?? '' });
    stranger.mesh.setPeers([a.nodeId]);
    await world.run(10 * SECOND);
    expect([a.events, stranger.events]).toEqual([[], []]);
    expect(stranger.counter('refusedHere.proof')).toBeGreaterThan(0);
    expect(a.counter('refusedThere.proof')).toBeGreaterThan(0);
    expect(a.counter('messagesOut')).toBe(0);
    // Refused at once every time, it comes back less and less often.
    expect(stranger.dials).toBeLessThan(12);
    await world.run(DIAL_TIMEOUT_MS);
    expect(openConnections(a)).toBeLessThanOrEqual(1);
  });

  test('one in the middle is refused: each end sees its certificate, not the other end', async () => {
    const world = new World();
    world.interceptor = new Uint8Array(32).fill(200);
    const a = world.add('a');
    const b = world.add('b');
    a.mesh.setPeers([b.nodeId]);
    await world.run(3 * SECOND);
    expect([a.events, b.events]).toEqual([[], []]);
    expect(a.counter('refusedHere.proof')).toBeGreaterThan(0);
    expect(b.counter('refusedThere.proof')).toBeGreaterThan(0);
  });

  test('those that say nothing are few at a time, and gone after their time', async () => {
    const world = new World();
    const a = world.add('a');
    const friend = world.add('f');
    await world.run(10);
    for (let i = 0; i < 3 * MAX_PENDING_HANDSHAKES; i += 1) world.connectStranger(a);
    await world.run(10);
    expect(openConnections(a)).toBe(MAX_PENDING_HANDSHAKES);
    await world.run(HANDSHAKE_TIMEOUT_MS + REFUSAL_LINGER_MS);
    expect(openConnections(a)).toBe(0);
    friend.mesh.setPeers([a.nodeId]);
    await world.until(() => a.linked === 'f', SECOND, 'the friend');
  });

  test('one that says too much, or too early, is cut off at once', async () => {
    const world = new World();
    const a = world.add('a');
    await world.run(10);
    const { channel: big } = world.connectStranger(a);
    await world.run(3);
    big.send(new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES + 1));
    await world.run(world.latencyMs + REFUSAL_LINGER_MS + 2);
    expect(big.readyState).toBe('closed');

    world.fingerprintsMs = HANDSHAKE_TIMEOUT_MS / 2;
    const { channel: hasty } = world.connectStranger(a);
    hasty.addEventListener('open', () => {
      for (let i = 0; i < 5; i += 1) hasty.send(new Uint8Array(100));
    });
    await world.run(world.latencyMs + REFUSAL_LINGER_MS + 10);
    expect(hasty.readyState).toBe('closed');
    expect(openConnections(a)).toBe(0);
  });

  test.each([
    ['its own key', { key: { ...keyPair(), privateKey: 'AAAA' } }],
    [
      'a key of its profile',
      { siblings: [{ nodeId: idOf('c'), key: { ...keyPair(), privateKey: '?' } }] },
    ],
    ['its invite', { inviteToken: 'cut off' }],
  ])('a node that cannot use %s has no links, and says so', async (_, credentials) => {
    const world = new World();
    const [a, b] = [world.add('a'), world.add('b', { credentials })];
    a.mesh.setPeers([b.nodeId]);
    b.mesh.setPeers([a.nodeId]);
    await world.run(10 * SECOND);
    expect([a.linked, b.linked, b.posted]).toEqual(['', '', []]);
    expect([a.counter('unusableCredentials'), b.counter('unusableCredentials')]).toEqual([0, 1]);
    b.mesh.close();
  });

  test('a secret that is none is refused at once', () => {
    const world = new World();
    expect(() => world.add('a', { secret: 'short' })).toThrow(RangeError);
  });
});
