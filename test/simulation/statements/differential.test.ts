/**
 * Generated statements on state machines that differ in everything that must not matter: the short form
 * of `npm run soak -- statements`, and that such a run finds what it is for.
 */

import { expect, it } from 'vitest';
import type { Runtime } from '../../../src/sqlite/runtime.ts';
import { Random } from '../../../src/simulation/random.ts';
import { loadNodeRuntime } from '../../../src/simulation/sql/runtime.ts';
import {
  Divergence,
  runDifferential,
  type DifferentialReport,
} from '../../../src/simulation/statements/differential.ts';
import { StatementStream } from '../../../src/simulation/statements/statement-stream.ts';
import { KINDS } from '../../../src/simulation/statements/templates.ts';

const SEEDS = [20_001, 20_002, 20_003];
const STATEMENTS = 300;

function run(runtime: Runtime, seed: number, statements = STATEMENTS): DifferentialReport {
  return runDifferential(runtime, { seed, statements, checkpointStatements: 150 });
}

it('SM2 machines agree on every answer and at every checkpoint', { timeout: 300_000 }, async () => {
  const reports: DifferentialReport[] = [];
  for (const seed of SEEDS) reports.push(run(await loadNodeRuntime(), seed));
  const sum = (name: 'restarts' | 'reads' | 'snapshots' | 'failed'): number =>
    reports.reduce((total, report) => total + report[name], 0);
  expect(new Set(reports.map(({ hash }) => hash)).size).toBe(SEEDS.length);
  expect([sum('restarts'), sum('reads'), sum('snapshots')].every((count) => count > 0)).toBe(true);
  // Most statements succeed, and not all.
  expect(sum('failed')).toBeGreaterThan(STATEMENTS / 10);
  expect(sum('failed')).toBeLessThan((STATEMENTS * SEEDS.length) / 2);
});

it('a machine that takes time and chance from itself is found', async () => {
  const runtime = await loadNodeRuntime();
  runtime.during = (_entry, work) => work();
  expect(() => run(runtime, 5)).toThrow(Divergence);
});

it('the same seed gives the same statements, and all kinds are among them', () => {
  const texts = [7, 7, 8].map((seed) => {
    const stream = new StatementStream(Random.fromSeed(seed), { runaways: true });
    const requests = Array.from({ length: 600 }, () => stream.next());
    return requests.flatMap(({ statements }) => statements.map(({ sql }) => sql));
  });
  expect(texts[1]).toEqual(texts[0]);
  expect(texts[2]).not.toEqual(texts[0]);
  for (const { name, templates } of KINDS) {
    const beginnings = templates.map((template) => template.split('@')[0] ?? '');
    const found = beginnings.filter((begin) => texts[0]?.some((sql) => sql.startsWith(begin)));
    expect([name, found.length > templates.length / 2]).toEqual([name, true]);
  }
});
