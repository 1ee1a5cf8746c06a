/**
 * Who has no key, or another, whose invite is over, or who was removed, gets nothing from a member and
 * changes nothing; what is refused is counted, and a friend gets in meanwhile.
 */

import { expect } from 'vitest';

import { decodeSecret, deriveClusterKeys } from '../../src/transport/cluster-keys.ts';
import { peerIdOf } from '../../src/transport/peer-id.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { emptyPage, expectSameLeader, statusesOf, test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const PEERJS = 'node_modules/peerjs/dist/peerjs.min.js';
/** Each is sent this often. */
const BAD_PAYLOADS = 100;
/** See `dialAsStranger`: 1,209 offers to three members. */
const OFFERS_PER_MEMBER = 3 + 4 * BAD_PAYLOADS;
const JOIN_TIMEOUT_MS = 20_000;

test('a tab with a wrong key never gets in', async ({ cluster, launch }) => {
  const { tabs } = cluster;
  await tabs[0]?.db((db) => db.execute('create table t (x)'));
  const before = await waitCluster(tabs, 3);
  const link = new URL((await tabs[0]?.db((db) => db.invite())) ?? '');
  link.hash = link.hash.replace(/k=[^&]+/, `k=${'A'.repeat(43)}`);

  const stranger = await (await launch()).open(link.href);
  await stranger.waitState('joining');
  await waitFor('the stranger to have tried', 20_000, async () => {
    const { counters } = await stranger.status();
    return (counters['dials'] ?? 0) > 3;
  });
  const status = await stranger.status();
  expect(status).toMatchObject({
    state: 'joining',
    term: 0,
    lastIndex: 0,
    voters: [],
    learners: [],
  });
  expect(status.members.filter(({ connected }) => connected)).toEqual([]);
  expect(await stranger.dbError((db) => db.query('select * from t'))).toMatchObject({
    code: 'NoQuorum',
  });
  await waitUndisturbed(tabs, before);
});

test('a stranger who knows where the members are, but no key, is not even answered', async ({
  cluster,
  launch,
  server,
}) => {
  const { browser, tabs } = cluster;
  const before = await waitCluster(tabs, 3);
  const stranger = await emptyPage(await launch(), server.url);
  await stranger.page.addScriptTag({ path: PEERJS });
  const addresses = await addressesOf(tabs);
  await stranger.page.evaluate(dialAsStranger, [addresses, server.port, BAD_PAYLOADS] as const);

  const offers = tabs.length * OFFERS_PER_MEMBER;
  await waitFor('the stranger to have sent its offers', JOIN_TIMEOUT_MS, async () => {
    return (await stranger.page.evaluate('offers')) === offers;
  });

  // What comes through the same signalling server later is answered: all of that has been read.
  const fourth = await (await browser.open(server.url)).waitRunning();
  await waitFor('the fourth tab to be linked with all', JOIN_TIMEOUT_MS, async () => {
    const { nodeId, connectedVoters, learners } = await fourth.status();
    return connectedVoters === 3 && learners.includes(nodeId);
  });
  expect(await stranger.page.evaluate('heard')).toEqual([]);
  const { nodeId } = await fourth.status();
  await waitUndisturbed(tabs, before, { learners: [nodeId] });
  await waitFor('every offer to be counted', JOIN_TIMEOUT_MS, async () => {
    return ((await refusedOffers(tabs))['malformed'] ?? 0) >= offers;
  });
  expect(await refusedOffers(tabs)).toMatchObject({ malformed: offers });
  await tabs[1]?.db((db) => db.execute('create table t (x)'));
  for (const tab of tabs) expect(await tab.rows('select * from t')).toEqual([]);
  await fourth.db((db) => db.leave());
  await fourth.close();
});

test('no invite that is over lets anybody in, nor does the key of a removed member', async ({
  cluster,
  launch,
  server,
}) => {
  const { tabs } = cluster;
  const [host] = tabs;
  if (host === undefined) throw new Error('three tabs are open');
  const before = await waitCluster(tabs, 3);
  const earlier = await refusedOffers(tabs);
  const guest = await emptyPage(await launch(), server.url);
  /** Opens the link in the one tab of the other browser, which thereby stays one node. */
  const goto = async (link: string): Promise<void> => {
    await guest.page.goto('about:blank');
    await guest.page.goto(link);
  };
  const waitRefused = async (tab: Tab): Promise<void> => {
    await waitFor('the refusal', JOIN_TIMEOUT_MS, async () => {
      return (await tab.text()).includes('does not let this tab in');
    });
    expect(await tab.status()).toMatchObject({ state: 'joining', lastIndex: 0, voters: [] });
  };

  const open = async (): Promise<number> => (await host.db((db) => db.invites())).length;
  const others = await open();
  const expired = await host.db((db) => db.invite({ expiresInMs: 5_000 }));
  await waitFor('the invite to be over', JOIN_TIMEOUT_MS, async () => (await open()) === others);
  await goto(expired);
  await waitRefused(guest);
  const revoked = await host.db((db) => db.invite());
  await host.db(async (db) => {
    for (const { id } of await db.invites()) await db.revokeInvite(id);
  });
  await goto(revoked);
  await waitRefused(guest);

  const once = await host.db((db) => db.invite({ uses: 1 }));
  await goto(once);
  await guest.waitRunning();
  const late = await (await launch()).open(once);
  await waitRefused(late);

  const { nodeId } = await guest.status();
  await guest.page.goto('about:blank');
  const known = await host.db((db) => db.invite());
  await host.db((db, id) => db.removeNode(id), nodeId);
  // What was open ended with the removal.
  await late.page.goto('about:blank');
  await late.page.goto(known);
  await waitRefused(late);
  await guest.page.goto(server.url);
  await guest.waitState('stopped');
  expect(await guest.text()).toMatch('was removed from the cluster');
  // A page that is loaded anew before that name was given up is told once more.
  await waitFor('another name', JOIN_TIMEOUT_MS, async () => {
    await guest.page.reload();
    await waitFor('a node', JOIN_TIMEOUT_MS, () => guest.hasDatabase());
    return (await guest.status()).nodeId !== nodeId;
  });
  await waitRefused(guest);
  await waitFor('every refusal to be counted', JOIN_TIMEOUT_MS, async () => {
    const { removed = 0, invite = 0, stranger = 0 } = await refusedOffers(tabs);
    return removed > 0 && invite > 2 && stranger > (earlier['stranger'] ?? 0);
  });

  await goto(await host.db((db) => db.invite()));
  await guest.waitRunning();
  // Of another browser it is welcome as a voter, in the place of one of the three.
  const { nodeId: again } = await guest.status();
  const members = [...(before[0]?.voters ?? []), again].toSorted().join();
  const after = await waitStatuses(tabs, ({ voters, learners }) => {
    return [...voters, ...learners].toSorted().join() === members;
  });
  expectSameLeader(before, after);
});

