/**
 * Run before the tests: makes sure that there are a Chromium and a stock Firefox, and says which. What
 * is missing it tries to install: Chromium by Playwright's download, and either, as root on Debian or
 * Ubuntu, by apt-get. Ends with status 1 and the ways out where a browser is still missing.
 */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { findChromium } from './chromium.ts';
import { findFirefox } from './firefox.ts';

const DOWNLOAD_TIMEOUT_MS = 4 * 60_000;
const APT_TIMEOUT_MS = 5 * 60_000;
const VERSION_TIMEOUT_MS = 60_000;

interface Installer {
  readonly name: string;
  readonly run: () => boolean;
}

interface Wanted {
  readonly name: string;
  /** The environment variable that names it. */
  readonly variable: string;
  readonly find: () => string | null;
  readonly installers: () => readonly Installer[];
  readonly waysOut: readonly string[];
}

const CHROMIUM: Wanted = {
  name: 'Chromium',
  variable: 'CHROMIUM_PATH',
  find: findChromium,
  installers: () => [
    { name: "Playwright's installer", run: installByPlaywright },
    ...aptInstallers(['chromium']),
  ],
  waysOut: [
    "install Chromium or Chrome by the system's package manager (not as a snap)",
    'npx playwright install --with-deps chromium',
    'CHROMIUM_PATH=/path/to/chromium npm test',
  ],
};

const FIREFOX: Wanted = {
  name: 'Firefox',
  variable: 'FIREFOX_PATH',
  find: findFirefox,
  // Debian has the long-term release alone; elsewhere the package has the plain name.
  installers: () => aptInstallers(['firefox-esr', 'firefox']),
  waysOut: [
    "install a stock Firefox by the system's package manager (not as a snap) or from mozilla.org",
    'FIREFOX_PATH=/path/to/firefox npm test',
  ],
};

function main(): number {
  const missing = [CHROMIUM, FIREFOX].filter((wanted) => !isThere(wanted));
  return missing.length === 0 ? 0 : 1;
}

/** Finds or installs it; tells the ways out and answers false where neither helps. */
function isThere(wanted: Wanted): boolean {
  if (report(wanted)) return true;
  if (process.env[wanted.variable]) {
    console.error(`Set ${wanted.variable} to a ${wanted.name} that starts, or unset it.`);
    return false;
  }
  for (const installer of wanted.installers()) {
    console.log(`No working ${wanted.name} yet: trying ${installer.name}.`);
    if (!installer.run()) console.log(`${installer.name} failed.`);
    if (report(wanted)) return true;
  }
  const ways = wanted.waysOut.map((way) => `\n  - ${way}`).join('');
  console.error(
    `No working ${wanted.name} was found, and none could be installed. Any of these helps:${ways}`,
  );
  return false;
}

/** Prints which one the tests will use; false where there is none that starts. */
function report({ name, find }: Wanted): boolean {
  const path = find();
  if (path === null) return false;
  // On Windows --version opens a window instead of printing.
  const version = process.platform === 'win32' ? '' : versionOf(path);
  if (version === null) return false;
  console.log(`${name}: ${path} ${version}`.trimEnd());
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

/** One a package, in the order to try them. */
function aptInstallers(packages: readonly string[]): Installer[] {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return [];
  return packages.map((name) => ({
    name: `apt-get install ${name}`,
    run: () =>
      run('apt-get', ['update'], APT_TIMEOUT_MS) &&
      run('apt-get', ['install', '-y', '--no-install-recommends', name], APT_TIMEOUT_MS),
  }));
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
