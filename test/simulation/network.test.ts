/** The Transport port's rules (src/node/ports.ts), and that every fault of the network strikes. */

import { describe, expect, test } from 'vitest';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { Transport } from '../../src/node/ports.ts';
import { EMPTY_CONFIGURATION, NO_ACCESS } from '../../src/raft/configuration.ts';
import type { Access, LogIndex, NodeId } from '../../src/raft/types.ts';
import { EventLoop } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import type { Credentials } from '../../src/simulation/link-access.ts';
import { GOOD_NETWORK, Network, type NetworkConditions } from '../../src/simulation/network.ts';
import { Random } from '../../src/simulation/random.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';
import { Trace } from '../../src/simulation/trace.ts';

const SECOND_US = 1_000_000;
const A = nodeIdOf(0);
const B = nodeIdOf(1);

interface End {
  readonly id: NodeId;
  readonly transport: Transport;
  readonly loop: EventLoop;
  readonly received: NodeMessage[];
  readonly links: string[];
}

class TestNetwork {
  readonly queue = new EventQueue();
  readonly random = Random.fromSeed(5);
  readonly network = new Network(this.queue, this.random, new Trace(null));

  constructor(conditions: Partial<NetworkConditions> = {}) {
    this.network.conditions = { ...GOOD_NETWORK, ...conditions };
  }

  attach(id: NodeId, number: number, credentials: Credentials | null = null): End {
    const loop = new EventLoop(this.queue, this.random, () => undefined);
    const received: NodeMessage[] = [];
    const links: string[] = [];
    const endpoint = {
      receive: (message: NodeMessage) => received.push(message),
      linkChanged: (peer: NodeId, up: boolean) =>
        links.push(`${peer === A ? 'A' : 'B'} ${up ? 'up' : 'down'}`),
    };
    const transport = this.network.attach(id, number, loop, endpoint, credentials);
    return { id, transport, loop, received, links };
  }

  detach(end: End): void {
    end.loop.end();
    this.network.detach(end.id);
  }

  pass(durationUs: number): void {
    const untilUs = this.queue.nowUs + durationUs;
    while (this.queue.step(untilUs)) continue;
  }

  /** Two servers with a link between them. */
  pair(): readonly [End, End] {
    const a = this.attach(A, 0);
    const b = this.attach(B, 1);
    a.transport.setPeers([B]);
    this.pass(SECOND_US);
    return [a, b];
  }
}

function join(from: End, to: End, nodeId = from.id): NodeMessage {
  return {
    type: 'join-request',
    from: from.id,
    to: to.id,
    nodeId,
    profileId: 'profile',
    key: '',
    admission: { type: 'none' },
  };
}

/** Numbered by a term, in order. */
function numbered(from: End, to: End, number: number): NodeMessage {
  const term = number as never;
  return { type: 'request-vote-response', from: from.id, to: to.id, term, voteGranted: false };
}

function numbersOf(messages: readonly NodeMessage[]): number[] {
  return messages.flatMap((message) =>
    message.type === 'request-vote-response' ? [message.term] : [],
  );
}

describe('links', () => {
  test('TR5: one end that keeps the other as a peer is enough; both are told', () => {
    const net = new TestNetwork();
    const [a, b] = net.pair();
    expect([a.links, b.links]).toEqual([['B up'], ['A up']]);
    expect(net.network.isUp(A, B)).toBe(true);
  });

  test('TR5: without that there is none, and what is sent is lost', () => {
    const net = new TestNetwork();
    const a = net.attach(A, 0);
    const b = net.attach(B, 1);
    net.pass(SECOND_US);
    a.transport.send(join(a, b));
    net.pass(SECOND_US);
    expect([a.links, b.received]).toEqual([[], []]);
  });

  test('TR4: a loss is reported to both before the next link', () => {
    const net = new TestNetwork({ detectMaxUs: 5 * SECOND_US });
    const [a, b] = net.pair();
    for (let i = 0; i < 5; i += 1) {
      net.network.reset(A, B);
      net.pass(SECOND_US);
    }
    for (const { links } of [a, b]) {
      for (const [i, link] of links.entries()) expect(link.endsWith('up')).toBe(i % 2 === 0);
    }
    expect(a.links).toHaveLength(11);
    expect(net.network.counters.linksBroken).toBe(5);
  });

  test('a crash breaks links; the next start gets new ones, and no old messages', () => {
    const net = new TestNetwork({ latencyMinUs: SECOND_US, latencyMaxUs: SECOND_US });
    const [a, b] = net.pair();
    a.transport.send(join(a, b));
    net.detach(b);
    const again = net.attach(B, 1);
    net.pass(5 * SECOND_US);
    expect([b.received, again.received]).toEqual([[], []]);
    expect(a.links).toEqual(['B up', 'B down', 'B up']);
    expect(again.links).toEqual(['A up']);
  });

  test('a crashed server sends nothing, and its old transport changes nothing', () => {
    const net = new TestNetwork();
    const [a, b] = net.pair();
    net.detach(a);
    a.transport.send(join(a, b));
    a.transport.setPeers([B]);
    net.pass(SECOND_US);
    expect(b.received).toEqual([]);
    expect(b.links).toEqual(['A up', 'A down']);
  });
});

