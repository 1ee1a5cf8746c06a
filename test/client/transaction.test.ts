/** Interactive transactions from the caller's side: attempts, errors, time, and what is sent when. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ResqliteError } from '../../src/client/errors.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import {
  runTransaction,
  type Transaction,
  type TransactionOptions,
  type TransactionPorts,
} from '../../src/client/transaction.ts';
import { failure, type ErrorCode } from '../../src/node/errors.ts';
import type { Statement, StatementError, TransactionRequest } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { errorOfCall, verdict } from './fake-database.ts';
import { errorOf, resultOf } from './fake-workers.ts';

const never = (): Promise<never> => new Promise(() => undefined);
const fails = async (code: ErrorCode, applied: 'no' | 'unknown' = 'no'): Promise<never> => {
  throw new RpcFailure(failure(code, applied, code));
};
const conflictOf = (): { type: 'error'; error: StatementError } => {
  const { error } = errorOf('it changed');
  return { type: 'error', error: { ...error, code: 'Conflict' } };
};
const REQUEST: TransactionRequest = {
  mode: 'transaction',
  statements: [],
  stampMs: 1,
  seed: new Uint8Array(16),
  digests: [],
};

/** A tab's node, SQL worker and leader, which note what they are asked. */
class FakeNode {
  readonly calls: string[] = [];
  /** Verdicts on what is committed, one after the other; true beyond. */
  readonly verdicts: boolean[] = [];
  ports: TransactionPorts = {
    readIndex: async () => 5 as LogIndex,
    begin: async () => {
      this.#begun += 1;
      return this.#begun;
    },
    run: async (id, { sql }) => {
      this.calls.push(`run ${id} ${sql}`);
      return resultOf();
    },
    finish: async (id) => {
      this.calls.push(`finish ${id}`);
      return REQUEST;
    },
    discard: async (id) => {
      this.calls.push(`discard ${id}`);
    },
    execute: async (request) => {
      this.calls.push(`execute ${request.mode}`);
      const committed = this.verdicts.shift() ?? true;
      const outcomes = committed ? [] : [conflictOf()];
      return { index: 7 as LogIndex, term: 1 as Term, response: { committed, outcomes } };
    },
  };
  #begun = 0;

  with(changes: Partial<TransactionPorts>): this {
    this.ports = { ...this.ports, ...changes };
    return this;
  }

  transact<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}) {
    return runTransaction(this.ports, work, options);
  }
}

let node: FakeNode;

