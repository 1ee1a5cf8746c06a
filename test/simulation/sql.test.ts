/**
 * Whole clusters from seeds on the SQLite that ships: that runs are reproducible, that they find a
 * database whose time and chance are not the entry's, and that the product passes.
 * `npm run simulate -- --sql` runs more of them.
 */

import { beforeAll, expect, test } from 'vitest';
import { Batch } from '../../src/simulation/batch.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { NO_WISHES } from '../../src/simulation/scenario.ts';
import { loadNodeRuntime } from '../../src/simulation/sql/runtime.ts';
import { SqlDatabases } from '../../src/simulation/sql/sql-databases.ts';

const THREE = { ...NO_WISHES, servers: 3 };

let databases: SqlDatabases;

beforeAll(async () => {
  databases = new SqlDatabases(await loadNodeRuntime());
});

test('a run is the same twice, with and without its text', () => {
  const lines: string[] = [];
  const first = runSeed(3, null, THREE, databases);
  const second = runSeed(3, (line) => lines.push(line), THREE, databases);
  expect(second).toEqual(first);
  expect(lines).toHaveLength(first.exercise.events);
});

test('a state that follows from the time and chance of its machine is found', async () => {
  const runtime = await loadNodeRuntime();
  runtime.during = (_entry, work) => work();
  const { failure } = runSeed(3, null, THREE, new SqlDatabases(runtime));
  expect(failure?.property).toBe('state machine safety');
});

test('16 seeds hold, and exercise what they are for', { timeout: 300_000 }, () => {
  const batch = new Batch();
  for (let seed = 20_001; seed <= 20_016; seed += 1) {
    batch.add(runSeed(seed, null, THREE, databases));
  }
  const failures = batch.failures.map(({ seed, traceHash, failure }) => ({
    seed,
    traceHash,
    ...failure,
  }));
  expect(failures).toEqual([]);
  const exercised = ['acknowledgedWrites', 'linearizableReads', 'crashes', 'compactions'].filter(
    (name) => batch.total(name) > batch.runs,
  );
  expect(exercised).toHaveLength(4);
  const seen = ['installs', 'quarantines', 'stateChecks', 'idleCommands'].filter(
    (name) => batch.total(name) > 0,
  );
  expect(seen).toHaveLength(4);
});
