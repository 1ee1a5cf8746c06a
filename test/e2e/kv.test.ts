/**
 * The key-value store in real tabs: its command line, plain fetches through the service worker, and the
 * generic test of raftkv under random deaths of tabs. `npm run soak -- apps` does the latter at its
 * original size. The seed is RESQLITE_SEED, else that of the day, and is printed.
 */

import { expect } from 'vitest';

import { Random } from '../../src/simulation/random.ts';
import { AppendRun, SEATS } from './append-run.ts';
import { emptyPage, hashesAtOneIndex, test, waitCluster, waitKept } from './harness.ts';
import type { AnyTab, Tab } from './tab.ts';
import { waitFor } from './wait.ts';

/** Appends of each client; 200 is the original's size. */
const APPENDS = Number(process.env['RESQLITE_APPENDS'] ?? 20);
const SEED = Number(process.env['RESQLITE_SEED'] ?? Math.floor(Date.now() / 86_400_000));
/** A run with fewer proves nothing. */
const LEAST = {
  kills: 3 + Math.floor(APPENDS / 20),
  leaderKills: 1 + Math.floor(APPENDS / 100),
  repeated: 1 + Math.floor(APPENDS / 100),
} as const;
/** About half of all calls are reads. */
const LEAST_READS = SEATS * APPENDS * 0.5;
const MS_PER_APPEND = 2_000;
const SETTLE_TIMEOUT_MS = 60_000;
const VIEW_TIMEOUT_MS = 15_000;
/** Chromium's console tells of every answer that is an error, also of those that are asked for. */
const REFUSED = /responded with a status of (?:404|405|412|413|422|503)/;

interface Fetched {
  readonly status: number;
  readonly type: string | null;
  readonly tag: string | null;
  readonly text: string;
}

/** A plain fetch in the page, as its own scripts would do it. */
async function fetchIn(tab: AnyTab, path: string, init: object = {}): Promise<Fetched> {
  const asked = `${JSON.stringify(path)}, ${JSON.stringify(init)}`;
  return (await tab.evaluate(`fetch(${asked}).then(async (answer) => ({
    status: answer.status,
    type: answer.headers.get('content-type'),
    tag: answer.headers.get('etag'),
    text: await answer.text(),
  }))`)) as Fetched;
}

function errorOf({ status, type, text }: Fetched): string {
  expect(type).toContain('application/json');
  const { error } = JSON.parse(text) as { error: { code: string; applied: string } };
  return `${status} ${error.code} ${error.applied}`;
}

async function printed(tab: Tab, text: string): Promise<void> {
  await waitFor(`the command line to print ${text}`, VIEW_TIMEOUT_MS, async () => {
    return (await tab.page.locator('.kv-output').innerText()).includes(text);
  });
}

test('the command line writes what another tab reads, and shows keys as they change', async ({
  cluster,
}) => {
  const [first, second] = cluster.tabs;
  if (first === undefined || second === undefined) throw new Error('There are no tabs.');
  for (const tab of [first, second]) await tab.evaluate("location.hash = '#/apps?kv'");
  const input = first.page.getByRole('textbox', { name: 'Command' });
  const enter = async (line: string): Promise<void> => {
    await input.fill(line);
    await input.press('Enter');
  };
  await enter('put greeting hello');
  await printed(first, 'Put(greeting, hello)');
  await second.page.getByRole('button', { name: 'GET greeting' }).click();
  await printed(second, 'Get(greeting) -> hello');
  await enter('WATCH greeting');
  await second.page.getByRole('button', { name: 'APPEND greeting' }).click();
  await printed(first, 'Watch(greeting) -> hello world');
  await enter('PUT greeting');
  await printed(first, 'Cannot PUT empty value');
  // The history, back and forth, and a name that is completed.
  await input.press('ArrowUp');
  await input.press('ArrowUp');
  expect(await input.inputValue()).toBe('WATCH greeting');
  await input.press('ArrowDown');
  await input.press('ArrowDown');
  await input.fill('unw');
  await input.press('Tab');
  expect(await input.inputValue()).toBe('UNWATCH ');
  // The keys, and those of a prefix alone.
  const keys = second.page.getByRole('list', { name: 'Keys' }).getByRole('listitem');
  await enter('put "other key" 1');
  await waitFor('both keys', VIEW_TIMEOUT_MS, async () => (await keys.count()) === 2);
  await second.page.getByLabel('Begin with').fill('oth');
  await waitFor('one key', VIEW_TIMEOUT_MS, async () => (await keys.count()) === 1);
  await keys.getByRole('button').click();
  await printed(second, 'Get(other key) -> 1');
});

