/**
 * SM2: the same log gives the same outcomes, byte for byte, and the same data on every node, however
 * it was cut into batches, whatever the caches, and the restarts, crashes, restores, open snapshots
 * and reads in between.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { Entry } from '../../src/raft/types.ts';
import { decodeApplyOutcome, encodeApplyOutcome } from '../../src/sqlite/apply-codec.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { generatedLog } from './generated-log.ts';
import { checkEntry, interleaved, logOf, noopEntry } from './log.ts';
import { loadTestRuntime, newPath, TestNode } from './support.ts';

const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 12);
const TIMEOUT_MS = 60_000 + RUNS * 2_000;

/** Files in a module's memory stay until the module goes. */
const RUNS_PER_RUNTIME = 100;

let runtime: Runtime;

/** How one node gets the log. */
interface Course {
  /** The sizes of its batches, repeated. */
  readonly cuts: readonly number[];
  /** What happens behind a batch, repeated. */
  readonly events: readonly ('none' | 'restart' | 'crash' | 'restore' | 'hold' | 'read')[];
  readonly cacheKib: number;
  readonly checkpointBytes: number;
  readonly sliceBytes: number;
  readonly maxCachedStatements: number;
  /** Whether a batch's transaction stays open for the next one, repeated. */
  readonly stayOpen: readonly boolean[];
}

/** The same on every node. */
const SLICE_BYTES = 50_000;

const course: fc.Arbitrary<Course> = fc.record({
  cuts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
  events: fc.array(fc.constantFrom('none', 'restart', 'crash', 'restore', 'hold', 'read'), {
    minLength: 1,
    maxLength: 6,
  }),
  cacheKib: fc.constantFrom(16, 80, 16_384),
  checkpointBytes: fc.constantFrom(1, 100_000, 8_000_000),
  sliceBytes: fc.constant(SLICE_BYTES),
  maxCachedStatements: fc.constantFrom(0, 1, 64),
  stayOpen: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
});

const ONE_BY_ONE: Course = {
  cuts: [1],
  events: ['none'],
  cacheKib: 16_384,
  checkpointBytes: 8_000_000,
  sliceBytes: SLICE_BYTES,
  maxCachedStatements: 0,
  stayOpen: [false],
};

/** What a node answered, and its hash at some indexes. */
interface Account {
  readonly outcomes: Uint8Array;
  readonly hashes: readonly (string | undefined)[];
}

function follow(
  entries: readonly Entry[],
  { cuts, events, stayOpen, ...options }: Course,
): Account {
  const node = new TestNode(runtime, options, newPath());
  const outcomes: CommandOutcome[] = [];
  const hashes: (string | undefined)[] = [];
  let at = 0;
  for (let batch = 0; at < entries.length; batch += 1) {
    const end = Math.min(entries.length, at + (cuts[batch % cuts.length] ?? 1));
    const staysOpen = stayOpen[batch % stayOpen.length] ?? false;
    outcomes.push(...node.apply(entries.slice(at, end), staysOpen));
    at = end;
    if (staysOpen && at < entries.length) continue;
    node.applier.commit();
    hashes[at] = hashDatabase(node.database);
    disturb(node, events[batch % events.length] ?? 'none');
  }
  expect(node.get('PRAGMA integrity_check')).toEqual(['ok']);
  node.close();
  return { outcomes: encodeApplyOutcome({ type: 'applied', outcomes }), hashes };
}

function disturb(node: TestNode, event: Course['events'][number]): void {
  switch (event) {
    case 'none':
      return;
    case 'restart':
      return node.reopen();
    case 'crash':
      return node.crash();
    case 'restore':
      return node.restore();
    case 'hold':
      node.database.endHolds();
      return node.database.holdFile(() => undefined);
    case 'read': {
      // The schema comes with the third entry.
      if (node.applier.appliedIndex < 3) return;
      const sql =
        "SELECT random(), randomblob(9), datetime(), (SELECT count(*) FROM f('ant')) FROM log";
      const deadlineMs = performance.now() + 10_000;
      runQuery(node.database, node.applier.appliedIndex, { sql, params: [], deadlineMs });
    }
  }
}

const withoutChecks = ({ outcomes }: Account): Uint8Array => {
  const all = decodeApplyOutcome(outcomes);
  if (all.type !== 'applied') throw new Error(all.reason);
  const executed = all.outcomes.filter(({ type }) => type !== 'checked');
  return encodeApplyOutcome({ type: 'applied', outcomes: executed });
};

it(
  'SM2 every node computes the same, however batches are cut',
  async () => {
    let runs = 0;
    const property = fc.asyncProperty(generatedLog, course, course, async (requests, ...others) => {
      if (runs % RUNS_PER_RUNTIME === 0) runtime = await loadTestRuntime();
      runs += 1;
      const entries = interleaved(logOf(requests), checkEntry);
      const expected = follow(entries, ONE_BY_ONE);
      // State checks change nothing that entries or reads could see.
      const unchecked = follow(interleaved(logOf(requests), noopEntry), ONE_BY_ONE);
      expect(unchecked.hashes).toEqual(expected.hashes);
      expect(unchecked.outcomes).toEqual(withoutChecks(expected));
      for (const other of others) {
        const found = follow(entries, other);
        for (const [index, hash] of found.hashes.entries()) {
          if (hash !== undefined) expect([index, hash]).toEqual([index, expected.hashes[index]]);
        }
        expect(found.outcomes).toEqual(expected.outcomes);
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  },
  TIMEOUT_MS,
);
