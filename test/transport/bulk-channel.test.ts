/** The second channel of a link: snapshots go over it, and the link neither needs nor trusts it. */

import { describe, expect, test } from 'vitest';

import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import {
  BULK_CHANNEL_TIMEOUT_MS,
  LINK_TIMEOUT_MS,
  MAX_HANDSHAKE_FRAME_BYTES,
  REFUSAL_LINGER_MS,
} from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { BulkChannel } from '../../src/transport/bulk-channel.ts';
import { MovedChannel } from '../../src/transport/channel.ts';
import { encodeMessage } from '../../src/transport/codec.ts';
import { FrameWriter } from '../../src/transport/framing.ts';
import { encodeHandshakeFrame } from '../../src/transport/handshake-frames.ts';
import { PROTOCOL_VERSIONS } from '../../src/transport/handshake.ts';
import { asDataChannel, FakeDataChannel } from './fake-channel.ts';
import { ManualClock } from './manual-clock.ts';
import { World, type NodeOptions, type TestNode } from './mesh-world.ts';

const SECOND = 1_000;
const CHUNK_BYTES = 40_000;

const PING = 1;
const BULK_KINDS = new Set([5, 6]);

function chunk(from: NodeId, to: NodeId, number: number): NodeMessage {
  return {
    type: 'install-snapshot',
    from,
    to,
    term: 3 as Term,
    lastIncludedIndex: 9 as LogIndex,
    lastIncludedTerm: 3 as Term,
    configuration: { ...EMPTY_CONFIGURATION, voters: [from, to].toSorted() },
    stampMs: 0,
    sizeBytes: 1_000_000,
    hash: 'ab',
    offset: number,
    data: new Uint8Array(CHUNK_BYTES).fill(number),
  };
}

function sendChunks(from: TestNode, to: TestNode, first: number, count: number): void {
  for (let i = first; i < first + count; i += 1) {
    from.mesh.send(chunk(from.nodeId, to.nodeId, i));
  }
}

/** The numbers of the chunks that came. */
function chunks(node: TestNode): number[] {
  return node.received.flatMap((m) => (m.type === 'install-snapshot' ? [m.offset] : []));
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

async function link(world: World, options: NodeOptions = {}): Promise<[TestNode, TestNode]> {
  const a = world.add('a');
  const b = world.add('b', options);
  a.mesh.setPeers([b.nodeId]);
  b.mesh.setPeers([a.nodeId]);
  await world.until(() => a.linked === 'b' && b.linked === 'a', 5 * SECOND, 'a link');
  return [a, b];
}

/** Linked, with a second channel that works, and needless dials gone. */
async function pair(world: World): Promise<[TestNode, TestNode]> {
  const [a, b] = await link(world);
  const settled = (): boolean =>
    [a, b].every((node) => node.connections.size === 1 && hasBulkChannel(node));
  await world.until(settled, 10 * SECOND, 'a second channel');
  return [a, b];
}

function hasBulkChannel(node: TestNode): boolean {
  return node.mesh.status().links.every((link) => link.hasBulkChannel);
}

/** The channels of the node's only link. */
function channelsOf(node: TestNode): { channel: FakeDataChannel; bulkChannel: FakeDataChannel } {
  const [connection] = node.connections.values();
  const end = connection?.ends.find((one) => one.page === node);
  if (end === undefined) throw new Error('no connection');
  return end;
}

function kinds(channel: FakeDataChannel): Set<number> {
  return new Set(channel.sent.map((frame) => frame[5] ?? Number.NaN));
}

/** Makes frames of the node's link, as its other end would take them. */
function framesOf(node: TestNode): FrameWriter {
  const frame = channelsOf(node).channel.sent.at(-1);
  if (frame === undefined) throw new Error('nothing sent');
  const tag = new DataView(frame.buffer).getUint32(1, true);
  return new FrameWriter(PROTOCOL_VERSIONS.highest, tag);
}

describe('snapshots', () => {
  test('go over the second channel, and over nothing else', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    sendChunks(a, b, 1, 20);
    a.mesh.send({ type: 'snapshot-request', from: a.nodeId, to: b.nodeId, atLeast: 1 as LogIndex });
    await world.until(() => b.received.length === 21, SECOND, 'all');
    expect(chunks(b)).toEqual(numbers(20));
    expect(b.received).toContainEqual(chunk(a.nodeId, b.nodeId, 20));
    const { channel, bulkChannel } = channelsOf(a);
    const afterHandshake = channel.sent.filter((frame) => frame[0] === PROTOCOL_VERSIONS.highest);
    expect(afterHandshake.some((frame) => BULK_KINDS.has(frame[5] ?? 0))).toBe(false);
    expect(kinds(bulkChannel)).toEqual(new Set([PING, ...BULK_KINDS]));
    expect(a.counter('bulkBytesOut')).toBeGreaterThan(20 * CHUNK_BYTES);
    expect(b.counter('bulkBytesIn')).toBe(a.counter('bulkBytesOut'));
    expect(a.counter('bytesOut')).toBeGreaterThan(a.counter('bulkBytesOut'));
    expect(b.counter('bulkBytesOut')).toBe(0);
  });

  test('sent at once at both ends of a new link they all arrive, in order', async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const world = new World(seed);
      world.latencyMs = seed % 20;
      world.latencySpreadMs = (seed % 4) * 40;
      const [a, b] = [world.add('a'), world.add('b')];
      a.mesh.setPeers([b.nodeId]);
      b.mesh.setPeers([a.nodeId]);
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        await world.until(() => from.linked !== '', 5 * SECOND, 'a link');
        sendChunks(from, to, 1, 5);
      }
      const all = (): boolean => chunks(a).length === 5 && chunks(b).length === 5;
      await world.until(all, BULK_CHANNEL_TIMEOUT_MS + SECOND, `chunks with seed ${seed}`);
      expect([chunks(a), chunks(b)], `seed ${seed}`).toEqual([numbers(5), numbers(5)]);
      expect([a.events, b.events], `seed ${seed}`).toEqual([['+b'], ['+a']]);
      expect([hasBulkChannel(a), hasBulkChannel(b)], `seed ${seed}`).toEqual([true, true]);
    }
  });
});

