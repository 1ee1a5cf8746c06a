/**
 * A small site of its own with the signalling plugin, served by vite in a child process: the plugin
 * cannot be stopped, and a test may take its server down and watch it come back.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const BOUND_MS = 30_000;

const PAGE = '<!doctype html><title>site</title><script type="module" src="./main.js"></script>';

/** The site's vite.config.ts. */
export const CONFIGURATION = `
import { signalling } from ${JSON.stringify(join(ROOT, 'src/dev/signalling.ts'))};
export default { base: './', plugins: [signalling()], clearScreen: false };
`;

export class Site {
  readonly folder: string;
  readonly port: number;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async create(): Promise<Site> {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'resqlite-site-'));
    const site = new Site(folder, await freePort());
    site.write('index.html', PAGE);
    site.write('main.js', 'document.title = "1"; import.meta.hot?.accept();');
    site.write('vite.config.ts', CONFIGURATION);
    return site;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get output(): string {
    return this.#output;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs vite to its end. */
  async build(): Promise<void> {
    const child = this.#spawn([VITE, 'build', '--logLevel', 'warn']);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`vite build ended with ${code}: ${this.#output}`);
  }

  /** Serves until stopped; resolves when the URL is printed. */
  async serve(command: 'dev' | 'preview'): Promise<void> {
    await this.run([VITE, command], /Local:\s+http/);
  }

  async run(args: readonly string[], ready: RegExp): Promise<void> {
    this.#output = '';
    const child = this.#spawn(args);
    this.#child = child;
    let exited = false;
    child.once('exit', () => {
      exited = true;
    });
    await until(
      () => exited || ready.test(this.#output),
      () => `the server: ${this.#output}`,
    );
    if (exited) throw new Error(`the server ended: ${this.#output}`);
  }

  /** Sends the signal and gives the time until the process was gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    const child = this.#child;
    if (child === null) return 0;
    this.#child = null;
    const sinceMs = performance.now();
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return performance.now() - sinceMs;
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[]): ChildProcess {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(NODE_ENV|NODE_OPTIONS|VITEST.*|MODE|DEV|PROD|BASE_URL|SSR|TEST)$/.test(name),
    );
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), PORT: String(this.port), NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return child;
  }
}

export async function until(holds: () => boolean, what: () => string): Promise<void> {
  const untilMs = performance.now() + BOUND_MS;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`waited in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
