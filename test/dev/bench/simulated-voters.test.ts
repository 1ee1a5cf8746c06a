/** Each simulated cluster gives all its figures, in simulated units, and as they must be by construction. */

import { expect, test } from 'vitest';

import type { Figure } from '../../../src/bench/report.ts';
import {
  COMPARISONS,
  judge,
  SIMULATED_CLUSTERS,
  simulatedConcurrentName,
  simulatedName,
  simulatedSubject,
} from '../../../src/bench/targets.ts';
import { benchOptionsOf } from '../../../src/dev/bench/options.ts';
import { measureSimulatedVoters } from '../../../src/dev/bench/simulated-voters.ts';

const UNITS = ['simulated ms', 'count', '/simulated s', 'simulated ms', 'count'];

function measured(only: readonly string[]): Figure[] {
  return measureSimulatedVoters({ only, rounds: 2, scale: 'tiny', onProgress: () => {} });
}

test('every cluster is asked for by its name, and gives five figures under names of their own', () => {
  const figures = measured(['simulated']);
  expect(figures).toHaveLength(SIMULATED_CLUSTERS.length * UNITS.length);
  for (const cluster of SIMULATED_CLUSTERS) {
    const name = simulatedName(cluster);
    expect(benchOptionsOf(['--only', name])?.only).toEqual([name]);
    const own = figures.filter(({ subject }) => subject === simulatedSubject(cluster));
    expect(own.map(({ name: figure }) => figure)).toEqual([
      name,
      `${name}-messages`,
      simulatedConcurrentName(cluster),
      `${simulatedConcurrentName(cluster)}-latency`,
      `${simulatedConcurrentName(cluster)}-messages`,
    ]);
    expect(own.map(({ unit }) => unit)).toEqual(UNITS);
    expect(own.map(({ worstIs }) => worstIs)).toEqual(['max', 'max', 'min', 'max', 'max']);
    for (const { settings } of own) expect(settings).toContain('not to be compared with tabs');
    const [commit, messages, rate] = own.map(({ median }) => median);
    // A disk and a transaction; with others also a message to them and one back.
    expect(commit).toBeGreaterThanOrEqual(cluster.voters === 1 ? 1.1 : 2.1);
    expect(commit).toBeLessThan(20);
    // Many at once are more than one after the other.
    expect(rate).toBeGreaterThan(1_000 / (commit ?? 0));
    if (cluster.voters > 1) expect(messages).toBeGreaterThanOrEqual(2);
  }
  const isSimulated = ({ figure }: { figure: string }) => figure.startsWith('simulated-');
  const { ratios } = judge(figures, []);
  expect(ratios).toHaveLength(COMPARISONS.filter(isSimulated).length);
  expect(ratios).toHaveLength(2 * (SIMULATED_CLUSTERS.length - 1));
});

test('only what is asked for is measured, and twice the same', () => {
  const figures = measured(['simulated-voters-5']);
  expect(new Set(figures.map(({ subject }) => subject))).toEqual(new Set(['5 voters, simulated']));
  expect(measured(['simulated-voters-5'])).toEqual(figures);
  expect(measured(['voters-5'])).toEqual([]);
});