describe('messages', () => {
  test('TR1: never altered, and frozen so that nobody can', () => {
    const net = new TestNetwork();
    const [a, b] = net.pair();
    const message = join(a, b);
    a.transport.send(message);
    net.pass(SECOND_US);
    expect(b.received).toEqual([message]);
    expect(() => Object.assign(message, { nodeId: B })).toThrow(TypeError);
  });

  test('TR2: in the order sent, whatever the latencies', () => {
    const net = new TestNetwork({ latencyMaxUs: 100_000 });
    const [a, b] = net.pair();
    for (let i = 0; i < 100; i += 1) a.transport.send(numbered(a, b, i));
    net.pass(SECOND_US);
    expect(numbersOf(b.received)).toEqual([...Array(100).keys()]);
  });

  test('where the network reorders, in another', () => {
    const net = new TestNetwork({ latencyMaxUs: 100_000, reorders: true });
    const [a, b] = net.pair();
    for (let i = 0; i < 100; i += 1) a.transport.send(numbered(a, b, i));
    net.pass(SECOND_US);
    const numbers = numbersOf(b.received);
    expect(numbers).not.toEqual([...Array(100).keys()]);
    expect(numbers.toSorted((x, y) => x - y)).toEqual([...Array(100).keys()]);
  });

  test('TR3: nobody sends in the name of another', () => {
    const net = new TestNetwork();
    const [a, b] = net.pair();
    expect(() => a.transport.send(join(b, a))).toThrow('sent as');
  });

  test('some are lost, some come twice, some late: all counted', () => {
    const net = new TestNetwork({
      lossPerMillion: 200_000,
      duplicatesPerMillion: 200_000,
      longDelaysPerMillion: 200_000,
      longDelayMinUs: 2 * SECOND_US,
      longDelayMaxUs: 3 * SECOND_US,
      reorders: true,
    });
    const [a, b] = net.pair();
    for (let i = 0; i < 1_000; i += 1) a.transport.send(numbered(a, b, i));
    net.pass(SECOND_US);
    const early = b.received.length;
    net.pass(3 * SECOND_US);
    const { sent, delivered, lost, duplicated, delayed } = net.network.counters;
    expect(sent).toBe(1_000);
    expect(lost).toBeGreaterThan(150);
    expect(lost).toBeLessThan(250);
    expect(duplicated).toBeGreaterThan(100);
    expect(delayed).toBeGreaterThan(100);
    expect(delivered).toBe(b.received.length);
    expect(delivered).toBe(sent - lost + duplicated);
    expect(b.received.length - early).toBe(delayed);
  });

  test.each([
    [0, 0],
    [1_000_000, 1],
  ])('what is on its way when its link breaks is lost, or comes late (%d)', (rate, arrives) => {
    const net = new TestNetwork({
      latencyMinUs: SECOND_US,
      latencyMaxUs: SECOND_US,
      lateAfterBreakPerMillion: rate,
    });
    const [a, b] = net.pair();
    a.transport.send(join(a, b));
    net.network.reset(A, B);
    net.pass(5 * SECOND_US);
    expect(b.received).toHaveLength(arrives);
  });
});

describe('partitions', () => {
  test('a blocked direction loses what is sent, the other one does not', () => {
    const net = new TestNetwork({ detectMinUs: 3 * SECOND_US, detectMaxUs: 4 * SECOND_US });
    const [a, b] = net.pair();
    net.network.block(A, B);
    a.transport.send(join(a, b));
    b.transport.send(join(b, a));
    net.pass(SECOND_US);
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
  });

  test('the ends notice in their time, and dial again when it is over', () => {
    const net = new TestNetwork({ detectMinUs: SECOND_US, detectMaxUs: 2 * SECOND_US });
    const [a, b] = net.pair();
    net.network.block(A, B);
    net.network.block(B, A);
    net.pass(SECOND_US / 2);
    expect(net.network.isUp(A, B)).toBe(true);
    net.pass(5 * SECOND_US);
    expect(net.network.isUp(A, B)).toBe(false);
    expect(a.links).toEqual(['B up', 'B down']);
    net.network.unblockAll();
    net.pass(SECOND_US);
    expect(b.links).toEqual(['A up', 'A down', 'A up']);
  });

  test('a short one goes unnoticed', () => {
    const net = new TestNetwork({ detectMinUs: SECOND_US, detectMaxUs: 2 * SECOND_US });
    const [a] = net.pair();
    net.network.block(A, B);
    net.pass(SECOND_US / 2);
    net.network.unblock(A, B);
    net.pass(5 * SECOND_US);
    expect(a.links).toEqual(['B up']);
  });

  test('what is sent during one holds up nothing that is sent behind it', () => {
    const net = new TestNetwork({ detectMinUs: SECOND_US, detectMaxUs: 2 * SECOND_US });
    const [a, b] = net.pair();
    net.network.block(A, B);
    for (let i = 0; i < 20; i += 1) a.transport.send(numbered(a, b, i));
    net.pass(SECOND_US / 2);
    net.network.unblock(A, B);
    a.transport.send(numbered(a, b, 20));
    net.pass(GOOD_NETWORK.latencyMaxUs);
    expect(numbersOf(b.received)).toEqual([20]);
  });

  test('a link wanted during one is dialled when it ends', () => {
    const net = new TestNetwork();
    net.network.block(A, B);
    const [a] = net.pair();
    expect(a.links).toEqual([]);
    net.network.unblockAll();
    net.pass(SECOND_US);
    expect(a.links).toEqual(['B up']);
  });
});

