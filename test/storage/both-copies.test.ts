/** LS1 LS7: what one copy of the log has is not durable yet, and makes nothing superfluous. */

import { describe, expect, test } from 'vitest';
import type { LogCopy } from '../../src/storage/log-copy.ts';
import { LogPair } from '../../src/storage/log-pair.ts';
import { encodeGenesis } from '../../src/storage/record-codec.ts';
import type { LogRecord } from '../../src/raft/types.ts';
import { compactingRecord, IDENTITY, record } from './records.ts';

/** A copy whose writes end when the test says so. */
class HeldCopy implements LogCopy {
  readonly name = 'journal';
  readonly dropped: number[] = [];
  finish: () => void = () => undefined;

  async load(): Promise<never> {
    throw new Error('nothing to load');
  }

  async settle(): Promise<void> {}

  append(_frame: unknown, done: (error: string | null) => void): void {
    this.finish = () => done(null);
  }

  async drop(head: number): Promise<boolean> {
    this.dropped.push(head);
    return false;
  }

  close(): void {}
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Writes a record; `seen` tells, after each copy's end, how often it was acknowledged. */
async function write(
  written: LogRecord,
): Promise<{ readonly seen: number[]; readonly dropped: number[] }> {
  const copies = [new HeldCopy(), new HeldCopy()];
  const pair = new LogPair(IDENTITY, copies, [encodeGenesis(IDENTITY)], () => undefined);
  let acknowledged = 0;
  const seen: number[] = [];
  const dropped: number[] = [];
  pair.append(written, (error) => {
    expect(error).toBeNull();
    acknowledged += 1;
  });
  for (const copy of copies) {
    copy.finish();
    await turn();
    seen.push(acknowledged);
    dropped.push(copies.flatMap((one) => one.dropped).length);
  }
  return { seen, dropped };
}

describe('a record that one copy has', () => {
  test('is acknowledged when the other one has it too', async () => {
    expect((await write(record(1))).seen).toEqual([0, 1]);
  });

  test('that is whole makes the log before it go only then', async () => {
    const { seen, dropped } = await write(compactingRecord(1, 1));
    expect(seen).toEqual([0, 1]);
    expect(dropped).toEqual([0, 2]);
  });
});
