/** Sessions as text: what is pasted, and links of which actions are cut off, as the worker reads them. */

import { expect, test } from 'vitest';
import { formatLink, parseLink } from '../../../src/lab/link.ts';
import type { LabLink, LabSource } from '../../../src/lab/protocol.ts';
import {
  cutSession,
  linkOfQuery,
  queryOfLink,
  queryOfPaste,
  queryOfSource,
} from '../../../src/ui/lab/session-text.ts';

const SOURCES: readonly LabSource[] = [
  { type: 'story', id: 'leader-election' },
  { type: 'free', seed: 7, servers: 5, clients: 1 },
  { type: 'run', seed: 42, servers: null, clients: null, engine: 'model' },
  { type: 'run', seed: 42, servers: 3, clients: 20, engine: 'sql' },
];

test.each(SOURCES)('the page and the worker write a source alike: $type $seed', (source) => {
  const link = formatLink({ source, actions: [], atUs: null });
  expect(linkOfQuery(queryOfSource(source))).toBe(link);
  expect(queryOfLink(link)).toBe(queryOfSource(source));
});

test.each([
  ['42', 'run=42'],
  ['  --seed 42 ', 'run=42'],
  ['npm run simulate -- --seed 42 --servers 3 --sql', 'run=42&servers=3&engine=sql'],
  ['seed 1234: violated', 'run=1234'],
  ['#/lab?run=42&at=5', 'run=42&at=5'],
  [
    'See https://example.org/page/#/lab?seed=1&servers=3&clients=0 there',
    'seed=1&servers=3&clients=0',
  ],
  ['run=42', 'run=42'],
  ['story=leader-election', 'story=leader-election'],
  ['', null],
  ['nothing of the kind', null],
  ['#/lab', null],
])('what is pasted as %j is %j', (pasted, query) => {
  expect(queryOfPaste(pasted)).toBe(query);
});

test('a session is cut to its first acts, at a moment, and stays one', () => {
  const link: LabLink = {
    source: { type: 'free', seed: 1, servers: 3, clients: 0 },
    actions: [
      { type: 'crash', server: 1, atUs: 10 },
      { type: 'delay', flight: 3, byUs: 20, atUs: 15 },
      { type: 'partition', groups: [[0, 1], [2]], atUs: 30 },
    ],
    atUs: 99,
  };
  const query = queryOfLink(formatLink(link));
  for (const count of [0, 1, 2, 3]) {
    expect(parseLink(linkOfQuery(cutSession(query, count, 12)))).toEqual({
      ...link,
      actions: link.actions.slice(0, count),
      atUs: 12,
    });
  }
});
