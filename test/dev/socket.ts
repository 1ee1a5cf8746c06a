/** A WebSocket client that keeps what it hears. */

import WebSocket from 'ws';

import { until } from './site.ts';

export interface Heard {
  readonly type?: string;
  readonly [field: string]: unknown;
}

export class Socket {
  readonly heard: Heard[] = [];
  readonly socket: WebSocket;
  closed = false;
  failure: string | null = null;

  constructor(url: string, protocol?: string) {
    // A test server makes its certificate itself.
    const options = { rejectUnauthorized: false };
    this.socket = new WebSocket(url, protocol === undefined ? [] : [protocol], options);
    this.socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString())));
    this.socket.on('error', (error) => {
      this.failure = error.message;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  async hears(type: string): Promise<Heard> {
    const found = (): Heard | undefined => this.heard.find((message) => message.type === type);
    const over = (): boolean => this.closed || this.failure !== null;
    await until(
      () => found() !== undefined || over(),
      () => `${type}`,
    );
    const message = found();
    if (message === undefined) throw new Error(`no ${type}: ${this.failure ?? 'closed'}`);
    return message;
  }

  async ends(): Promise<void> {
    await until(
      () => this.closed,
      () => 'the socket to close',
    );
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.socket.send(text);
  }
}

/** A client of the signalling server, as PeerJS makes one. */
export function signallingClient(origin: string, id: string, token = `token-${id}`): Socket {
  const query = `key=peerjs&id=${id}&token=${token}&version=1.5.5`;
  return new Socket(`${origin.replace('http', 'ws')}/peerjs/peerjs?${query}`);
}
