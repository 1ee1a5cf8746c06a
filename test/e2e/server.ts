/**
 * The web server of the end-to-end tests: the built page and the signalling server on one port, by
 * the same command that `npm start` runs, in a process of its own (the signalling server cannot be
 * stopped in any other way). It can be stopped and started again on the same port while tabs live.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 60_000;
export const ROOT = join(import.meta.dirname, '../..');

export const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const CONFIG = join(ROOT, 'vite.config.ts');
export const BUILD_FOLDER = join(ROOT, 'node_modules/.cache/e2e/page');

/** The environment as a user's shell has it: without what the test runner added for itself. */
export function childEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|NODE_OPTIONS|VITEST.*|MODE|DEV|PROD|BASE_URL|SSR|TEST)$/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

export class PageServer {
  readonly port: number;
  readonly #args: readonly string[];
  #process: ChildProcess | null = null;
  #output = '';

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  /** Finds a free port and serves there what is in the folder, as vite's configuration says. */
  static async start(folder = BUILD_FOLDER, config = CONFIG): Promise<PageServer> {
    const args = [VITE, 'preview', '--outDir', folder, '--config', config];
    const server = new PageServer(await freePort(), args);
    await server.start();
    return server;
  }

  /** Serves the sources in a folder as they are now, by vite without any configuration. */
  static async develop(folder: string): Promise<PageServer> {
    const port = await freePort();
    const server = new PageServer(port, [VITE, folder, '--port', String(port), '--strictPort']);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}/`;
  }

  async start(): Promise<void> {
    if (this.#process !== null) throw new Error('The server runs already.');
    this.#output = '';
    const child = spawn(process.execPath, this.#args, {
      cwd: ROOT,
      env: childEnvironment({ PORT: String(this.port) }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await waitFor('the page to be served', START_TIMEOUT_MS, async () => {
      if (child.exitCode !== null) throw new Error(`vite preview ended:\n${this.#output}`);
      return this.answers();
    });
  }

  /** It listens, and answers nothing until it goes on. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Where a test has failed that had stopped it, or has paused it. */
  async revive(): Promise<void> {
    this.goOn();
    if (this.#process === null) await this.start();
  }

  async answers(): Promise<boolean> {
    try {
      return (await fetch(this.url)).ok;
    } catch {
      return false;
    }
  }

  /** Ends the process and with it every signalling connection. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
