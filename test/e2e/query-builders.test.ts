/** Kysely and Drizzle from the package, in three tabs that are one cluster. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Consumers, Files } from './consumer.ts';
import type { Browser } from './browser.ts';
import { hashesAtOneIndex, leaderOf, test, waitCluster } from './harness.ts';
import type { Builders } from './query-builders-page.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const PROGRAM = 'test/e2e/query-builders-page.ts';
const FOLDER = 'test/integrations/drizzle-folder';
const PACKAGES = ['kysely', 'drizzle-orm', 'vite'];
const OPEN_MS = 30_000;
const VOTERS = 3;
const TIMES = 5;

const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><link rel="icon" href="data:," /><title>Query builders</title></head>
  <body><script type="module" src="./main.ts"></script></body>
</html>
`;
const TYPES = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['vite/client'],
  },
  include: ['main.ts'],
};

async function filesOfPage(): Promise<Files> {
  const names = (await readdir(FOLDER, { recursive: true })).filter((name) =>
    /\.(?:sql|json)$/.test(name),
  );
  const migrations = await Promise.all(
    names.map(async (name) => [join('drizzle', name), await readFile(join(FOLDER, name), 'utf8')]),
  );
  return {
    'index.html': PAGE,
    'main.ts': await readFile(PROGRAM, 'utf8'),
    'tsconfig.json': JSON.stringify(TYPES),
    'vite.config.js': "export default { build: { target: 'es2023' } };",
    ...(Object.fromEntries(migrations) as Files),
  };
}

async function openTabs(consumers: Consumers, browser: Browser): Promise<Tab[]> {
  const consumer = await consumers.create(await filesOfPage(), PACKAGES);
  const [built] = await Promise.all([consumer.build(), consumer.checkTypes()]);
  const server = await consumers.serve(built);
  const tabs: Tab[] = [];
  while (tabs.length < VOTERS) tabs.push(await browser.open(server.url));
  for (const tab of tabs) await waitFor('the page to be there', OPEN_MS, () => tab.hasDatabase());
  await waitCluster(tabs, VOTERS);
  return tabs;
}

/** One thing that the page does. */
async function ask<Name extends keyof Builders>(
  tab: Tab,
  name: Name,
  ...args: Parameters<Builders[Name]>
): Promise<Awaited<ReturnType<Builders[Name]>>> {
  const answer = await tab.evaluate(`window.builders.${name}(...${JSON.stringify(args)})`);
  return answer as Awaited<ReturnType<Builders[Name]>>;
}

function ofAll<Answer>(
  tabs: readonly Tab[],
  one: (tab: Tab) => Promise<Answer>,
): Promise<Answer[]> {
  return Promise.all(tabs.map(one));
}

test('queries, transactions and migrations of Kysely and Drizzle, with a leader killed', async ({
  browser,
  consumers,
}) => {
  const tabs = await openTabs(consumers, browser);
  await useKysely(tabs);
  expect(await ofAll(tabs, (tab) => ask(tab, 'migrateDrizzle', 1))).toEqual([null, null, null]);
  const { leader, followers } = await leaderOf(tabs);
  await useDrizzle(leader, followers);
  expect(await hashesAtOneIndex(followers)).toHaveLength(1);
});

async function useKysely(tabs: readonly Tab[]): Promise<void> {
  const migrated = await ofAll(tabs, (tab) => ask(tab, 'migrateKysely'));
  expect(migrated.map(({ error }) => error)).toEqual([null, null, null]);
  expect(migrated.flatMap(({ done }) => done)).toEqual(['1_person Success', '2_counter Success']);

  const { followers } = await leaderOf(tabs);
  const [first, second] = followers;
  if (first === undefined || second === undefined) throw new Error('There are too few tabs.');
  expect(await ask(first, 'kyselyQueries')).toEqual({
    insertId: '1',
    ann: [1, 'Ann', String(2n ** 62n), [0, 255]],
    returned: [{ id: 2 }, { id: 3 }],
    twice: { code: 'Sql', applied: 'no' },
    streamed: ['Ann', 'Bob', 'Cid'],
    changed: [3, 3],
  });

  expect(await ask(first, 'begin')).toBe(1);
  await ask(second, 'incrementAtOnce', 1);
  expect(await ask(first, 'end')).toEqual({ code: 'Conflict', applied: 'no' });
  await ofAll(tabs, (tab) => ask(tab, 'incrementAtOnce', TIMES));
  expect(await first.rows('select value from counter')).toEqual([[1 + VOTERS * TIMES]]);
}

/** Behind the first migration. The leader is gone then. */
async function useDrizzle(leader: Tab, followers: readonly Tab[]): Promise<void> {
  const [first] = followers;
  if (first === undefined) throw new Error('There is no follower.');
  await leader.db((db) =>
    db.execute([
      "insert into author (id, name) values (1, 'Ann')",
      "insert into book (title, author_id) values ('Zero', 1)",
    ]),
  );
  const migrating = ofAll(followers, (tab) => ask(tab, 'migrateDrizzle', 3));
  await leader.crash();
  expect(await migrating).toEqual([null, null]);
  expect(
    await first.rows('select count(*), count(distinct hash) from __drizzle_migrations'),
  ).toEqual([[3, 3]]);
  // The table it refers to was made anew.
  expect(await first.rows('select title, in_print from book')).toEqual([['Zero', 1]]);

  expect(await ask(first, 'drizzleQueries')).toEqual({
    done: { rowsAffected: 1, lastInsertRowId: 7, rows: [] },
    batch: [[{ title: 'Two' }], [{ title: 'One' }, { title: 'Two' }]],
    born: 1_000,
    books: [
      { title: 'One', tags: ['x', 'ü'], inPrint: true },
      { title: 'Two', tags: null, inPrint: true },
    ],
    plain: [{ n: 2 }],
    undone: 'Rollback',
  });
  await ofAll(followers, (tab) => ask(tab, 'growOlder', TIMES));
  expect(await first.rows('select born from author where id = 7')).toEqual([
    [1 + followers.length * TIMES],
  ]);
}
