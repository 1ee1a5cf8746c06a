/**
 * Random histories of bare cores (paper Figure 3): a hundred seeds, each a world of its own kind.
 * A failing seed is run again alone by putting it into `SEEDS`.
 */

import { describe, expect, it } from 'vitest';
import { A, B, C, D, E, seededRandom } from './fixtures.ts';
import { NO_COUNTS, World } from './world.ts';
import type { Chaos } from './world.ts';

const SEEDS = Array.from({ length: 100 }, (_, i) => i + 1);
const STEPS = 10_000;

/** How bad this seed's world is; every tenth is kind, so that much gets committed. */
function chaosOf(seed: number): Chaos {
  const random = seededRandom(seed * 7_919);
  const badness = seed % 10 === 0 ? 0.1 : 1;
  return {
    loss: random() * 0.2 * badness,
    repetition: random() * 0.2 * badness,
    reordering: random() * badness,
    crash: random() * 0.02 * badness,
    partition: random() * badness,
    change: seed % 2 === 0 ? 1 : 0,
    compaction: seed % 3 === 0 ? 0 : random(),
    transfer: random() * badness,
    // Where nobody is ever removed: else the few that are left could be those that know nothing.
    suspension: seed % 2 === 0 ? 0 : random() * badness,
  };
}

function worldOf(seed: number): World {
  if (seed % 2 === 0) return new World(seed, [A, B, C, D, E], 3, chaosOf(seed));
  const ids = seed % 4 === 1 ? [A, B, C] : [A, B, C, D, E];
  return new World(seed, ids, ids.length, chaosOf(seed));
}

/** What became of a world, to compare. */
function historyOf(seed: number): unknown {
  const world = worldOf(seed);
  for (let step = 0; step < STEPS; step += 1) world.step();
  const servers = world.servers.map(({ raft }) => [raft.role, raft.term, raft.lastIndex]);
  return [world.counts, world.nowMs, servers];
}

describe('random histories', () => {
  it('Figure 3: all safety properties hold after every step, and healed worlds converge', () => {
    const totals = { ...NO_COUNTS };
    for (const seed of SEEDS) {
      const world = worldOf(seed);
      try {
        for (let step = 0; step < STEPS; step += 1) world.step();
        world.converge();
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      for (const name of Object.keys(totals) as (keyof typeof totals)[]) {
        totals[name] += world.counts[name];
      }
    }
    // A world in which nothing happens would pass every check.
    expect(totals.commits).toBeGreaterThan(SEEDS.length * 100);
    expect(totals.elections).toBeGreaterThan(SEEDS.length * 5);
    expect(totals.reads).toBeGreaterThan(SEEDS.length * 50);
    expect(totals.changes).toBeGreaterThan(SEEDS.length);
    expect(totals.crashes).toBeGreaterThan(SEEDS.length);
    expect(totals.compactions).toBeGreaterThan(SEEDS.length * 10);
    expect(totals.installs).toBeGreaterThan(SEEDS.length);
    // Crashes between the record of a snapshot and its being restored.
    expect(totals.interruptions).toBeGreaterThan(1);
    expect(totals.transfers).toBeGreaterThan(SEEDS.length);
    expect(totals.suspensions).toBeGreaterThan(SEEDS.length);
  }, 240_000);

  it('the same seed is the same history', () => {
    expect(historyOf(5)).toEqual(historyOf(5));
    expect(historyOf(5)).not.toEqual(historyOf(9));
  });
});
