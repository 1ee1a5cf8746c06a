/** What goes in comes out; bytes that are not what they should be are refused, never misread. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, FormatError } from '../../src/node/bytes.ts';
import { SEED_BYTES, type CommandOutcome } from '../../src/node/command.ts';
import { MAX_BODY_BYTES } from '../../src/node/limits.ts';
import type { ApplyOutcome } from '../../src/node/ports.ts';
import type { ExecuteResponse, SqlValue, StateRequest } from '../../src/node/sql.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import {
  decodeApplyOutcome,
  decodeEntries,
  encodeApplyOutcome,
  encodeEntries,
} from '../../src/sqlite/apply-codec.ts';
import {
  decodeRequest,
  DIGEST_BYTES,
  encodeRequest,
  NewerFormatError,
} from '../../src/sqlite/request-codec.ts';
import { decodeResponse, encodeResponse } from '../../src/sqlite/response-codec.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { readValue, writeValue } from '../../src/sqlite/value-codec.ts';
import { requestOf } from './log.ts';

const text = fc.string({ unit: 'binary' });
const safe = fc.maxSafeInteger().map((value) => value + 0);
const unsafe = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)));
const real = fc.double({ noNaN: true, noInteger: true });
const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  safe,
  unsafe,
  real,
  text,
  fc.uint8Array(),
);

const params = fc.oneof(fc.array(value), fc.dictionary(text, value));
const statement = fc.oneof(fc.record({ sql: text }), fc.record({ sql: text, params }));
const execute: fc.Arbitrary<StateRequest> = fc.record({
  statements: fc.array(statement),
  mode: fc.constantFrom('atomic', 'each', 'script'),
  foreignKeys: fc.boolean(),
  bail: fc.boolean(),
  rows: fc.boolean(),
});
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const size = fc.maxSafeInteger().map((at) => Math.abs(at));
const transaction: fc.Arbitrary<StateRequest> = fc
  .array(fc.tuple(statement, bytesOf(DIGEST_BYTES)))
  .chain((pairs) =>
    fc.record({
      mode: fc.constant('transaction' as const),
      stampMs: size,
      seed: bytesOf(SEED_BYTES),
      statements: fc.constant(pairs.map(([one]) => one)),
      digests: fc.constant(pairs.map(([, digest]) => digest)),
    }),
  );
const request: fc.Arbitrary<StateRequest> = fc.oneof(
  execute,
  transaction,
  fc.record({ mode: fc.constant('vacuum') }),
  fc.record({ mode: fc.constant('import-begin'), hash: text, sizeBytes: size }),
  fc.record({
    mode: fc.constant('import-chunk'),
    hash: text,
    offset: size,
    data: fc.uint8Array(),
  }),
  fc.record({ mode: fc.constantFrom('import-finish', 'import-discard'), hash: text }),
);

const result = fc
  .tuple(fc.nat(), fc.oneof(safe, unsafe), fc.array(text, { maxLength: 4 }), fc.nat({ max: 5 }))
  .chain(([rowsAffected, lastInsertRowId, columns, rowCount]) => {
    const { length } = columns;
    const row = fc.array(value, { minLength: length, maxLength: length });
    const count = length === 0 ? 0 : rowCount;
    return fc
      .array(row, { minLength: count, maxLength: count })
      .map((rows) => ({ rowsAffected, lastInsertRowId, columns, rows }));
  });
const error = fc.record({
  code: fc.constantFrom('Sql', 'NotReplicable', 'TooLarge', 'Conflict', 'Refused', 'Skipped'),
  message: text,
  sqlite: fc.record({
    resultCode: fc.nat(),
    offset: fc.option(fc.nat()),
    statement: fc.nat(),
  }),
});
const response: fc.Arbitrary<ExecuteResponse> = fc.record({
  outcomes: fc.array(
    fc.oneof(
      result.map((one) => ({ type: 'result', result: one }) as const),
      error.map((one) => ({ type: 'error', error: one }) as const),
    ),
  ),
  committed: fc.boolean(),
});

const index = fc.nat() as fc.Arbitrary<LogIndex>;
const term = fc.nat() as fc.Arbitrary<Term>;
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('noop'), index, term }),
  fc.record({ type: fc.constant('command'), index, term, data: fc.uint8Array() }),
);
const sequence = fc.maxSafeInteger().map(Math.abs);
const outcome: fc.Arbitrary<CommandOutcome> = fc.oneof(
  fc.record({ type: fc.constant('checked'), hash: text, goesOn: fc.boolean() }),
  fc.record({ type: fc.constant('build-adopted'), build: fc.stringMatching(/^[ -~]{0,128}$/) }),
  fc.record({ type: fc.constant('registered'), sessionId: index, nonce: sequence }),
  fc.record({ type: fc.constant('session-refused'), nonce: sequence }),
  fc.record({ type: fc.constant('session-closed'), sessionId: index }),
  fc.record({ type: fc.constant('skip-seen'), index, agrees: fc.boolean() }),
  fc.record({ type: fc.constant('nothing') }),
  fc.record({
    type: fc.constant('executed'),
    sessionId: index,
    sequence,
    response: fc.uint8Array(),
  }),
  fc.record({
    type: fc.constantFrom('forgotten', 'out-of-order', 'unknown-session'),
    sessionId: index,
    sequence,
  }),
);
const applied: fc.Arbitrary<ApplyOutcome> = fc.oneof(
  fc.record({ type: fc.constant('applied'), outcomes: fc.array(outcome) }),
  fc.record({ type: fc.constant('failed'), reason: text }),
  fc.record({ type: fc.constant('stuck'), index, reason: text }),
);

function roundTrip(one: SqlValue | boolean): SqlValue {
  const writer = new ByteWriter();
  writeValue(writer, one);
  const reader = new ByteReader(writer.finish());
  const read = readValue(reader);
  reader.end();
  return read;
}

/** Whatever the bytes are, there is a value or a `FormatError`. */
function survives(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FormatError);
  }
}

