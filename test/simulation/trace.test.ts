import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { Digest, digestOf, digestText } from '../../src/simulation/digest.ts';
import { entryDigest } from '../../src/simulation/entry-digest.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';
import { Trace } from '../../src/simulation/trace.ts';

describe('Trace', () => {
  test('the hash tells every event apart, and does not depend on the text', () => {
    const lines: string[] = [];
    const hashOf = (time: number, node: number, fact: number, text: typeof lines | null) => {
      const trace = new Trace(text === null ? null : (line) => text.push(line));
      trace.record(time, 'disk', node, [fact], () => `fact ${fact}`);
      return trace.hash;
    };
    const base = hashOf(1, 2, 3, null);
    expect(hashOf(1, 2, 3, lines)).toBe(base);
    expect(lines).toEqual(['   0.000001 n2 disk     fact 3']);
    for (const other of [hashOf(2, 2, 3, null), hashOf(1, 1, 3, null), hashOf(1, 2, 4, null)]) {
      expect(other).not.toBe(base);
    }
  });

  test('the order of events matters, and they are counted', () => {
    const one = new Trace(null);
    const other = new Trace(null);
    for (const fact of [1, 2]) one.record(0, 'disk', 0, [fact], () => '');
    for (const fact of [2, 1]) other.record(0, 'disk', 0, [fact], () => '');
    expect(one.hash).not.toBe(other.hash);
    expect(one.events).toBe(2);
  });
});

describe('Digest', () => {
  test('is an exact integer, spread over its range', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => digestOf(i));
    expect(values.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
    expect(new Set(values).size).toBe(values.length);
    expect(digestText(values[0] ?? 0)).toMatch(/^[0-9a-f]{14}$/);
  });

  test('tells numbers, their order, their count and their sign apart', () => {
    const values = [digestOf(), digestOf(0), digestOf(0, 0), digestOf(1), digestOf(-1)];
    values.push(digestOf(1, 2), digestOf(2, 1), digestOf(2 ** 40), digestOf(2 ** 41));
    expect(new Set(values).size).toBe(values.length);
  });

  test('tells bytes apart at every length', () => {
    const seen = new Set<number>();
    for (let length = 0; length < 12; length += 1) {
      for (let changed = 0; changed <= length; changed += 1) {
        const bytes = new Uint8Array(length);
        if (changed < length) bytes[changed] = 1;
        seen.add(new Digest().bytes(bytes).value());
      }
    }
    expect(seen.size).toBe(78);
  });
});

describe('entryDigest', () => {
  const header = { index: 3 as LogIndex, term: 2 as Term };
  const data = new Uint8Array([1, 2]);
  const configuration = { ...EMPTY_CONFIGURATION, voters: [nodeIdOf(0)] };
  const entries: readonly Entry[] = [
    { type: 'noop', ...header },
    { type: 'noop', ...header, index: 4 as LogIndex },
    { type: 'noop', ...header, term: 3 as Term },
    { type: 'command', ...header, data },
    { type: 'command', ...header, data: new Uint8Array([2, 1]) },
    { type: 'configuration', ...header, configuration },
    { type: 'configuration', ...header, configuration: { ...configuration, voters: [] } },
    {
      type: 'configuration',
      ...header,
      configuration: { ...EMPTY_CONFIGURATION, learners: [nodeIdOf(0)] },
    },
  ];

  test('differs with index, term, type and content', () => {
    expect(new Set(entries.map(entryDigest)).size).toBe(entries.length);
  });

  test('is equal for equal entries', () => {
    for (const entry of entries) expect(entryDigest({ ...entry })).toBe(entryDigest(entry));
  });
});
