/**
 * Run by vitest's server for the transport's browser tests: a signalling server in a process of its
 * own, which the test may stop and start again on the same port.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const FOLDER = 'node_modules/.cache/resqlite-test/browser-signalling';
const ENTRY = 'src/dev/signalling-server.ts';

const childByPort = new Map<number, ChildProcess>();
let built: Promise<unknown> | null = null;

declare module 'vitest/browser' {
  interface BrowserCommands {
    /** Serves on the port given, or on a free one; gives the port. */
    startSignallingServer(port: number | null): Promise<number>;
    stopSignallingServer(port: number): Promise<void>;
  }
}

export async function startSignallingServer(_: unknown, wanted: number | null): Promise<number> {
  built ??= build();
  await built;
  const port = wanted ?? (await freePort());
  const child = spawn(process.execPath, [join(ROOT, FOLDER, 'signalling-server.js')], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  childByPort.set(port, child);
  process.once('exit', () => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return port;
}

export async function stopSignallingServer(_: unknown, port: number): Promise<void> {
  const child = childByPort.get(port);
  if (child === undefined) return;
  childByPort.delete(port);
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function build(): Promise<unknown> {
  const args = [VITE, 'build', '--ssr', ENTRY, '--outDir', FOLDER, '--logLevel', 'warn'];
  return promisify(execFile)(process.execPath, args, { cwd: ROOT });
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
