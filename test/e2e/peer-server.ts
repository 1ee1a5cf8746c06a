/**
 * A PeerServer as it comes, without discovery, on a port of its own: another origin than the page's. In
 * a process of its own, because it cannot be stopped in any other way.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { childEnvironment, freePort, ROOT } from './server.ts';
import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 20_000;

/** Tells of every client that comes, a line each. */
const SCRIPT = `
  const [port, key] = process.argv.slice(1);
  const server = require('peer').PeerServer({ port: Number(port), key }, () => console.log('up'));
  server.on('connection', (client) => console.log('client ' + client.getId()));
`;

export class StockPeerServer {
  readonly url: string;
  readonly #process: ChildProcess;
  #output = '';

  private constructor(port: number, key: string) {
    this.url = `http://localhost:${port}/`;
    this.#process = spawn(process.execPath, ['-e', SCRIPT, String(port), key], {
      cwd: ROOT,
      env: childEnvironment({}),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
  }

  static async start(key: string): Promise<StockPeerServer> {
    const server = new StockPeerServer(await freePort(), key);
    await waitFor('a PeerServer', START_TIMEOUT_MS, () => server.#output.includes('up\n'));
    return server;
  }

  /** The different names that came. */
  get clients(): readonly string[] {
    const lines = this.#output.split('\n').filter((line) => line.startsWith('client '));
    return [...new Set(lines.map((line) => line.slice('client '.length)))];
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
