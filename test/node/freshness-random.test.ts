/**
 * Whatever happens to the nodes, an index that is told as fresh is no older than that: a record of
 * what was committed when is compared with every answer.
 */

import { expect, test } from 'vitest';
import { RAFT_LIMITS, UNNOTICED_GAP_MS } from '../../src/node/limits.ts';
import { NodeCluster, randomOf, type Member } from './node-cluster.ts';

const STEPS = 150;
const FRESHNESS_MS = [50, 500, 3_000];
/** How long a deposed leader is believed, a gap is not noticed, and a message is on its way. */
const SLACK_MS = RAFT_LIMITS.electionTimeoutMinMs + UNNOTICED_GAP_MS + 20;

class History {
  readonly #commits: { readonly atMs: number; readonly index: number }[] = [];

  note(atMs: number, index: number): void {
    if (index > (this.#commits.at(-1)?.index ?? 0)) this.#commits.push({ atMs, index });
  }

  committedAt(atMs: number): number {
    return this.#commits.findLast((commit) => commit.atMs <= atMs)?.index ?? 0;
  }
}

test.each([11, 12, 13])('seed %i: a fresh index is no older than it says', (seed) => {
  const cluster = new NodeCluster(['', '', '']);
  const history = new History();
  const random = randomOf(seed);
  const pick = (): Member => cluster.member(random(3));
  let frozen: Member | null = null;
  let ready = 0;
  let stale = 0;

  const pass = (ms: number): void => {
    for (let passedMs = 0; passedMs < ms; passedMs += 10) {
      cluster.passMs(10);
      const commits = cluster.members.map((member) => cluster.nodeOf(member).raft.commitIndex);
      history.note(cluster.nowMs, Math.max(...commits));
    }
  };
  const check = (member: Member): void => {
    for (const freshnessMs of FRESHNESS_MS) {
      cluster.nodeOf(member).freshIndex(freshnessMs, (outcome) => {
        if (outcome.type === 'failed') {
          stale += 1;
          return;
        }
        ready += 1;
        const least = history.committedAt(cluster.nowMs - freshnessMs - SLACK_MS);
        expect(outcome.index).toBeGreaterThanOrEqual(least);
      });
    }
  };

  for (let step = 0; step < STEPS; step += 1) {
    const member = pick();
    const action = random(10);
    if (frozen !== null) {
      // Rarely: only a long sleep leaves anything old in the queue.
      if (action < 1) {
        const awake = frozen;
        frozen = null;
        cluster.thaw(awake, () => check(awake));
      }
    } else if (action < 2) {
      cluster.freeze(member);
      frozen = member;
    } else if (action < 3) {
      cluster.isolate(member);
    } else if (action < 6) {
      cluster.reconnect(...cluster.members);
    }
    const writer = pick();
    if (writer !== frozen)
      cluster.nodeOf(writer).execute(new Uint8Array(1), 2_000, () => undefined);
    pass(50 + random(600));
    for (const reader of cluster.members) if (reader !== frozen) check(reader);
  }
  expect(ready).toBeGreaterThan(STEPS);
  expect(stale).toBeGreaterThan(STEPS / 10);
});
