/** The headless node: a member that no person looks at, and that outlives the tabs. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { browserGone, browserOf, buildHeadlessCommand, HeadlessHome } from './headless-command.ts';
import { statusesOf, test as plainTest } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const CHANGE_MS = 20_000;
/** What Node says of itself, not the command. */
const NODE_WARNING = /^\((?:node:\d+|Use `node).*\n/gm;

const test = plainTest.extend('home', async ({}, { onCleanup }) => {
  const home = await HeadlessHome.make();
  onCleanup(() => home.end());
  return home;
});

/** All members, when they are three voters that know their leader. */
async function membersOf(tabs: readonly Tab[]): Promise<string[]> {
  return waitFor('three voters under a leader', CHANGE_MS, async () => {
    const statuses = await statusesOf(tabs);
    const isWhole = statuses.every(({ voters, outgoingVoters, leaderId }) => {
      return voters.length === 3 && outgoingVoters.length === 0 && leaderId !== null;
    });
    const { voters, learners } = statuses[0] ?? { voters: [], learners: [] };
    return isWhole && [...voters, ...learners].toSorted();
  });
}

/** `npm run soak -- headless`: also its next start, how it is killed, how it leaves, and who is not let in. */
const IS_WHOLE = process.env['RESQLITE_HEADLESS'] === 'whole';

test('a headless node keeps the cluster while all tabs are closed, and stays who it is', async ({
  browser,
  server,
  home,
}) => {
  const [first, second] = await Promise.all([
    browser.open(server.url).then((tab) => tab.waitRunning()),
    browser.open(server.url),
    buildHeadlessCommand(),
  ]);
  const link = await first.db((db) => db.invite());
  const { clusterId } = await first.status();
  const profile = join(home.folder, 'resqlite/nodes', clusterId);

  const run = home.run(link);
  await first.db((db) => db.execute("create table t as select 'kept' x"));
  await run.says(/kept in/);
  const intruder = home.run(link);
  const nodeId = await run.says(/joined cluster \w+ as (\w+), a (?:learner|voter)/);
  const members = await membersOf([first, second]);
  expect(members).toContain(nodeId);
  await run.says(/survives 1 loss/);
  expect(await intruder.exitCode()).toBe(6);
  expect(intruder.errors).toContain('is in use');

  for (const tab of [first, second]) await tab.close();
  await run.says(/no majority: 1 of 3 voters in contact/);
  const tabs = [await browser.open(server.url), await browser.open(server.url)];
  await run.says(/a majority is in contact again/);
  for (const tab of tabs) await tab.waitRunning();
  expect(await membersOf(tabs)).toEqual(members);
  const [tab] = tabs;
  if (tab === undefined) throw new Error('no tab is open');
  expect(await tab.rows('select x from t')).toEqual([['kept']]);

  await tab.db(revokeInvites);
  await tab.db(leadBy, nodeId as NodeId);
  run.signal('SIGTERM');
  expect(await run.exitCode()).toBe(0);
  expect(run.output).toMatch(/ended\n$/);
  // A busy machine may have cost an election before it was told to end.
  const [before = ''] = run.output.split(' ends: ');
  const leaderships = before.match(/ (?:leads|follows \w+), term/g) ?? [];
  if (leaderships.at(-1) === ' leads, term') {
    expect(run.output).toMatch(/has handed the leadership over to \w+\n.* ended\n$/);
  }
  expect(run.output).toMatch(new RegExp(`^(?:${TIME} .+\n)+$`));
  expect(run.output).not.toContain('#');
  expect(run.errors.replaceAll(NODE_WARNING, '')).toBe('');
  expect(await browserOf(profile)).toBe(null);

  if (!IS_WHOLE) return;

  // It knows by itself which node it is.
  const again = home.run('--json');
  const late = home.run(link, '--profile', join(home.folder, 'late'));
  await again.says(new RegExp(`"event":"back","nodeId":"${nodeId}"`));
  await again.says(/"event":"survives","losses":1/);
  for (const line of again.output.trim().split('\n'))
    expect(JSON.parse(line)).toHaveProperty('time');
  expect(await membersOf(tabs)).toEqual(members);

  // Whatever kills the command takes the browser along.
  expect(await browserOf(profile)).not.toBe(null);
  await again.kill();
  await browserGone(profile);
  const leaving = home.run('--leave');
  expect(await leaving.exitCode()).toBe(0);
  expect(leaving.output).toContain(`has left the cluster`);

  expect(await late.exitCode()).toBe(5);
  expect(late.errors).toContain('the invite has expired, is used up or was revoked');
  // Neither has left anything behind.
  expect(await readdir(join(profile, '..'))).toEqual([]);
  expect(await readdir(home.folder)).not.toContain('late');
});

/** Runs in the page. */
async function leadBy(db: Database, nodeId: NodeId): Promise<void> {
  if ((await db.status()).leaderId !== nodeId) await db.transferLeadership(nodeId);
}

/** Runs in the page. */
async function revokeInvites(db: Database): Promise<void> {
  for (const { id } of await db.invites()) await db.revokeInvite(id);
}
