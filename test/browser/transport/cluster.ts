/** Clusters for the transport's browser tests: members with keys of their own, over one server. */

import { afterAll, afterEach, beforeAll } from 'vitest';
import { commands } from 'vitest/browser';

import { EMPTY_CONFIGURATION } from '../../../src/raft/configuration.ts';
import type { Access, Configuration, NodeId } from '../../../src/raft/types.ts';
import type { CredentialSource } from '../../../src/transport/credentials.ts';
import { newKeyPair, type KeyPair } from '../../../src/transport/node-key.ts';
import { watchConnections } from './connections.ts';
import { Tab, type TabOptions } from './tab.ts';

export const BOUND_MS = 40_000;

function randomText(length: number, alphabet: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('');
}

export function randomId(): NodeId {
  return randomText(16, 'abcdefghijklmnopqrstuvwxyz234567') as NodeId;
}

export function randomSecret(): string {
  // The last character holds four bits and two zero bits.
  return `${randomText(42, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')}A`;
}

interface Member {
  readonly nodeId: NodeId;
  readonly key: KeyPair;
}

async function newMembers(count: number): Promise<Member[]> {
  const keys = await Promise.all(Array.from({ length: count }, newKeyPair));
  return keys.map((key) => ({ nodeId: randomId(), key }));
}

/** Nothing to show but this key. */
export function showing(key: KeyPair): CredentialSource {
  return { key, siblings: [], memberKeys: {}, inviteToken: null };
}

/** As many members as a test may need; they are there when the test adds them. */
class Cluster {
  readonly clusterId = randomId();
  readonly secret = randomSecret();
  readonly tabs: Tab[] = [];
  readonly members: readonly Member[];
  readonly #server: { readonly host: string; readonly port: number };
  #taken = 0;

  constructor(members: readonly Member[], server: { host: string; port: number }) {
    this.members = members;
    this.#server = server;
  }

  configurationWith(access: Partial<Access> = {}): Configuration {
    const keys = Object.fromEntries(this.members.map(({ nodeId, key }) => [nodeId, key.publicKey]));
    const voters = this.members.map(({ nodeId }) => nodeId).toSorted();
    return {
      ...EMPTY_CONFIGURATION,
      voters,
      access: { ...EMPTY_CONFIGURATION.access, keys, ...access },
    };
  }

  add(options: Partial<TabOptions> = {}): Tab {
    const tab = new Tab({ ...this.next(), ...options });
    this.tabs.push(tab);
    return tab;
  }

  /** A member that is not there yet. */
  next(): TabOptions {
    const { clusterId, secret } = this;
    const member = this.members[this.#taken];
    if (member === undefined) throw new Error('a test with so many members');
    this.#taken += 1;
    const { nodeId, key } = member;
    const configuration = this.configurationWith();
    const node = { clusterId, secret, nodeId, credentials: showing(key), configuration };
    return { ...node, ...this.#server };
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

  close(): void {
    for (const tab of this.tabs) tab.close();
  }
}

/** What the tests of a file share: a signalling server, and members whose keys are made once. */
export class ClusterBench {
  readonly server = { host: 'localhost', port: 0 };
  readonly #used: Cluster[] = [];
  #members: readonly Member[] = [];
  #cluster: Cluster | null = null;

  /** For all tests of the file that calls it. */
  constructor() {
    beforeAll(async () => {
      watchConnections();
      this.#members = await newMembers(5);
      this.server.port = await commands.startSignallingServer(null);
    });
    afterEach(() => {
      for (const used of this.#used.splice(0)) used.close();
    });
    afterAll(() => commands.stopSignallingServer(this.server.port));
  }

  /** The present test's. */
  get cluster(): Cluster {
    if (this.#cluster === null) throw new Error('no cluster yet');
    return this.#cluster;
  }

  /** Every test has a cluster of its own. */
  newCluster(): Cluster {
    this.#cluster = new Cluster(this.#members, { ...this.server });
    this.#used.push(this.#cluster);
    return this.#cluster;
  }
}

/** Both send so many; gives how many of all messages came out of order. */
export async function exchange(a: Tab, b: Tab, count: number, bodyBytes: number): Promise<number> {
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

export async function untilTrue(holds: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + BOUND_MS / 2;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
