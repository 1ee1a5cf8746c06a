/** The order in which a link sends, and what it does when the channel is full. */

import { describe, expect, test } from 'vitest';

import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import {
  CHANNEL_HIGH_WATER_BYTES,
  CHANNEL_LOW_WATER_BYTES,
  LINK_BULK_QUEUE_BYTES,
  LINK_CONTROL_QUEUE_BYTES,
  LINK_DATA_QUEUE_BYTES,
  MAX_BODY_BYTES,
  MAX_BULK_FRAME_BYTES,
  MAX_SNAPSHOT_BYTES,
  SNAPSHOT_CHUNK_BYTES,
} from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { AppendEntries } from '../../src/raft/messages.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { MovedChannel } from '../../src/transport/channel.ts';
import { decodeMessage, encodeMessage } from '../../src/transport/codec.ts';
import { FrameReader, FrameWriter } from '../../src/transport/framing.ts';
import { SendQueue } from '../../src/transport/send-queue.ts';
import { asDataChannel, FakeDataChannel } from './fake-channel.ts';
import { ManualClock } from './manual-clock.ts';

const A = 'aaaaaaaaaaaaaaaa' as NodeId;
const B = 'bbbbbbbbbbbbbbbb' as NodeId;
const TERM = 3 as Term;
const SLOW_BYTES_PER_MS = 1_000;

class Rig {
  readonly clock = new ManualClock();
  readonly received: NodeMessage[] = [];
  readonly queue: SendQueue;
  readonly channel: FakeDataChannel;
  readonly bulkChannel: FakeDataChannel;
  readonly bulk: MovedChannel;
  /** Bytes of each lane that were handed to a channel. */
  readonly sentBytes = { control: 0, data: 0, bulk: 0 };
  refused = 0;

  constructor(bytesPerMs: number, version = 1) {
    [this.channel] = this.#channels(bytesPerMs, version);
    [this.bulkChannel] = this.#channels(bytesPerMs, version);
    const channel = new MovedChannel(asDataChannel(this.channel));
    this.bulk = new MovedChannel(asDataChannel(this.bulkChannel));
    this.queue = new SendQueue(channel, new FrameWriter(version, 7), (bytes, lane) => {
      this.sentBytes[lane] += bytes;
    });
    this.#listen(channel, () => this.queue.flush());
    this.#listen(this.bulk, () => this.queue.flushBulk());
  }

  #channels(bytesPerMs: number, version: number): [FakeDataChannel, FakeDataChannel] {
    const [near, far] = FakeDataChannel.pair(this.clock, { latencyMs: 1, bytesPerMs });
    near.open();
    far.open();
    const reader = new FrameReader(version, 7);
    far.addEventListener('message', (event) => {
      const { data } = event as MessageEvent<ArrayBuffer>;
      const read = reader.read(new Uint8Array(data));
      if (read.type !== 'messages') return;
      this.received.push(...read.messages.map((bytes) => decodeMessage(bytes, A, B)));
    });
    return [near, far];
  }

  #listen(channel: MovedChannel, drained: () => void): void {
    const nothing = (): void => undefined;
    channel.listen({ opened: nothing, received: nothing, drained, closed: nothing });
  }

  send(...messages: readonly NodeMessage[]): void {
    for (const message of messages) {
      if (!this.queue.add(message, encodeMessage(message))) this.refused += 1;
    }
    this.queue.flush();
    this.queue.flushBulk();
  }

  get order(): string[] {
    return this.received.map(nameOf);
  }
}

function nameOf(message: NodeMessage): string {
  if (message.type === 'append-entries') {
    const what = message.entries.length > 0 ? 'append' : 'heartbeat';
    return `${what} at ${message.prevLogIndex}`;
  }
  if (message.type === 'propose' && message.proposal.type === 'execute') {
    return `propose ${message.proposal.session.sequence}`;
  }
  if (message.type === 'install-snapshot') return `chunk ${message.offset}`;
  return message.type;
}

function append(prevLogIndex: number, dataBytes: number, changes: Partial<AppendEntries> = {}) {
  const index = (prevLogIndex + 1) as LogIndex;
  const data = new Uint8Array(dataBytes);
  return heartbeat(prevLogIndex, {
    entries: [{ type: 'command', index, term: TERM, data }],
    ...changes,
  });
}

function heartbeat(prevLogIndex: number, changes: Partial<AppendEntries> = {}): AppendEntries {
  return {
    type: 'append-entries',
    from: A,
    to: B,
    term: TERM,
    prevLogIndex: prevLogIndex as LogIndex,
    prevLogTerm: TERM,
    entries: [],
    leaderCommit: 1 as LogIndex,
    round: 1,
    ...changes,
  };
}

