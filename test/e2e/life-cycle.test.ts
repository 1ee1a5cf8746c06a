/** Tabs are put aside by the browser, come back, are duplicated and reloaded. */

import { expect } from 'vitest';

import { test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { editorText } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;

test('a reloaded tab keeps its identity', async ({ cluster }) => {
  const { tabs } = cluster;
  for (const tab of tabs) {
    const { nodeId } = await tab.status();
    await tab.page.reload();
    await tab.waitRunning();
    expect((await tab.status()).nodeId).toBe(nodeId);
  }
  await waitCluster(tabs, 3);
});

test('a page put into the back-forward cache leaves at once, and goes on where it was', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  const [tab, other] = tabs;
  if (tab === undefined || other === undefined) throw new Error('There are no tabs.');
  await tab.db((db) => db.execute('create table t (x)'));
  const { nodeId } = await tab.status();
  const editor = tab.page.getByRole('textbox', { name: 'SQL' });

  let writes = 0;
  await whereKept(async () => {
    await editor.fill('select count(*) as rows_there from t');
    await editor.press('Control+Enter');
    await tab.page.getByText('rows_there').last().waitFor({ timeout: BOUND_MS });
    await putAside(tab, server.url);
    await waitFor('its links to be closed', BOUND_MS, async () => {
      return (await memberOf(other, nodeId))?.connected === false;
    });
    await waitFree(other, nodeId);
    await other.db((db) => db.execute('insert into t values (1)'));
    writes += 1;
    return comeBack(tab);
  });
  expect((await tab.status()).nodeId).toBe(nodeId);
  expect(await editorText(tab)).toContain('rows_there');
  await waitCluster(tabs, 3);
  const rows = Array.from({ length: writes }, () => [1]);
  expect(await tab.rows('select x from t')).toEqual(rows);
  // Each of the three says again which build's files it needs.
  expect(await versionLocks(tab, server.url)).toHaveLength(3);

  // Meanwhile another tab may be that node: then this one becomes another.
  await whereKept(async () => {
    const { nodeId: own } = await tab.status();
    await putAside(tab, server.url);
    await waitFree(other, own);
    const heir = await (await browser.open(server.url)).waitRunning();
    expect((await heir.status()).nodeId).toBe(own);
    tabs.push(heir);
    return comeBack(tab);
  });
  const ids = await Promise.all(tabs.map(async (each) => (await each.status()).nodeId));
  expect(new Set(ids).size).toBe(tabs.length);
  expect(await tab.rows('select x from t')).toEqual(rows);
});

test('duplicated tabs that reload together keep an identity each', async ({ browser, server }) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  // As "Duplicate tab" does, window.open hands on a copy of the session storage.
  const copy = await browser.opens(() => tab.page.evaluate('void window.open(location.href)'));
  await copy.waitRunning();
  const before = await Promise.all([tab.status(), copy.status()]);
  await Promise.all([tab.page.reload(), copy.page.reload()]);
  await Promise.all([tab.waitRunning(), copy.waitRunning()]);
  const after = await Promise.all([tab.status(), copy.status()]);
  expect(after.map(({ nodeId }) => nodeId)).toEqual(before.map(({ nodeId }) => nodeId));
  expect(new Set(after.map(({ nodeId }) => nodeId)).size).toBe(2);
  expect(new Set(after.map(({ clusterId }) => clusterId)).size).toBe(1);
});

test('a tab opened by an invite stays with its cluster, where the browser has another', async ({
  browser,
  launch,
  server,
}) => {
  const host = await (await browser.open(server.url)).waitRunning();
  const link = await host.db((db) => db.invite());
  const elsewhere = await launch();
  const own = await (await elsewhere.open(server.url)).waitRunning();
  const guest = await (await elsewhere.open(link)).waitRunning();
  const joined = await guest.status();
  expect(joined.clusterId).toBe((await host.status()).clusterId);
  expect(joined.clusterId).not.toBe((await own.status()).clusterId);
  for (const tab of [guest, own]) {
    const { clusterId, nodeId } = await tab.status();
    await tab.page.reload();
    await tab.waitRunning();
    expect(await tab.status()).toMatchObject({ clusterId, nodeId });
  }
});

/** Leads the tab to another page of the origin, on which nothing runs. */
async function putAside(tab: Tab, url: string): Promise<void> {
  tab.expectErrors(/favicon/);
  await tab.page.evaluate('void (window.former = window.db)');
  await tab.page.goto(`${url}peerjs`);
}

/** Until the identity of a tab that is gone can be taken over, by the word of another tab. */
async function waitFree(other: Tab, nodeId: string): Promise<void> {
  await waitFor('its identity to be free', BOUND_MS, async () => {
    const stored = await other.db((db) => db.storedNodes());
    return stored.some((node) => node.nodeId === nodeId && node.state === 'free');
  });
}

/** Whether the page is the very same as before: it was not loaded anew. */
async function comeBack(tab: Tab): Promise<boolean> {
  await tab.page.goBack({ waitUntil: 'commit' });
  await waitFor('another node under the page', BOUND_MS, async () => {
    return tab.page.evaluate<boolean>('(window.db ?? window.former) !== window.former');
  });
  await tab.waitRunning();
  const isKept = await tab.page.evaluate<boolean>('window.former !== undefined');
  if (!isKept) console.log(`not kept: ${await tab.page.evaluate<string>(WHY_NOT_KEPT)}`);
  return isKept;
}

const WHY_NOT_KEPT = `JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)`;
const ATTEMPTS = 3;

/** Again where the browser has not kept the page, which is its own affair. */
async function whereKept(steps: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; !(await steps()); attempt += 1) {
    if (attempt === ATTEMPTS) throw new Error('The browser never kept the page.');
  }
}

/** The locks by which tabs say which build they run. */
async function versionLocks(tab: Tab, url: string): Promise<string[]> {
  const names = await tab.page.evaluate<string[]>(
    'navigator.locks.query().then(({ held }) => held.map(({ name }) => name))',
  );
  return names.filter((name) => name.startsWith(`resqlite ${url} `));
}

async function memberOf(tab: Tab, nodeId: string) {
  const { members } = await tab.status();
  return members.find((member) => member.nodeId === nodeId);
}
