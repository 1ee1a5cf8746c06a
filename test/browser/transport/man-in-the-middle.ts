/**
 * Somebody who controls the signalling between two nodes, and has connections of his own: whoever of
 * the two dials the other gets a connection that ends at him, the other gets one that ends at him as
 * well, and all they say to each other passes through his hands.
 *
 * Each of the two is on a server of its own, where he goes by the other's name. An offer passes with all
 * that proves whose it is; only description and candidates are his.
 */

import { FormatError } from '../../../src/node/bytes.ts';
import { decodeHandshakeFrame } from '../../../src/transport/handshake-frames.ts';
import { PROTOCOL_VERSIONS } from '../../../src/transport/handshake.ts';
import { BULK_CHANNEL_ID } from '../../../src/transport/signalling.ts';
import { signallingUrl } from './stranger.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** One of the two: on which server, under which PeerJS id. */
export interface Side {
  readonly port: number;
  readonly peerId: string;
}

interface Payload {
  readonly connectionId: string;
  readonly label: string;
  readonly sdp: RTCSessionDescriptionInit;
  readonly candidate: RTCIceCandidateInit;
}

/** What nodes say to each other over their server. */
interface Signal {
  readonly type: 'OFFER' | 'ANSWER' | 'CANDIDATE';
  readonly payload: Payload;
}

const SIGNAL_TYPES: readonly string[] = ['OFFER', 'ANSWER', 'CANDIDATE'];

/** His socket to the server of one of the two. */
class Line {
  readonly #socket: WebSocket;
  readonly #peerId: string;

  private constructor(socket: WebSocket, peerId: string) {
    this.#socket = socket;
    this.#peerId = peerId;
  }

  static async open(
    { port, peerId }: Side,
    name: string,
    onSignal: (line: Line, signal: Signal) => void,
  ): Promise<Line> {
    const url = signallingUrl({ host: 'localhost', port }, name);
    const line = new Line(new WebSocket(url), peerId);
    await new Promise<void>((resolve) => {
      line.#socket.addEventListener('message', (event) => {
        const message = JSON.parse(String(event.data)) as Signal | { readonly type: 'OPEN' };
        if (message.type === 'OPEN') resolve();
        else if (SIGNAL_TYPES.includes(message.type)) onSignal(line, message);
      });
    });
    return line;
  }

  say(type: string, payload: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type, dst: this.#peerId, payload }));
  }

  close(): void {
    this.#socket.close();
  }
}

/** A connection of his to one of the two, of the form that the nodes' own have. */
class Leg {
  readonly line: Line;
  /** Resolves in the turn in which it is made. */
  readonly channel: Promise<RTCDataChannel>;
  readonly bulkChannel: RTCDataChannel;
  readonly #offer: Payload;
  readonly #connection = new RTCPeerConnection();
  #turn: Promise<void> = Promise.resolve();

  constructor(role: 'dials' | 'is dialled', line: Line, offer: Payload) {
    this.line = line;
    this.#offer = offer;
    const { label, connectionId } = offer;
    const bulk = { negotiated: true, id: BULK_CHANNEL_ID };
    this.channel = new Promise((resolve) => {
      if (role === 'dials') resolve(this.#connection.createDataChannel(label));
      else this.#connection.addEventListener('datachannel', ({ channel }) => resolve(channel));
    });
    this.bulkChannel = this.#connection.createDataChannel(label, bulk);
    this.#connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null) line.say('CANDIDATE', { type: 'data', connectionId, candidate });
    });
  }

  get isClosed(): boolean {
    return this.#connection.signalingState === 'closed';
  }

  receive({ type, payload }: Signal): void {
    const { sdp, candidate } = payload;
    this.#inTurn(async () => {
      if (type === 'CANDIDATE') await this.#connection.addIceCandidate(candidate);
      else await this.#connection.setRemoteDescription(sdp);
    });
  }

  /** Says his own offer, or his answer to the one received. */
  describe(): void {
    this.#inTurn(async () => {
      await this.#connection.setLocalDescription();
      const sdp = this.#connection.localDescription;
      if (sdp !== null) this.line.say(sdp.type.toUpperCase(), { ...this.#offer, sdp });
    });
  }

  close(): void {
    this.#connection.close();
  }

  /** What fails came too late: for another connection of that id, or for one that is closed. */
  #inTurn(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(step).catch(() => undefined);
  }
}

/** Who said it: the node that dialled, or the other one. */
interface PassedFrame {
  readonly by: 'dialler' | 'dialled';
  readonly bytes: Bytes;
}

/** Two connections of his, one to each node, each of which believes that it leads to the other. */
export class Bridge {
  readonly offer: Payload;
  /** What he has passed on between the first channels. */
  readonly frames: PassedFrame[] = [];
  /** How much between the second ones. */
  bulkFrames = 0;
  readonly #near: Leg;
  readonly #far: Leg;

  constructor(near: Line, far: Line, offer: Payload) {
    this.offer = offer;
    this.#near = new Leg('is dialled', near, offer);
    this.#far = new Leg('dials', far, offer);
    void this.#join();
  }

  /** To the node that was dialled. */
  get farLine(): Line {
    return this.#far.line;
  }

  get isClosed(): boolean {
    return this.#near.isClosed && this.#far.isClosed;
  }

  /** The kinds of all frames, each with its author. */
  get said(): readonly string[] {
    return this.frames.map(({ by, bytes }) => `${by}: ${kindOf(bytes)}`);
  }

