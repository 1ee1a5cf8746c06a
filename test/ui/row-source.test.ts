/** Rows that come as they are looked at: which are read, which are kept, and what failing looks like. */

import { expect, test, vi } from 'vitest';
import { RowBlocks, type Row } from '../../src/ui/row-source.ts';

const ROW_COUNT = 1_000_000;
const BLOCK_ROWS = 200;

/** A result whose reads are answered when the test says so. */
class SlowSource {
  readonly columns = ['n'];
  readonly rowCount = ROW_COUNT;
  readonly reads: number[] = [];
  readonly closed = vi.fn<() => Promise<void>>(async () => undefined);
  #waiting: (() => void)[] = [];

  read(from: number, count: number): Promise<readonly Row[]> {
    this.reads.push(from);
    const rows = Array.from({ length: count }, (_, at) => [from + at]);
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(rows));
    });
  }

  async answer(): Promise<void> {
    this.#waiting.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }

  close = this.closed;
}

function blocksOf(source: SlowSource): RowBlocks {
  const first = Array.from({ length: BLOCK_ROWS }, (_, at) => [at]);
  return new RowBlocks(source, first, first);
}

test('reads what is in sight, one block at a time, and tells when it has come', async () => {
  const source = new SlowSource();
  const blocks = blocksOf(source);
  blocks.show(10, 50);
  expect([source.reads, blocks.rowAt(10)]).toEqual([[], [10]]);
  blocks.show(390, 430);
  expect([source.reads, blocks.rowAt(390), blocks.version.value]).toEqual([[200], null, 0]);
  await source.answer();
  expect([source.reads, blocks.rowAt(399), blocks.rowAt(400)]).toEqual([[200, 400], [399], null]);
  await source.answer();
  expect([source.reads, blocks.rowAt(400), blocks.version.value]).toEqual([[200, 400], [400], 2]);
});

test('what was only passed by is not read', async () => {
  const source = new SlowSource();
  const blocks = blocksOf(source);
  for (const from of [1_000, 50_000, 700_000]) blocks.show(from, from + 40);
  await source.answer();
  await source.answer();
  expect(source.reads).toEqual([1_000, 700_000]);
});

test('keeps a bounded number of blocks: those last looked at, and what is in sight', async () => {
  const source = new SlowSource();
  const blocks = blocksOf(source);
  for (let block = 1; block <= 100; block += 1) {
    blocks.show(block * BLOCK_ROWS, block * BLOCK_ROWS + 10);
    blocks.show(0, 10);
    blocks.show(block * BLOCK_ROWS, block * BLOCK_ROWS + 10);
    await source.answer();
  }
  const held = Array.from({ length: 101 }, (_, block) => block * BLOCK_ROWS).filter(
    (at) => blocks.rowAt(at) !== null,
  );
  expect(held).toHaveLength(24);
  expect([held[0], held.at(-1)]).toEqual([0, 100 * BLOCK_ROWS]);
});

test('a read that fails is told once, and what is here stays', async () => {
  const source = new SlowSource();
  const blocks = blocksOf(source);
  source.read = () => Promise.reject(new Error('kept no more'));
  blocks.show(500, 510);
  await vi.waitFor(() => expect(blocks.version.value).toBe(1));
  expect(blocks.error).toMatchObject({ message: 'kept no more', applied: 'no' });
  expect(blocks.rowAt(3)).toEqual([3]);
});

test('is closed with its source, and reads no more then', async () => {
  const source = new SlowSource();
  const blocks = blocksOf(source);
  await blocks.close();
  blocks.show(1_000, 1_010);
  expect([source.closed.mock.calls.length, source.reads]).toEqual([1, []]);
});
