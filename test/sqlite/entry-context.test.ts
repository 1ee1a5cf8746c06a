/** Randomness as it is drawn from an entry. */

import { describe, expect, it } from 'vitest';
import { EntryContext, withoutLeast } from '../../src/sqlite/entry-context.ts';

const SEED = Uint8Array.from({ length: 16 }, (_, at) => at);

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

describe('entry context', () => {
  it('draws sfc32 as an independent implementation does', () => {
    const context = new EntryContext(0, SEED);
    const drawn = [0, 1, 2, 3].map(() => context.randomInteger());
    expect(drawn).toEqual([
      6379158644976588185n,
      7650699465762910003n,
      5974914184266389254n,
      -2807951095580425881n,
    ]);
  });

  it('fills bytes from the same stream, low byte first', () => {
    const bytes = new Uint8Array(10);
    new EntryContext(0, SEED).fillRandom(bytes);
    expect(hexadecimal(bytes)).toBe('fd5287589915b147a1be');
  });

  it('gives every statement a stream of its own, the same one each time', () => {
    const context = new EntryContext(0, SEED);
    const drawOf = (statement: number): string => {
      const bytes = new Uint8Array(8);
      context.beginStatement(statement);
      context.fillInternal(bytes);
      return hexadecimal(bytes);
    };
    const [first, second] = [drawOf(0), drawOf(1)];
    expect(first).not.toBe(second);
    context.randomInteger();
    expect([drawOf(0), drawOf(1)]).toEqual([first, second]);
  });

  it('never gives the least integer, whose absolute value is none', () => {
    expect(withoutLeast(-(2n ** 63n))).toBe(0n);
    expect(withoutLeast(-(2n ** 63n) + 1n)).toBe(-(2n ** 63n) + 1n);
  });

  it('wants a whole seed', () => {
    expect(() => new EntryContext(0, new Uint8Array(15))).toThrow('16 bytes');
  });
});