beforeEach(() => {
  node = new FakeNode();
  // Pauses between attempts are as short as can be.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('an attempt', () => {
  test('runs statements in the order of the calls, awaited or not, and commits them', async () => {
    const { run } = node.ports;
    let running = 0;
    node.with({
      run: async (...args) => {
        running += 1;
        expect(running).toBe(1);
        await Promise.resolve();
        running -= 1;
        return run(...args);
      },
    });
    const value = await node.transact(async (tx) => {
      await Promise.all([tx.execute('a'), tx.sql`b`]);
      void tx.query('c');
      return 'kept';
    });
    expect(value).toBe('kept');
    const calls = ['run 1 a', 'run 1 b', 'run 1 c', 'finish 1', 'execute transaction'];
    expect(node.calls).toEqual(calls);
  });

  test('that changed nothing sends nothing', async () => {
    node.with({ finish: async () => null });
    expect(await node.transact(async () => 1)).toBe(1);
    expect(node.calls).toEqual([]);
  });

  test('passes parameters as they are at the call, and tells reads from the rest', async () => {
    const asked: [Statement, boolean][] = [];
    node.with({
      run: async (_, statement, readsOnly) => {
        asked.push([statement, readsOnly]);
        return { type: 'result', result: { ...resultOf().result, columns: ['x'], rows: [[1]] } };
      },
    });
    await node.transact(async (tx) => {
      const params = [1];
      const asking = tx.execute({ sql: 'a', params });
      params[0] = 2;
      await asking;
      expect(await tx.query('b', { n: 3 })).toEqual({ columns: ['x'], rows: [[1]] });
      expect(await tx.sql`c ${4}`).toEqual([{ x: 1 }]);
    });
    expect(asked).toEqual([
      [{ sql: 'a', params: [1] }, false],
      [{ sql: 'b', params: { n: 3 } }, true],
      [{ sql: 'c ?', params: [4] }, false],
    ]);
  });

  test('goes on behind a statement that failed, whose own promise says so', async () => {
    node.with({ run: async () => errorOf('no such table', 1) });
    await node.transact(async (tx) => {
      const error = await errorOfCall(tx.execute('a'));
      expect(error).toMatchObject({ code: 'Sql', applied: 'no', statement: 1, resultCode: 1 });
      expect(await verdict(tx.execute(5 as never))).toBe('InvalidArgument no');
    });
    expect(node.calls).toEqual(['finish 1', 'execute transaction']);
  });

  test('whose callback throws is discarded, and throws the same', async () => {
    const own = { mine: true };
    const thrown: unknown = await node
      .transact(async (tx) => {
        await tx.execute('a');
        throw own;
      })
      .catch((caught: unknown) => caught);
    expect(thrown).toBe(own);
    expect(node.calls).toEqual(['run 1 a', 'discard 1']);
  });

  test("a conflict that the callback had elsewhere is the callback's", async () => {
    const { error } = conflictOf();
    const own = new ResqliteError({ ...error, applied: 'no' });
    const work = vi.fn<() => Promise<never>>(async () => {
      throw own;
    });
    expect(await errorOfCall(node.transact(work))).toBe(own);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('that a statement has rolled back is over, be the error caught', async () => {
    node.with({ run: () => fails('Sql') });
    const work = async (tx: Transaction): Promise<void> => {
      await tx.execute('a').catch(() => undefined);
    };
    expect(await verdict(node.transact(work))).toBe('Sql no');
    expect(node.calls).toEqual(['discard 1']);
  });

  test('that fails as a whole at its end tells so', async () => {
    node.with({ finish: () => fails('Sql') });
    expect(await verdict(node.transact(async () => 1))).toBe('Sql no');
  });
});

describe('a conflict', () => {
  test('begins all of it anew, with a tx of its own; the former one does nothing', async () => {
    node.verdicts.push(false, false);
    const faces: Transaction[] = [];
    const retries: number[] = [];
    const work = async (tx: Transaction): Promise<number> => {
      const [former] = faces;
      if (former !== undefined)
        expect(await verdict(former.execute('x'))).toMatch('InvalidArgument');
      faces.push(tx);
      await tx.execute('a');
      return faces.length;
    };
    expect(await node.transact(work, { onRetry: (attempts) => retries.push(attempts) })).toBe(3);
    expect(retries).toEqual([1, 2]);
    const attempt = (id: number): string[] => [
      `run ${id} a`,
      `finish ${id}`,
      'execute transaction',
    ];
    expect(node.calls).toEqual([1, 2, 3].flatMap(attempt));
    expect(await verdict((faces[2] as Transaction).sql`x`)).toBe('InvalidArgument no');
  });

  test.each([
    [
      'passed on',
      async (error: unknown): Promise<void> => {
        throw error;
      },
    ],
    ['swallowed', async (): Promise<void> => undefined],
    [
      'replaced',
      async (): Promise<void> => {
        throw new TypeError('mine');
      },
    ],
  ])('of a statement, %s, ends the attempt', async (_, onError) => {
    const { run } = node.ports;
    const seen: string[] = [];
    node.with({
      run: async (id, ...rest) => (id === 1 ? fails('Conflict') : run(id, ...rest)),
    });
    await node.transact(async (tx) => {
      try {
        await tx.execute('a');
      } catch (error) {
        seen.push(await verdict(tx.execute('b')));
        await onError(error);
      }
    });
    expect(seen).toEqual(['Conflict no']);
    expect(node.calls).toEqual(['discard 1', 'run 2 a', 'finish 2', 'execute transaction']);
  });

  test('at the end does the same', async () => {
    const { finish } = node.ports;
    node.with({ finish: async (id) => (id === 1 ? fails('Conflict') : finish(id)) });
    await node.transact(async () => 1);
    expect(node.calls).toEqual(['discard 1', 'finish 2', 'execute transaction']);
  });

  test('at every attempt is told after as many as were allowed', async () => {
    node.verdicts.push(false, false, false);
    const work = vi.fn<() => Promise<number>>(async () => 1);
    expect(await verdict(node.transact(work, { maxAttempts: 3 }))).toBe('Conflict no');
    expect(work).toHaveBeenCalledTimes(3);
  });

  test('is followed by a pause that grows up to a bound, drawn by each caller', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    node.verdicts.push(...Array.from({ length: 8 }, () => false));
    const times: number[] = [];
    const done = node.transact(async () => times.push(performance.now()), { timeoutMs: 60_000 });
    await vi.runAllTimersAsync();
    await done;
    const pauses = times.slice(1).map((time, at) => Math.round(time - (times[at] ?? 0)));
    expect(pauses).toEqual([16, 32, 64, 128, 250, 250, 250, 250]);
  });
});

describe('the time', () => {
  test('is that of all attempts: a callback that hangs changed nothing', async () => {
    vi.useFakeTimers();
    let hanging: Transaction | null = null;
    const told = verdict(
      node.transact(
        (tx) => {
          hanging = tx;
          return never();
        },
        { timeoutMs: 700 },
      ),
    );
    await vi.advanceTimersByTimeAsync(699);
    expect(node.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await told).toBe('Timeout no');
    expect(node.calls).toEqual(['discard 1']);
    const late = hanging as Transaction | null;
    expect(late === null ? null : await verdict(late.execute('late'))).toBe('InvalidArgument no');
    expect(node.calls).toEqual(['discard 1']);
  });

  test('that is up in the pause between attempts changed nothing either', async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    node.verdicts.push(...Array.from({ length: 20 }, () => false));
    const told = verdict(node.transact(async () => 1, { timeoutMs: 1_000 }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await told).toBe('Timeout no');
  });

  test('that is up before it begins leaves nothing behind', async () => {
    vi.useFakeTimers();
    let begin = (_id: number): void => undefined;
    node.with({
      begin: () =>
        new Promise((resolve) => {
          begin = resolve;
        }),
    });
    const told = verdict(node.transact(async () => 1, { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(100);
    expect(await told).toBe('Timeout no');
    begin(9);
    await vi.advanceTimersByTimeAsync(0);
    expect(node.calls).toEqual(['discard 9']);
  });

  test('left goes with what is sent, and its failure says what may have happened', async () => {
    let leftMs = 0;
    node.with({
      execute: async (_, limits) => {
        leftMs = limits.timeoutMs ?? Infinity;
        throw new ResqliteError(failure('Timeout', 'unknown', 'no answer'));
      },
    });
    expect(await verdict(node.transact(async () => 1, { timeoutMs: 5_000 }))).toBe(
      'Timeout unknown',
    );
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(5_000);
  });

  test.each(['before', 'meanwhile'])('ends with the signal (%s)', async (when) => {
    const controller = new AbortController();
    if (when === 'before') controller.abort();
    const work = vi.fn<(tx: Transaction) => Promise<never>>(async (tx) => {
      await tx.execute('a');
      controller.abort();
      return never();
    });
    const told = verdict(node.transact(work, { signal: controller.signal }));
    expect(await told).toBe('Aborted no');
    const begun = ['run 1 a', 'discard 1'];
    expect(node.calls).toEqual(when === 'before' ? [] : begun);
  });

  test.each([{ timeoutMs: 0 }, { maxAttempts: 0 }, { maxAttempts: Number.NaN }])(
    'and the number of attempts are checked: %j',
    async (options) => {
      expect(await verdict(node.transact(async () => 1, options))).toBe('InvalidArgument no');
    },
  );

  test.each(['NoQuorum', 'Overloaded', 'Quarantined'] as const)(
    'does not help against %s',
    async (code) => {
      const work = vi.fn<() => Promise<number>>(async () => 1);
      const begins = node.with({ begin: () => fails(code, 'unknown') });
      expect(await verdict(begins.transact(work))).toBe(`${code} no`);
      expect(work).not.toHaveBeenCalled();
    },
  );
});