describe('a link without its second channel', () => {
  test('where the other page relays: snapshots go over the first', async () => {
    const world = new World();
    const [a, b] = await link(world, { withoutBulk: true });
    sendChunks(a, b, 1, 10);
    sendChunks(b, a, 1, 10);
    const all = (): boolean => chunks(a).length === 10 && chunks(b).length === 10;
    await world.until(all, BULK_CHANNEL_TIMEOUT_MS + SECOND, 'all chunks');
    expect([chunks(a), chunks(b)]).toEqual([numbers(10), numbers(10)]);
    expect(hasBulkChannel(a)).toBe(false);
    await world.run(2 * LINK_TIMEOUT_MS);
    expect([a.events, b.events]).toEqual([['+b'], ['+a']]);
  });

  test('where it never opens: snapshots wait no longer than they must', async () => {
    const world = new World();
    world.bulkOpens = false;
    const [a, b] = await link(world);
    sendChunks(a, b, 1, 10);
    await world.run(BULK_CHANNEL_TIMEOUT_MS - SECOND);
    expect(chunks(b)).toEqual([]);
    await world.until(() => chunks(b).length === 10, 2 * SECOND, 'all chunks');
    expect(chunks(b)).toEqual(numbers(10));
    expect([a.events, b.events]).toEqual([['+b'], ['+a']]);
  });

  test.each(['a', 'b'])('where it closes at %s: what is sent from then on arrives', async (end) => {
    const world = new World();
    const [a, b] = await pair(world);
    sendChunks(a, b, 1, 10);
    await world.run(1);
    channelsOf(end === 'a' ? a : b).bulkChannel.close();
    await world.run(world.latencyMs + 1);
    sendChunks(a, b, 11, 10);
    sendChunks(b, a, 1, 10);
    await world.run(100);
    expect(chunks(a)).toEqual(numbers(10));
    expect(chunks(b).slice(-10)).toEqual(numbers(20).slice(-10));
    expect(chunks(b)).toEqual(chunks(b).toSorted((x, y) => x - y));
    expect([hasBulkChannel(a), hasBulkChannel(b)]).toEqual([false, false]);
    expect([a.events, b.events]).toEqual([['+b'], ['+a']]);
  });

  test('where sending on it throws: what waits goes over the first', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    channelsOf(a).bulkChannel.readyState = 'closing';
    sendChunks(a, b, 1, 10);
    await world.run(100);
    expect(chunks(b)).toEqual(numbers(10));
    expect(a.events).toEqual(['+b']);
  });

  test('it proves nothing: a link of which only the second channel lives is broken', async () => {
    const world = new World();
    const [a, b] = await pair(world);
    world.setSignalling(false);
    for (const node of [a, b]) channelsOf(node).channel.blackHole = true;
    for (let i = 1; i <= 20 && a.linked !== ''; i += 1) {
      sendChunks(b, a, i, 1);
      await world.run(LINK_TIMEOUT_MS / 10);
    }
    expect(chunks(a).length).toBeGreaterThan(5);
    expect(a.events).toEqual(['+b', '-b']);
  });
});