const FORMATS = [
  { name: 'requests', valid: request.map(encodeRequest), decode: decodeRequest },
  { name: 'responses', valid: response.map(encodeResponse), decode: decodeResponse },
  { name: 'entries', valid: fc.array(entry).map(encodeEntries), decode: decodeEntries },
  { name: 'outcomes', valid: applied.map(encodeApplyOutcome), decode: decodeApplyOutcome },
] as const;

describe('values', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(roundTrip(one)).toEqual(one);
      }),
    );
  });

  it.each([
    [true, 1],
    [false, 0],
    [-0, 0],
    [Number.NaN, null],
    [5n, 5],
    [-1n, -1],
    [2 ** 53, 2 ** 53],
    [2n ** 53n, 2n ** 53n],
    [-(2 ** 53) + 1, -(2 ** 53) + 1],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [-(2n ** 63n), -(2n ** 63n)],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [5e-324, 5e-324],
    ['\uFEFFa\u0000b', '\uFEFFa\u0000b'],
    ['\uD800!', '\uFFFD!'],
  ] as const)('turn %s into %s', (given, expected) => {
    expect(roundTrip(given)).toBe(expected);
  });

  it.each([[2n ** 63n], [-(2n ** 63n) - 1n], [undefined], [{}], [new Date(0)], [Symbol('x')]])(
    'refuse %s',
    (given) => {
      const writer = new ByteWriter();
      const write = (): void => writeValue(writer, given as SqlValue);
      expect(write).toThrow(SqlFailure);
      expect(write).toThrow(
        expect.objectContaining({
          failure: expect.objectContaining({ code: 'InvalidArgument', applied: 'no' }),
        }),
      );
    },
  );
});

describe('formats', () => {
  it('requests come out as they went in', () => {
    fc.assert(
      fc.property(request, (one) => {
        expect(decodeRequest(encodeRequest(one))).toEqual(one);
      }),
    );
  });

  it('responses come out as they went in', () => {
    fc.assert(
      fc.property(response, (one) => {
        expect(decodeResponse(encodeResponse(one))).toEqual(one);
      }),
    );
  });

  it('entries and outcomes come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(entry), applied, (entries, one) => {
        expect(decodeEntries(encodeEntries(entries))).toEqual(entries);
        expect(decodeApplyOutcome(encodeApplyOutcome(one))).toEqual(one);
      }),
    );
  });

  it('an empty response stands for nothing that was committed', () => {
    expect(decodeResponse(new Uint8Array(0))).toEqual({ outcomes: [], committed: true });
  });

  it.each(FORMATS)('$name: any bytes are read or refused', ({ decode }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        survives(decode, bytes);
        survives(decode, Uint8Array.of(1, ...bytes));
      }),
    );
  });

  it.each(FORMATS)('$name: altered and cut bytes are read or refused', ({ valid, decode }) => {
    fc.assert(
      fc.property(valid, fc.nat(), fc.nat({ max: 255 }), (bytes, at, byte) => {
        const altered = bytes.slice();
        altered[at % altered.length] = byte;
        survives(decode, altered);
        const cut = bytes.subarray(0, at % bytes.length);
        if (cut.length > 0) expect(() => decode(cut)).toThrow(FormatError);
        expect(() => decode(Uint8Array.of(...bytes, byte))).toThrow(FormatError);
      }),
    );
  });

  it('a count that lies allocates nothing', () => {
    const lie = Uint8Array.of(1, 0, 0, 255, 255, 255, 255);
    expect(() => decodeRequest(lie)).toThrow('count beyond the end');
  });

  it('a newer format is told from garbage', () => {
    expect(() => decodeRequest(Uint8Array.of(3))).toThrow(NewerFormatError);
    expect(() => decodeRequest(Uint8Array.of(0))).not.toThrow(NewerFormatError);
    expect(() => decodeResponse(Uint8Array.of(9, 9))).toThrow(FormatError);
  });

  it('a request that does not fit into an entry is refused', () => {
    const encode = (): Uint8Array => encodeRequest(requestOf(['x'.repeat(MAX_BODY_BYTES)]));
    expect(encode).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'TooLarge' }) }),
    );
  });

  it('parameters named like parts of an object are only names', () => {
    const params = JSON.parse('{"__proto__": 1, "constructor": 2}');
    const decoded = decodeRequest(encodeRequest(requestOf([{ sql: 'x', params }])));
    const [statement] = 'statements' in decoded ? decoded.statements : [];
    expect(Object.entries(statement?.params ?? {})).toEqual(Object.entries(params));
  });
});
