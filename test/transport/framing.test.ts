/** Frames: messages are cut and joined, and nothing else passes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FormatError } from '../../src/node/bytes.ts';
import { MAX_BULK_FRAME_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from '../../src/node/limits.ts';
import {
  FrameReader,
  FrameWriter,
  MAX_BULK_MESSAGE_BYTES,
  MAX_BULK_PIECE_BYTES,
  MAX_PIECE_BYTES,
  type ReadFrame,
} from '../../src/transport/framing.ts';

const VERSION = 1;
const TAG = 0xdead_beef;

function framesOf(message: Uint8Array): Uint8Array[] {
  const writer = new FrameWriter(VERSION, TAG);
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < message.length; at += MAX_PIECE_BYTES) {
    frames.push(writer.piece(message, at));
  }
  return frames;
}

function bulkFramesOf(message: Uint8Array): Uint8Array[] {
  const writer = new FrameWriter(VERSION, TAG);
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < message.length; at += MAX_BULK_PIECE_BYTES) {
    frames.push(writer.bulkPiece(message, at));
  }
  return frames;
}

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The frame brings this message, and no other. */
function isWhole(frame: ReadFrame | undefined, message: Uint8Array): boolean {
  if (frame?.type !== 'messages' || frame.messages.length !== 1) return false;
  return frame.messages.every((bytes) => sameBytes(bytes, message));
}

describe('cutting and joining', () => {
  const lengths = [
    0,
    1,
    MAX_PIECE_BYTES - 1,
    MAX_PIECE_BYTES,
    MAX_PIECE_BYTES + 1,
    2 * MAX_PIECE_BYTES,
    1_000_000,
    MAX_MESSAGE_BYTES,
  ];

  test.each(lengths)('a message of %d bytes comes back', (length) => {
    const message = patterned(length);
    const reader = new FrameReader(VERSION, TAG);
    const frames = framesOf(message);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    const read = frames.map((frame) => reader.read(frame));
    expect(read.slice(0, -1).every((frame) => frame.type === 'piece')).toBe(true);
    const last = read.at(-1);
    expect(isWhole(last, message)).toBe(true);
  });

  test.each([0, MAX_BULK_PIECE_BYTES, MAX_BULK_PIECE_BYTES + 1, MAX_BULK_MESSAGE_BYTES])(
    'a message of %d bytes comes back in the bulk lane, in small frames',
    (length) => {
      const message = patterned(length);
      const reader = new FrameReader(VERSION, TAG);
      const frames = bulkFramesOf(message);
      const largest = Math.max(...frames.map((frame) => frame.length));
      expect(largest).toBeLessThanOrEqual(MAX_BULK_FRAME_BYTES);
      const last = frames.map((frame) => reader.read(frame)).at(-1);
      expect(last).toMatchObject({ type: 'messages', lane: 'bulk' });
      expect(isWhole(last, message)).toBe(true);
    },
  );

  test('pieces of the two lanes may alternate, and are joined each with its own', () => {
    const reader = new FrameReader(VERSION, TAG);
    const [data, bulk] = [patterned(MAX_PIECE_BYTES * 2 + 1), patterned(100_000)];
    const [dataFrames, bulkFrames] = [framesOf(data), bulkFramesOf(bulk)];
    const whole: [string, boolean][] = [];
    for (let i = 0; i < bulkFrames.length; i += 1) {
      for (const frame of [dataFrames[i], bulkFrames[i]]) {
        if (frame === undefined) continue;
        const read = reader.read(frame);
        if (read.type !== 'messages') continue;
        whole.push([read.lane, isWhole(read, read.lane === 'data' ? data : bulk)]);
      }
    }
    expect(whole).toEqual([
      ['data', true],
      ['bulk', true],
    ]);
  });

  test('pings and control messages pass between the pieces of a large one', () => {
    const writer = new FrameWriter(VERSION, TAG);
    const reader = new FrameReader(VERSION, TAG);
    const message = patterned(3 * MAX_PIECE_BYTES);
    const small = patterned(10);
    const read: ReadFrame[] = [];
    for (const frame of framesOf(message)) {
      read.push(reader.read(writer.ping()), reader.read(writer.control(small)));
      read.push(reader.read(frame));
    }
    expect(read.map((frame) => frame.type)).toEqual([
      'ping',
      'messages',
      'piece',
      'ping',
      'messages',
      'piece',
      'ping',
      'messages',
      'messages',
    ]);
    const last = read.at(-1);
    expect(isWhole(last, message)).toBe(true);
  });

  test('messages follow each other', () => {
    const reader = new FrameReader(VERSION, TAG);
    for (const length of [MAX_PIECE_BYTES * 2 + 5, 3, MAX_PIECE_BYTES + 1]) {
      const message = patterned(length);
      const last = framesOf(message)
        .map((frame) => reader.read(frame))
        .at(-1);
      expect(isWhole(last, message)).toBe(true);
    }
  });
});

