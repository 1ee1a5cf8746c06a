/** Whatever a user or a link gets wrong is refused with an error that says so, and changes nothing. */

import { expect } from 'vitest';

import { hashesAtOneIndex, keepsLeader, test } from './harness.ts';

test('a syntax error tells its position, and nothing happened', async ({ cluster }) => {
  const { tabs } = cluster;
  for (const tab of tabs) {
    const error = await tab.dbError((db) => db.execute('create tabel t (x)'));
    expect(error).toMatchObject({ code: 'Sql', applied: 'no', offset: 7 });
    expect(error.message).toContain('near "tabel": syntax error');
    const read = await tab.dbError((db) => db.query('select * form t'));
    expect(read).toMatchObject({ code: 'Sql', applied: 'no', offset: 9 });
  }
  await tabs[0]?.db((db) => db.execute('create table t (x)'));
  for (const tab of tabs) expect(await tab.rows('select * from t')).toEqual([]);
});

test('a statement of 20 MiB is too large in every form, and the cluster goes on', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  await tabs[0]?.db((db) => db.execute('create table t (x)'));
  const refuseAndGoOn = async (): Promise<void> => {
    await tabs[0]?.db((db) => db.execute('delete from t'));
    for (const tab of tabs) {
      const sql = await tab.dbError((db) =>
        db.execute(`insert into t values ('${'x'.repeat(20 * 1024 * 1024)}')`),
      );
      expect(sql).toMatchObject({ code: 'TooLarge', applied: 'no' });
      const parameter = await tab.dbError((db) => {
        const params = [new Uint8Array(20 * 1024 * 1024)];
        return db.execute({ sql: 'insert into t values (?)', params });
      });
      expect(parameter).toMatchObject({ code: 'TooLarge', applied: 'no' });
    }
    await tabs[2]?.db((db) => db.execute('insert into t values (1)'));
    for (const tab of tabs) expect(await tab.rows('select x from t')).toEqual([[1]]);
  };
  expect(await keepsLeader(tabs, refuseAndGoOn)).toBe(true);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
});

test('a garbled invite link is refused, and makes nothing', async ({ launch, cluster }) => {
  const [host] = cluster.tabs;
  if (host === undefined) throw new Error('There is no tab.');
  const link = await host.db((db) => db.invite());
  const elsewhere = await launch();
  for (const garbled of [link.slice(0, -1), link.replace('&k=', '&k='.repeat(2)), `${link}x`]) {
    const guest = await elsewhere.open(garbled);
    expect(await guest.waitState('failed')).toMatchObject({ error: 'InvalidInvite' });
    await guest.close();
  }
  const { voters, learners } = await host.status();
  expect([voters.length, learners.length]).toEqual([3, 0]);
});

test('where the browser denies storage the page says so', async ({ launch, server }) => {
  // As the settings page writes it for "Block all cookies and site data".
  const blocking = await launch({ profile: { default_content_setting_values: { cookies: 2 } } });
  const tab = await blocking.open(server.url);
  expect(await tab.waitState('failed')).toMatchObject({ error: 'StorageDenied' });
});

test('outside a secure context the page says so', async ({ cluster, server }) => {
  const tab = await cluster.browser.open('about:blank');
  const origin = 'http://resqlite.test';
  // Chromium says so of a header that it heeds in secure contexts only.
  tab.expectErrors(/Cross-Origin-Opener-Policy header has been ignored/);
  await tab.page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const response = await route.fetch({ url: new URL(pathname, server.url).href });
    await route.fulfill({ response });
  });
  await tab.page.goto(origin);
  expect(await tab.waitState('failed')).toMatchObject({ error: 'Unsupported' });
  // The page may still be loading its late parts, which nobody answers from here on.
  await tab.page.goto('about:blank');
  await tab.page.unrouteAll({ behavior: 'ignoreErrors' });
});
