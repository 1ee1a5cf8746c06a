/** Build, dev and preview servers, and the three kinds of tests. */

import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

import { CHROMIUM_FLAGS, findChromium } from './src/dev/chromium.ts';
import { signalling } from './src/dev/signalling.ts';
import { startSignallingServer, stopSignallingServer } from './test/browser/transport/commands.ts';

const chromiumPath = findChromium();

export default defineConfig({
  base: './',
  plugins: [signalling()],
  build: { target: 'es2023', sourcemap: true },
  worker: { format: 'es' },
  optimizeDeps: {
    exclude: ['@sqlite.org/sqlite-wasm'],
    include: ['idb-keyval', 'peerjs', '@noble/hashes/sha2.js'],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          environment: 'node',
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/e2e/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          sequence: { groupOrder: 1 },
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { startSignallingServer, stopSignallingServer },
            provider: playwright({
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
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/build.ts'],
          sequence: { groupOrder: 2 },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
