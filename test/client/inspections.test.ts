/** Who is told of the node's inside, and that the node tells only while somebody is. */

import { describe, expect, test } from 'vitest';
import type { Inspection, NodeEvent } from '../../src/node/inspection.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { openFake, verdict } from './fake-database.ts';
import { NODE_ID, statusOf, type FakeTab } from './fake-workers.ts';

function eventOf(number: number): NodeEvent {
  return { type: 'link-up', peer: NODE_ID, number, atMs: number, term: 1 as Term };
}

function inspectionOf(...numbers: number[]): Inspection {
  const index = 1 as LogIndex;
  return {
    nodeId: NODE_ID,
    atMs: 1,
    overMs: 125,
    role: 'leader',
    term: 1 as Term,
    leaderId: NODE_ID,
    votedFor: NODE_ID,
    votes: [NODE_ID],
    commitIndex: index,
    lastApplied: index,
    durableIndex: index,
    firstIndex: index,
    lastIndex: index,
    snapshot: null,
    runs: [],
    progress: [],
    messages: [{ peer: NODE_ID, direction: 'in', name: 'heartbeat', count: 1 }],
    events: numbers.map(eventOf),
    stateHashes: null,
    commitTimes: { count: 0, p50Ms: null, p99Ms: null },
    queues: { pendingWrites: 0, pendingReads: 0, uncommitted: 0, unapplied: 0, unsent: 0 },
    delayMs: 0,
    isolated: false,
    cutLinks: [],
  };
}

async function openWatched() {
  const opened = await openFake();
  const asked: boolean[] = [];
  opened.tab.nodeMethods.inspect = async (on) => void asked.push(on);
  const settled = async (): Promise<void> => void (await opened.db.status());
  return { ...opened, asked, settled };
}

function push(tab: FakeTab, ...numbers: number[]): void {
  tab.events.push({ type: 'inspection', inspection: inspectionOf(...numbers) });
}

describe('inspect', () => {
  test('has the node tell from the first listener to the last', async () => {
    const { db, another, asked, settled } = await openWatched();
    const stop = db.inspect(() => undefined);
    const stopAnother = another().inspect(() => undefined);
    await settled();
    expect(asked).toEqual([true]);
    stop();
    stop();
    await settled();
    expect(asked).toEqual([true]);
    stopAnother();
    await settled();
    expect(asked).toEqual([true, false]);
    db.inspect(() => undefined)();
    await settled();
    expect(asked).toEqual([true, false, true, false]);
  });

  test('tells whoever comes later of what is known, with all events', async () => {
    const { db, tab, settled } = await openWatched();
    const early: number[][] = [];
    const late: [readonly number[], number][] = [];
    const numbersOf = ({ events }: Inspection): number[] => events.map(({ number }) => number);
    db.inspect((inspection) => early.push(numbersOf(inspection)));
    push(tab, 1, 2);
    push(tab);
    push(tab, 3);
    await settled();
    expect(early).toEqual([[1, 2], [], [3]]);
    db.inspect((inspection) => late.push([numbersOf(inspection), inspection.messages.length]));
    expect(late).toEqual([[[1, 2, 3], 0]]);
    push(tab, 4);
    await settled();
    expect(late.at(-1)).toEqual([[4], 1]);
    expect(early.at(-1)).toEqual([4]);
  });

  test('begins anew where nobody looked for a while', async () => {
    const { db, tab, settled } = await openWatched();
    const told: number[] = [];
    db.inspect(() => undefined)();
    push(tab, 1, 2);
    await settled();
    db.inspect(({ events }) => told.push(events.length));
    expect(told).toEqual([]);
    push(tab, 1, 2, 3);
    await settled();
    expect(told).toEqual([3]);
  });

  test('tells each event once where somebody begins anew while the node still tells', async () => {
    const { db, tab, settled } = await openWatched();
    const numbersOf = ({ events }: Inspection): number[] => events.map(({ number }) => number);
    const stop = db.inspect(() => undefined);
    push(tab, 1, 2);
    await settled();
    stop();
    const told: number[][] = [];
    db.inspect((inspection) => told.push(numbersOf(inspection)));
    // On its way while nobody looked; behind it comes all that the node keeps.
    push(tab, 3);
    push(tab, 1, 2, 3, 4);
    push(tab, 5);
    await settled();
    expect(told).toEqual([[1, 2, 3], [4], [5]]);
  });

  test('keeps one of the questions that a node asks while nobody answers', async () => {
    const { db, tab, settled } = await openWatched();
    db.inspect(() => undefined);
    const asking = {
      type: 'pre-vote',
      reason: 'timeout',
      silentLeader: null,
      atMs: 1,
      term: 1 as Term,
    } as const;
    for (let number = 2; number < 400; number += 1) {
      const events: NodeEvent[] = [{ ...asking, number, silentMs: number }];
      if (number === 2) events.unshift(eventOf(1));
      tab.events.push({ type: 'inspection', inspection: { ...inspectionOf(), events } });
    }
    await settled();
    const late: (readonly NodeEvent[])[] = [];
    db.inspect(({ events }) => late.push(events));
    expect(late).toEqual([[eventOf(1), { ...asking, number: 399, silentMs: 399 }]]);
  });

  test('asks again where the node could not be asked', async () => {
    const { db, tab, asked, settled } = await openWatched();
    const { inspect } = tab.nodeMethods;
    tab.nodeMethods.inspect = () => Promise.reject(new Error('too many calls are waiting'));
    db.inspect(() => undefined);
    await settled();
    tab.nodeMethods.inspect = inspect;
    expect(asked).toEqual([]);
    tab.events.push({ type: 'status', status: statusOf() });
    tab.events.push({ type: 'status', status: statusOf() });
    await settled();
    await settled();
    expect(asked).toEqual([true]);
  });

  test('ends with the handle, and is refused by one that is closed', async () => {
    const { another, tab, asked, settled } = await openWatched();
    const handle = another();
    let told = 0;
    handle.inspect(() => {
      told += 1;
    });
    expect(() => handle.inspect(null as never)).toThrow('inspect');
    await handle.close();
    push(tab, 1);
    await settled();
    expect(told).toBe(0);
    expect(asked).toEqual([true, false]);
    expect(() => handle.inspect(() => undefined)).toThrow('this database was closed');
  });
});

test('faults.delay takes what is within its bounds', async () => {
  const { db, tab } = await openFake();
  const delays: number[] = [];
  tab.nodeMethods.delay = async (ms) => void delays.push(ms);
  await db.faults.delay(0);
  await db.faults.delay(5_000);
  for (const ms of [-1, 5_001, Number.NaN, '5' as never]) {
    expect(await verdict(db.faults.delay(ms))).toBe('InvalidArgument no');
  }
  expect(delays).toEqual([0, 5_000]);
});
