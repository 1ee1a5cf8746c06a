/** Nodes of one page link through it: real meshes, real message ports, and no signalling server. */

import { afterEach, describe, expect, test } from 'vitest';

import { CHANNEL_LOW_WATER_BYTES } from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { LogIndex, NodeId } from '../../src/raft/types.ts';
import { LocalLinks } from '../../src/transport/local-links.ts';
import { Mesh } from '../../src/transport/mesh.ts';
import { PortChannel } from '../../src/transport/port-channel.ts';
import type { FromMesh, PagePort } from '../../src/transport/signalling-protocol.ts';
import { configurationOf, ownKeyOnly } from './keys.ts';
import { idOf } from './mesh-world.ts';
import { waitUntil } from './wait-until.ts';

const CLUSTER = 'abcdefghijklmnop';
const SECRET = 'A'.repeat(43);

const clock = {
  now: () => Math.floor(performance.now()),
  wallClock: () => Date.now(),
  setTimer: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: (bound: number) => Math.floor(Math.random() * bound),
};

/** What the page's signalling is asked for what the page cannot do by itself. */
class DeafSignalling {
  readonly heard: FromMesh[] = [];
  isClosed = false;
  readonly #port: PagePort;

  constructor(port: PagePort) {
    this.#port = port;
    port.addEventListener('message', this.#receive);
    port.start();
  }

  close(): void {
    this.isClosed = true;
    this.#port.removeEventListener('message', this.#receive);
  }

  readonly #receive = (event: MessageEvent): void => {
    this.heard.push(event.data as FromMesh);
  };
}

class PageNode {
  readonly nodeId: NodeId;
  readonly mesh: Mesh;
  readonly received: NodeMessage[] = [];
  readonly events: string[] = [];
  readonly #served: { close(): void };
  signalling: DeafSignalling | null = null;

  constructor(links: LocalLinks, letter: string) {
    this.nodeId = idOf(letter);
    const { port1, port2 } = new MessageChannel();
    const serve = links.beside((port) => (this.signalling = new DeafSignalling(port)));
    this.#served = serve(port1);
    this.mesh = new Mesh({
      clusterId: CLUSTER,
      nodeId: this.nodeId,
      secret: SECRET,
      credentials: ownKeyOnly(this.nodeId),
      port: port2,
      clock,
      onMessage: (message) => this.received.push(message),
      onLinkChanged: (peer, connected) => this.events.push(`${connected ? '+' : '-'}${peer[0]}`),
    });
    this.mesh.setAccess(configurationOf(['a', 'b', 'c'].map(idOf)), 1 as LogIndex);
    nodes.push(this);
  }

  get linked(): string {
    return this.mesh
      .status()
      .links.map(({ nodeId, carrier }) => `${nodeId[0]} ${carrier}`)
      .join();
  }

  asks(type: FromMesh['type']): number {
    return this.signalling?.heard.filter((message) => message.type === type).length ?? 0;
  }

  /** As its worker is terminated: the page knows, the mesh says nothing. */
  end(): void {
    this.#served.close();
  }

  close(): void {
    this.mesh.close();
    this.end();
  }
}

const nodes: PageNode[] = [];

afterEach(() => {
  for (const node of nodes.splice(0)) node.close();
});

function hello(from: PageNode, to: PageNode): NodeMessage {
  const ends = { from: from.nodeId, to: to.nodeId };
  return { type: 'join-response', ...ends, leaderId: to.nodeId, members: [from.nodeId] };
}

describe('nodes of one page', () => {
  test('link without a server, all of them, and their messages arrive', async () => {
    const links = new LocalLinks();
    const [a, b] = [new PageNode(links, 'a'), new PageNode(links, 'b')];
    const ids = ['a', 'b', 'c'].map(idOf);
    a.mesh.setPeers(ids);
    b.mesh.setPeers(ids);
    await waitUntil(() => a.linked === 'b local' && b.linked === 'a local', 'a link');
    expect([a.asks('listen'), a.asks('dial'), a.asks('opened'), a.asks('adopted')]).toEqual([
      1, 0, 0, 0,
    ]);

    // One that comes later finds those that are there, and is found.
    const c = new PageNode(links, 'c');
    c.mesh.setPeers(ids);
    await waitUntil(() => c.linked === 'a local,b local', 'links of the third');
    c.mesh.send(hello(c, a));
    await waitUntil(() => a.received.length === 1, 'a message');
    expect(a.received).toEqual([hello(c, a)]);
  });

  test('learn at once that one is gone, whether it says so or not, and link with its next life', async () => {
    const links = new LocalLinks();
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => new PageNode(links, letter)) as [
      PageNode,
      PageNode,
      PageNode,
    ];
    const ids = [a, b, c].map(({ nodeId }) => nodeId);
    for (const node of [a, b, c]) node.mesh.setPeers(ids);
    await waitUntil(() => a.linked === 'b local,c local', 'links');
    b.close();
    c.end();
    await waitUntil(() => a.linked === '', 'the links to end');
    expect(a.events.toSorted()).toEqual(['+b', '+c', '-b', '-c']);

    const again = new PageNode(links, 'b');
    again.mesh.setPeers(ids);
    await waitUntil(() => a.linked === 'b local' && again.linked === 'a local', 'a link again');
  });

  test('are dialled by signalling where they are not of this page', async () => {
    const a = new PageNode(new LocalLinks(), 'a');
    const b = new PageNode(new LocalLinks(), 'b');
    a.mesh.setPeers([b.nodeId]);
    await waitUntil(() => a.asks('listen') === 1, 'the mesh to listen');
    expect([a.linked, a.asks('dial')]).toEqual(['', 0]);
    expect(a.mesh.status().counters['dials']).toBe(0);
    a.end();
    expect(a.signalling?.isClosed).toBe(true);
  });
});

test('a local channel counts what is not read yet, and tells when there is room', async () => {
  const { port1, port2 } = new MessageChannel();
  const events: string[] = [];
  const near = new PortChannel(port1, 'local');
  const listenTo = (channel: PortChannel, name: string): void => {
    channel.listen({
      opened: () => events.push(`${name} opened`),
      received: (frame) => events.push(`${name} ${frame.length}`),
      drained: () => events.push(`${name} drained`),
      closed: () => events.push(`${name} closed`),
    });
  };
  listenTo(near, 'near');
  expect(() => near.send(new Uint8Array(1))).toThrow('not open');
  const far = new PortChannel(port2, 'local');
  listenTo(far, 'far');
  await waitUntil(() => near.isOpen && far.isOpen, 'both ends to open');
  for (let frame = 0; frame < 4; frame += 1) near.send(new Uint8Array(CHANNEL_LOW_WATER_BYTES / 2));
  expect(near.bufferedAmount).toBe(2 * CHANNEL_LOW_WATER_BYTES);
  await waitUntil(() => near.bufferedAmount === 0, 'all to be read');
  expect(events.filter((event) => event === 'near drained')).toHaveLength(1);
  near.send(new Uint8Array(7));
  near.close();
  near.close();
  await waitUntil(() => events.includes('far closed'), 'the end');
  expect(events.slice(-2)).toEqual(['far 7', 'far closed']);
  expect([near.isOpen, far.isOpen]).toEqual([false, false]);
});
