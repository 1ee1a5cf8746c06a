/**
 * A plain web host: files of a folder below some path, each by the type of its name, with headers that the
 * test says. Every one has a port of its own, and so is an origin of its own.
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface Hosting {
  /** Where the folder is on the host; begins and ends with a slash. */
  readonly path?: string;
  /** Of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Other types than are right, by the end of a file's name. */
  readonly types?: Readonly<Record<string, string>>;
}

export class StaticServer {
  readonly #folder: string;
  readonly #hosting: Hosting;
  readonly #server: Server;

  private constructor(folder: string, hosting: Hosting) {
    this.#folder = folder;
    this.#hosting = hosting;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(folder: string, hosting: Hosting = {}): Promise<StaticServer> {
    const server = new StaticServer(folder, hosting);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  /** Of the folder. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://localhost:${port}${this.#hosting.path ?? '/'}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path = '/', headers = {}, types = {} } = this.#hosting;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const { pathname } = new URL(url, this.url);
    const name = normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    try {
      if (!name.startsWith(path)) throw new Error('It is not in the folder.');
      const body = await readFile(join(this.#folder, name.slice(path.length)));
      const type = { ...TYPES, ...types }[extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type }).end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
    }
  }
}
