/** An entry that no node can apply: the cluster stalls, goes on behind a skip, and nothing else is lost. */

import { describe, expect, test } from 'vitest';
import type { ExecuteOutcome } from '../../src/node/writes.ts';
import type { Server } from '../../src/simulation/server.ts';
import { Cluster, SECOND_US } from './cluster.ts';

const REASON = 'simulated: an entry that no node can apply';

/** Behind what is committed, the next write is one that no node can apply. */
function poison(cluster: Cluster): { readonly index: number; readonly writer: Server } {
  const writer = cluster.followers()[0] ?? cluster.leader();
  cluster.commit(writer);
  cluster.waitApplied(cluster.servers.length);
  const index = cluster.world.check.committedIndex + 1;
  for (const server of cluster.servers) server.database.stuckAt = index;
  return { index, writer };
}

function stalledAt(server: Server): number | undefined {
  return server.running?.node.status().stalledAt?.index;
}

describe('an entry that no node can apply', () => {
  test('stalls all, is skipped on all, takes its number, and what is behind it goes on', () => {
    const cluster = new Cluster(3);
    const { index, writer } = poison(cluster);
    let poisoned: ExecuteOutcome | null = null;
    const { loop, node } = cluster.on(writer);
    loop.post('client', () => {
      node.execute(new Uint8Array(0), 60_000, (outcome) => {
        poisoned = outcome;
      });
    });
    const behind = cluster.append(writer, 60_000);
    const areStalled = () => cluster.servers.every((server) => stalledAt(server) === index);
    cluster.waitFor(areStalled, 20 * SECOND_US, 'all to stall');
    expect(cluster.on(writer).node.status().stalledAt).toEqual({ index, reason: REASON });

    // It votes and logs; it serves nothing, and a restart changes nothing.
    const refused: string[] = [];
    cluster.on(writer).loop.post('client', () => {
      node.readIndex('linearizable', 1_000, (outcome) => {
        if (outcome.type === 'failed') refused.push(outcome.failure.code);
      });
    });
    const others = cluster.servers.filter((server) => server !== writer);
    cluster.crash(...others);
    cluster.restart(...others);
    cluster.waitFor(areStalled, 30 * SECOND_US, 'all to stall again');
    expect(refused).toEqual(['Stale']);

    const wrong = cluster.skip(writer, index + 1);
    cluster.waitFor(() => wrong() !== null, 20 * SECOND_US, 'the wrong index to be refused');
    expect(wrong()).toContain(`not stalled at entry ${index + 1}`);
    const right = cluster.skip(writer, index);
    cluster.waitFor(() => right() !== null, 20 * SECOND_US, 'the skip');
    expect(right()).toBe('done');
    cluster.waitFor(() => poisoned !== null, 20 * SECOND_US, 'the answer');
    expect(poisoned).toMatchObject({ type: 'executed', response: new Uint8Array(0) });
    cluster.waitFor(() => behind.state === 'ok', 20 * SECOND_US, 'what is behind it');
    cluster.waitFor(
      () => cluster.servers.every((server) => stalledAt(server) === undefined),
      20 * SECOND_US,
      'all to go on',
    );
    cluster.commit();
    cluster.converge();
    expect(cluster.hashes().size).toBe(1);

    // Everything is applied anew, and the entry is skipped again.
    cluster.crash(...cluster.servers);
    cluster.restart(...cluster.servers);
    cluster.converge();
    cluster.commit();
  });

  test('on one node alone is not skipped: it makes room, and is sent a snapshot', () => {
    const cluster = new Cluster(3);
    cluster.commit();
    const lonely = cluster.leader();
    const index = cluster.world.check.committedIndex + 1;
    lonely.database.stuckAt = index;
    const [other] = cluster.followers();
    if (other === undefined) throw new Error('no follower');
    cluster.commit(other);
    cluster.waitFor(() => cluster.leader() !== lonely, 20 * SECOND_US, 'another leader');
    const answer = cluster.skip(other, index);
    cluster.waitFor(() => answer() !== null, 20 * SECOND_US, 'an answer');
    expect(answer()).toContain('is applied');
    cluster.waitFor(() => stalledAt(lonely) === undefined, 30 * SECOND_US, 'the snapshot');
    cluster.converge();
  });
});
