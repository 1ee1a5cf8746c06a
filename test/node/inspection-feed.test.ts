/** When the page is told of the node's inside. */

import { expect, test } from 'vitest';
import { InspectionFeed } from '../../src/node/inspection-feed.ts';
import type { Inspection } from '../../src/node/inspection.ts';
import { ManualClock } from '../transport/manual-clock.ts';
import { NodeCluster, nodeIdOf } from './node-cluster.ts';

function bench() {
  const cluster = new NodeCluster(['P']);
  const node = cluster.nodeOf(cluster.member(0));
  const told: Inspection[] = [];
  const faults = { delayMs: 20, isolated: false, cutLinks: [nodeIdOf(7)] };
  const clock = new ManualClock();
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 5) {
      cluster.passMs(5);
      clock.advance(5);
    }
  };
  /** For how long what the transport tells is waited for. */
  const hold = { ms: 0 };
  const feed = new InspectionFeed({
    inspector: node.inspector,
    clock,
    transport: () => {
      pass(hold.ms);
      return { ...faults, unsent: 3 };
    },
    push: (inspection) => told.push(inspection),
  });
  return { node, feed, told, faults, hold, pass };
}

test('at once, with what the transport tells, then a few times a second while there is news', () => {
  const { node, feed, told, pass } = bench();
  pass(500);
  expect(told).toEqual([]);
  feed.watch(true);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ delayMs: 20, isolated: false, cutLinks: [nodeIdOf(7)] });
  expect(told[0]?.queues).toMatchObject({ unsent: 3, pendingWrites: 0 });
  expect(told[0]?.events.length).toBeGreaterThan(0);
  for (let turn = 0; turn < 40; turn += 1) {
    node.linkChanged(nodeIdOf(5), turn % 2 === 0);
    pass(25);
  }
  expect(told).toHaveLength(9);
  expect(told.slice(1).map(({ overMs }) => overMs)).toEqual(Array.from({ length: 8 }, () => 125));
  const numbers = told.flatMap(({ events }) => events.map(({ number }) => number));
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => at + 1));
});

test('a first look that is held up does not bring the next one nearer', () => {
  const { node, feed, told, hold, pass } = bench();
  hold.ms = 40;
  feed.watch(true);
  hold.ms = 0;
  node.linkChanged(nodeIdOf(5), true);
  pass(200);
  expect(told.map(({ overMs }) => overMs)).toEqual([40, 125]);
});

test('once a second where nothing is new, and not when nobody looks any more', () => {
  const { feed, told, faults, pass } = bench();
  feed.watch(true);
  pass(2_000);
  expect(told.map(({ overMs }) => overMs)).toEqual([0, 1_000, 1_000]);
  faults.isolated = true;
  pass(125);
  expect(told.at(-1)).toMatchObject({ isolated: true, overMs: 125 });
  feed.watch(false);
  pass(2_000);
  expect(told).toHaveLength(4);
  feed.watch(true);
  expect(told.at(-1)?.events).toEqual(told[0]?.events);
});

test('for the last time when the node has stopped', () => {
  const { node, feed, told, pass } = bench();
  feed.end();
  expect(told).toEqual([]);
  feed.watch(true);
  node.linkChanged(nodeIdOf(5), true);
  node.stop('Removed', 'it was removed');
  feed.end();
  expect(told.at(-1)?.events).toMatchObject([{ type: 'link-up' }]);
  pass(2_000);
  expect(told).toHaveLength(2);
});
