/** Signalling, data channels and handshake in a real browser, over a real signalling server. */

import { describe, expect, test } from 'vitest';
import { commands } from 'vitest/browser';

import { LINK_SUSPECT_MS, MAX_BODY_BYTES, RAFT_LIMITS } from '../../../src/node/limits.ts';
import { BOUND_MS, ClusterBench, exchange, untilTrue } from './cluster.ts';
import { connections, liveConnections, madeConnections } from './connections.ts';
import type { WorkerReport } from './mesh-worker.ts';
import type { Tab } from './tab.ts';

/** How often a machine may be too busy for what is measured. */
const ATTEMPTS = 3;
const LATE_MS = RAFT_LIMITS.electionTimeoutMinMs / 2;

const bench = new ClusterBench();

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

describe.each([
  { name: 'channels in the worker', relayChannels: false, carrier: 'worker' },
  { name: 'channels relayed by the page', relayChannels: true, carrier: 'page' },
])('$name', { timeout: BOUND_MS }, ({ relayChannels, carrier }) => {
  test('nodes find and prove each other, and keep one link', async () => {
    const [a, b] = await bench.newCluster().pair({ relayChannels });
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
    const [a, b] = await bench.newCluster().pair({ relayChannels });
    expect(await exchange(a, b, 10_000, 40)).toBe(0);
  });

  test('a message of 8 MiB arrives whole, and small ones overtake it', async () => {
    const [a, b] = await bench.newCluster().pair({ relayChannels });
    a.command({ type: 'send', to: b.nodeId, count: 1, bodyBytes: MAX_BODY_BYTES });
    a.command({ type: 'announce', to: b.nodeId, count: 3 });
    const report = await b.until((one) => one.wholeBodies === 1, 'the large message');
    expect(report.overtakers).toBe(3);
    expect(await exchange(a, b, 2, MAX_BODY_BYTES)).toBe(0);
  });

  test('a snapshot of 20 MB arrives whole and in order, and no heartbeat is late', async () => {
    let p99Ms = Infinity;
    // One thread that does not run in time makes all that came to it meanwhile late.
    for (let attempt = 0; attempt < ATTEMPTS && p99Ms >= LATE_MS; attempt += 1) {
      const [a, b] = await bench.newCluster().pair({ relayChannels });
      const { sender, receiver } = await stream(a, b, 20_000_000);
      expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
      expect(sender.mesh.links.map((link) => link.hasBulkChannel)).toEqual([carrier === 'worker']);
      expect(receiver.mesh.counters['bulkBytesIn']).toBeGreaterThan(20_000_000);
      expect(sender.stream.heartbeats).toBeGreaterThan(20);
      expect([sender.events, receiver.events]).toEqual([[`+${b.nodeId}`], [`+${a.nodeId}`]]);
      ({ p99Ms } = sender.stream);
    }
    expect(p99Ms).toBeLessThan(LATE_MS);
  });

  test('a link comes back after isolation, and no connection is left behind', async () => {
    const [a, b] = await bench.newCluster().pair({ relayChannels });
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
    const a = bench.newCluster().add();
    const b = bench.cluster.add({ relayChannels: true });
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
    const a = bench.newCluster().add();
    const b = bench.cluster.add({ keepBulkChannel: (channel) => kept.push(channel) });
    a.setPeers(b);
    await a.linkedWith(b);
    for (const channel of kept) channel.close();
    const { receiver } = await stream(a, b, 1_000_000);
    expect(receiver.stream).toMatchObject({ outOfOrder: 0, wrongBytes: 0 });
    expect((await a.report()).events).toEqual([`+${b.nodeId}`]);
  });

  test('breaks the link when what comes over it is not of the link', async () => {
    const kept: RTCDataChannel[] = [];
    const a = bench.newCluster().add();
    const b = bench.cluster.add({ keepBulkChannel: (channel) => kept.push(channel) });
    a.setPeers(b);
    await a.linkedWith(b);
    await untilTrue(() => kept.some((channel) => channel.readyState === 'open'), 'the channel');
    for (const channel of kept) channel.send(new Uint8Array([2, 1, 2, 3, 4, 1]));
    const report = await a.until(({ events }) => events.length > 1, 'the link to break');
    expect(report.events.slice(0, 2)).toEqual([`+${b.nodeId}`, `-${b.nodeId}`]);
    expect(report.mesh.counters['malformed']).toBe(1);
  });

  test('is never one that the other end announces: those are closed, and harm nobody', async () => {
    const [a, b] = await bench.newCluster().pair();
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
    const [a, b] = await bench.newCluster().pair({ port });
    await commands.stopSignallingServer(port);
    await a.until((report) => report.mesh.signalling === 'disconnected', 'the loss to be seen');
    const c = bench.cluster.add({ port });
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
    const [a, b] = await bench.newCluster().pair();
    // The worker dies; the page's socket to the server stays.
    b.worker.terminate();
    const { nodeId, options } = b;
    const again = bench.cluster.add({ nodeId, credentials: options.credentials });
    again.setPeers(a);
    await again.linkedWith(a);
    expect(await exchange(a, again, 100, 100)).toBe(0);
  });
});

describe('a page that goes', { timeout: BOUND_MS }, () => {
  test('is missed at once, not after a silence', async () => {
    const a = bench.newCluster().add();
    const options = bench.cluster.next();
    const { nodeId } = options;
    const frame = document.createElement('iframe');
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
    // After a silence it would be missed later than that.
    expect(performance.now() - leftMs).toBeLessThan(LINK_SUSPECT_MS);
  });
});
