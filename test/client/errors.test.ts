/** What is thrown at callers, and what they are refused for before anything is sent. */

import { describe, expect, test } from 'vitest';
import { checkParams, checkStatements, checkTimeout } from '../../src/client/arguments.ts';
import {
  ResqliteError,
  statementRefused,
  toReadError,
  toResqliteError,
} from '../../src/client/errors.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import { MAX_BODY_BYTES } from '../../src/node/limits.ts';

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof ResqliteError ? `${error.code} ${error.applied}` : String(error);
  }
}

describe('ResqliteError', () => {
  test('keeps what a failure says', () => {
    const sqlite = { resultCode: 2067, offset: 12, statement: 3 };
    const error = new ResqliteError({ code: 'Sql', applied: 'no', message: 'no!', sqlite });
    expect(error).toBeInstanceOf(Error);
    const { name, code, applied, message, resultCode, offset, statement } = error;
    expect({ name, code, applied, message, resultCode, offset, statement }).toEqual({
      name: 'ResqliteError',
      code: 'Sql',
      applied: 'no',
      message: 'no!',
      ...sqlite,
    });
  });

  test('is made of whatever a call failed with', () => {
    const crossed = toResqliteError(new RpcFailure(failure('NoQuorum', 'no', 'alone')));
    expect([crossed.code, crossed.applied, crossed.message]).toEqual(['NoQuorum', 'no', 'alone']);
    expect(crossed.resultCode).toBeNull();
    expect(toResqliteError(crossed)).toBe(crossed);
    const defect = toResqliteError(new TypeError('x is undefined'));
    expect([defect.code, defect.applied]).toEqual(['Internal', 'unknown']);
  });

  test('of a read never says that anything may have changed', () => {
    const error = toReadError(new RpcFailure(failure('Timeout', 'unknown', 'late')));
    expect([error.code, error.applied, error.message]).toEqual(['Timeout', 'no', 'late']);
  });

  test('of a refused statement carries its number in the request', () => {
    const sqlite = { resultCode: 1, offset: 4, statement: 0 };
    const tooLarge = { code: 'TooLarge', message: 'left out', sqlite } as const;
    expect(statementRefused(tooLarge, 0, 'yes')).toMatchObject({
      code: 'TooLarge',
      applied: 'yes',
    });
    const error = statementRefused({ code: 'Sql', message: 'near "x"', sqlite }, 5);
    expect([error.statement, error.offset, error.applied]).toEqual([5, 4, 'no']);
  });
});

describe('arguments', () => {
  test('that are SQL values pass', () => {
    const params = [null, 1, 1.5, -0, Number.NaN, 2n ** 63n - 1n, 'x', true, new Uint8Array(2)];
    expect(checkParams(params)).toBe(params);
    expect(checkParams({ a: 1, ':b': 'x' })).toEqual({ a: 1, ':b': 'x' });
  });

  test.each([
    ['undefined', [undefined]],
    ['a date', [new Date(0)]],
    ['a function', [() => 1]],
    ['an integer beyond 64 bits', [2n ** 63n]],
    ['an ArrayBuffer', { a: new ArrayBuffer(1) }],
    ['bytes instead of a list', new Uint8Array(1)],
    ['nothing', null],
    ['a string', 'x'],
  ])('that are %s are refused', (_, params) => {
    expect(codeOf(() => checkParams(params))).toBe('InvalidArgument no');
  });

  test('statements come in three forms', () => {
    expect(checkStatements('a')).toEqual([{ sql: 'a' }]);
    expect(checkStatements({ sql: 'a', params: [1] })).toEqual([{ sql: 'a', params: [1] }]);
    expect(checkStatements(['a', { sql: 'b' }])).toEqual([{ sql: 'a' }, { sql: 'b' }]);
    for (const wrong of [[], [3], null, 3, { params: [] }, [['a']]]) {
      expect(codeOf(() => checkStatements(wrong as never))).toBe('InvalidArgument no');
    }
  });

  test('of an absurd size are refused here', () => {
    expect(codeOf(() => checkStatements('x'.repeat(20 * 2 ** 20)))).toBe('TooLarge no');
    const half = new Uint8Array(MAX_BODY_BYTES / 2 + 1);
    expect(codeOf(() => checkStatements({ sql: 'a', params: [half] }))).toBe('none');
    expect(codeOf(() => checkStatements({ sql: 'a', params: [half, half] }))).toBe('TooLarge no');
  });

  test('timeouts are positive numbers', () => {
    expect(checkTimeout(1)).toBe(1);
    for (const wrong of [0, -1, Number.NaN, Infinity, '5', null]) {
      expect(codeOf(() => checkTimeout(wrong))).toBe('InvalidArgument no');
    }
  });
});
