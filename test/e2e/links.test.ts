/** How tabs find and reach each other, and what the page says of it: settings, cuts, invites, clusters. */

import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { openCluster, test, waitCluster } from './harness.ts';
import { StockPeerServer } from './peer-server.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const KEY = 'another-key';
const BOUND_MS = 20_000;
const REFUSED = /WebSocket connection|Failed to load resource/;

test('through a stock PeerServer of another origin, set in the page and named by its invite, tabs become a cluster', async ({
  browser,
  launch,
  server,
  onTestFinished,
}) => {
  const peerServer = await StockPeerServer.start(KEY);
  onTestFinished(() => peerServer.stop());
  const first = await (await browser.open(server.url)).waitRunning();
  const { host } = new URL(peerServer.url);
  const asked = new RegExp(`^a request to another origin: (ws|http)://${host}/`);
  first.expectErrors(REFUSED, asked);
  await goTo(first, 'Settings');
  const form = first.page.getByRole('region', { name: 'Connections' });
  await form.getByLabel('Another PeerJS server').check();
  await form.getByLabel('Address').fill(`${peerServer.url}elsewhere`);
  const look = form.getByRole('button', { name: 'Test' });
  await look.click();
  await form.getByText('not a PeerJS server').waitFor();
  await form.getByLabel('Address').fill(peerServer.url);
  await look.click();
  await form.getByText('refuses this key').waitFor();
  await form.getByLabel('Key').fill(KEY);
  await look.click();
  await form.getByText('A PeerJS server answers (').waitFor();
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Saved.').waitFor();

  const second = await browser.open(server.url);
  second.expectErrors(asked);
  const guest = await openInvited(await launch(), await inviteLinkOf(first), asked);
  await first.page.keyboard.press('Escape');
  const tabs = [first, second, guest];
  await Promise.all(tabs.map((tab) => tab.waitRunning()));
  await waitCluster(tabs, 3);
  await first.db((db) => db.execute('create table t (x)'));
  expect(await tabs[2]?.rows('select count(*) from t')).toEqual([[0]]);
  const nodes = (): number => peerServer.clients.filter((id) => !id.includes('probe')).length;
  expect(nodes()).toBe(3);

  const { counters } = await first.status();
  await goTo(first, 'Settings');
  await form.getByRole('button', { name: 'Reset' }).click();
  await form.getByRole('button', { name: 'Save' }).click();
  await waitFor('the page’s own server', BOUND_MS, async () => {
    const { transport } = await first.status();
    return transport.signalling === 'connected';
  });
  await first.db((db) => db.execute('insert into t values (1)'));
  // The other tabs of the browser went over with it.
  await goTo(second, 'Settings');
  await second.page.getByText('In use: this page’s own server.').waitFor();
  expect((await first.status()).counters['linksDown']).toBe(counters['linksDown']);
});

test('two members that cannot reach each other are shown by a third; who is needed is asked to stay', async ({
  browser,
  server,
}) => {
  const [a, b, c] = await openCluster(browser, server.url);
  if (a === undefined || b === undefined || c === undefined) throw new Error('There are no tabs.');
  const { nodeId } = await c.status();
  await goTo(a, 'Cluster');
  const cut = a.page.getByRole('region', { name: 'Members that cannot reach each other' });
  await b.db((db, id) => db.faults.cutLink(id, true), nodeId);
  await cut.waitFor();
  expect(await cut.innerText()).toContain('cannot reach each other');
  expect(await cut.getByRole('cell', { name: 'cannot reach each other' }).count()).toBe(2);
  expect(await cut.getByRole('cell', { name: 'linked' }).count()).toBe(4);
  await b.db((db, id) => db.faults.cutLink(id, false), nodeId);
  await cut.waitFor({ state: 'hidden' });

  // Whether it asks is up to what its own page knows.
  await waitFor('the third to be linked with both', BOUND_MS, async () => {
    const { members } = await c.status();
    return members.every((member) => member.nodeId === nodeId || member.liveness === 'connected');
  });
  await a.page.getByRole('heading', { name: 'Members' }).click();
  expect(await asksBeforeClosing(c)).toBe(false);
  await waitFor('the loss to be noticed', BOUND_MS, async () => {
    return (await a.status()).connectedVoters === 2;
  });
  expect(await asksBeforeClosing(a)).toBe(true);
  expect((await a.status()).state).toBe('running');
});

test('an invite made in the page lets one browser in, which then picks between two clusters', async ({
  launch,
  server,
}) => {
  const [here, there] = await Promise.all([launch(), launch()]);
  const host = await (await here.open(server.url)).waitRunning();
  const own = await (await there.open(server.url)).waitRunning();
  const link = await inviteLinkOf(host);
  const invites = host.page.getByRole('list', { name: 'Open invites' }).getByRole('listitem');
  await invites.getByText('For 1 browser').waitFor();

  const guest = await (await there.open(link)).waitRunning();
  expect((await guest.status()).clusterId).toBe((await host.status()).clusterId);
  await host.page.getByText('None.', { exact: true }).waitFor();

  await goTo(guest, 'Cluster');
  await guest.page.getByRole('button', { name: 'Open another', exact: true }).click();
  const { clusterId } = await own.status();
  await guest.page.getByRole('dialog').getByRole('button', { name: 'Open here' }).click();
  await waitForCluster(guest, clusterId);
  await guest.page.reload();
  await waitForCluster(guest, clusterId);
});

/** Leaves the dialog open. */
async function inviteLinkOf(tab: Tab): Promise<string> {
  const { page } = tab;
  await goTo(tab, 'Cluster');
  await page.getByRole('button', { name: 'Invite…' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  return page.getByLabel('Invite link').inputValue();
}

/** Opens the link, and goes over to the server that it names. */
async function openInvited(browser: Browser, link: string, errors: RegExp): Promise<Tab> {
  const guest = await browser.open(link);
  guest.expectErrors(errors);
  await guest.waitState('joining');
  const question = guest.page.getByRole('dialog', { name: 'Use the invite’s signalling server?' });
  await question.getByRole('button', { name: 'Use it' }).click();
  return guest;
}

/** Closes the tab as a person does; one that is asked stays. */
async function asksBeforeClosing({ page }: Tab): Promise<boolean> {
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.dismiss();
    return dialog.type() === 'beforeunload';
  });
  const closed = page.waitForEvent('close').then(() => false);
  asked.catch(() => undefined);
  closed.catch(() => undefined);
  await page.close({ runBeforeUnload: true });
  return Promise.race([asked, closed]);
}

async function waitForCluster(tab: Tab, clusterId: string): Promise<void> {
  await waitFor('the cluster that was picked', BOUND_MS, async () => {
    try {
      const status = await tab.status();
      return status.clusterId === clusterId && status.state === 'running';
    } catch {
      // The page is being loaded.
      return false;
    }
  });
}