/** How many offers all the tabs together have refused, by reason. */
async function refusedOffers(tabs: readonly Tab[]): Promise<Record<string, number>> {
  const refused: Record<string, number> = {};
  for (const { counters } of await Promise.all(tabs.map((tab) => tab.status()))) {
    for (const [name, count] of Object.entries(counters)) {
      const [, reason] = /^offersRefused\.(.*)$/.exec(name) ?? [];
      if (reason !== undefined) refused[reason] = (refused[reason] ?? 0) + count;
    }
  }
  return refused;
}

/** Under which names the signalling server knows the tabs. */
async function addressesOf(tabs: readonly Tab[]): Promise<string[]> {
  const link = new URL((await tabs[0]?.db((db) => db.invite())) ?? '');
  const fields = new URLSearchParams(link.hash.slice(1));
  const secret = decodeSecret(fields.get('k') ?? '');
  const keys = await deriveClusterKeys(secret, fields.get('c') ?? '');
  const statuses = await Promise.all(tabs.map((tab) => tab.status()));
  return Promise.all(statuses.map(({ nodeId }) => peerIdOf(keys, nodeId)));
}

/**
 * Runs in the stranger's page: dials every member, properly and not, and notes in `heard` whatever
 * comes back over a data channel.
 */
async function dialAsStranger([members, port, times]: readonly [
  string[],
  number,
  number,
]): Promise<void> {
  interface Connection {
    on(event: string, listener: (value: unknown) => void): void;
  }
  interface Peer extends Connection {
    connect(id: string, options: object): Connection;
    readonly socket: { send(message: Readonly<Record<string, unknown>>): void };
  }
  interface Page {
    Peer: new (id: string, options: object) => Peer;
    heard: string[];
    offers: number;
  }
  const page = globalThis as unknown as Page;
  page.heard = [];
  page.offers = 0;
  const peer = new page.Peer('stranger', { host: 'localhost', port, path: '/peerjs' });
  await new Promise((resolve, reject) => {
    peer.on('open', resolve);
    peer.on('error', reject);
  });
  const { socket } = peer;
  const send = socket.send.bind(socket);
  socket.send = (message) => {
    send(message);
    if (message['type'] === 'OFFER') page.offers += 1;
  };
  const connections = [
    { reliable: true, serialization: 'raw' },
    { reliable: true, serialization: 'raw', metadata: 'f'.repeat(64) },
    { reliable: false, serialization: 'json', metadata: { key: 'none' } },
  ];
  for (const member of members) {
    for (const options of connections) {
      const connection = peer.connect(member, options);
      for (const event of ['open', 'data']) {
        connection.on(event, () => page.heard.push(`${event} ${member}`));
      }
    }
    for (let i = 0; i < times; i += 1) {
      for (const payload of [null, {}, { type: 'data', serialization: 'constructor' }, 'offer']) {
        socket.send({ type: 'OFFER', dst: member, payload });
      }
    }
    socket.send({ type: 'LEAVE', dst: member });
    socket.send({ type: 'EXPIRE', dst: member });
  }
}

/** The members are those of before, or who was let in, and the leader is. */
async function waitUndisturbed(
  tabs: readonly Tab[],
  before: readonly NodeStatus[],
  letIn: Partial<Pick<NodeStatus, 'learners'>> = {},
): Promise<void> {
  const members = ({ voters, learners }: NodeStatus) => JSON.stringify([voters, learners]);
  const expected = before.map((status) => members({ ...status, ...letIn }));
  const after = await waitStatuses(tabs, (status, at) => members(status) === expected[at]);
  expectSameLeader(before, after);
}

/** Who is let in is heard of by one member after the other. */
async function waitStatuses(
  tabs: readonly Tab[],
  isAsExpected: (status: NodeStatus, at: number) => boolean,
): Promise<NodeStatus[]> {
  return waitFor('the members to be as expected', JOIN_TIMEOUT_MS, async () => {
    const statuses = await statusesOf(tabs);
    return statuses.every(isAsExpected) && statuses;
  });
}
