/**
 * Runs once before the end-to-end tests: builds the page, as `npm run build` does, into a folder of
 * its own, so that a page someone serves from `dist` meanwhile is left alone; and packs the library, as
 * `npm pack` does.
 */

import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { PACKAGE, PACKAGE_FOLDER } from './consumer.ts';
import { BUILD_FOLDER, childEnvironment, ROOT, VITE } from './server.ts';

export function setup(): void {
  const args = [VITE, 'build', '--outDir', BUILD_FOLDER, '--emptyOutDir', '--logLevel', 'error'];
  const ended = spawnSync(process.execPath, args, { stdio: 'inherit', env: childEnvironment({}) });
  if (ended.status !== 0) throw new Error('The page does not build.');
  pack();
}

function pack(): void {
  rmSync(PACKAGE_FOLDER, { recursive: true, force: true });
  mkdirSync(PACKAGE_FOLDER, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', PACKAGE_FOLDER], {
    cwd: ROOT,
    env: childEnvironment({ npm_config_loglevel: 'error' }),
    encoding: 'utf8',
  });
  if (packed.status !== 0) throw new Error(`The library does not pack:\n${packed.stderr}`);
  // What its own commands print comes before.
  const file = /"filename": "(?<name>[^"]+)"/.exec(packed.stdout)?.groups?.['name'];
  if (file === undefined) throw new Error(`npm pack said:\n${packed.stdout}`);
  renameSync(join(PACKAGE_FOLDER, file), PACKAGE);
}
