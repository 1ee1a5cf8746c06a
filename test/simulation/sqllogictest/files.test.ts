/**
 * Our own logic tests, on SQLite alone and through a simulated cluster: the same results, but for what
 * differences.test lists with its reasons.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadNodeRuntime } from '../../../src/simulation/sql/runtime.ts';
import { BareTarget } from '../../../src/simulation/sqllogictest/bare-target.ts';
import { ClusterTarget } from '../../../src/simulation/sqllogictest/cluster-target.ts';
import { parseLogicTest } from '../../../src/simulation/sqllogictest/parser.ts';
import { runLogicTest } from '../../../src/simulation/sqllogictest/runner.ts';

const FOLDER = join(import.meta.dirname, '../../sqllogictest');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.test'));
const SEED = 1;

it('all files hold on SQLite alone and through a cluster', { timeout: 300_000 }, async () => {
  const runtime = await loadNodeRuntime();
  let records = 0;
  for (const file of FILES) {
    const parsed = parseLogicTest(file, readFileSync(join(FOLDER, file), 'utf8'));
    for (const target of [await BareTarget.open(), new ClusterTarget(runtime, SEED)]) {
      const { passed, failures } = await runLogicTest(target, parsed);
      target.close();
      expect([file, failures]).toEqual([file, []]);
      records += passed;
    }
  }
  expect(records).toBeGreaterThan(1_000);
});

it('only one file tells engines apart', () => {
  const told = FILES.filter((file) =>
    parseLogicTest(file, readFileSync(join(FOLDER, file), 'utf8')).some(
      ({ conditions }) => conditions.length > 0,
    ),
  );
  expect(told).toEqual(['differences.test']);
});
