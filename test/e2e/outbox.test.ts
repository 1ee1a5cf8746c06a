/**
 * Writes made without a quorum are queued, survive the page and the browser, can be cancelled, and are
 * committed exactly once and in order when there is a quorum again.
 */

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import type { QueuedWrite } from '../../src/node/queued-write.ts';
import { within } from '../nemesis/pause.ts';
import type { Browser } from './browser.ts';
import { test, waitCluster } from './harness.ts';
import { queue, waitOutbox } from './queued-writes.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const LONG_MS = 60_000;
const MANY = 120;

test('queued without a quorum, over a reload and a kill -9 while sending: exactly once', async ({
  launch,
  server,
}) => {
  const [home, away] = [await launch(), await launch()];
  let tab = await (await home.open(server.url)).waitRunning();
  await tab.db((db) => db.execute('create table t (x)'));
  const invite = await tab.db((db) => db.invite());
  let others = [await away.open(invite), await away.open(invite)];
  await Promise.all(others.map((other) => other.waitRunning()));
  await waitCluster([tab, ...others], 3);

  await losesQuorum(others, tab);
  await queueOnPage(tab, `${insert(1)};`);
  await queue(tab, [2, 3].map(insert));
  await waitOutbox(tab, 'pending,pending,pending');
  await tab.page.reload();
  await tab.waitState('running');
  const [, second] = await waitOutbox(tab, 'pending,pending,pending');
  await tab.page.getByRole('button', { name: /^Cancel insert .*\(2\)$/ }).click();
  await waitOutbox(tab, 'pending,failed,pending');
  expect(await tab.dbError((db, id) => db.cancelQueued(id), second?.id ?? '')).toMatchObject({
    code: 'Refused',
    applied: 'no',
  });
  const stale = await tab.rows('select x from t', 'none');
  expect(stale).toEqual([]);

  others = await regained(away, server.url, tab);
  const ended = await waitOutbox(tab, 'done,failed,done');
  expect(ended.map(({ outcome }) => outcome?.code)).toEqual([null, 'Cancelled', null]);
  expect(await tab.rows('select x from t order by rowid')).toEqual([[1], [3]]);
  await tab.page.getByRole('button', { name: 'Dismiss all outcomes' }).click();
  await waitOutbox(tab, '');
  await tab.page
    .getByRole('heading', { name: 'Waiting to be sent' })
    .waitFor({ state: 'detached' });

  await losesQuorum(others, tab);
  const numbers = Array.from({ length: MANY }, (_, at) => 10 + at);
  await queue(tab, numbers.map(insert));
  await waitFor('all to be queued', LONG_MS, async () => (await outboxOf(tab)).length === MANY);
  const halfSent = within(LONG_MS, tab.db(someSent));
  [others] = await Promise.all([openTwo(away, server.url), halfSent.then(() => home.kill())]);
  // Nothing more is sent before what is left is looked at.
  await Promise.all(others.map((other) => other.close()));
  await home.start();
  tab = await (await home.open(server.url)).waitRunning();
  const found = await outboxOf(tab);
  expect(found.some(({ state }) => state === 'pending' || state === 'sending')).toBe(true);
  await regained(away, server.url, tab);
  await waitFor('all to be sent', LONG_MS, async () =>
    (await outboxOf(tab)).every(({ state }) => state === 'done'),
  );
  const rows = [[1], [3], ...numbers.map((number) => [number])];
  expect(await tab.rows('select x from t order by rowid')).toEqual(rows);
}, 180_000);

/** Two of three voters are gone, and the one that is left knows it. */
async function losesQuorum(others: readonly Tab[], tab: Tab): Promise<void> {
  await Promise.all(others.map((other) => other.close()));
  await waitFor('the leader to be missed', LONG_MS, async () => {
    return (await tab.status()).leaderId === null;
  });
}

/** Runs in the page, which hears of it sooner than one that asks: all are sent within a moment. */
function someSent(db: Database): Promise<void> {
  return new Promise((resolve) => {
    db.onOutbox((writes) => {
      const states = writes.map(({ state }) => state);
      if (states.includes('done') && states.includes('pending')) resolve();
    });
  });
}

function openTwo(away: Browser, url: string): Promise<Tab[]> {
  return Promise.all([away.open(url), away.open(url)]);
}

async function regained(away: Browser, url: string, tab: Tab): Promise<Tab[]> {
  const others = await openTwo(away, url);
  await waitFor('a leader', LONG_MS, async () => (await tab.status()).leaderId !== null);
  return others;
}

function insert(number: number): string {
  return `insert into t values (${number})`;
}

/** As a person does: what fails for want of a quorum is queued by one click. */
async function queueOnPage(tab: Tab, sql: string): Promise<void> {
  await tab.page.getByRole('textbox', { name: 'SQL' }).focus();
  await tab.page.keyboard.type(sql);
  await tab.page.keyboard.press('Enter');
  await tab.page.getByRole('button', { name: 'Queue it' }).click({ timeout: LONG_MS });
  await tab.page.getByText('queued: waits for a quorum').waitFor();
}

async function outboxOf(tab: Tab): Promise<readonly QueuedWrite[]> {
  return tab.db((db) => db.outbox());
}