  receive(line: Line, signal: Signal): void {
    const isNear = line === this.#near.line;
    const [here, there] = isNear ? [this.#near, this.#far] : [this.#far, this.#near];
    here.receive(signal);
    if (signal.type !== 'CANDIDATE') there.describe();
  }

  close(): void {
    this.#near.close();
    this.#far.close();
  }

  async #join(): Promise<void> {
    const [near, far] = await Promise.all([this.#near.channel, this.#far.channel]);
    passOn(near, far, (bytes) => this.frames.push({ by: 'dialler', bytes }));
    passOn(far, near, (bytes) => this.frames.push({ by: 'dialled', bytes }));
    const [nearBulk, farBulk] = [this.#near.bulkChannel, this.#far.bulkChannel];
    passOn(nearBulk, farBulk, () => (this.bulkFrames += 1));
    passOn(farBulk, nearBulk, () => (this.bulkFrames += 1));
    for (const channel of [near, far]) channel.addEventListener('close', () => this.close());
  }
}

/** A connection of his to one of the two, on which he says what the other one said on another. */
export class Replay {
  /** The kinds of what he was told. */
  readonly heard: string[] = [];
  readonly #leg: Leg;

  constructor(leg: Leg, by: PassedFrame['by'], frames: readonly PassedFrame[]) {
    this.#leg = leg;
    const recorded = frames.filter((frame) => frame.by === by && kindOf(frame.bytes) !== 'other');
    void this.#play(
      recorded.map(({ bytes }) => bytes),
      by === 'dialler',
    );
  }

  receive(line: Line, signal: Signal): void {
    if (line !== this.#leg.line) return;
    this.#leg.receive(signal);
    if (signal.type === 'OFFER') this.#leg.describe();
  }

  close(): void {
    this.#leg.close();
  }

  /** One frame for every one he hears, whatever it is. */
  async #play(frames: Bytes[], speaksFirst: boolean): Promise<void> {
    const channel = await this.#leg.channel;
    const say = (): void => {
      const frame = frames.shift();
      if (frame !== undefined && channel.readyState === 'open') channel.send(frame);
    };
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      this.heard.push(kindOf(new Uint8Array(data)));
      say();
    });
    channel.addEventListener('close', () => this.close());
    if (speaksFirst) channel.addEventListener('open', say);
  }
}

/** What becomes of an offer. */
type Manner =
  | { readonly type: 'bridge' }
  /** Answered in the other's name, by what the other said on that bridge. */
  | { readonly type: 'answer'; readonly record: Bridge }
  | { readonly type: 'pass' };

export class ManInTheMiddle {
  readonly bridges: Bridge[] = [];
  readonly replays: Replay[] = [];
  readonly #lines: Line[] = [];
  readonly #ownById = new Map<string, Bridge | Replay>();
  #manner: Manner = { type: 'bridge' };

  /** In place when it resolves; from then on he bridges whatever connection the two want. */
  static async between(one: Side, other: Side): Promise<ManInTheMiddle> {
    const middle = new ManInTheMiddle();
    const onSignal = (line: Line, signal: Signal): void => middle.#receive(line, signal);
    middle.#lines.push(await Line.open(one, other.peerId, onSignal));
    middle.#lines.push(await Line.open(other, one.peerId, onSignal));
    return middle;
  }

  /** Sends a bridge's offer again, but for the description, and then what its author said on it. */
  dialAgain({ offer, farLine, frames }: Bridge): Replay {
    const leg = new Leg('dials', farLine, offer);
    leg.describe();
    return this.#replay(offer, new Replay(leg, 'dialler', frames));
  }

  /** From now on he answers every offer with what the node that was dialled said on that bridge. */
  answerBy(record: Bridge): void {
    this.#manner = { type: 'answer', record };
  }

  /** From now on he passes everything on as it is, like the server he has the two take him for. */
  stop(): void {
    this.#manner = { type: 'pass' };
  }

  close(): void {
    for (const own of [...this.bridges, ...this.replays, ...this.#lines]) own.close();
  }

  #receive(line: Line, signal: Signal): void {
    const { type, payload } = signal;
    const known = this.#ownById.get(payload.connectionId);
    const own = known ?? (type === 'OFFER' ? this.#take(line, payload) : null);
    if (own === null) this.#opposite(line)?.say(type, payload);
    else own.receive(line, signal);
  }

  /** Null: it is none of his. */
  #take(line: Line, offer: Payload): Bridge | Replay | null {
    const manner = this.#manner;
    const far = this.#opposite(line);
    if (manner.type === 'answer') {
      const leg = new Leg('is dialled', line, offer);
      return this.#replay(offer, new Replay(leg, 'dialled', manner.record.frames));
    }
    if (manner.type === 'pass' || far === undefined) return null;
    const bridge = new Bridge(line, far, offer);
    this.bridges.push(bridge);
    this.#ownById.set(offer.connectionId, bridge);
    return bridge;
  }

  #replay({ connectionId }: Payload, replay: Replay): Replay {
    this.replays.push(replay);
    this.#ownById.set(connectionId, replay);
    return replay;
  }

  #opposite(line: Line): Line | undefined {
    return this.#lines.find((other) => other !== line);
  }
}

/** Every frame goes on as soon as the other channel is open. */
function passOn(
  from: RTCDataChannel,
  to: RTCDataChannel,
  onPassed: (bytes: Bytes) => unknown,
): void {
  const waiting: Bytes[] = [];
  const flush = (): void => {
    for (const bytes of to.readyState === 'open' ? waiting.splice(0) : []) {
      to.send(bytes);
      onPassed(bytes);
    }
  };
  from.binaryType = 'arraybuffer';
  from.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
    waiting.push(new Uint8Array(data));
    flush();
  });
  to.addEventListener('open', flush);
}

/** A frame's kind in the handshake; 'other' where it is none of those. */
function kindOf(bytes: Bytes): string {
  try {
    return decodeHandshakeFrame(bytes, PROTOCOL_VERSIONS).type;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return 'other';
  }
}
