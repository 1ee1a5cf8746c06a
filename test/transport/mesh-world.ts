/**
 * Meshes in virtual time: real codec, handshake and links; fake pages, signalling server and data
 * channels. WebCrypto works in its own time, so virtual time stands still while it does.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';

import { OFFER_EXPIRY_MS } from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { Clock } from '../../src/node/ports.ts';
import type { Configuration, LogIndex, NodeId } from '../../src/raft/types.ts';
import type { CredentialSource } from '../../src/transport/credentials.ts';
import { Mesh } from '../../src/transport/mesh.ts';
import type { FromMesh, FromPage } from '../../src/transport/signalling-protocol.ts';
import { asDataChannel, FakeDataChannel } from './fake-channel.ts';
import { configurationOf, ownKeyOnly } from './keys.ts';
import { ManualClock } from './manual-clock.ts';

export const CLUSTER = 'cluster2cluster2';
const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
export const OTHER_SECRET = `B${SECRET.slice(1)}`;

/** By default every node that a letter names is a member with a key of its own. */
const EVERYBODY = configurationOf([...'abcdefghijklmnopqrstuvwxyz'].map(idOf));

/** Counts what WebCrypto has not answered yet. */
const crypting = { pending: 0 };

const COUNTED = ['sign', 'verify', 'importKey', 'deriveKey', 'deriveBits'] as const;

function counted(name: (typeof COUNTED)[number]): void {
  const original = crypto.subtle[name].bind(crypto.subtle) as (
    ...args: unknown[]
  ) => Promise<unknown>;
  Object.defineProperty(crypto.subtle, name, {
    configurable: true,
    value: async (...args: unknown[]) => {
      crypting.pending += 1;
      try {
        return await original(...args);
      } finally {
        crypting.pending -= 1;
      }
    },
  });
}

for (const name of COUNTED) counted(name);

/** A message port in virtual time. */
class FakePort extends EventTarget {
  other: FakePort | null = null;
  readonly #deliver: (callback: () => void) => void;

  constructor(deliver: (callback: () => void) => void) {
    super();
    this.#deliver = deliver;
  }

  start(): void {}

  postMessage(data: unknown, _transfer: unknown): void {
    const { other } = this;
    this.#deliver(() => other?.dispatchEvent(new MessageEvent('message', { data })));
  }
}

/** A clock of a node that can be frozen: what falls due meanwhile fires when it thaws. */
class NodeClock implements Clock {
  frozen = false;
  readonly #clock: ManualClock;
  readonly #random: ManualClock;
  #held: (() => void)[] = [];

  constructor(clock: ManualClock, seed: number) {
    this.#clock = clock;
    this.#random = new ManualClock(seed);
  }

  now(): number {
    return this.#clock.now();
  }

  wallClock(): number {
    return this.#clock.now();
  }

  random(bound: number): number {
    return this.#random.random(bound);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let pending = true;
    const fire = (): void => {
      if (pending) callback();
    };
    const cancel = this.#clock.setTimer(delayMs, () => this.run(fire));
    return () => {
      pending = false;
      cancel();
    };
  }

  /** Now, or when thawed. */
  run(callback: () => void): void {
    if (this.frozen) this.#held.push(callback);
    else callback();
  }

  thaw(): void {
    this.frozen = false;
    const held = this.#held;
    this.#held = [];
    for (const callback of held) callback();
  }
}

/** One connection between two pages. */
export interface FakeConnection {
  readonly ends: readonly [ConnectionEnd, ConnectionEnd];
}

interface ConnectionEnd {
  readonly page: TestNode;
  readonly key: string;
  readonly channel: FakeDataChannel;
  /** The second one. */
  readonly bulkChannel: FakeDataChannel;
  /** What this end holds for the other's certificate. */
  readonly remoteCertificate: Uint8Array;
}

export interface NodeOptions {
  readonly secret?: string;
  /** Dials this PeerJS id whatever it derived itself. */
  readonly dialsPeerId?: string;
  /** What it has to show, where it is more or less than its own key. */
  readonly credentials?: Partial<CredentialSource>;
  /** In force where it starts; else that of all nodes a test can name. */
  readonly configuration?: Configuration;
  /** Has no second channel for its connections. */
  readonly withoutBulk?: boolean;
}

/** A node with its mesh, and the page that serves it. */
export class TestNode {
  readonly nodeId: NodeId;
  readonly mesh: Mesh;
  readonly clock: NodeClock;
  readonly received: NodeMessage[] = [];
  /** `+id` and `-id`. */
  readonly events: string[] = [];
  readonly connections = new Map<string, FakeConnection>();
  readonly certificate: Uint8Array;
  readonly posted: FromMesh[] = [];
  readonly pagePort: FakePort;
  readonly meshPort: FakePort;
  readonly options: NodeOptions;
  peerId: string | null = null;
  dials = 0;

