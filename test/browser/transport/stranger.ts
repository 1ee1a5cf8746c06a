/** Somebody on the signalling server who knows a node's PeerJS id and has no good intentions. */

const SDP = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

interface Server {
  readonly host: string;
  readonly port: number;
}

/** Where whoever wants to be known as `id` says so. */
export function signallingUrl({ host, port }: Server, id: string): string {
  return `ws://${host}:${port}/peerjs/peerjs?key=peerjs&id=${id}&token=t`;
}

export class Stranger {
  readonly id: string;
  readonly #socket: WebSocket;
  readonly #victim: string;
  #heard: (type: string) => void = () => undefined;

  private constructor(id: string, socket: WebSocket, victim: string) {
    this.id = id;
    this.#socket = socket;
    this.#victim = victim;
    socket.addEventListener('message', (event) => {
      const { type } = JSON.parse(String(event.data)) as { type: string };
      this.#heard(type);
    });
  }

  static async connect(server: Server, victim: string): Promise<Stranger> {
    const id = `stranger${Math.random().toString(36).slice(2)}`;
    const stranger = new Stranger(id, new WebSocket(signallingUrl(server, id)), victim);
    await stranger.#hears('OPEN');
    return stranger;
  }

  sendOffer(connectionId: string, metadata: string): void {
    const shape = { type: 'data', serialization: 'raw', reliable: true, label: 'x' };
    const sdp = { type: 'offer', sdp: SDP };
    this.#send('OFFER', { ...shape, connectionId, metadata, sdp });
  }

  /** Each of these once made PeerJS throw, or make a connection. */
  sendBadOffer(number: number): void {
    const connectionId = `dc_bad${number}`;
    const sdp = { type: 'offer', sdp: SDP };
    const data = { type: 'data', connectionId, sdp, reliable: true, serialization: 'raw' };
    const kinds: unknown[] = [
      data,
      { ...data, metadata: 'f'.repeat(64) },
      { ...data, serialization: 'nope' },
      { ...data, serialization: 'constructor' },
      { ...data, serialization: 'binary' },
      { ...data, type: 'media' },
      { ...data, sdp: null },
      { ...data, sdp: { type: 'nonsense', sdp: 7 } },
      undefined,
      null,
      'text',
    ];
    this.#send('OFFER', kinds[number % kinds.length]);
  }

  sendStrayMessages(): void {
    for (let i = 0; i < 100; i += 1) {
      const connectionId = `dc_stray${i}`;
      this.#send('CANDIDATE', { connectionId, candidate: { candidate: 'x' } });
      this.#send('ANSWER', { connectionId, sdp: { type: 'answer', sdp: 'x' } });
    }
    this.#send('ANSWER', undefined);
    this.#send('CANDIDATE', null);
    this.#send('LEAVE', undefined);
    this.#send('EXPIRE', undefined);
  }

  /** Resolves when the server has handled everything sent before. */
  async echo(): Promise<void> {
    const heard = this.#hears('ANSWER');
    this.#socket.send(JSON.stringify({ type: 'ANSWER', dst: this.id, payload: {} }));
    await heard;
  }

  close(): void {
    this.#socket.close();
  }

  #send(type: string, payload: unknown): void {
    this.#socket.send(JSON.stringify({ type, dst: this.#victim, payload }));
  }

  #hears(wanted: string): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = (type) => {
        if (type === wanted) resolve();
      };
    });
  }
}
