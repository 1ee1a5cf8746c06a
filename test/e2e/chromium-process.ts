/**
 * The processes of one Chromium on a profile of its own. They are ours rather than a driver's, so
 * that they can be killed without warning and started again on the same profile, changed in between
 * at will; whoever drives the browser connects to `address`. No flag softens how Chromium treats
 * hidden tabs.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CHROMIUM_FLAGS, findChromium } from '../../src/dev/chromium.ts';
import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 60_000;
const HEADLESS_FLAGS = [
  '--headless=new',
  '--remote-debugging-port=0',
  // Pages that drop down from the address bar: two of them made ready with every window take longer
  // than all else that a browser does to start.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
];

/** A fresh profile's folder; `preferences` are what the browser's settings pages would write. */
export async function makeProfile(preferences: object = {}): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), 'resqlite-e2e-'));
  const folder = join(profile, 'Default');
  await mkdir(folder);
  await writeFile(join(folder, 'Preferences'), JSON.stringify(preferences));
  return profile;
}

/** Of a profile that no browser has open any more. */
export async function removeProfile(profile: string): Promise<void> {
  await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

export class ChromiumProcess {
  /** Where it listens for its remote control. */
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  static async start(profile: string): Promise<ChromiumProcess> {
    const path = findChromium();
    if (path === null) throw new Error('No Chromium: npm test installs one.');
    const flags = [...HEADLESS_FLAGS, '--hide-crash-restore-bubble', ...CHROMIUM_FLAGS];
    const args = [...flags, `--user-data-dir=${profile}`, 'about:blank'];
    // A process group of its own, so that its renderers die with it at the same moment.
    const child = spawn(path, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    return new ChromiumProcess(child, await debuggingAddress(child));
  }

  /** SIGKILL to all its processes at once: nothing gets to finish what it was writing. */
  async kill(): Promise<void> {
    await killGroup(this.#process);
  }

  async exited(): Promise<void> {
    await exited(this.#process);
  }
}

/** SIGKILL to a process and all that it started in its group. */
export async function killGroup(child: ChildProcess): Promise<void> {
  const ended = exited(child);
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    process.kill(-child.pid, 'SIGKILL');
  }
  await ended;
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The browser writes where it listens to its standard error. */
async function debuggingAddress(child: ChildProcess): Promise<string> {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000);
  });
  return waitFor('the browser to start', START_TIMEOUT_MS, () => {
    if (child.exitCode !== null) throw new Error(`Chromium ended at once:\n${output}`);
    return /DevTools listening on (ws:\S+)/.exec(output)?.[1] ?? false;
  });
}
