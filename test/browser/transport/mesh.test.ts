/** Signalling, data channels and handshake in a real browser, over a real signalling server. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { commands } from 'vitest/browser';

import { MAX_BODY_BYTES, RAFT_LIMITS } from '../../../src/node/limits.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { decodeSecret, deriveClusterKeys } from '../../../src/transport/cluster-keys.ts';
import { proveOffer } from '../../../src/transport/offer-proof.ts';
import { peerIdOf } from '../../../src/transport/peer-id.ts';
import { connections, liveConnections, madeConnections, watchConnections } from './connections.ts';
import type { WorkerReport } from './mesh-worker.ts';
import { Stranger } from './stranger.ts';
import { Tab, type TabOptions } from './tab.ts';

const BOUND_MS = 40_000;

function randomText(length: number, alphabet: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}

function randomId(): NodeId {
  return randomText(16, 'abcdefghijklmnopqrstuvwxyz234567') as NodeId;
}

function randomSecret(): string {
  // The last character holds four bits and two zero bits.
  return `${randomText(42, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')}A`;
}

/** Every test has a cluster of its own. */
class Cluster {
  readonly clusterId = randomId();
  readonly secret = randomSecret();
  readonly tabs: Tab[] = [];

  add(options: Partial<TabOptions> = {}): Tab {
    const { clusterId, secret } = this;
    const tab = new Tab({ clusterId, secret, nodeId: randomId(), ...server, ...options });
    this.tabs.push(tab);
    return tab;
  }

  /** Two that have each other as peers, linked. */
  async pair(options: Partial<TabOptions> = {}): Promise<[Tab, Tab]> {
    const a = this.add(options);
    const b = this.add(options);
    a.setPeers(b);
    b.setPeers(a);
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    return [a, b];
  }
}

let server: { host: string; port: number };
let cluster: Cluster;
const clusters: Cluster[] = [];

beforeAll(async () => {
  watchConnections();
  server = { host: 'localhost', port: await commands.startSignallingServer(null) };
});

afterAll(() => commands.stopSignallingServer(server.port));

afterEach(() => {
  for (const used of clusters.splice(0)) for (const tab of used.tabs) tab.close();
});

function newCluster(): Cluster {
  cluster = new Cluster();
  clusters.push(cluster);
  return cluster;
}

/** Both send so many; gives how many of all messages came out of order. */
async function exchange(a: Tab, b: Tab, count: number, bodyBytes: number): Promise<number> {
  const before = (await a.report()).inOrder[b.nodeId] ?? 0;
  a.command({ type: 'send', to: b.nodeId, count, bodyBytes });
  b.command({ type: 'send', to: a.nodeId, count, bodyBytes });
  const total = before + count;
  const reports = await Promise.all([
    a.until((report) => report.inOrder[b.nodeId] === total, `${total} messages`),
    b.until((report) => report.inOrder[a.nodeId] === total, `${total} messages`),
  ]);
  return reports.reduce((sum, report) => sum + report.outOfOrder, 0);
}

/** A snapshot from `a` to `b`; gives both reports as it has arrived. */
async function stream(
  a: Tab,
  b: Tab,
  sizeBytes: number,
): Promise<{ sender: WorkerReport; receiver: WorkerReport }> {
  a.command({ type: 'stream', to: b.nodeId, sizeBytes });
  const sender = await a.until((report) => report.stream.isDone, 'the snapshot to be taken');
  return { sender, receiver: await b.report() };
}

