/**
 * Generated statements through real tabs of Chromium and Firefox in one cluster, with tabs that restart
 * in between and one of each browser that joins at the end and is brought up by a snapshot: equal
 * hashes everywhere. `npm run soak -- firefox`, with RESQLITE_STATEMENTS and RESQLITE_SEED.
 */

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import { Random } from '../../src/simulation/random.ts';
import { StatementStream } from '../../src/simulation/statements/statement-stream.ts';
import { hashesAtOneIndex, lead, leaderOf, test, waitCluster } from '../e2e/harness.ts';
import type { AnyTab } from '../e2e/tab.ts';
import { waitFor } from '../e2e/wait.ts';
import { Firefox } from '../e2e/firefox.ts';
import type { PuppetTab } from '../e2e/puppet-tab.ts';
import { runInTab, toTabRequest, type TabRequest } from './tab-requests.ts';

const STATEMENTS = Number(process.env['RESQLITE_STATEMENTS'] ?? 20_000);
const SEED = Number(process.env['RESQLITE_SEED'] ?? 1);
/** Each tab is given so many between two checkpoints. */
const REQUESTS_PER_TAB = 25;
const CHECKPOINTS_PER_RESTART = 6;
const ENTRIES_TO_COMPACT = 24;
const JOIN_TIMEOUT_MS = 120_000;

test('generated statements come to the same in every tab', async ({
  browser,
  firefox,
  launch,
  server,
}) => {
  const founder = await (await browser.open(server.url)).waitRunning();
  const invite = await founder.db((db) => db.invite());
  const foxes: PuppetTab[] = [await (await firefox.open(invite)).waitRunning()];
  foxes.push(await (await firefox.open(server.url)).waitRunning());
  const tabs: AnyTab[] = [founder, ...foxes];
  await waitCluster(tabs, 3);
  console.log(`Chromium and two tabs of ${await firefox.version()}: a cluster of 3 voters`);

  const stream = new StatementStream(Random.fromSeed(SEED), { runaways: false });
  const total = { statements: 0, failed: 0 };
  const next = (): TabRequest => {
    const request = stream.next();
    total.statements += request.statements.length;
    return toTabRequest(request);
  };
  await founder.db(runInTab, [next()]);
  for (let checkpoint = 1; total.statements < STATEMENTS; checkpoint += 1) {
    const accounts = await Promise.all(
      tabs.map((tab) => tab.db(runInTab, Array.from({ length: REQUESTS_PER_TAB }, next))),
    );
    total.failed += accounts.reduce((sum, account) => sum + account.failed, 0);
    expect(accounts.flatMap(({ troubles }) => troubles)).toEqual([]);
    const hashes = await hashesAtOneIndex(tabs);
    expect(hashes).toHaveLength(1);
    const { index } = await founder.db((db) => db.hash());
    console.log(
      `${total.statements} statements, ${total.failed} failures, index ${index}: ${hashes[0]}`,
    );
    if (checkpoint % CHECKPOINTS_PER_RESTART !== 0) continue;
    const fox = foxes[(checkpoint / CHECKPOINTS_PER_RESTART) % foxes.length];
    await fox?.reload();
    await fox?.waitRunning();
    await waitCluster(tabs, 3);
  }

  // A snapshot from Chromium to Firefox, and one the other way.
  await founder.db(fillLog, ENTRIES_TO_COMPACT);
  await waitFor('compacted logs', JOIN_TIMEOUT_MS, async () => {
    const statuses = await Promise.all(tabs.map((tab) => tab.status()));
    return statuses.every(({ firstIndex }) => firstIndex > 1);
  });
  await lead(founder, tabs);
  const other = await Firefox.launch();
  try {
    const late = await (await other.open(invite)).waitRunning();
    await waitSnapshot(late);
    expect(await hashesAtOneIndex([...tabs, late])).toHaveLength(1);
    await waitVoter(late, tabs);
    await lead(late, [...tabs, late]);
    const later = await (await (await launch()).open(invite)).waitRunning();
    await waitSnapshot(later);
    expect(await hashesAtOneIndex([...tabs, late, later])).toHaveLength(1);
    console.log('one more of each browser came up by a snapshot, with the same hash');
    expect([...foxes, late].flatMap((fox) => fox.unexpectedErrors())).toEqual([]);
  } finally {
    await other.dispose();
  }
});

/** Entries that are long and do little, so that logs are compacted. Runs in the page. */
async function fillLog(db: Database, count: number): Promise<void> {
  const params = ['x'.repeat(500_000)];
  for (let left = count; left > 0; left -= 1) {
    await db.execute({ sql: 'INSERT INTO log(n) VALUES (length(?))', params });
  }
}

/** A newcomer of another profile takes the place of a voter that shares its own with another. */
async function waitVoter(newcomer: AnyTab, tabs: readonly AnyTab[]): Promise<void> {
  const { nodeId } = await newcomer.status();
  await waitFor('the newcomer to be a voter', JOIN_TIMEOUT_MS, async () => {
    const { leader } = await leaderOf(tabs);
    const { voters, outgoingVoters } = await leader.status();
    return outgoingVoters.length === 0 && voters.some((voter) => voter === nodeId);
  });
}

/** Its log begins behind the beginning: what is before came by a snapshot. */
async function waitSnapshot(tab: AnyTab): Promise<void> {
  await waitFor('a snapshot to be installed', JOIN_TIMEOUT_MS, async () => {
    const { firstIndex, lastApplied, commitIndex } = await tab.status();
    return firstIndex > 1 && commitIndex > 0 && lastApplied >= commitIndex;
  });
}
