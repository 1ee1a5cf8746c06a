/**
 * The tests of MIT 6.824's raft and raftkv by their own names, on the production core and runtime in
 * virtual time. At the end the whole list is printed, with what was measured beside its bound.
 * SCENARIO_SEED runs other worlds than the first.
 */

import { afterAll, describe, test } from 'vitest';
import { Facts, type Scenario } from './facts.ts';
import { KV_SCENARIOS } from './kv-scenarios.ts';
import { PERSISTENCE_SCENARIOS } from './persistence-scenarios.ts';
import { RAFT_SCENARIOS } from './raft-scenarios.ts';
import { SNAPSHOT_SCENARIOS } from './snapshot-scenarios.ts';

const SUITES: Readonly<Record<string, Readonly<Record<string, Scenario>>>> = {
  raft: { ...RAFT_SCENARIOS, ...PERSISTENCE_SCENARIOS },
  raftkv: { ...KV_SCENARIOS, ...SNAPSHOT_SCENARIOS },
};

const SEED = Number(process.env['SCENARIO_SEED'] ?? 1);

/** In real time, on a busy machine. */
const TIMEOUT_MS = 120_000;

const results: string[] = [];

describe.each(Object.entries(SUITES))('%s', (suite, scenarios) => {
  test.each(Object.entries(scenarios))('%s', { timeout: TIMEOUT_MS }, (name, scenario) => {
    const facts = new Facts();
    let verdict = 'FAILED';
    const begun = performance.now();
    try {
      scenario(facts, SEED);
      verdict = 'passed';
    } finally {
      const seconds = ((performance.now() - begun) / 1_000).toFixed(2);
      results.push(`${verdict}  ${suite.padEnd(6)}  ${name}  (${seconds} s)`);
      for (const line of facts.lines) results.push(`            ${line}`);
    }
  });
});

afterAll(() => {
  const passed = results.filter((line) => line.startsWith('passed')).length;
  const all = results.filter((line) => !line.startsWith(' ')).length;
  process.stdout.write(`${results.join('\n')}\n${passed} of ${all} passed, seed ${SEED}\n`);
});
