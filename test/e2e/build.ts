/**
 * Runs once before the end-to-end tests: builds the page, as `npm run build` does, into a folder of
 * its own, so that a page someone serves from `dist` meanwhile is left alone.
 */

import { spawnSync } from 'node:child_process';

import { BUILD_FOLDER, childEnvironment, VITE } from './server.ts';

export function setup(): void {
  const args = [VITE, 'build', '--outDir', BUILD_FOLDER, '--emptyOutDir', '--logLevel', 'error'];
  const ended = spawnSync(process.execPath, args, { stdio: 'inherit', env: childEnvironment({}) });
  if (ended.status !== 0) throw new Error('The page does not build.');
}
