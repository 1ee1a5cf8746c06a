import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LIST_MODEL,
  REGISTER_MODEL,
  type ListInput,
  type ListOutput,
  type RegisterInput,
} from '../../../src/simulation/checkers/key-models.ts';
import { checkLinearizable, type Call } from '../../../src/simulation/checkers/linearizability.ts';
import { appended, EMPTY_LIST, type ListState } from '../../../src/simulation/model.ts';

type RegisterCall = Call<RegisterInput, number>;

function write(
  value: number,
  before: number | null,
  from: number,
  to: number | null,
): RegisterCall {
  const input = { type: 'swap', key: 1, value } as const;
  return { input, output: before, invokedAt: from, answeredAt: to };
}

function read(value: number, from: number, to: number): RegisterCall {
  return { input: { type: 'read' }, output: value, invokedAt: from, answeredAt: to };
}

function compareAndSet(expected: number, value: number, before: number, from: number, to: number) {
  const input = { type: 'compare-and-set', key: 1, expected, value } as const;
  return { input, output: before, invokedAt: from, answeredAt: to };
}

function judgeRegister(calls: readonly RegisterCall[]): string {
  return checkLinearizable(REGISTER_MODEL, calls);
}

describe('histories of a register', () => {
  test('one after the other', () => {
    const calls = [write(5, 0, 1, 2), read(5, 3, 4), write(6, 5, 5, 6), read(6, 7, 8)];
    expect(judgeRegister(calls)).toBe('linearizable');
  });

  test('a stale read: it began after the write was answered', () => {
    expect(judgeRegister([write(5, 0, 1, 2), read(0, 3, 4)])).toBe('not linearizable');
  });

  test('a read during a write may show either value', () => {
    expect(judgeRegister([write(5, 0, 1, 4), read(0, 2, 3)])).toBe('linearizable');
    expect(judgeRegister([write(5, 0, 1, 4), read(5, 2, 3)])).toBe('linearizable');
  });

  test('two reads during a write may not show the new value and then the old one', () => {
    const calls = [write(5, 0, 1, 10), read(5, 2, 3), read(0, 4, 5)];
    expect(judgeRegister(calls)).toBe('not linearizable');
  });

  test('a write without an answer may take effect late, or never', () => {
    expect(judgeRegister([write(5, null, 1, null), read(0, 2, 3), read(5, 4, 5)])).toBe(
      'linearizable',
    );
    expect(judgeRegister([write(5, null, 1, null), read(0, 2, 3)])).toBe('linearizable');
    expect(judgeRegister([write(5, null, 1, null), read(5, 2, 3), read(0, 4, 5)])).toBe(
      'not linearizable',
    );
  });

  test('a write takes effect once', () => {
    const calls = [write(5, 0, 1, 2), write(6, 5, 3, 4), read(6, 5, 6), read(5, 7, 8)];
    expect(judgeRegister(calls)).toBe('not linearizable');
  });

  test('a value that nobody wrote', () => {
    expect(judgeRegister([write(5, 0, 1, 4), read(7, 2, 3)])).toBe('not linearizable');
  });

  test('of two compare-and-sets of the same value one fails', () => {
    const won = compareAndSet(0, 5, 0, 1, 10);
    expect(judgeRegister([won, compareAndSet(0, 6, 5, 2, 9)])).toBe('linearizable');
    expect(judgeRegister([won, compareAndSet(0, 6, 0, 2, 9)])).toBe('not linearizable');
  });

  test('two writes that both say they came second', () => {
    expect(judgeRegister([write(5, 6, 1, 4), write(6, 5, 2, 3)])).toBe('not linearizable');
  });

  test('hundreds of concurrent reads do not make the search explode', () => {
    const reads = Array.from({ length: 300 }, (_, i) =>
      read(i % 2 === 0 ? 0 : 5, 10 + i, 1_000 + i),
    );
    const writes = [write(5, 0, 1, 2_000), write(9, 5, 2, 2_001)];
    expect(checkLinearizable(REGISTER_MODEL, [...writes, ...reads], 100_000)).toBe('linearizable');
  });

  test('it says so when it gives up', () => {
    const calls = [write(5, 0, 1, 2), write(6, 5, 3, 4), write(7, 6, 5, 6)];
    expect(checkLinearizable(REGISTER_MODEL, calls, 1)).toBe('undecided');
  });
});

