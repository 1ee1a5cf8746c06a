/** Histories of transactions that have an order, and that have none. */

import { expect, test } from 'vitest';
import {
  checkStrictSerializability,
  type ObservedTransaction,
  type ObservedVersion,
  type RowVersion,
} from '../../../src/simulation/checkers/strict-serializability.ts';

const X = 1;
const Y = 2;
const read = (key: number, version: number, writer: number): ObservedVersion => ({
  key,
  version,
  writer,
});
const write = (key: number, version: number): RowVersion => ({ key, version });

/** Begins at `at` and is answered 10 later, unless said otherwise. */
function transaction(
  id: number,
  at: number,
  parts: Partial<ObservedTransaction>,
): ObservedTransaction {
  return { id, invokedUs: at, completedUs: at + 10, reads: [], writes: [], ...parts };
}

const FIRST = transaction(0, 0, { writes: [write(X, 0), write(Y, 0)] });

const ORDERED: readonly (readonly [string, readonly ObservedTransaction[]])[] = [
  [
    'one after the other',
    [
      FIRST,
      transaction(1, 20, { reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
      transaction(2, 40, { reads: [read(X, 1, 1)], writes: [write(X, 2)] }),
    ],
  ],
  [
    'at once, the later one first',
    [
      FIRST,
      transaction(1, 20, { reads: [read(X, 1, 2)] }),
      transaction(2, 25, { reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
    ],
  ],
  [
    'one that was not answered, and was seen',
    [
      FIRST,
      transaction(1, 20, { completedUs: null, reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
      transaction(2, 100, { reads: [read(X, 1, 1)] }),
    ],
  ],
  [
    'one that was not answered, and did nothing',
    [
      FIRST,
      transaction(1, 20, { completedUs: null, reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
      transaction(2, 100, { reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
    ],
  ],
];

const BROKEN: readonly (readonly [string, readonly ObservedTransaction[]])[] = [
  [
    'a lost update',
    [
      FIRST,
      transaction(1, 20, { reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
      transaction(2, 20, { reads: [read(X, 0, 0)], writes: [write(X, 1)] }),
    ],
  ],
  [
    'write skew',
    [
      FIRST,
      transaction(1, 20, { reads: [read(X, 0, 0), read(Y, 0, 0)], writes: [write(X, 1)] }),
      transaction(2, 20, { reads: [read(X, 0, 0), read(Y, 0, 0)], writes: [write(Y, 1)] }),
    ],
  ],
  [
    'a mixed state',
    [
      FIRST,
      transaction(1, 20, { writes: [write(X, 1), write(Y, 1)] }),
      transaction(2, 20, { reads: [read(X, 0, 0), read(Y, 1, 1)] }),
    ],
  ],
  [
    'a stale read',
    [
      FIRST,
      transaction(1, 20, { writes: [write(X, 1)] }),
      transaction(2, 40, { reads: [read(X, 0, 0)] }),
    ],
  ],
  ['a read of what nobody wrote', [FIRST, transaction(1, 20, { reads: [read(X, 1, 7)] })]],
];

test.each(ORDERED)('%s', (_name, transactions) => {
  expect(() => checkStrictSerializability(transactions)).not.toThrow();
});

test.each(BROKEN)('%s is found', (_name, transactions) => {
  expect(() => checkStrictSerializability(transactions)).toThrow('strict serializability');
});
