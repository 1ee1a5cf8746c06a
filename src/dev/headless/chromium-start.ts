/**
 * Starts the Chromium that a headless node lives in. It is driven through a pipe: whatever ends the command,
 * also a crash, ends the browser. Playwright's own flags keep pages that nobody sees from being throttled,
 * and make the page believe that it is in front.
 */

import { access, mkdir, readlink, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { chromium, type BrowserContext } from 'playwright-core';

import { findChromium } from '../chromium.ts';
import { CommandError, EXIT } from './exit.ts';
import type { Place } from './place.ts';
import { isAlive } from './profile-lock.ts';

const START_TIMEOUT_MS = 60_000;
/** A browser is gone by then whose command has ended in whatever way. */
const FORMER_BROWSER_MS = 10_000;
const LOOK_INTERVAL_MS = 100;
const FLAGS = ['--disable-gpu', '--disable-quic'];

export interface Sandboxing {
  readonly sandbox: boolean;
}

/** Chromium refuses to run as root with its sandbox. */
export function isSandboxed({ sandbox }: Sandboxing): boolean {
  return sandbox && process.getuid?.() !== 0;
}

/** The place is held. Throws `CommandError`. */
export async function startChromium(place: Place, options: Sandboxing): Promise<BrowserContext> {
  const executablePath = findChromium();
  if (executablePath === null) throw new CommandError(EXIT.browser, NO_CHROMIUM);
  await releaseProfile(place.browserFolder);
  await prepareProfile(place);
  try {
    return await chromium.launchPersistentContext(place.browserFolder, {
      executablePath,
      headless: true,
      chromiumSandbox: isSandboxed(options),
      viewport: null,
      timeout: START_TIMEOUT_MS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: FLAGS,
    });
  } catch (error) {
    throw startError(error, place);
  }
}

/**
 * A command that was killed leaves its browser for a moment, which goes by itself. That of a container that
 * is no more has left its mark, by which Chromium takes the profile for another machine's for ever: but
 * the place is held, so no other command's browser lives there.
 */
export async function releaseProfile(
  browserFolder: string,
  boundMs = FORMER_BROWSER_MS,
): Promise<void> {
  const beganMs = performance.now();
  for (;;) {
    // The host's name, which may have a hyphen, and the process.
    const mark = await readlink(join(browserFolder, 'SingletonLock')).catch(() => null);
    if (mark === null) return;
    const end = mark.lastIndexOf('-');
    if (mark.slice(0, end) !== hostname()) break;
    if (!isAlive(Number(mark.slice(end + 1))) || performance.now() - beganMs >= boundMs) return;
    await pause(LOOK_INTERVAL_MS);
  }
  for (const name of ['SingletonLock', 'SingletonCookie', 'SingletonSocket']) {
    await rm(join(browserFolder, name), { force: true });
  }
}

/**
 * What a person would say yes to: that this site's data are kept, and that the other members are told this
 * machine's addresses, by which they reach it where nobody resolves the names that browsers put in their place.
 */
async function prepareProfile({ browserFolder, page }: Place): Promise<void> {
  const file = join(browserFolder, 'Default', 'Preferences');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const { protocol, hostname } = page;
  const port = page.port || (protocol === 'https:' ? '443' : '80');
  const allowed = { [`${protocol}//${hostname}:${port},*`]: { setting: 1 } };
  const preferences = {
    profile: { content_settings: { exceptions: { durable_storage: allowed } } },
    webrtc: { local_ips_allowed_urls: [page.origin] },
  };
  await mkdir(join(browserFolder, 'Default'), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify(preferences), { mode: 0o600 });
}

const NO_CHROMIUM =
  'No Chromium is found: install one, or name it in the environment variable CHROMIUM_PATH.';
const NO_SANDBOX =
  'Chromium cannot use its sandbox here: let it make user namespaces, or start it by --no-sandbox, ' +
  'if you trust the page.';

function startError(error: unknown, { folder }: Place): CommandError {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('ProcessSingleton')) {
    return new CommandError(EXIT.profile, `${folder} is in use: a node runs from there.`);
  }
  if (/doesn't exist at|ENOENT|EACCES/.test(message)) {
    return new CommandError(EXIT.browser, NO_CHROMIUM);
  }
  if (/no usable sandbox|sandboxing failed/i.test(message)) {
    return new CommandError(EXIT.browser, NO_SANDBOX);
  }
  return new CommandError(EXIT.browser, `Chromium does not start: ${message}`);
}