async function untilTrue(holds: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + BOUND_MS / 2;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.each([
  { name: 'channels in the worker', relayChannels: false, carrier: 'worker' },
  { name: 'channels relayed by the page', relayChannels: true, carrier: 'page' },
])('$name', { timeout: BOUND_MS }, ({ relayChannels, carrier }) => {
  test('nodes find and prove each other, and keep one link', async () => {
    const [a, b] = await newCluster().pair({ relayChannels });
    const hasBulkChannel = carrier === 'worker';
    const settled = (report: WorkerReport): boolean =>
      report.mesh.links.every((link) => link.hasBulkChannel === hasBulkChannel);
    const reports = await Promise.all([
      a.until(settled, 'the second channel'),
      b.until(settled, 'the second channel'),
    ]);
    expect(reports.map((report) => report.mesh.links)).toEqual([
      [{ nodeId: b.nodeId, carrier, hasBulkChannel }],
      [{ nodeId: a.nodeId, carrier, hasBulkChannel }],
    ]);
    expect(reports.map((report) => report.events)).toEqual([[`+${b.nodeId}`], [`+${a.nodeId}`]]);
  });

  test('10,000 messages arrive in order, both ways at once', async () => {
    const [a, b] = await newCluster().pair({ relayChannels });
    expect(await exchange(a, b, 10_000, 40)).toBe(0);
  });

  test('a message of 8 MiB arrives whole, and small ones overtake it', async () => {
    const [a, b] = await newCluster().pair({ relayChannels });
    a.command({ type: 'send', to: b.nodeId, count: 1, bodyBytes: MAX_BODY_BYTES });
    a.command({ type: 'announce', to: b.nodeId, count: 3 });
    const report = await b.until((one) => one.wholeBodies === 1, 'the large message');
    expect(report.overtakers).toBe(3);
    expect(await exchange(a, b, 2, MAX_BODY_BYTES)).toBe(0);
  });

  test('a snapshot of 20 MB arrives whole and in order, and no heartbeat is late', async () => {
    const [a, b] = await newCluster().pair({ relayChannels });
    const { sender, receiver } = await stream(a, b, 20_000_000);
    expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
    expect(sender.mesh.links.map((link) => link.hasBulkChannel)).toEqual([carrier === 'worker']);
    expect(receiver.mesh.counters['bulkBytesIn']).toBeGreaterThan(20_000_000);
    expect(sender.stream.heartbeats).toBeGreaterThan(20);
    expect(sender.stream.p99Ms).toBeLessThan(RAFT_LIMITS.electionTimeoutMinMs / 2);
    expect([sender.events, receiver.events]).toEqual([[`+${b.nodeId}`], [`+${a.nodeId}`]]);
  });

  test('a link comes back after isolation, and no connection is left behind', async () => {
    const [a, b] = await newCluster().pair({ relayChannels });
    for (let round = 0; round < 3; round += 1) {
      a.command({ type: 'isolate', on: true });
      await Promise.all([a.linkedWith(), b.linkedWith()]);
      a.command({ type: 'isolate', on: false });
      await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    }
    await untilTrue(() => liveConnections() === 2, 'needless connections to close');
    a.close();
    await b.linkedWith();
    b.close();
    await untilTrue(() => liveConnections() === 0, 'the last connections to close');
    expect(madeConnections()).toBeGreaterThan(2);
  });
});

describe('the second channel', { timeout: BOUND_MS }, () => {
  test('where one page relays, snapshots arrive at both ends', async () => {
    const a = newCluster().add();
    const b = cluster.add({ relayChannels: true });
    a.setPeers(b);
    b.setPeers(a);
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    const there = await stream(a, b, 1_000_000);
    const back = await stream(b, a, 1_000_000);
    for (const { receiver } of [there, back]) {
      expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
      expect(receiver.mesh.links.map((link) => link.hasBulkChannel)).toEqual([false]);
      expect(receiver.events).toHaveLength(1);
    }
  });

  test('breaks nothing but itself when it closes', async () => {
    const kept: RTCDataChannel[] = [];
    const a = newCluster().add();
    const b = cluster.add({ keepBulkChannel: (channel) => kept.push(channel) });
    a.setPeers(b);
    await a.linkedWith(b);
    for (const channel of kept) channel.close();
    const { receiver } = await stream(a, b, 1_000_000);
    expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
    expect((await a.report()).events).toEqual([`+${b.nodeId}`]);
  });

  test('breaks the link when what comes over it is not of the link', async () => {
    const kept: RTCDataChannel[] = [];
    const a = newCluster().add();
    const b = cluster.add({ keepBulkChannel: (channel) => kept.push(channel) });
    a.setPeers(b);
    await a.linkedWith(b);
    await untilTrue(() => kept.some((channel) => channel.readyState === 'open'), 'the channel');
    for (const channel of kept) channel.send(new Uint8Array([2, 1, 2, 3, 4, 1]));
    const report = await a.until(({ events }) => events.length > 1, 'the link to break');
    expect(report.events.slice(0, 2)).toEqual([`+${b.nodeId}`, `-${b.nodeId}`]);
    expect(report.mesh.counters['malformed']).toBe(1);
  });

  test('is never one that the other end announces: those are closed, and harm nobody', async () => {
    const [a, b] = await newCluster().pair();
    await untilTrue(() => liveConnections() === 2, 'needless connections to close');
    const announced = connections().flatMap((connection) =>
      ['resqlite', 'bulk'].map((label) => connection.createDataChannel(label)),
    );
    for (const channel of announced) {
      channel.addEventListener('open', () => channel.send(new Uint8Array(1_000)));
    }
    const closed = (): boolean => announced.every((channel) => channel.readyState === 'closed');
    await untilTrue(closed, 'every announced channel to close');
    expect(await exchange(a, b, 100, 100)).toBe(0);
    const { sender, receiver } = await stream(a, b, 1_000_000);
    expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
    expect(sender.mesh.counters['malformed']).toBe(0);
    expect(receiver.events).toEqual([`+${a.nodeId}`]);
  });
});

describe('signalling server', { timeout: BOUND_MS }, () => {
  test('links live without it; when it is back new ones are made', async () => {
    const port = await commands.startSignallingServer(null);
    const [a, b] = await newCluster().pair({ port });
    await commands.stopSignallingServer(port);
    await a.until((report) => report.mesh.signalling === 'disconnected', 'the loss to be seen');
    const c = cluster.add({ port });
    c.setPeers(a, b);
    expect(await exchange(a, b, 100, 1_000)).toBe(0);
    expect((await c.report()).mesh.links).toEqual([]);
    await commands.startSignallingServer(port);
    await c.linkedWith(a, b);
    expect(await exchange(a, b, 100, 1_000)).toBe(0);
    const events = (await a.report()).events;
    expect(events).toEqual([`+${b.nodeId}`, `+${c.nodeId}`]);
    await commands.stopSignallingServer(port);
  });

  test('a restarted tab takes its own name over while its old socket is still open', async () => {
    const [a, b] = await newCluster().pair();
    // The worker dies; the page's socket to the server stays.
    b.worker.terminate();
    const again = cluster.add({ nodeId: b.nodeId });
    again.setPeers(a);
    await again.linkedWith(a);
    expect(await exchange(a, again, 100, 100)).toBe(0);
  });
});

describe('a page that goes', { timeout: BOUND_MS }, () => {
  test('is missed at once, not after a silence', async () => {
    const a = newCluster().add();
    const nodeId = randomId();
    const frame = document.createElement('iframe');
    const { clusterId, secret } = cluster;
    const options: TabOptions = { clusterId, secret, nodeId, ...server };
    const settings = JSON.stringify({ options, peers: [a.nodeId] });
    const module = new URL('./frame.ts', import.meta.url).href;
    const script = `<script type="module" src="${module}"></script>`;
    frame.srcdoc = `<base href="${location.href}"><body data-settings='${settings}'>${script}`;
    document.body.append(frame);
    a.setPeers({ nodeId });
    await a.linkedWith({ nodeId });
    const leftMs = performance.now();
    frame.remove();
    await a.linkedWith();
    expect(performance.now() - leftMs).toBeLessThan(1_500);
  });
});

describe('strangers', { timeout: BOUND_MS }, () => {
  test('one with another secret does not even find a member', async () => {
    const a = newCluster().add();
    const stranger = cluster.add({ secret: randomSecret() });
    stranger.setPeers(a);
    a.setPeers(stranger);
    await stranger.until((report) => (report.mesh.counters['dials'] ?? 0) > 0, 'a dial');
    await stranger.until((report) => (report.mesh.counters['dialsFailed'] ?? 0) > 0, 'a failure');
    const report = await a.report();
    expect([report.events, report.mesh.counters['messagesIn']]).toEqual([[], 0]);
  });

  test('one whose offer passes but who has another secret is refused by the handshake', async () => {
    const a = newCluster().add();
    const keys = await deriveClusterKeys(decodeSecret(cluster.secret), cluster.clusterId);
    const aPeerId = await peerIdOf(keys, a.nodeId);
    const stranger = cluster.add({
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

  test('500 offers of every bad kind make no connection, throw nothing, and harm nobody', async () => {
    const uncaught: unknown[] = [];
    const note = (event: Event): unknown => uncaught.push(event);
    addEventListener('error', note);
    addEventListener('unhandledrejection', note);
    const [a, b] = await newCluster().pair();
    const { peerId } = await a.listening;
    await untilTrue(() => liveConnections() === 2, 'needless connections to close');
    const before = madeConnections();
    const stranger = await Stranger.connect(server, peerId);
    for (let i = 0; i < 500; i += 1) stranger.sendBadOffer(i);
    stranger.sendStrayMessages();
    // What the stranger sent last comes back: the server has passed on all of it.
    await stranger.echo();
    expect(await exchange(a, b, 100, 100)).toBe(0);
    const c = cluster.add();
    c.setPeers(a, b);
    await c.linkedWith(a, b);
    stranger.close();
    removeEventListener('error', note);
    removeEventListener('unhandledrejection', note);
    expect(uncaught).toEqual([]);
    // Two for each of the newcomer's links, and none for the stranger.
    expect(madeConnections() - before).toBe(4);
    expect((await a.report()).events).toEqual([`+${b.nodeId}`, `+${c.nodeId}`]);
  });

  test('silent offers of a member fill their room and no more, and then time out', async () => {
    const a = newCluster().add();
    const { peerId } = await a.listening;
    const keys = await deriveClusterKeys(decodeSecret(cluster.secret), cluster.clusterId);
    await a.until((report) => report.mesh.signalling === 'connected', 'the server');
    const stranger = await Stranger.connect(server, peerId);
    const before = madeConnections();
    for (let i = 0; i < 40; i += 1) {
      const connectionId = `dc_${i}`;
      const offer = { from: stranger.id, to: peerId, connectionId };
      stranger.sendOffer(connectionId, await proveOffer(keys.offerProof, offer));
    }
    await stranger.echo();
    await untilTrue(() => madeConnections() - before === 8, 'eight connections');
    await untilTrue(() => liveConnections() === 0, 'their end');
    expect(madeConnections() - before).toBe(8);
    stranger.close();
  });
});
