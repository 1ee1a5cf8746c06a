/** Files that are written behind: the same to their reader, and as flushed to the disk. */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WRITE_BEHIND_BYTES, WRITE_BEHIND_MS } from '../../src/sqlite/limits.ts';
import { WriteBehindHandle, type SyncFile } from '../../src/sqlite/write-behind.ts';

/** What the browser gives: every call reaches the file at once. */
class PlainFile implements SyncFile {
  bytes = new Uint8Array(0);
  calls: string[] = [];
  failure: Error | null = null;
  isClosed = false;

  read(target: AllowSharedBufferSource, { at = 0 }: { at?: number } = {}): number {
    const found = this.bytes.subarray(at, at + target.byteLength);
    viewOf(target).set(found);
    return found.length;
  }

  write(source: AllowSharedBufferSource, { at = 0 }: { at?: number } = {}): number {
    if (this.failure !== null) throw this.failure;
    this.calls.push('write');
    const bytes = viewOf(source);
    if (at + bytes.length > this.bytes.length) this.#resize(at + bytes.length);
    this.bytes.set(bytes, at);
    return bytes.length;
  }

  truncate(size: number): void {
    this.#resize(size);
  }

  getSize(): number {
    return this.bytes.length;
  }

  flush(): void {
    if (this.failure !== null) throw this.failure;
    this.calls.push('flush');
  }

  close(): void {
    this.isClosed = true;
  }

  #resize(size: number): void {
    const resized = new Uint8Array(size);
    resized.set(this.bytes.subarray(0, size));
    this.bytes = resized;
  }
}

function viewOf(source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source) ? source : new Uint8Array(source);
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}

function written(length: number, value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}

function contents(handle: SyncFile): Uint8Array {
  const bytes = new Uint8Array(handle.getSize());
  expect(handle.read(bytes, { at: 0 })).toBe(bytes.length);
  return bytes;
}

type Step =
  | { readonly type: 'write' | 'read'; readonly at: number; readonly length: number }
  | { readonly type: 'truncate'; readonly size: number }
  | { readonly type: 'flush' | 'wait' };

const place = fc.integer({ min: 0, max: 300 });
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('write'), at: place, length: place }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('read'), at: place, length: place }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate'), size: place }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('flush', 'wait') }) },
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Step[]>;

let file: PlainFile;
let handle: WriteBehindHandle;

beforeEach(() => {
  vi.useFakeTimers();
  file = new PlainFile();
  handle = new WriteBehindHandle(file);
});

afterEach(() => vi.useRealTimers());

describe('a file that is written behind', () => {
  it('reads as one that is written at once, and is one at every flush', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const behind = new PlainFile();
        const tested = new WriteBehindHandle(behind);
        const model = new PlainFile();
        for (const [number, step] of taken.entries()) takeBoth(step, number, tested, model);
        expect(contents(tested)).toEqual(model.bytes);
        tested.flush();
        expect(behind.bytes).toEqual(model.bytes);
      }),
      { numRuns: 500 },
    );

    function takeBoth(
      step: Step,
      number: number,
      tested: WriteBehindHandle,
      model: PlainFile,
    ): void {
      switch (step.type) {
        case 'write': {
          const bytes = written(step.length, (number % 255) + 1);
          expect(tested.write(bytes, { at: step.at })).toBe(step.length);
          model.write(bytes, { at: step.at });
          break;
        }
        case 'read': {
          const [found, expected] = [written(step.length, 255), written(step.length, 255)];
          const length = model.read(expected, { at: step.at });
          expect(tested.read(found, { at: step.at })).toBe(length);
          expect(found).toEqual(expected);
          break;
        }
        case 'truncate':
          tested.truncate(step.size);
          model.truncate(step.size);
          break;
        case 'flush':
          tested.flush();
          break;
        case 'wait':
          vi.advanceTimersByTime(WRITE_BEHIND_MS);
          break;
      }
      expect(tested.getSize()).toBe(model.getSize());
    }
  });

  it('hands what follows on each other over as one, before it flushes', () => {
    for (let at = 0; at < 100; at += 10) handle.write(written(10, 1), { at });
    expect(file.calls).toEqual([]);
    handle.flush();
    expect(file.calls).toEqual(['write', 'flush']);
    expect(file.bytes).toEqual(written(100, 1));
  });

  it('takes a copy of what is written', () => {
    const bytes = written(10, 1);
    handle.write(bytes, { at: 0 });
    bytes.fill(2);
    handle.flush();
    expect(file.bytes).toEqual(written(10, 1));
  });

  it('writes by itself soon, however much is written meanwhile', () => {
    handle.write(written(10, 1), { at: 0 });
    vi.advanceTimersByTime(WRITE_BEHIND_MS - 1);
    handle.write(written(10, 1), { at: 10 });
    expect(file.bytes.length).toBe(0);
    vi.advanceTimersByTime(1);
    expect(file.bytes.length).toBe(20);
  });

  it('keeps no more than it may', () => {
    const half = WRITE_BEHIND_BYTES / 2;
    handle.write(written(half, 1), { at: 0 });
    handle.write(written(half, 2), { at: half });
    expect(file.bytes.length).toBe(0);
    handle.write(written(1, 3), { at: 2 * half });
    expect(file.bytes.length).toBe(2 * half);
    handle.write(written(4 * half, 4), { at: half });
    expect(file.bytes.length).toBe(5 * half);
    expect(Buffer.compare(contents(handle), file.bytes)).toBe(0);
  });

  it('hands over what is scattered all over the file before it is too much to look through', () => {
    for (let at = 0; at < 100_000; at += 1_000) handle.write(written(10, 1), { at });
    expect(file.calls.length).toBeGreaterThan(0);
    handle.flush();
    expect(file.calls.filter((call) => call === 'write')).toHaveLength(100);
  });

  it('writes the rest when it is closed', () => {
    handle.write(written(10, 1), { at: 0 });
    handle.close();
    expect(file.bytes).toEqual(written(10, 1));
    expect(file.isClosed).toBe(true);
    handle.close();
  });
});

describe('a file on a full disk', () => {
  const full = new Error('no room');

  it('fails at the flush, keeps what it has, and is written when there is room', () => {
    handle.write(written(10, 1), { at: 0 });
    file.failure = full;
    expect(() => handle.flush()).toThrow(full);
    expect(contents(handle)).toEqual(written(10, 1));
    file.failure = null;
    handle.flush();
    expect(file.bytes).toEqual(written(10, 1));
  });

  it.each<[string, () => void]>([
    ['write', () => void handle.write(written(10, 2), { at: 10 })],
    ['write over it', () => void handle.write(written(10, 2), { at: 0 })],
    ['truncation', () => handle.truncate(5)],
    ['flush', () => handle.flush()],
  ])('tells the next %s that a late write has failed', (_name, next) => {
    handle.write(written(10, 1), { at: 0 });
    file.failure = full;
    vi.advanceTimersByTime(WRITE_BEHIND_MS);
    expect(contents(handle)).toEqual(written(10, 1));
    expect(next).toThrow(full);
    expect(contents(handle)).toEqual(written(10, 1));
    file.failure = null;
    next();
    handle.flush();
    expect(contents(handle)).toEqual(file.bytes);
  });

  it('fails where the file takes less than it is given', () => {
    file.write = () => 1;
    handle.write(written(10, 1), { at: 0 });
    expect(() => handle.flush()).toThrow('of 10 bytes 1 were written');
  });

  it('is closed all the same', () => {
    handle.write(written(10, 1), { at: 0 });
    file.failure = full;
    handle.close();
    expect(file.isClosed).toBe(true);
  });
});
