/** Chromium and a stock Firefox are one cluster: what the one writes the other reads, votes on and keeps. */

import { expect } from 'vitest';

import { hashesAtOneIndex, lead, test, waitCluster } from './harness.ts';
import type { PuppetTab } from './puppet-tab.ts';
import { PageError, type AnyTab } from './tab.ts';
import { waitFor } from './wait.ts';

/** Firefox starts twice in it, which takes a while. */
const STORY_TIMEOUT_MS = 240_000;
const LEVELS = ['none', 'weak', 'linearizable', 'strong'] as const;

test(
  'Firefox joins, writes, reads, leads, is killed while it leads, and comes back',
  { timeout: STORY_TIMEOUT_MS },
  async ({ browser, firefox, server }) => {
    const founder = await (await browser.open(server.url)).waitRunning();
    await founder.db((db) => db.execute('create table t (x integer primary key, writer)'));
    const fox = await firefox.open(await founder.db((db) => db.invite()));
    const second = await browser.open(server.url);
    const chromiums = [founder, second];
    await Promise.all([fox, second].map((tab) => tab.waitRunning()));
    await waitCluster([fox, ...chromiums], 3);
    const { nodeId, transport } = await fox.status();
    expect(transport.channels).toBe('worker');

    await write([fox, ...chromiums], 'followed');
    for (const tab of [fox, ...chromiums]) await expectRows(tab, 3);
    await lead(fox, [fox, ...chromiums]);
    await write([fox, ...chromiums], 'led by Firefox');
    for (const tab of [fox, ...chromiums]) await expectRows(tab, 6);

    await firefox.kill();
    await write(chromiums, 'without Firefox');
    for (const tab of chromiums) await expectRows(tab, 8);

    await firefox.start();
    const restarted = await (await firefox.open(server.url)).waitRunning();
    await waitCluster([restarted, ...chromiums], 3);
    await reloadUnderWay(restarted);
    await restarted.waitRunning();
    const tabs = [restarted, ...chromiums];
    await waitCluster(tabs, 3);
    expect((await restarted.status()).nodeId).toBe(nodeId);
    await write(tabs, 'after its return');
    for (const tab of tabs) await expectRows(tab, 11);
    expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
  },
);

/** What was asked of a document that a reload replaces is not asked again of the next one. */
async function reloadUnderWay(tab: PuppetTab): Promise<void> {
  const asked = tab
    .db(async () => {
      const times = 1 + Number(sessionStorage['asked'] ?? 0);
      sessionStorage['asked'] = times;
      if (times === 1) await new Promise(() => undefined);
    })
    .catch((error: unknown) => error);
  const times = (): Promise<unknown> => tab.evaluate("sessionStorage['asked']");
  await waitFor('the call to be under way', 10_000, async () => (await times()) === '1');
  await tab.reload();
  expect(await asked).toBeInstanceOf(Error);
  expect(await asked).not.toBeInstanceOf(PageError);
  expect(await times()).toBe('1');
}

/** A row from each of the tabs. */
async function write(tabs: readonly AnyTab[], what: string): Promise<void> {
  for (const tab of tabs) {
    const written = await tab.db(
      (db, params) => db.execute({ sql: 'insert into t (writer) values (?)', params }),
      [what],
    );
    expect(written.results[0]?.rowsAffected).toBe(1);
  }
}

/** Everything acknowledged is seen at once at the levels that promise it, and soon at `none`. */
async function expectRows(tab: AnyTab, count: number): Promise<void> {
  for (const level of LEVELS.toReversed()) {
    expect(await tab.rows('select count(*) from t', level)).toEqual([[count]]);
  }
}
