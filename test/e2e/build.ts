/**
 * Runs once before the end-to-end tests: builds the page, as `npm run build` does, into a folder of
 * its own, so that a page someone serves from `dist` meanwhile is left alone; and beside that packs the
 * library, as `npm pack` does.
 */

import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { PACKAGE, PACKAGE_FOLDER, run } from './consumer.ts';
import { BUILD_FOLDER, ROOT, VITE } from './server.ts';

export async function setup(): Promise<void> {
  await Promise.all([buildPage(), pack()]);
}

async function buildPage(): Promise<void> {
  const args = ['build', '--outDir', BUILD_FOLDER, '--emptyOutDir', '--logLevel', 'error'];
  await run(process.execPath, [VITE, ...args], ROOT);
}

async function pack(): Promise<void> {
  await rm(PACKAGE_FOLDER, { recursive: true, force: true });
  await mkdir(PACKAGE_FOLDER, { recursive: true });
  // What `prepack` says, which keeps what it prints apart from what npm does.
  await run('npm', ['run', 'library', '--', '--build-only'], ROOT);
  const args = ['--ignore-scripts', '--loglevel=error', '--pack-destination', PACKAGE_FOLDER];
  const printed = await run('npm', ['pack', '--json', ...args], ROOT);
  const file = /"filename": "(?<name>[^"]+)"/.exec(printed)?.groups?.['name'];
  if (file === undefined) throw new Error(`npm pack said:\n${printed}`);
  await rename(join(PACKAGE_FOLDER, file), PACKAGE);
}
