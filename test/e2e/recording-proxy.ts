/**
 * Stands between a browser and the web server and keeps what the server sent: everything a tab asks
 * for passes here, be it asked by the page, by its workers or by its service worker, which no driver's
 * events tell as completely. Sockets are handed through.
 */

import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';

import { freePort } from './server.ts';

export interface Sent {
  /** With its query. */
  readonly path: string;
  /** Unpacked; empty where the browser had it already. */
  readonly body: Buffer;
  /** All of it was sent. */
  readonly isWhole: boolean;
}

export class RecordingProxy {
  readonly port: number;
  /** In the order in which they were asked for. */
  readonly sent: Sent[] = [];
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on('upgrade', (asked, socket: Socket, head: Buffer) => {
      this.#passSocket(asked, socket, head);
    });
  }

  /** In front of the server on that port of this machine. */
  static async start(target: number): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(await freePort(), target);
    proxy.#server.listen(proxy.port);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://localhost:${this.port}/`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #pass({ method, url: path = '/', headers }: IncomingMessage, answer: ServerResponse): void {
    // Whole and not packed.
    const asked = { ...headers, 'accept-encoding': 'identity' };
    const chunks: Buffer[] = [];
    const entry = { path, body: Buffer.alloc(0), isWhole: false };
    this.sent.push(entry);
    const onward = request(
      { port: this.#target, host: 'localhost', method, path, headers: asked },
      (received) => {
        answer.writeHead(received.statusCode ?? 0, received.headers);
        received.on('data', (chunk: Buffer) => chunks.push(chunk));
        received.on('end', () => {
          entry.body = Buffer.concat(chunks);
          entry.isWhole = true;
        });
        received.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    onward.end();
  }

  #passSocket({ url, headers }: IncomingMessage, near: Socket, head: Buffer): void {
    const far = connect(this.#target, 'localhost');
    this.#keep(far);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
    far.write([`GET ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    far.write(head);
    far.pipe(near).pipe(far);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // Either end may go first.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
