/**
 * A server that lets anybody in, and counts who comes: what the sandbox's functions may not reach. It
 * answers scripts, a font, a stream of events and WebSockets, to every origin; and an empty page, in which
 * the same may be tried without a policy.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocketServer } from 'ws';

export class TargetServer {
  readonly #server: Server;
  /** By path, in the order in which they came. */
  readonly #hits: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
    const sockets = new WebSocketServer({ noServer: true });
    server.on('request', (request, response) => this.#answer(request, response));
    server.on('upgrade', (request, socket, head) => {
      this.#hits.push(request.url ?? '');
      sockets.handleUpgrade(request, socket, head, (peer) => {
        peer.on('message', (data) => peer.send(data));
      });
    });
  }

  static async start(): Promise<TargetServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    return new TargetServer(server);
  }

  /** Ends in a slash. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://localhost:${port}/`;
  }

  /** Since they were asked for last. */
  takeHits(): string[] {
    return this.#hits.splice(0);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    if (url === '/favicon.ico') {
      response.writeHead(404).end();
      return;
    }
    this.#hits.push(url);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Content-Type', typeOf(url));
    if (url.startsWith('/events')) response.write('data: leak\n\n');
    else response.end(url.startsWith('/page') ? '<!doctype html><title>Target</title>' : '');
  }
}

function typeOf(url: string): string {
  if (url.startsWith('/events')) return 'text/event-stream';
  if (url.startsWith('/page')) return 'text/html';
  return url.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
}
