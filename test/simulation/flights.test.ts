/** Messages on their way: seen as they are, lost and delayed by hand, and no burden where nobody looks. */

import { describe, expect, test } from 'vitest';
import type { NodeMessage } from '../../src/node/messages.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { Flights } from '../../src/simulation/flights.ts';
import { runSeed, SeedRun } from '../../src/simulation/run.ts';
import { MODEL_DATABASES } from '../../src/simulation/model-database.ts';
import { NO_WISHES } from '../../src/simulation/scenario.ts';
import { play } from '../../src/simulation/script.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';

const MESSAGE: NodeMessage = {
  type: 'timeout-now',
  from: nodeIdOf(0),
  to: nodeIdOf(1),
  term: 1 as never,
};

class Air {
  readonly queue = new EventQueue();
  dropped = 0;
  readonly flights = new Flights(this.queue, () => {
    this.dropped += 1;
  });
  readonly arrivedUs: number[] = [];
  isCut = false;

  send(delayUs: number): void {
    const arrive = (): void => void this.arrivedUs.push(this.queue.nowUs);
    this.flights.carry(MESSAGE, delayUs, arrive, () => this.isCut);
  }

  pass(durationUs: number): void {
    const untilUs = this.queue.nowUs + durationUs;
    while (this.queue.step(untilUs)) continue;
  }

  get seen(): readonly (readonly [id: number, arrivesAtUs: number, isLost: boolean])[] {
    return this.flights.list().map(({ id, arrivesAtUs, isLost }) => [id, arrivesAtUs, isLost]);
  }
}

describe('a message', () => {
  test('is on its way until it arrives', () => {
    const air = new Air();
    air.send(100);
    air.send(200);
    expect(air.seen).toEqual([
      [1, 100, false],
      [2, 200, false],
    ]);
    air.pass(150);
    expect(air.seen).toEqual([[2, 200, false]]);
    expect(air.arrivedUs).toEqual([100]);
  });

  test('that is dropped does not arrive, and is seen until it would have', () => {
    const air = new Air();
    air.send(100);
    expect(air.flights.drop(1)).toBe(true);
    expect(air.flights.drop(1)).toBe(false);
    expect(air.flights.delay(1, 5)).toBe(false);
    expect(air.seen).toEqual([[1, 100, true]]);
    air.pass(100);
    expect(air.seen).toEqual([]);
    expect(air.arrivedUs).toEqual([]);
    expect(air.dropped).toBe(1);
  });

  test('that is delayed arrives later, and may be delayed again', () => {
    const air = new Air();
    air.send(100);
    air.pass(60);
    expect(air.flights.delay(1, 30)).toBe(true);
    air.pass(60);
    expect(air.flights.delay(1, 30)).toBe(true);
    expect(air.seen).toEqual([[1, 160, false]]);
    air.pass(100);
    expect(air.arrivedUs).toEqual([160]);
    expect(air.flights.delay(1, 30)).toBe(false);
  });

  test('is lost when its link breaks, and as it is sent', () => {
    const air = new Air();
    air.send(100);
    air.flights.lose(MESSAGE, 50);
    expect(air.seen).toEqual([
      [1, 100, false],
      [2, 50, true],
    ]);
    air.isCut = true;
    expect(air.seen).toEqual([
      [1, 100, true],
      [2, 50, true],
    ]);
    expect(air.flights.drop(2)).toBe(false);
    air.pass(60);
    expect(air.seen).toEqual([[1, 100, true]]);
  });
});

test('of many that are lost the first are forgotten, and none that is on its way', () => {
  const air = new Air();
  air.send(1_000);
  for (let sent = 0; sent < 10_000; sent += 1) air.flights.lose(MESSAGE, 1_000);
  const ids = air.seen.map(([id]) => id);
  expect(ids).toHaveLength(8_193);
  expect(ids.slice(0, 2)).toEqual([1, 10_001 - 8_191]);
  expect(ids.at(-1)).toBe(10_001);
  air.pass(1_000);
  expect(air.seen).toEqual([]);
});

test('a run that is looked at is the same as one that is not', () => {
  const run = new SeedRun(1, null, NO_WISHES, MODEL_DATABASES);
  const told: number[] = [];
  run.world.network.flights.onSent = ({ id }) => told.push(id);
  run.world.trace.onEvent = (_timeUs, _kind, _node, describe) => void describe();
  play(run.world, run.script());
  expect(run.report(null)).toEqual(runSeed(1, null));
  expect(told).toHaveLength(
    run.world.network.counters.sent + run.world.network.counters.duplicated,
  );
});
