/** A program that was written for SQLocal, moved over by the line that it is imported by. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { modulePage } from './consumer.ts';
import { test, waitCluster } from './harness.ts';
import { ROOT } from './server.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
/** Transactions of each of two tabs that read what they change; the more, the more are in each other's way. */
const ROUNDS = 4;

/** Opens the program; the harness asks the database beneath how the cluster fares. */
const MAIN = `
import { client } from './program.ts';

window.db = await client.database();
`;
const TYPESCRIPT = {
  compilerOptions: {
    target: 'ES2023',
    module: 'ESNext',
    moduleResolution: 'Bundler',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: [],
    strict: true,
    noEmit: true,
  },
  files: ['program.ts'],
};

/** What a call of the program answers in a tab. */
const garden = (tab: Tab, call: string): Promise<unknown> => tab.evaluate(`garden.${call}`);

test('three tabs, of which one is killed', async ({ browser, consumers }) => {
  const program = await readFile(join(ROOT, 'test/e2e/sqlocal-program.ts'), 'utf8');
  const consumer = await consumers.create({
    'index.html': modulePage('A garden'),
    'main.js': MAIN,
    'program.ts': program.replace(/'[./\w]+\/sqlocal\.ts'/, "'resqlite/sqlocal'"),
    'tsconfig.json': JSON.stringify(TYPESCRIPT),
  });
  const [built] = await Promise.all([consumer.build(), consumer.checkTypes()]);
  const { url } = await consumers.serve(built);
  const open = async (): Promise<Tab> => {
    const tab = await browser.open(url);
    await waitFor('the client to be ready', BOUND_MS, () => tab.hasDatabase());
    return tab;
  };
  const first = await open();
  expect(await garden(first, "plant(['fern', 'moss'])")).toEqual([1, 2]);
  const [second, third] = await Promise.all([open(), open()]);
  await waitCluster([first, second, third], 3);
  const names = (tab: Tab): Promise<unknown> => garden(tab, 'names()');
  const sees = (tab: Tab, wanted: string[]): Promise<unknown> =>
    waitFor(`a tab to be told of ${wanted.join(', ') || 'nothing'}`, BOUND_MS, async () => {
      const seen = await garden(tab, 'seen.at(-1)');
      return JSON.stringify(seen) === JSON.stringify(wanted);
    });

  await garden(second, "plant(['rose'])");
  expect(await Promise.all([first, second, third].map(names))).toEqual(
    Array.from({ length: 3 }, () => ['fern', 'moss', 'rose']),
  );
  for (const tab of [first, second, third]) await sees(tab, ['fern', 'moss', 'rose']);
  expect(await garden(third, "measure([['fern', 2], ['moss', 0.5]])")).toEqual([
    { id: 1, name: 'fern', height: 2 },
  ]);
  expect(await garden(third, 'reasons')).toEqual(['initial']);

  await third.crash();
  const rounds = [first, second].map((tab) => garden(tab, `grow('fern', ${ROUNDS})`));
  expect(Math.max(...((await Promise.all(rounds)) as number[]))).toBe(2 + 2 * ROUNDS);

  expect(await garden(first, 'keep()')).toBe('garden.sqlite3');
  await garden(second, 'uproot()');
  await sees(first, []);
  for (const form of ['file', 'stream']) {
    expect(await garden(first, `bringBack('${form}')`)).toEqual(['fern', 'moss', 'rose']);
    await sees(second, ['fern', 'moss', 'rose']);
    await garden(second, 'uproot()');
    await sees(first, []);
  }
  expect(await garden(first, 'reasons')).toEqual(['initial', 'overwrite', 'overwrite']);
  expect(await garden(second, 'info()')).toMatchObject({
    databasePath: 'garden.sqlite3',
    storageType: 'opfs',
  });
  expect(await garden(second, 'refused()')).toEqual([
    ...Array.from({ length: 4 }, () => 'NotReplicable'),
    'Refused',
  ]);
});
