/**
 * Build, dev and preview servers, the three kinds of tests, and those that run only when asked.
 *
 * Unit tests keep every core busy, and browser contracts, which wait more than they work, run beside
 * them. Behind them come tabs, which wait even more, three files at a time, each with a server, a port
 * and profiles of its own.
 * In Node the files of a worker share its modules: loading them anew for each takes a quarter of the
 * time, and no test keeps anything in a module.
 */

import { availableParallelism } from 'node:os';

import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

import { CHROMIUM_FLAGS, findChromium } from './src/dev/chromium.ts';
import { contentPolicy } from './src/dev/content-policy.ts';
import { keyValueFacade } from './src/dev/key-value-facade.ts';
import { leanPeerJs } from './src/dev/lean-peerjs.ts';
import { leanSqlite } from './src/dev/lean-sqlite.ts';
import { offline } from './src/dev/offline.ts';
import { signalling } from './src/dev/signalling.ts';
import { startSignallingServer, stopSignallingServer } from './test/browser/transport/commands.ts';
import { bundledWorkers } from './test/browser/bundled-workers.ts';
import { PROFILE } from './test/browser/profile.ts';
import { featureReport } from './test/feature-report.ts';
import { LongestFirst } from './test/e2e/longest-first.ts';

const chromiumPath = findChromium();
/** Projects that run at the same time must name the same number. */
const maxWorkers = availableParallelism();

/**
 * What every page loads: what it begins with, what stands beside the console, and what comes behind that, a
 * file each. Cut up by which late part shares what with which, the first packs worse, and the rest are
 * dozens of requests, which cost more than what they bring.
 */
const PARTS = [
  { name: 'page', priority: 3, test: /\/src\/page\.ts$/ },
  { name: 'sidebar', priority: 2, test: /\/src\/ui\/database\/(sidebar|tab-strip)\.tsx$/ },
  {
    name: 'late',
    priority: 1,
    test: new RegExp(
      '/src/(client/(invites|script)|ui/(database/(table-browser|explained)|results|[a-z]+-dialog|outbox-list|' +
        'background|guide/guide-actions|cluster/cluster-view))\\.tsx?$',
    ),
  },
];

export default defineConfig({
  base: './',
  // There is one page: an unknown path is no other name for it.
  appType: 'mpa',
  plugins: [leanSqlite(), leanPeerJs(), signalling(), contentPolicy(), keyValueFacade(), offline()],
  build: {
    target: 'es2023',
    sourcemap: true,
    rolldownOptions: {
      output: {
        codeSplitting: { groups: PARTS },
      },
    },
  },
  worker: { format: 'es', plugins: () => [leanSqlite()] },
  optimizeDeps: {
    exclude: ['@sqlite.org/sqlite-wasm'],
    include: ['idb-keyval', 'peerjs', '@stablelib/sha256'],
    rolldownOptions: { plugins: [leanPeerJs()] },
  },
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          maxWorkers,
          isolate: false,
          environment: 'node',
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/e2e/**', 'test/soak/**'],
        },
      },
      {
        extends: true,
        plugins: [bundledWorkers()],
        test: {
          name: 'browser',
          sequence: { groupOrder: 0 },
          maxWorkers,
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/profile.ts', 'test/browser/lab/hashes.ts'],
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          browser: {
            enabled: true,
            headless: true,
            fileParallelism: false,
            screenshotFailures: false,
            commands: { startSignallingServer, stopSignallingServer },
            provider: playwright({
              // What is stored is on the disk, as in the browsers that people use.
              persistentContext: PROFILE,
              launchOptions: {
                ...(chromiumPath === null ? {} : { executablePath: chromiumPath }),
                args: [...CHROMIUM_FLAGS],
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        // Reports on the whole run; here, because nothing is whole without this project.
        plugins: [featureReport()],
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/build.ts'],
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          environment: 'node',
          include: ['test/soak/**/*.test.ts'],
          globalSetup: ['test/e2e/build.ts'],
          sequence: { groupOrder: 3 },
          fileParallelism: false,
          testTimeout: 3_600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
