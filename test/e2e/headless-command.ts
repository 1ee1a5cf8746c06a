/**
 * The command of the headless node, as a process of its own, with a home of its own. Whatever becomes of the
 * test, `end` leaves no process of it behind, nor of its browser.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';

import { childEnvironment, ROOT, VITE } from './server.ts';
import { waitFor } from './wait.ts';

const FOLDER = join(ROOT, 'node_modules/.cache/e2e/headless-node');
const COMMAND = join(FOLDER, 'headless-node.js');
const SAID_TIMEOUT_MS = 30_000;
const GONE_TIMEOUT_MS = 10_000;

/** As `npm run node` does, into a folder of the tests' own. */
export async function buildHeadlessCommand(): Promise<void> {
  const args = [VITE, 'build', '--ssr', 'src/dev/headless-node.ts', '--outDir', FOLDER];
  const child = spawn(process.execPath, [...args, '--logLevel', 'warn'], {
    cwd: ROOT,
    env: childEnvironment({}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [errors] = await Promise.all([textOf(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(`The command does not build:\n${errors}`);
}

/** Where the commands of a test store their nodes. */
export class HeadlessHome {
  readonly folder: string;
  readonly #runs: HeadlessRun[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<HeadlessHome> {
    return new HeadlessHome(await mkdtemp(join(tmpdir(), 'resqlite-headless-')));
  }

  run(...args: string[]): HeadlessRun {
    const child = spawn(process.execPath, [COMMAND, '--no-sandbox', ...args], {
      cwd: ROOT,
      env: childEnvironment({ XDG_DATA_HOME: this.folder, HOME: this.folder }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const run = new HeadlessRun(child);
    this.#runs.push(run);
    return run;
  }

  async end(): Promise<void> {
    for (const run of this.#runs) await run.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export class HeadlessRun {
  output = '';
  errors = '';
  readonly #process: ChildProcess;

  constructor(child: ChildProcess) {
    this.#process = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  /** Waits until it has printed that, and answers what of it is in brackets. */
  async says(pattern: RegExp): Promise<string> {
    try {
      return await waitFor(`the command to say ${pattern}`, SAID_TIMEOUT_MS, () => {
        const found = pattern.exec(this.output);
        if (found === null && this.#isOver) throw new Error('The command has ended.');
        return found === null ? false : (found[1] ?? found[0]);
      });
    } catch (error) {
      throw new Error(`It said:\n${this.output}${this.errors}`, { cause: error });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async exitCode(): Promise<number | null> {
    if (!this.#isOver) await once(this.#process, 'close');
    return this.#process.exitCode;
  }

  async kill(): Promise<void> {
    if (!this.#isOver) this.#process.kill('SIGKILL');
    await this.exitCode();
  }

  get #isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}

/** Waits until no browser has the profile open any more. */
export async function browserGone(profile: string): Promise<void> {
  await waitFor('the browser to be gone', GONE_TIMEOUT_MS, async () => {
    return (await browserOf(profile)) === null;
  });
}

/** The process id of the browser that has the profile open; null: none. */
export async function browserOf(profile: string): Promise<number | null> {
  const holder = await readlink(join(profile, 'browser/SingletonLock')).catch(() => null);
  const pid = Number(holder?.split('-').at(-1));
  if (holder === null || !Number.isInteger(pid)) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}