describe('TR6, TR7: who may have a link', () => {
  const INDEX = 7 as LogIndex;
  const invite = { id: 'i', verifier: 'v', createdAtMs: 0, expiresAtMs: null, usesLeft: null };

  /** A votes alone, by its access; B comes with what it has, and knows nobody. */
  function meet(access: Partial<Access>, credentials: Partial<Credentials> = {}) {
    const net = new TestNetwork();
    const a = net.attach(A, 0, { key: 'a', admission: { type: 'none' } });
    const b = net.attach(B, 1, { key: 'b', admission: { type: 'none' }, ...credentials });
    const tell = (changes: Partial<Access>, learners: readonly NodeId[] = []): void => {
      const all = { ...NO_ACCESS, keys: { [A]: 'a' }, ...changes };
      const members = { voters: [A], outgoingVoters: [], learners, profiles: {} };
      a.transport.setAccess({ ...members, access: all }, INDEX);
    };
    tell(access);
    b.transport.setPeers([A]);
    b.transport.setAccess(EMPTY_CONFIGURATION, 0 as LogIndex);
    net.pass(SECOND_US);
    return { net, a, b, tell };
  }

  test('a stranger gets none, and is told nothing', () => {
    const { a, b } = meet({});
    expect([a.links, b.links, b.received]).toEqual([[], [], []]);
  });

  test('who was removed is told so by a member, with the committed index', () => {
    const { b } = meet({ removed: [B] });
    expect(b.links).toEqual([]);
    expect(b.received).toEqual([{ type: 'removed', from: A, to: B, configurationIndex: INDEX }]);
  });

  test('who only has an invite may ask to join, as what it proved', () => {
    const admission = { type: 'invite', inviteId: 'i' } as const;
    const { net, a, b, tell } = meet({ invites: [invite] }, { admission });
    b.transport.send({ ...join(b, a), key: 'of another' } as NodeMessage);
    b.transport.send(numbered(b, a, 1));
    a.transport.send(numbered(a, b, 2));
    net.pass(SECOND_US);
    expect(a.received).toEqual([{ ...join(b, a), key: 'b', admission }]);
    expect(b.received).toEqual([numbered(a, b, 2)]);
    tell({ keys: { [A]: 'a', [B]: 'b' } }, [B]);
    b.transport.send(numbered(b, a, 3));
    net.pass(SECOND_US);
    expect(a.received.slice(1)).toEqual([numbered(b, a, 3)]);
  });

  test('a voucher of a member lets in, and one of a stranger does not', () => {
    expect(meet({}, { admission: { type: 'voucher', by: A } }).b.links).toEqual(['A up']);
    expect(meet({}, { admission: { type: 'voucher', by: nodeIdOf(9) } }).b.links).toEqual([]);
  });

  test('a former member is known by its key alone', () => {
    const former = (key: string) => meet({ former: [{ nodeId: B, key }] }).b.links;
    expect([former('b'), former('another')]).toEqual([['A up'], []]);
  });

  test('links of those who may not any more break, and come back with the right to them', () => {
    const { net, b, tell } = meet({}, { admission: { type: 'voucher', by: A } });
    tell({ removed: [B] });
    net.pass(SECOND_US);
    expect(b.links).toEqual(['A up', 'A down']);
    expect(b.received).toHaveLength(1);
    tell({ keys: { [A]: 'a', [B]: 'b' } }, [B]);
    net.pass(SECOND_US);
    expect(b.links).toEqual(['A up', 'A down', 'A up']);
    tell({ keys: { [A]: 'a', [B]: 'another' } }, [B]);
    net.pass(SECOND_US);
    expect(b.links.at(-1)).toBe('A down');
  });
});