function propose(sequence: number, bodyBytes = 10): NodeMessage {
  const session = { sessionId: 1 as LogIndex, sequence, lowestUnanswered: 1 };
  const body = new Uint8Array(bodyBytes);
  return {
    type: 'propose',
    from: A,
    to: B,
    proposal: { type: 'execute', session, body, isCopyWanted: false },
  };
}

/** The `number`th chunk of a snapshot, or one of `bytes` bytes. */
function chunk(number: number, bytes = SNAPSHOT_CHUNK_BYTES): NodeMessage {
  return {
    type: 'install-snapshot',
    from: A,
    to: B,
    term: TERM,
    lastIncludedIndex: 9 as LogIndex,
    lastIncludedTerm: TERM,
    configuration: { ...EMPTY_CONFIGURATION, voters: [A, B] },
    stampMs: 0,
    sizeBytes: MAX_SNAPSHOT_BYTES,
    hash: 'ab',
    offset: number,
    data: new Uint8Array(bytes),
  };
}

const JOIN: NodeMessage = {
  type: 'join-request',
  from: A,
  to: B,
  nodeId: A,
  profileId: '',
  key: '',
  admission: { type: 'none' },
};

describe('order', () => {
  test('on a channel with room everything arrives in the order sent', () => {
    const rig = new Rig(Infinity);
    rig.send(append(4, 100_000));
    rig.send(heartbeat(5));
    rig.send(propose(1));
    rig.send(JOIN);
    rig.clock.advance(10);
    expect(rig.order).toEqual(['append at 4', 'heartbeat at 5', 'propose 1', 'join-request']);
  });

  test('small messages overtake a large one, in their own order', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES));
    rig.send(JOIN);
    rig.send({ type: 'propose-refused', from: A, to: B, reason: 'gap' });
    rig.clock.advance(CHANNEL_HIGH_WATER_BYTES / SLOW_BYTES_PER_MS + 200);
    expect(rig.order).toEqual(['join-request', 'propose-refused']);
    rig.clock.advance(MAX_BODY_BYTES / SLOW_BYTES_PER_MS);
    expect(rig.order).toEqual(['join-request', 'propose-refused', 'append at 4']);
  });

  test('AppendEntries with entries and proposals never overtake each other', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(propose(1, 1_000_000));
    rig.send(append(4, 10));
    rig.send(propose(2));
    rig.send(append(5, 10));
    rig.clock.advance(2_000);
    expect(rig.order).toEqual(['propose 1', 'append at 4', 'propose 2', 'append at 5']);
  });
});

describe('frames of several messages', () => {
  const SEVERAL_VERSION = 5;

  test('what is small and waits together shares one, in the order in which it would go', () => {
    const rig = new Rig(Infinity, SEVERAL_VERSION);
    rig.send(propose(1), append(4, 10), JOIN, propose(2));
    rig.clock.advance(10);
    expect(rig.channel.sent).toHaveLength(1);
    expect(rig.order).toEqual(['join-request', 'propose 1', 'append at 4', 'propose 2']);
  });

  test('large messages are cut as ever, and keep their place', () => {
    const rig = new Rig(Infinity, SEVERAL_VERSION);
    rig.send(propose(1), propose(2), append(4, 200_000), propose(3), propose(4));
    rig.clock.advance(10);
    expect(rig.order).toEqual(['propose 1', 'propose 2', 'append at 4', 'propose 3', 'propose 4']);
    expect(Math.max(...rig.channel.sent.map((frame) => frame.length))).toBeLessThanOrEqual(65_536);
    expect(rig.sentBytes.data).toBe(rig.channel.sent.reduce((sum, { length }) => sum + length, 0));
  });

  test('more than a frame holds takes more frames', () => {
    const rig = new Rig(Infinity, SEVERAL_VERSION);
    const many = Array.from({ length: 300 }, (_, i) => propose(i + 1, 1_000));
    rig.send(...many);
    rig.clock.advance(10);
    expect(rig.order).toEqual(many.map(nameOf));
    expect(rig.channel.sent.length).toBeLessThan(8);
  });
});