describe('histories of a list', () => {
  const list = (...values: number[]): ListState => values.reduce(appended, EMPTY_LIST);
  const append = (value: number, length: number | null, from: number, to: number | null) => {
    const call: Call<ListInput, ListOutput> = {
      input: { type: 'append', value },
      output: length,
      invokedAt: from,
      answeredAt: to,
    };
    return call;
  };
  const readList = (state: ListState, from: number, to: number): Call<ListInput, ListOutput> => ({
    input: { type: 'read' },
    output: state,
    invokedAt: from,
    answeredAt: to,
  });

  test('concurrent appends in the order of their answers', () => {
    const calls = [append(1, 2, 1, 5), append(2, 1, 2, 6), readList(list(2, 1), 7, 8)];
    expect(checkLinearizable(LIST_MODEL, calls)).toBe('linearizable');
  });

  test('a read in another order than the answers tell', () => {
    const calls = [append(1, 1, 1, 5), append(2, 2, 2, 6), readList(list(2, 1), 7, 8)];
    expect(checkLinearizable(LIST_MODEL, calls)).toBe('not linearizable');
  });

  test('a lost append', () => {
    const calls = [append(1, 1, 1, 2), append(2, 1, 3, 4)];
    expect(checkLinearizable(LIST_MODEL, calls)).toBe('not linearizable');
  });

  test('an append that happened twice', () => {
    const calls = [append(1, 1, 1, 2), readList(list(1, 1), 3, 4)];
    expect(checkLinearizable(LIST_MODEL, calls)).toBe('not linearizable');
  });

  test('a read that misses an answered append', () => {
    const calls = [append(1, 1, 1, 2), append(2, 2, 3, 4), readList(list(1), 5, 6)];
    expect(checkLinearizable(LIST_MODEL, calls)).toBe('not linearizable');
  });
});

/** Every order of the calls, tried one by one: slow, and plainly the definition. */
function isLinearizable(calls: readonly RegisterCall[]): boolean {
  const follow = (left: readonly RegisterCall[], value: number): boolean => {
    if (left.every((call) => call.answeredAt === null)) return true;
    return left.some((call) => {
      const others = left.filter((other) => other !== call);
      const isFirst = others.every((o) => o.answeredAt === null || o.answeredAt > call.invokedAt);
      const next = isFirst ? REGISTER_MODEL.step(value, call.input, call.output) : null;
      return next !== null && follow(others, next);
    });
  };
  return follow(calls, 0);
}

const smallValue = fc.integer({ min: 0, max: 2 });
const anyInput: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant({ type: 'read' } as const),
  smallValue.map((value) => ({ type: 'swap', key: 1, value }) as const),
  fc
    .tuple(smallValue, smallValue)
    .map(([expected, value]) => ({ type: 'compare-and-set', key: 1, expected, value }) as const),
);
const anyHistory = fc
  .array(fc.record({ input: anyInput, output: smallValue, silent: fc.nat({ max: 5 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((calls) =>
    fc
      .shuffledSubarray([...Array(calls.length * 2).keys()], { minLength: calls.length * 2 })
      .map((moments) =>
        calls.map(({ input, output, silent }, i): RegisterCall => {
          const ends = [moments[2 * i] ?? 0, moments[2 * i + 1] ?? 0].toSorted((a, b) => a - b);
          const answeredAt = silent === 0 ? null : (ends[1] ?? 0);
          return {
            input,
            output: silent === 0 ? null : output,
            invokedAt: ends[0] ?? 0,
            answeredAt,
          };
        }),
      ),
  );

test('it agrees with the definition on small histories of all kinds', () => {
  let good = 0;
  let bad = 0;
  fc.assert(
    fc.property(anyHistory, (calls) => {
      const expected = isLinearizable(calls);
      if (expected) good += 1;
      else bad += 1;
      expect(judgeRegister(calls)).toBe(expected ? 'linearizable' : 'not linearizable');
    }),
    { numRuns: 3_000, seed: 1 },
  );
  expect(good).toBeGreaterThan(200);
  expect(bad).toBeGreaterThan(200);
});
