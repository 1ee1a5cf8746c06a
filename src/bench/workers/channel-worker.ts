/**
 * One end of a raw data channel, moved here as it was created: what the product's own channels are made
 * of, without framing, codec or handshake. Frames that are all payload are counted and confirmed when
 * the announced number has come; pings come back as they are.
 *
 * The first byte of a frame says what it is. Both ends run this file.
 */

import { RpcServer } from '../../client/rpc.ts';
import type { Timings } from '../load.ts';
import type { ChannelApi, ChannelMessage } from '../worker-apis.ts';

const PING = 1;
const PONG = 2;
const BULK = 3;
/** The last frame of a transfer. */
const BULK_END = 4;
const BULK_DONE = 5;

const FRAME_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;

let channel: RTCDataChannel | null = null;
let onReply: (() => void) | null = null;
let announceOpen = (): void => undefined;
const open = new Promise<void>((resolve) => {
  announceOpen = resolve;
});

function receive(frame: Uint8Array): void {
  const [kind] = frame;
  if (kind === PING) reply(frame, PONG);
  else if (kind === BULK_END) reply(new Uint8Array(1), BULK_DONE);
  else if (kind === PONG || kind === BULK_DONE) onReply?.();
}

/** A frame may come in before the end that accepted the channel hears that it is open. */
function reply(frame: Uint8Array, kind: number): void {
  frame[0] = kind;
  if (channel?.readyState === 'open') send(frame);
  else void open.then(() => send(frame));
}

function send(frame: Uint8Array): void {
  if (channel === null) throw new Error('there is no channel');
  channel.send(frame as Uint8Array<ArrayBuffer>);
}

function replied(): Promise<void> {
  return new Promise((resolve) => {
    onReply = resolve;
  });
}

async function ping(count: number, bytes: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const frame = new Uint8Array(bytes);
  frame[0] = PING;
  while (latenciesMs.length < count) {
    const beganMs = performance.now();
    const back = replied();
    send(frame);
    await back;
    latenciesMs.push(performance.now() - beganMs);
  }
  return latenciesMs;
}

async function sendBulk(bytes: number): Promise<Timings> {
  const frame = new Uint8Array(FRAME_BYTES);
  frame[0] = BULK;
  const beganMs = performance.now();
  for (let left = bytes; left > FRAME_BYTES; left -= FRAME_BYTES) {
    send(frame);
    if ((channel?.bufferedAmount ?? 0) > HIGH_WATER_BYTES) await drained();
  }
  const done = replied();
  frame[0] = BULK_END;
  send(frame);
  await done;
  const elapsedMs = performance.now() - beganMs;
  return { operations: bytes, elapsedMs, latenciesMs: [elapsedMs] };
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    channel?.addEventListener('bufferedamountlow', () => resolve(), { once: true });
  });
}

// Ahead of the server of calls, whose message this is not.
globalThis.addEventListener('message', (event: MessageEvent<Partial<ChannelMessage>>) => {
  const { data } = event;
  if (data.type !== 'channel' || data.channel === undefined) return;
  event.stopImmediatePropagation();
  const { channel: moved } = data;
  channel = moved;
  moved.binaryType = 'arraybuffer';
  moved.bufferedAmountLowThreshold = LOW_WATER_BYTES;
  moved.addEventListener('message', (event) => receive(new Uint8Array(event.data)));
  moved.addEventListener('open', () => announceOpen());
  // A channel that was accepted may have opened on its way.
  if (moved.readyState === 'open') announceOpen();
});

const methods: ChannelApi = { opened: () => open, ping, send: sendBulk };
const server = new RpcServer<ChannelApi, never>(globalThis, methods);
void server;