describe('heartbeats and waiting entries', () => {
  test('a heartbeat that names a position the receiver has overtakes', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES));
    rig.send(heartbeat(4));
    rig.clock.advance(MAX_BODY_BYTES / SLOW_BYTES_PER_MS + 500);
    expect(rig.order).toEqual(['heartbeat at 4', 'append at 4']);
  });

  test('one that names waiting entries keeps its place, and a copy names where they begin', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES, { round: 1 }));
    rig.send(append(5, 10));
    rig.send(heartbeat(6, { round: 9, leaderCommit: 3 as LogIndex }));
    rig.clock.advance(CHANNEL_HIGH_WATER_BYTES / SLOW_BYTES_PER_MS + 200);
    expect(rig.received).toEqual([heartbeat(4, { round: 9, leaderCommit: 3 as LogIndex })]);
    rig.clock.advance(MAX_BODY_BYTES / SLOW_BYTES_PER_MS);
    expect(rig.order).toEqual(['heartbeat at 4', 'append at 4', 'append at 5', 'heartbeat at 6']);
  });

  test('a new term says nothing of positions of the old one', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES));
    rig.send(heartbeat(6, { term: (TERM + 1) as Term }));
    rig.clock.advance(MAX_BODY_BYTES / SLOW_BYTES_PER_MS + 500);
    expect(rig.order).toEqual(['append at 4', 'heartbeat at 6']);
  });

  test('behind a large message a heartbeat is at most as late as the channel is full', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES));
    let worstMs = 0;
    for (let i = 0; i < 10; i += 1) {
      const sentMs = rig.clock.now();
      rig.send(heartbeat(5, { round: i + 1 }));
      while (!rig.received.some((m) => m.type === 'append-entries' && m.round === i + 1)) {
        rig.clock.advance(1);
      }
      worstMs = Math.max(worstMs, rig.clock.now() - sentMs);
    }
    expect(rig.order).not.toContain('append at 4');
    expect(worstMs).toBeLessThan(1.2 * (CHANNEL_HIGH_WATER_BYTES / SLOW_BYTES_PER_MS));
  });
});

describe('room', () => {
  test('large messages wait outside the channel, which is never starved', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.send(append(4, MAX_BODY_BYTES));
    let highest = 0;
    const startMs = rig.clock.now();
    while (rig.received.length === 0) {
      highest = Math.max(highest, rig.channel.bufferedAmount);
      rig.clock.advance(1);
    }
    expect(highest).toBeLessThan(CHANNEL_HIGH_WATER_BYTES + 64 * 1024);
    expect(rig.clock.now() - startMs).toBeLessThan(
      1.01 * (MAX_BODY_BYTES / SLOW_BYTES_PER_MS) + 20,
    );
  });

  test('what does not fit is refused whole, and what was taken arrives', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    for (let i = 1; i <= 6; i += 1) rig.send(propose(i, MAX_BODY_BYTES / 2));
    expect(rig.refused).toBeGreaterThan(0);
    const taken = 6 - rig.refused;
    expect(taken * (MAX_BODY_BYTES / 2)).toBeGreaterThan(LINK_DATA_QUEUE_BYTES / 2);
    rig.clock.advance(60_000);
    expect(rig.order).toEqual(Array.from({ length: taken }, (_, i) => `propose ${i + 1}`));
  });

  test('small messages have room of their own, and a bound', () => {
    const rig = new Rig(1);
    while (rig.refused === 0) rig.send(propose(1, MAX_BODY_BYTES / 2));
    rig.refused = 0;
    const bytes = encodeMessage(JOIN).length;
    let sent = 0;
    for (; rig.refused === 0; sent += 1) rig.send(JOIN);
    expect(sent * bytes).toBeGreaterThan(LINK_CONTROL_QUEUE_BYTES);
    expect(sent * bytes).toBeLessThan(8 * 1024 * 1024);
  });
});

/** How late a heartbeat is at most, sent every 100 ms for so long. */
function worstHeartbeatMs(rig: Rig, forMs: number): number {
  let worstMs = 0;
  let round = 0;
  while (rig.clock.now() < forMs) {
    round += 1;
    const sentMs = rig.clock.now();
    rig.send(heartbeat(5, { round }));
    const arrived = (m: NodeMessage): boolean => m.type === 'append-entries' && m.round === round;
    while (!rig.received.some(arrived)) rig.clock.advance(1);
    worstMs = Math.max(worstMs, rig.clock.now() - sentMs);
    rig.clock.advance(100);
  }
  return worstMs;
}