  constructor(world: World, nodeId: NodeId, number: number, options: NodeOptions) {
    this.nodeId = nodeId;
    this.options = options;
    this.clock = new NodeClock(world.clock, number * 7919 + world.seed);
    this.certificate = new Uint8Array(32).fill(number);
    this.meshPort = new FakePort((callback) => world.clock.setTimer(0, callback));
    this.pagePort = new FakePort((callback) =>
      world.clock.setTimer(0, () => this.clock.run(callback)),
    );
    this.meshPort.other = this.pagePort;
    this.pagePort.other = this.meshPort;
    this.pagePort.addEventListener('message', (event) => {
      const message = (event as MessageEvent).data as FromMesh;
      this.posted.push(message);
      world.onFromMesh(this, message);
    });
    this.mesh = new Mesh({
      clusterId: CLUSTER,
      nodeId,
      secret: options.secret ?? SECRET,
      credentials: { ...ownKeyOnly(nodeId), ...options.credentials },
      port: this.meshPort as unknown as MessagePort,
      clock: this.clock,
      onMessage: (message) => this.received.push(message),
      onLinkChanged: (peer, connected) => this.events.push(`${connected ? '+' : '-'}${peer[0]}`),
    });
    this.mesh.setAccess(options.configuration ?? EVERYBODY, 1 as LogIndex);
  }

  post(message: FromPage): void {
    this.pagePort.postMessage(message, []);
  }

  get linked(): string {
    return this.mesh
      .status()
      .links.map((link) => link.nodeId[0])
      .join('');
  }

  counter(name: string): number {
    return this.mesh.status().counters[name] ?? Number.NaN;
  }
}

export class World {
  readonly clock = new ManualClock();
  readonly seed: number;
  readonly #random: ManualClock;
  readonly #nodes: TestNode[] = [];
  #signallingUp = true;
  #numberOfNodes = 0;
  #numberOfConnections = 0;
  /** How long a message takes by way of the signalling server, at most. */
  signallingMaxMs = 20;
  /** How long a channel takes to open at either end, at most. */
  openMaxMs = 30;
  latencyMs = 2;
  /** Whether second channels ever open. */
  bulkOpens = true;
  /** Connections, and their channels, differ in latency by up to this. */
  latencySpreadMs = 0;
  /** How long a page takes to find out about the certificates. */
  fingerprintsMs = 0;
  /** Whose certificate both ends of every connection see instead of each other's. */
  interceptor: Uint8Array | null = null;

  constructor(seed = 1) {
    this.seed = seed;
    this.#random = new ManualClock(seed);
  }

  /** `letter` makes the id. */
  add(letter: string, options: NodeOptions = {}): TestNode {
    this.#numberOfNodes += 1;
    const node = new TestNode(this, idOf(letter), this.#numberOfNodes, options);
    this.#nodes.push(node);
    return node;
  }

  /** Time goes on, as far as `holds` wants; fails where it has not come true within `boundMs`. */
  async until(holds: () => boolean, boundMs: number, what: string): Promise<void> {
    await this.#settle();
    const untilMs = this.clock.now() + boundMs;
    while (!holds()) {
      if (this.clock.now() >= untilMs) throw new Error(`waited ${boundMs} ms in vain for ${what}`);
      this.clock.advance(1);
      await this.#settle();
    }
  }

  async run(forMs: number): Promise<void> {
    const untilMs = this.clock.now() + forMs;
    await this.until(() => this.clock.now() >= untilMs, forMs + 1, 'time to pass');
  }

  setSignalling(up: boolean): void {
    this.#signallingUp = up;
    for (const node of this.#nodes) {
      if (node.peerId !== null) {
        node.post({ type: 'server', state: up ? 'connected' : 'disconnected' });
      }
    }
  }

  /** The process is gone; `silently`: nobody is told, as when a machine loses power. */
  kill(node: TestNode, silently: boolean): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    for (const connection of node.connections.values()) {
      for (const end of connection.ends) {
        for (const channel of [end.channel, end.bulkChannel]) {
          if (silently) channel.blackHole = true;
          else channel.close();
        }
      }
    }
    node.clock.frozen = true;
  }

  /** Cuts or restores every connection between the two. */
  setBlackHole(a: TestNode, b: TestNode, on: boolean): void {
    for (const connection of a.connections.values()) {
      const pages = connection.ends.map((end) => end.page);
      if (!pages.includes(b)) continue;
      for (const end of connection.ends) {
        end.channel.blackHole = on;
        end.bulkChannel.blackHole = on;
      }
    }
  }