test('plain fetches are served by tabs, to a page that is no database, too, and are 503 without', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  const [first, second] = tabs;
  if (first === undefined || second === undefined) throw new Error('There are no tabs.');
  const unserved = await fetch(`${server.url}kv/a`, { method: 'PUT', body: 'x' });
  expect(unserved.status).toBe(503);
  expect(await unserved.json()).toMatchObject({
    error: { code: 'NoServiceWorker', applied: 'no' },
  });
  for (const tab of tabs) {
    tab.expectErrors(REFUSED);
    await waitKept(tab);
  }
  const put = await fetchIn(first, 'kv/a%2Fb', { method: 'PUT', body: 'é' });
  expect(put).toMatchObject({ status: 201 });
  expect(await fetchIn(second, 'kv/a/b', { method: 'POST', body: '!' })).toMatchObject({
    status: 200,
  });
  const got = await fetchIn(second, 'kv/a/b');
  expect(got).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8', text: 'é!' });
  const stale = { method: 'PUT', body: '?', headers: { 'If-Match': put.tag } };
  expect(errorOf(await fetchIn(first, 'kv/a/b', stale))).toBe('412 PreconditionFailed no');
  expect(errorOf(await fetchIn(first, 'kv/none'))).toBe('404 NotFound no');
  expect(errorOf(await fetchIn(first, 'kv/a', { method: 'PATCH' }))).toBe(
    '405 MethodNotAllowed no',
  );
  const listed = await fetchIn(first, 'kv/?prefix=a&limit=1');
  expect(JSON.parse(listed.text)).toMatchObject({ keys: [{ key: 'a/b', bytes: 3 }], next: null });

  const plain = await emptyPage(browser, server.url);
  plain.expectErrors(REFUSED);
  await waitKept(plain);
  expect(await fetchIn(plain, 'kv/a/b')).toMatchObject({ status: 200, text: 'é!' });
  const body = 'x'.repeat(1024 * 1024);
  const large = { method: 'PUT', body, headers: { 'Idempotency-Key': 'once' } };
  expect(await fetchIn(plain, 'kv/large', large)).toMatchObject({ status: 201 });
  expect(await fetchIn(plain, 'kv/large', large)).toMatchObject({ status: 201 });
  expect(errorOf(await fetchIn(plain, 'kv/large', { ...large, body: 'x' }))).toBe(
    '422 IdempotencyKeyReused no',
  );
  expect(errorOf(await fetchIn(plain, 'kv/large', { method: 'PUT', body: `${body}x` }))).toBe(
    '413 TooLarge no',
  );
  expect(await fetchIn(plain, 'kv/large', { method: 'DELETE' })).toMatchObject({ status: 204 });

  for (const tab of tabs) await tab.close();
  await waitFor('no tab to serve', VIEW_TIMEOUT_MS, async () => {
    const answer = await fetchIn(plain, 'kv/a', { method: 'PUT', body: 'x' });
    return answer.status === 503 && errorOf(answer) === '503 NoTab no';
  });
  await plain.close();
});

test('in Firefox, too', async ({ firefox, server }) => {
  const fox = await (await firefox.open(server.url)).waitRunning();
  await waitKept(fox);
  const put = await fetchIn(fox, 'kv/k', { method: 'PUT', body: 'é' });
  expect(put).toMatchObject({ status: 201 });
  expect(await fetchIn(fox, 'kv/k', { method: 'POST', body: '!' })).toMatchObject({ status: 200 });
  expect(await fetchIn(fox, 'kv/k')).toMatchObject({ status: 200, text: 'é!' });
});

test(
  'raftkv: appends of five clients are there once and in order, and the history is linearizable, while tabs die',
  { timeout: 120_000 + SEATS * APPENDS * MS_PER_APPEND },
  async ({ cluster, server }) => {
    console.log(`raftkv: ${SEATS} clients, ${APPENDS} appends each, seed ${SEED}`);
    const { browser } = cluster;
    const tabs = [...cluster.tabs];
    while (tabs.length < SEATS) tabs.push(await (await browser.open(server.url)).waitRunning());
    await waitCluster(tabs, SEATS);
    const run = await AppendRun.carryOut(
      { browser, tabs },
      { url: server.url, random: Random.fromSeed(SEED), appendsEach: APPENDS, least: LEAST },
    );
    const { appends, repeated, reads, kills, leaderKills, elapsedMs } = run.figures();
    console.log(
      `operations: ${appends} appends, ${repeated} of them sent again by another page, ` +
        `${reads} linearizable reads; ${kills} tabs killed, ${leaderKills} of them leading; ` +
        `${Math.round(elapsedMs / 100) / 10} s`,
    );
    expect(await run.judge()).toEqual({
      linearizable: 'yes',
      badKeys: [],
      lost: [],
      invented: [],
      repeated: [],
      outOfOrder: [],
    });
    expect(appends).toBe(SEATS * APPENDS);
    expect(kills, 'void: too few kills').toBeGreaterThanOrEqual(LEAST.kills);
    expect(leaderKills, 'void: leaders live').toBeGreaterThanOrEqual(LEAST.leaderKills);
    expect(repeated, 'void: nothing was repeated').toBeGreaterThanOrEqual(LEAST.repeated);
    expect(reads, 'void: too few reads').toBeGreaterThanOrEqual(LEAST_READS);
    expect(await hashesAtOneIndex(run.tabs, SETTLE_TIMEOUT_MS)).toHaveLength(1);
  },
);