describe('snapshots over the channel of all others', () => {
  function sharing(bytesPerMs: number): Rig {
    const rig = new Rig(bytesPerMs);
    rig.queue.routeBulk(null);
    return rig;
  }

  test('arrive whole, in order, and at the full speed of the channel', () => {
    const rig = sharing(SLOW_BYTES_PER_MS);
    for (let i = 0; i < 16; i += 1) rig.send(chunk(i));
    rig.clock.advance(1.02 * ((16 * SNAPSHOT_CHUNK_BYTES) / SLOW_BYTES_PER_MS));
    expect(rig.order).toEqual(Array.from({ length: 16 }, (_, i) => `chunk ${i}`));
    expect(rig.received[7]).toEqual(chunk(7));
  });

  test('a heartbeat, a proposal and entries overtake all chunks that wait', () => {
    const rig = sharing(SLOW_BYTES_PER_MS);
    for (let i = 0; i < 16; i += 1) rig.send(chunk(i));
    rig.send(append(4, 1_000));
    rig.send(propose(1));
    rig.send(heartbeat(4));
    rig.clock.advance((CHANNEL_LOW_WATER_BYTES + MAX_BULK_FRAME_BYTES) / SLOW_BYTES_PER_MS + 10);
    expect(rig.order).toEqual(['append at 4', 'propose 1', 'heartbeat at 4']);
  });

  test('a heartbeat is at most as late as the low-water mark and a frame', () => {
    const rig = sharing(SLOW_BYTES_PER_MS);
    for (let i = 0; i < 24; i += 1) rig.send(chunk(i));
    const worstMs = worstHeartbeatMs(rig, 1_500);
    const boundBytes = CHANNEL_LOW_WATER_BYTES + MAX_BULK_FRAME_BYTES;
    expect(worstMs).toBeLessThanOrEqual(boundBytes / SLOW_BYTES_PER_MS + 5);
    expect(rig.order.filter((name) => name.startsWith('chunk')).length).toBeGreaterThan(5);
  });

  test('chunks wait until large messages have gone', () => {
    const rig = sharing(SLOW_BYTES_PER_MS);
    rig.send(propose(1, MAX_BODY_BYTES / 2));
    for (let i = 0; i < 3; i += 1) rig.send(chunk(i));
    rig.send(propose(2, MAX_BODY_BYTES / 2));
    rig.clock.advance(0.9 * (MAX_BODY_BYTES / SLOW_BYTES_PER_MS));
    expect(rig.sentBytes.bulk).toBe(0);
    rig.clock.advance(0.2 * (MAX_BODY_BYTES / SLOW_BYTES_PER_MS));
    expect(rig.order).toEqual(['propose 1', 'propose 2', 'chunk 0', 'chunk 1', 'chunk 2']);
  });

  test('those that do not fit are refused, and take nobody else\u2019s room', () => {
    const rig = sharing(1);
    for (let i = 0; rig.refused === 0; i += 1) rig.send(chunk(i));
    expect(rig.sentBytes.bulk).toBeLessThan(CHANNEL_LOW_WATER_BYTES + 2 * MAX_BULK_FRAME_BYTES);
    rig.refused = 0;
    rig.send(propose(1, MAX_BODY_BYTES));
    rig.send(append(4, 1_000_000));
    rig.send(JOIN);
    expect(rig.refused).toBe(0);
    rig.clock.advance(LINK_BULK_QUEUE_BYTES + LINK_DATA_QUEUE_BYTES);
    const chunks = rig.order.filter((name) => name.startsWith('chunk'));
    const fitting = Math.floor(LINK_BULK_QUEUE_BYTES / (SNAPSHOT_CHUNK_BYTES + 1_000));
    expect(chunks.length).toBeGreaterThanOrEqual(fitting);
    expect(chunks).toEqual(chunks.map((_, i) => `chunk ${i}`));
  });
});

describe('snapshots over a channel of their own', () => {
  test('wait until it is known over which channel they go', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    for (let i = 0; i < 3; i += 1) rig.send(chunk(i));
    rig.clock.advance(1_000);
    expect(rig.sentBytes.bulk).toBe(0);
    rig.queue.routeBulk(rig.bulk);
    rig.queue.flushBulk();
    rig.clock.advance(1_000);
    expect(rig.order).toEqual(['chunk 0', 'chunk 1', 'chunk 2']);
    expect(rig.channel.sent).toEqual([]);
  });

  test('that channel holds little, and the other nothing of them', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.queue.routeBulk(rig.bulk);
    let highest = 0;
    for (let i = 0; i < 24; i += 1) rig.send(chunk(i));
    while (rig.received.length < 24) {
      highest = Math.max(highest, rig.bulkChannel.bufferedAmount);
      rig.clock.advance(1);
    }
    expect(highest).toBeLessThanOrEqual(CHANNEL_LOW_WATER_BYTES + MAX_BULK_FRAME_BYTES);
    expect(rig.channel.bufferedAmount).toBe(0);
    expect(rig.clock.now()).toBeLessThan(1.02 * ((24 * SNAPSHOT_CHUNK_BYTES) / SLOW_BYTES_PER_MS));
  });

  test('when it breaks, what it may have lost goes over the other from its beginning', () => {
    const rig = new Rig(SLOW_BYTES_PER_MS);
    rig.queue.routeBulk(rig.bulk);
    for (let i = 0; i < 8; i += 1) rig.send(chunk(i));
    while (rig.received.length < 2) rig.clock.advance(1);
    rig.bulkChannel.blackHole = true;
    rig.bulkChannel.close();
    rig.queue.routeBulk(null);
    rig.queue.flush();
    rig.clock.advance(2_000);
    const order = rig.order.map((name) => Number(name.split(' ')[1]));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(order.length);
    expect(order).toEqual(expect.arrayContaining([0, 1, 4, 5, 6, 7]));
  });
});
