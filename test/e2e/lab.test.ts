/**
 * The Lab's worker, built as for the page and served with its headers, in a stock Firefox: another engine
 * with another compiler, and the same traces as in Node, on the model and on SQLite itself.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'vite';
import { expect } from 'vitest';

import { leanSqlite } from '../../src/dev/lean-sqlite.ts';
import type { LabUpdate } from '../../src/lab/protocol.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { NO_WISHES } from '../../src/simulation/scenario.ts';
import { loadNodeRuntime } from '../../src/simulation/sql/runtime.ts';
import { SqlDatabases } from '../../src/simulation/sql/sql-databases.ts';
import { test } from './harness.ts';
import { PageServer, ROOT } from './server.ts';
import { waitFor } from './wait.ts';

const FOLDER = join(ROOT, 'node_modules/.cache/e2e/lab');
const PAGE = 'lab-page';
/** Firefox starts in it, and machines are busy. */
const TIMEOUT_MS = 240_000;
const PAGE_TIMEOUT_MS = 30_000;
const SEEDS = [2, 5, 112];
const SQL_SEED = 2;

/** The worker as the page has it, in a page that has nothing else. */
async function buildLab(): Promise<void> {
  await build({
    root: ROOT,
    base: './',
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    plugins: [leanSqlite()],
    worker: { format: 'es', plugins: () => [leanSqlite()] },
    build: {
      outDir: FOLDER,
      emptyOutDir: true,
      target: 'es2023',
      rolldownOptions: {
        input: { [PAGE]: join(ROOT, `test/e2e/${PAGE}.ts`) },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  });
  const head = `<meta charset="utf-8" /><title>Lab</title><link rel="icon" href="data:," />`;
  const script = `<script type="module" src="./${PAGE}.js"></script>`;
  await writeFile(
    join(FOLDER, 'index.html'),
    `<!doctype html><html lang="en">${head}${script}</html>`,
  );
}

test(
  'Firefox comes to the same traces as Node',
  { timeout: TIMEOUT_MS },
  async ({ firefox, onTestFinished }) => {
    await buildLab();
    const server = await PageServer.start(FOLDER);
    onTestFinished(() => server.stop());
    const tab = await firefox.open(server.url);
    const links = [...SEEDS.map((seed) => `#/lab?run=${seed}`), `#/lab?run=${SQL_SEED}&engine=sql`];
    const isThere = async (): Promise<boolean> =>
      (await tab.evaluate("'lab' in globalThis")) === true;
    await waitFor('the page', PAGE_TIMEOUT_MS, isThere);
    const ends = (await tab.evaluate(`(async () => {
      const ends = [];
      for (const link of ${JSON.stringify(links)}) {
        await lab.call('open', [link]);
        ends.push(await lab.call('runToEnd', []));
      }
      return ends;
    })()`)) as LabUpdate[];

    const databases = new SqlDatabases(await loadNodeRuntime());
    const expected = [
      ...SEEDS.map((seed) => runSeed(seed, null)),
      runSeed(SQL_SEED, null, NO_WISHES, databases),
    ].map(({ traceHash }) => [traceHash, 'held']);
    expect(ends.map(({ picture }) => [picture.traceHash, picture.verdict?.type])).toEqual(expected);
  },
);
