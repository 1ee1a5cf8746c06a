/**
 * Run before the tests: makes sure that there is a Chromium and says which. Where findChromium
 * finds none, it tries Playwright's download and then, as root on Debian or Ubuntu, apt-get. Ends
 * with status 1 and the ways out when all fail.
 */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { findChromium } from './chromium.ts';

const DOWNLOAD_TIMEOUT_MS = 4 * 60_000;
const APT_TIMEOUT_MS = 5 * 60_000;
const VERSION_TIMEOUT_MS = 60_000;

const WAYS_OUT = `No working Chromium was found, and none could be installed. Any of these helps:
  - install Chromium or Chrome by the system's package manager (not as a snap)
  - npx playwright install --with-deps chromium
  - CHROMIUM_PATH=/path/to/chromium npm test`;

interface Installer {
  readonly name: string;
  readonly run: () => boolean;
}

function main(): number {
  if (report()) return 0;
  if (process.env['CHROMIUM_PATH']) {
    console.error('Set CHROMIUM_PATH to a Chromium that starts, or unset it.');
    return 1;
  }
  const installers: Installer[] = [{ name: "Playwright's installer", run: installByPlaywright }];
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    installers.push({ name: 'apt-get', run: installByApt });
  }
  for (const installer of installers) {
    console.log(`No working Chromium yet: trying ${installer.name}.`);
    if (!installer.run()) console.log(`${installer.name} failed.`);
    if (report()) return 0;
  }
  console.error(WAYS_OUT);
  return 1;
}

/** Prints which Chromium the tests will use; false where there is none that starts. */
function report(): boolean {
  const path = findChromium();
  if (path === null) return false;
  // On Windows --version opens a window instead of printing.
  const version = process.platform === 'win32' ? '' : versionOf(path);
  if (version === null) return false;
  console.log(`Chromium: ${path} ${version}`.trimEnd());
  return true;
}

function versionOf(path: string): string | null {
  const asked = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS });
  if (asked.status === 0) return `(${asked.stdout.trim()})`;
  const why = asked.error?.message ?? asked.stderr.trim();
  console.error(`${path} does not start: ${why}`);
  return null;
}

function installByPlaywright(): boolean {
  const require = createRequire(import.meta.url);
  const cli = join(dirname(require.resolve('playwright-core/package.json')), 'cli.js');
  return run(process.execPath, [cli, 'install', 'chromium'], DOWNLOAD_TIMEOUT_MS);
}

function installByApt(): boolean {
  return (
    run('apt-get', ['update'], APT_TIMEOUT_MS) &&
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], APT_TIMEOUT_MS)
  );
}

function run(command: string, args: readonly string[], timeoutMs: number): boolean {
  const ended = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: timeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return ended.status === 0;
}

process.exitCode = main();
