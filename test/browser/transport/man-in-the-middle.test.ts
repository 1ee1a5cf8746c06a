/** Who controls the signalling between two members gains nothing, over real connections. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commands } from 'vitest/browser';

import type { FromPage } from '../../../src/transport/signalling-protocol.ts';
import { BOUND_MS, ClusterBench, exchange, untilTrue } from './cluster.ts';
import { liveConnections } from './connections.ts';
import { ManInTheMiddle, type Bridge } from './man-in-the-middle.ts';
import type { WorkerReport } from './mesh-worker.ts';
import type { Tab, TabOptions } from './tab.ts';
import { noteUncaught } from './uncaught.ts';

const bench = new ClusterBench();
/** Of the second member's server, so that nothing but the man in the middle joins the two. */
let otherPort: number;

beforeAll(async () => {
  otherPort = await commands.startSignallingServer(null);
});

afterAll(() => commands.stopSignallingServer(otherPort));

/** Two members that have no peers yet, and him between. */
async function divided(
  options: Partial<TabOptions> = {},
): Promise<{ a: Tab; b: Tab; middle: ManInTheMiddle }> {
  const a = bench.newCluster().add(options);
  const b = bench.cluster.add({ ...options, port: otherPort });
  const middle = await ManInTheMiddle.between(
    { port: bench.server.port, peerId: (await a.listening).peerId },
    { port: otherPort, peerId: (await b.listening).peerId },
  );
  onTestFinished(() => middle.close());
  return { a, b, middle };
}

/** Has a mesh see one and the same certificate everywhere, as if nobody could sit between. */
function withoutCertificates(message: FromPage): FromPage {
  if (message.type !== 'fingerprints') return message;
  const same = new Uint8Array(32);
  return { ...message, local: same, remote: same };
}

/** The one that a link came about by. */
function bridgeOfLink({ bridges }: ManInTheMiddle): Bridge {
  const found = bridges.find(({ said }) => said.includes('dialled: welcome'));
  if (found === undefined) throw new Error('no link by any bridge');
  return found;
}

function proofRefused(where: 'Here' | 'There'): (report: WorkerReport) => boolean {
  return ({ mesh }) => (mesh.counters[`refused${where}.proof`] ?? 0) > 0;
}

describe('a man in the middle', { timeout: BOUND_MS }, () => {
  test('passes on all that two members say, and both refuse; without him they link', async () => {
    const uncaught = noteUncaught();
    const { a, b, middle } = await divided();
    for (const [dialler, dialled] of [
      [a, b],
      [b, a],
    ] as const) {
      dialler.setPeers(dialled);
      await dialler.until(proofRefused('Here'), 'the refusal');
      await dialled.until(proofRefused('There'), 'word of the refusal');
      dialler.setPeers();
    }
    await untilTrue(() => middle.bridges.every((bridge) => bridge.isClosed), 'every bridge to end');
    const said = middle.bridges.map((bridge) => bridge.said);
    expect(said.length).toBeGreaterThanOrEqual(2);
    const refusal = ['dialler: hello', 'dialled: accept', 'dialler: refuse'];
    expect(said).toEqual(said.map(() => refusal));

    for (const [tab, to] of [
      [a, b.nodeId],
      [b, a.nodeId],
    ] as const) {
      tab.command({ type: 'announce', to, count: 3 });
      const { events, overtakers, mesh } = await tab.report();
      expect({ events, overtakers, links: mesh.links }).toEqual({
        events: [],
        overtakers: 0,
        links: [],
      });
      const none = { messagesIn: 0, messagesOut: 0, framesIn: 0, linksUp: 0, droppedNoLink: 3 };
      expect(mesh.counters).toMatchObject(none);
    }

    middle.stop();
    a.setPeers(b);
    b.setPeers(a);
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    expect(await exchange(a, b, 100, 100)).toBe(0);
    await untilTrue(() => liveConnections() === 2, 'needless connections to close');
    const reports = await Promise.all([a.report(), b.report()]);
    expect(reports.map(({ events }) => events)).toEqual([[`+${b.nodeId}`], [`+${a.nodeId}`]]);
    expect([uncaught.stop(), ...reports.map((report) => report.uncaught)]).toEqual([[], [], []]);
  });

  test('would go unnoticed, and read all, but for the certificates', async () => {
    const { a, b, middle } = await divided({ alterFromPage: withoutCertificates });
    a.setPeers(b);
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    expect(await exchange(a, b, 100, 100)).toBe(0);
    a.command({ type: 'stream', to: b.nodeId, sizeBytes: 1_000_000 });
    await a.until(({ stream }) => stream.isDone, 'the snapshot to be taken');
    const bridge = bridgeOfLink(middle);
    expect(bridge.said.slice(0, 4)).toEqual([
      'dialler: hello',
      'dialled: accept',
      'dialler: confirm',
      'dialled: welcome',
    ]);
    // All that was said: a hundred bodies of a hundred bytes each way.
    const bytes = bridge.frames.slice(4).reduce((sum, frame) => sum + frame.bytes.length, 0);
    expect(bytes).toBeGreaterThanOrEqual(200 * 100);
    expect(bridge.bulkFrames).toBeGreaterThan(0);
  });

  test('who recorded a handshake gets no link by it, dialling or dialled', async () => {
    const uncaught = noteUncaught();
    // No certificate gives him away, so that all depends on the handshake being a new one.
    const { a, b, middle } = await divided({ alterFromPage: withoutCertificates });
    a.setPeers(b);
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    const record = bridgeOfLink(middle);
    a.command({ type: 'isolate', on: true });
    await Promise.all([a.linkedWith(), b.linkedWith()]);
    await untilTrue(() => liveConnections() === 0, 'the connection to be forgotten');

    const dialling = middle.dialAgain(record);
    await b.until(proofRefused('Here'), 'the refusal');
    await untilTrue(() => dialling.heard.length === 2, 'word of the refusal');
    expect(dialling.heard).toEqual(['accept', 'refuse']);

    middle.answerBy(record);
    a.command({ type: 'isolate', on: false });
    await a.until(proofRefused('Here'), 'the refusal');
    const [, dialled] = middle.replays;
    await untilTrue(() => dialled?.heard.length === 2, 'word of the refusal');
    expect(dialled?.heard).toEqual(['hello', 'refuse']);
    const refusing = await Promise.all([a.report(), b.report()]);
    expect(refusing.map(({ events }) => events)).toEqual([
      [`+${b.nodeId}`, `-${b.nodeId}`],
      [`+${a.nodeId}`, `-${a.nodeId}`],
    ]);

    middle.stop();
    await Promise.all([a.linkedWith(b), b.linkedWith(a)]);
    expect(await exchange(a, b, 100, 100)).toBe(0);
    const reports = await Promise.all([a.report(), b.report()]);
    expect([uncaught.stop(), ...reports.map((report) => report.uncaught)]).toEqual([[], [], []]);
  });
});
