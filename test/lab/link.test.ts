/** Links of the Lab: what is written is read as it was, and nothing else is. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkAction, checkSource, formatLink, LinkError, parseLink } from '../../src/lab/link.ts';
import type { HandAction, LabLink, LabSource } from '../../src/lab/protocol.ts';

const server = fc.nat({ max: 31 });
const flight = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const seed = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const atUs = fc.nat({ max: 3_600_000_000 });

const source: fc.Arbitrary<LabSource> = fc.oneof(
  fc.record({
    type: fc.constant('story' as const),
    id: fc.stringMatching(/^[a-z0-9]{1,9}(?:-[a-z0-9]{1,9}){0,3}$/),
  }),
  fc.record({
    type: fc.constant('free' as const),
    seed,
    servers: fc.integer({ min: 1, max: 7 }),
    clients: fc.nat({ max: 9 }),
  }),
  fc.record({
    type: fc.constant('run' as const),
    seed,
    servers: fc.option(fc.integer({ min: 1, max: 7 })),
    clients: fc.option(fc.integer({ min: 1, max: 1_000 })),
    engine: fc.constantFrom('model' as const, 'sql' as const),
  }),
);

const groups = fc
  .shuffledSubarray(
    Array.from({ length: 9 }, (_, i) => i),
    { minLength: 1 },
  )
  .chain((members) =>
    fc.nat({ max: members.length - 1 }).map((at) => [members.slice(0, at), members.slice(at)]),
  )
  .map((parts) => parts.filter((part) => part.length > 0));

const action: fc.Arbitrary<HandAction> = fc.oneof(
  fc.record({ type: fc.constant('drop' as const), flight }),
  fc.record({
    type: fc.constant('delay' as const),
    flight,
    byUs: fc.integer({ min: 1, max: 60_000_000 }),
  }),
  fc.record({
    type: fc.constantFrom(
      ...([
        'crash',
        'restart',
        'freeze',
        'thaw',
        'time-out',
        'write',
        'transfer',
        'remove',
      ] as const),
    ),
    server,
  }),
  fc
    .tuple(fc.constantFrom(...(['block', 'unblock'] as const)), server, server)
    .filter(([, from, to]) => from !== to)
    .map(([type, from, to]) => ({ type, from, to })),
  fc.record({ type: fc.constant('partition' as const), groups }),
  fc.record({ type: fc.constantFrom(...(['heal', 'join', 'next'] as const)) }),
);

const link: fc.Arbitrary<LabLink> = fc.record({
  source,
  actions: fc
    .array(fc.tuple(action, atUs), { maxLength: 40 })
    .map((all) => all.toSorted(([, a], [, b]) => a - b).map(([one, at]) => ({ ...one, atUs: at }))),
  atUs: fc.option(atUs),
});

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(link, (one) => {
      const text = formatLink(one);
      expect(parseLink(text)).toEqual(one);
      // Nothing in it needs to be escaped in an address.
      expect(new URL(`http://localhost/${text}`).hash).toBe(text);
    }),
  );
});

test('whatever is read is written as it was', () => {
  fc.assert(
    fc.property(link, fc.nat(), fc.string({ maxLength: 3 }), (one, at, noise) => {
      const text = formatLink(one);
      const cut = at % text.length;
      const changed = text.slice(0, cut) + noise + text.slice(cut + 1);
      const read = readOrNull(changed);
      if (read !== null) expect(formatLink(read)).toBe(changed);
    }),
    { numRuns: 2_000 },
  );
});

/** Null: it is refused, or names nothing. */
function readOrNull(text: string): LabLink | null {
  try {
    return parseLink(text);
  } catch (error) {
    expect(error).toBeInstanceOf(LinkError);
    return null;
  }
}

test('garbage is refused, and nothing but that happens', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readOrNull(`#/lab?${text}`)).toBeNull();
    }),
  );
});

describe('a link', () => {
  test.each(['#/lab', '#/lab?'])('without a session names none: %s', (text) => {
    expect(parseLink(text)).toBeNull();
  });

  test.each([
    ['of another view', '#/cluster'],
    ['of a longer name', '#/laboratory?run=1'],
    ['of no source', '#/lab?do=1:heal'],
    ['with a part twice', '#/lab?run=1&run=2'],
    ['with parts in another order', '#/lab?run=1&clients=3&servers=3'],
    ['with an unknown part', '#/lab?run=1&speed=3'],
    ['with an empty part', '#/lab?run=1&'],
    ['of a seed beyond 2^53', '#/lab?run=9007199254740992'],
    ['of a negative seed', '#/lab?run=-1'],
    ['of a seed with a zero in front', '#/lab?run=01'],
    ['of a seed in another notation', '#/lab?run=1e3'],
    ['of a free world without its size', '#/lab?seed=1'],
    ['of eight servers', '#/lab?seed=1&servers=8&clients=1'],
    ['of no servers', '#/lab?run=1&servers=0'],
    ['of another engine', '#/lab?run=1&engine=model'],
    ['of a story in capitals', '#/lab?story=Figure'],
    ['of a story with a path', '#/lab?story=../x'],
    ['with an empty list of actions', '#/lab?run=1&do='],
    ['with an unknown action', '#/lab?run=1&do=1:explode.0'],
    ['with an action without its server', '#/lab?run=1&do=1:crash'],
    ['with an action of too many servers', '#/lab?run=1&do=1:crash.0.1'],
    ['with a server that cannot be', '#/lab?run=1&do=1:crash.32'],
    ['with a name of every object', '#/lab?run=1&do=1:constructor.0'],
    ['with an action without its time', '#/lab?run=1&do=heal'],
    ['with actions that go back in time', '#/lab?run=1&do=2:heal,1:heal'],
    ['with a link of a server to itself', '#/lab?run=1&do=1:block.1.1'],
    ['with a server in two groups', '#/lab?run=1&do=1:partition.0-1.1-2'],
    ['with a partition of nobody', '#/lab?run=1&do=1:partition'],
    ['with message 0', '#/lab?run=1&do=1:drop.0'],
    ['with no delay', '#/lab?run=1&do=1:delay.1.0'],
    ['with a moment beyond the hour', '#/lab?run=1&at=3600000001'],
  ])('%s is refused', (_, text) => {
    expect(() => parseLink(text)).toThrow(LinkError);
  });

  test('with too many actions is refused', () => {
    const of = (count: number): string =>
      `#/lab?run=1&do=${Array.from({ length: count }, () => '1:heal').join(',')}`;
    expect(parseLink(of(512))?.actions).toHaveLength(512);
    expect(() => parseLink(of(513))).toThrow(LinkError);
  });
});

test('sources and actions that come as data are checked by the same rules', () => {
  const odd = { type: 'free', seed: 1, servers: 3.5, clients: 1 } as const;
  expect(() => checkSource(odd)).toThrow(LinkError);
  expect(() => checkSource({ ...odd, servers: 3 })).not.toThrow();
  expect(() => checkAction({ type: 'crash', server: Number.NaN })).toThrow(LinkError);
  expect(() => checkAction({ type: 'crash', server: 3 })).not.toThrow();
});
