/** What becomes of a life of the headless node by what its page tells. */

import { expect, test } from 'vitest';

import { formatInviteLink } from '../../../src/client/invite-link.ts';
import { Place } from '../../../src/dev/headless/place.ts';
import { verdictOn } from '../../../src/dev/headless/verdict.ts';
import { WatchedLife } from '../../../src/dev/headless/watched-life.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { report } from './report.ts';

const clusterId = 'c'.repeat(16);
const nodeId = 'n'.repeat(16);
const link = formatInviteLink('https://example.org/', {
  clusterId,
  secret: 'A'.repeat(43),
  members: ['b'.repeat(16) as NodeId],
  token: `${'B'.repeat(42)}A`,
});
const failure = { type: 'failed', code: 'Migration', message: 'no such table: t' } as const;

function newLife(): { life: WatchedLife; texts: string[] } {
  const texts: string[] = [];
  // Nothing is written of a node that is known already.
  const place = new Place('nowhere', { link, nodeId });
  return { life: new WatchedLife(place, true, ({ text }) => texts.push(text)), texts };
}

test('an error of a page whose node is there is told, and ends nothing', () => {
  const { life, texts } = newLife();
  life.told(report({ clusterId, nodeId, state: 'running' }));
  texts.length = 0;
  life.told(failure);
  life.told(failure);
  life.told({ type: 'complaint', message: 'x is not a function' });
  expect(texts).toEqual([
    'the page reports an error: no such table: t (Migration)',
    'the page reports an error: x is not a function',
  ]);
  expect(verdictOn(life.account(0, false))).toBe(null);
  for (let number = 0; number < 100; number += 1) {
    life.told({ type: 'complaint', message: `error ${number}` });
  }
  expect(texts).toHaveLength(20);
});

test('without a node it is why the page is loaded again', () => {
  const { life, texts } = newLife();
  life.told(failure);
  expect(verdictOn(life.account(0, false))).toMatchObject({ again: expect.any(String) });
  expect(texts).toEqual([]);
});