  onFromMesh(node: TestNode, message: FromMesh): void {
    switch (message.type) {
      case 'listen':
        node.peerId = message.peerId;
        if (this.#signallingUp) node.post({ type: 'server', state: 'connected' });
        return;
      case 'dial':
        node.dials += 1;
        this.#dial(node, message.key, node.options.dialsPeerId ?? message.peerId);
        return;
      case 'opened':
        this.#sendFingerprints(node, message.key);
        return;
      case 'close':
        this.#close(node, message.key);
        return;
      default:
        return;
    }
  }

  /** A connection to `to` that is not a mesh's: gives its channels, open in a moment. */
  connectStranger(to: TestNode): { channel: FakeDataChannel; bulkChannel: FakeDataChannel } {
    const [channel, far] = FakeDataChannel.pair(this.clock, this.#conditions());
    const [bulkChannel, farBulk] = FakeDataChannel.pair(this.clock, this.#conditions());
    this.#numberOfConnections += 1;
    const key = `i${this.#numberOfConnections}`;
    const remoteCertificate = new Uint8Array(32).fill(99);
    const end = { page: to, key, channel: far, bulkChannel: farBulk, remoteCertificate };
    to.connections.set(key, { ends: [end, { ...end, channel, bulkChannel }] });
    to.post({ type: 'incoming', key, peerId: 'resqlite-stranger' });
    this.#move(end);
    this.clock.setTimer(1, () => {
      for (const one of [channel, far, bulkChannel, farBulk]) one.open();
    });
    return { channel, bulkChannel };
  }

  #dial(from: TestNode, key: string, peerId: string): void {
    const target = this.#nodes.find((node) => node.peerId === peerId);
    if (!this.#signallingUp || target === undefined) {
      const afterMs = this.#signallingUp ? OFFER_EXPIRY_MS : 0;
      this.clock.setTimer(afterMs, () => from.post({ type: 'closed', key }));
      return;
    }
    this.#numberOfConnections += 1;
    const inboundKey = `i${this.#numberOfConnections}`;
    const [near, far] = FakeDataChannel.pair(this.clock, this.#conditions());
    const [nearBulk, farBulk] = FakeDataChannel.pair(this.clock, this.#conditions());
    const nearEnd: ConnectionEnd = {
      page: from,
      key,
      channel: near,
      bulkChannel: nearBulk,
      remoteCertificate: this.interceptor ?? target.certificate,
    };
    const farEnd: ConnectionEnd = {
      page: target,
      key: inboundKey,
      channel: far,
      bulkChannel: farBulk,
      remoteCertificate: this.interceptor ?? from.certificate,
    };
    const connection: FakeConnection = { ends: [nearEnd, farEnd] };
    from.connections.set(key, connection);
    this.#move(nearEnd);
    this.clock.setTimer(this.#upTo(this.signallingMaxMs), () => {
      if (!from.connections.has(key) || !this.#nodes.includes(target)) return;
      const fromPeerId = from.peerId ?? '';
      target.connections.set(inboundKey, connection);
      target.post({ type: 'incoming', key: inboundKey, peerId: fromPeerId });
      this.clock.setTimer(this.#upTo(this.signallingMaxMs), () => {
        this.#move(farEnd);
        for (const end of [near, far, ...(this.bulkOpens ? [nearBulk, farBulk] : [])]) {
          this.clock.setTimer(1 + this.#upTo(this.openMaxMs), () => end.open());
        }
      });
    });
  }

  /** The page hands the end's channels to its mesh. */
  #move({ page, key, channel, bulkChannel }: ConnectionEnd): void {
    page.post({
      type: 'channel',
      key,
      channel: asDataChannel(channel),
      bulkChannel: page.options.withoutBulk === true ? null : asDataChannel(bulkChannel),
      carrier: 'worker',
    });
  }

  #sendFingerprints(node: TestNode, key: string): void {
    const connection = node.connections.get(key);
    const end = connection?.ends.find((one) => one.page === node && one.key === key);
    if (end === undefined) return;
    const { remoteCertificate: remote } = end;
    this.clock.setTimer(this.fingerprintsMs, () =>
      node.post({ type: 'fingerprints', key, local: node.certificate, remote }),
    );
  }

  #close(node: TestNode, key: string): void {
    const connection = node.connections.get(key);
    if (!node.connections.delete(key) || connection === undefined) return;
    for (const end of connection.ends) {
      if (end.page !== node || end.key !== key) continue;
      end.channel.close();
      end.bulkChannel.close();
    }
  }

  #conditions(): { latencyMs: number; bytesPerMs: number } {
    const latencyMs = this.latencyMs + this.#upTo(this.latencySpreadMs);
    return { latencyMs, bytesPerMs: Infinity };
  }

  #upTo(maxMs: number): number {
    return this.#random.random(maxMs + 1);
  }

  async #settle(): Promise<void> {
    do await nextTurn();
    while (crypting.pending > 0);
  }
}

export function idOf(letter: string): NodeId {
  return letter.repeat(16) as NodeId;
}