describe('several messages in a frame', () => {
  const SEVERAL_VERSION = 5;

  test('they come back in order', () => {
    const messages = [0, 1, 300, 20_000].map(patterned);
    const writer = new FrameWriter(SEVERAL_VERSION, TAG);
    expect(writer.shareOf(patterned(300))).toBe(304);
    const read = new FrameReader(SEVERAL_VERSION, TAG).read(writer.several(messages));
    if (read.type !== 'messages') throw new Error('no messages');
    expect(read.messages).toEqual(messages);
  });

  test('the earlier version has none, and refuses them', () => {
    const writer = new FrameWriter(SEVERAL_VERSION - 1, TAG);
    expect(writer.shareOf(patterned(1))).toBe(Infinity);
    const frame = new FrameWriter(SEVERAL_VERSION, TAG).several([patterned(1), patterned(2)]);
    frame[0] = SEVERAL_VERSION - 1;
    const reader = new FrameReader(SEVERAL_VERSION - 1, TAG);
    expect(() => reader.read(frame)).toThrow(FormatError);
  });

  test('a length beyond the end is refused', () => {
    const frame = new FrameWriter(SEVERAL_VERSION, TAG).several([patterned(4), patterned(4)]);
    const reader = new FrameReader(SEVERAL_VERSION, TAG);
    expect(() => reader.read(frame.subarray(0, -1))).toThrow(FormatError);
  });
});

describe('hostile frames', () => {
  test('arbitrary frames are read or refused by FormatError', () => {
    const start = fc.constantFrom<number[]>(
      [],
      [VERSION],
      [VERSION, 0xef, 0xbe, 0xad, 0xde],
      [VERSION, 0xef, 0xbe, 0xad, 0xde, 2],
      [VERSION, 0xef, 0xbe, 0xad, 0xde, 3],
      [VERSION, 0xef, 0xbe, 0xad, 0xde, 4],
      [VERSION, 0xef, 0xbe, 0xad, 0xde, 5],
      [VERSION, 0xef, 0xbe, 0xad, 0xde, 6],
    );
    const property = fc.property(
      fc.array(fc.tuple(start, fc.uint8Array({ maxLength: 40 }))),
      (frames) => {
        const reader = new FrameReader(VERSION, TAG);
        try {
          for (const [head, tail] of frames) reader.read(new Uint8Array([...head, ...tail]));
        } catch (error) {
          return error instanceof FormatError;
        }
        return true;
      },
    );
    expect(fc.check(property, { numRuns: 2_000 })).toMatchObject({ failed: false });
  });

  const writer = new FrameWriter(VERSION, TAG);
  const shortPiece = writer.piece(patterned(2 * MAX_PIECE_BYTES), 0).subarray(0, 1_000);
  const shortBulk = writer.bulkPiece(patterned(2 * MAX_BULK_PIECE_BYTES), 0).subarray(0, 1_000);
  const largeBulk = new Uint8Array([...writer.bulkPiece(patterned(MAX_BULK_PIECE_BYTES), 0), 1]);
  const cases: [string, Uint8Array, RegExp][] = [
    ['of another version', new FrameWriter(2, TAG).ping(), /protocol version/],
    ['of another link', new FrameWriter(VERSION, TAG + 1).ping(), /not of this link/],
    ['of an unknown kind', new Uint8Array([1, 0xef, 0xbe, 0xad, 0xde, 9]), /unknown frame kind/],
    ['a ping with a payload', new Uint8Array([...writer.ping(), 0]), /after the end/],
    ['a piece that is not full', shortPiece, /not full/],
    ['a bulk piece that is not full', shortBulk, /not full/],
    ['a last bulk piece that is too large', largeBulk, /piece too large/],
    ['too large', new Uint8Array(MAX_FRAME_BYTES + 1), /frame too large/],
    ['empty', new Uint8Array(0), /unexpected end/],
  ];

  test.each(cases)('refuses a frame %s', (_, frame, reason) => {
    const reader = new FrameReader(VERSION, TAG);
    expect(() => reader.read(frame)).toThrow(FormatError);
    expect(() => reader.read(frame)).toThrow(reason);
  });

  test('a message never grows beyond its limit', () => {
    const reader = new FrameReader(VERSION, TAG);
    const piece = writer.piece(patterned(2 * MAX_PIECE_BYTES), 0);
    const allowed = Math.floor(MAX_MESSAGE_BYTES / MAX_PIECE_BYTES);
    for (let i = 0; i < allowed; i += 1) expect(reader.read(piece).type).toBe('piece');
    expect(() => reader.read(piece)).toThrow(/message too large/);
  });

  test('nor one of the bulk lane beyond its own', () => {
    const reader = new FrameReader(VERSION, TAG);
    const piece = writer.bulkPiece(patterned(2 * MAX_BULK_PIECE_BYTES), 0);
    const allowed = Math.floor(MAX_BULK_MESSAGE_BYTES / MAX_BULK_PIECE_BYTES);
    for (let i = 0; i < allowed; i += 1) expect(reader.read(piece).type).toBe('piece');
    expect(() => reader.read(piece)).toThrow(/message too large/);
  });
});