describe('the greeting', () => {
  class Rig {
    readonly log: string[] = [];
    readonly near: FakeDataChannel;
    readonly far: FakeDataChannel;
    readonly bulk: BulkChannel;
    readonly clock = new ManualClock();

    constructor() {
      const conditions = { latencyMs: 1, bytesPerMs: Infinity };
      [this.near, this.far] = FakeDataChannel.pair(this.clock, conditions);
      this.bulk = new BulkChannel({
        channel: new MovedChannel(asDataChannel(this.near)),
        patienceTicks: 3,
        greet: () => this.log.push('greet'),
        onFrame: () => this.log.push('frame'),
        onReady: () => this.log.push('ready'),
        onDrained: () => undefined,
        onGone: () => this.log.push('gone'),
      });
    }

    open(): void {
      this.near.open();
      this.far.open();
    }
  }

  test('waits for the other end to be linked, and for the channel to open, and goes out once', () => {
    for (const openFirst of [true, false]) {
      const rig = new Rig();
      if (openFirst) rig.open();
      else rig.bulk.otherLinked();
      expect(rig.log).toEqual([]);
      if (openFirst) rig.bulk.otherLinked();
      else rig.open();
      rig.bulk.otherLinked();
      rig.near.dispatchEvent(new Event('open'));
      expect(rig.log).toEqual(['greet']);
      expect(rig.bulk.isReady).toBe(false);
    }
  });

  test('of the other end makes the channel ready, and is returned', () => {
    const rig = new Rig();
    rig.open();
    rig.far.send(new Uint8Array(1));
    rig.far.send(new Uint8Array(1));
    rig.clock.advance(1);
    expect(rig.log).toEqual(['frame', 'greet', 'ready', 'frame']);
    for (let i = 0; i < 5; i += 1) rig.bulk.tick();
    expect(rig.bulk.isReady).toBe(true);
  });

  test('is not waited for for ever; later it changes nothing', () => {
    const rig = new Rig();
    rig.open();
    rig.far.send(new Uint8Array(1));
    for (let i = 0; i < 3; i += 1) rig.bulk.tick();
    rig.clock.advance(10);
    expect(rig.log).toEqual(['gone']);
    expect([rig.bulk.isReady, rig.far.readyState]).toEqual([false, 'closed']);
  });
});

describe('hostile frames', () => {
  const request = (from: NodeId, to: NodeId): Uint8Array =>
    encodeMessage({ type: 'snapshot-request', from, to, atLeast: 1 as LogIndex });

  test.each<[string, (b: TestNode, a: TestNode) => void]>([
    [
      'of another link',
      (b) => channelsOf(b).bulkChannel.send(new FrameWriter(PROTOCOL_VERSIONS.highest, 1).ping()),
    ],
    ['that are none', (b) => channelsOf(b).bulkChannel.send(new Uint8Array(0))],
    [
      'of the control lane on the second channel',
      (b, a) => channelsOf(b).bulkChannel.send(framesOf(b).control(request(b.nodeId, a.nodeId))),
    ],
    [
      'of the data lane on the second channel',
      (b, a) => channelsOf(b).bulkChannel.send(framesOf(b).piece(request(b.nodeId, a.nodeId), 0)),
    ],
    [
      'with another message in the bulk lane',
      (b, a) =>
        channelsOf(b).bulkChannel.send(framesOf(b).bulkPiece(request(b.nodeId, a.nodeId), 0)),
    ],
    [
      'with a snapshot in another lane',
      (b, a) => {
        const bytes = encodeMessage(chunk(b.nodeId, a.nodeId, 1));
        channelsOf(b).channel.send(framesOf(b).control(bytes));
      },
    ],
  ])('%s break the link, are counted, and it is dialled again', async (_, send) => {
    const world = new World();
    const [a, b] = await pair(world);
    send(b, a);
    await world.until(() => a.events.length === 3, 3 * SECOND, 'a new link');
    expect(a.events).toEqual(['+b', '-b', '+b']);
    expect([a.counter('malformed'), b.counter('malformed')]).toEqual([1, 0]);
    expect(a.received).toEqual([]);
    await world.until(() => hasBulkChannel(a), SECOND, 'a second channel');
    sendChunks(a, b, 1, 3);
    await world.run(100);
    expect(chunks(b)).toEqual(numbers(3));
  });

  test('before anybody has proved anything end the connection', async () => {
    const world = new World();
    const a = world.add('a');
    await world.run(10);
    for (const early of [true, false]) {
      world.fingerprintsMs = early ? SECOND : 0;
      const { channel, bulkChannel } = world.connectStranger(a);
      await world.run(5);
      const versions = { lowest: 200, highest: 200 };
      if (early) bulkChannel.send(encodeHandshakeFrame({ type: 'hello', versions, body: null }));
      else bulkChannel.send(new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES * 4));
      await world.run(world.latencyMs + REFUSAL_LINGER_MS + 2);
      expect([channel.readyState, bulkChannel.readyState]).toEqual(['closed', 'closed']);
      expect(a.connections.size).toBe(0);
    }
    expect(a.counter('dialsFailed') + a.counter('refusedHere.malformed')).toBe(2);
    expect([a.counter('framesIn'), a.counter('messagesIn')]).toEqual([0, 0]);
    expect(a.events).toEqual([]);
  });
});
