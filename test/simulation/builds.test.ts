/**
 * A new build of the state machine: adopted once all voters have it, under writes; whoever has an older
 * one waits politely for its page to be loaded anew.
 */

import { describe, expect, test } from 'vitest';
import { buildAdoptedBy, decodeCommand } from '../../src/node/command.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import type { Server } from '../../src/simulation/server.ts';
import { Cluster, SECOND_US, type Attempt } from './cluster.ts';

const OLD = '0001 old';
const NEW = '0002 new';

function statusOf(cluster: Cluster, server: Server) {
  return cluster.on(server).node.status();
}

function isLeading(cluster: Cluster, server: Server): boolean {
  return cluster.on(server).node.raft.role === 'leader';
}

/** Its page is loaded anew, from a server that has the build. */
function reload(cluster: Cluster, server: Server, build: string): void {
  cluster.crash(server);
  server.build = build;
  cluster.restart(server);
}

function isAdopted(cluster: Cluster, build: string, servers = cluster.servers): boolean {
  return servers.every((server) => {
    const adopted = server.running?.machine.adopted;
    return adopted?.build === build && !adopted.goesOn;
  });
}

function waitAdopted(cluster: Cluster, build: string, servers = cluster.servers): void {
  cluster.waitFor(() => isAdopted(cluster, build, servers), 20 * SECOND_US, `${build} adopted`);
}

/** What the longest log has of adoptions and of state checks behind the last of them. */
function adoptions(cluster: Cluster): { readonly builds: string[]; readonly checks: number } {
  const { raft } = cluster.on(cluster.leader()).node;
  const builds: string[] = [];
  let checks = 0;
  for (let at: number = raft.firstIndex; at <= raft.lastIndex; at += 1) {
    const entry = raft.entryAt(at as LogIndex);
    if (entry?.type !== 'command') continue;
    const build = buildAdoptedBy(entry.data);
    if (build !== null) {
      builds.push(build);
      checks = 0;
    } else if (decodeCommand(entry.data).type === 'check-state') checks += 1;
  }
  return { builds, checks };
}

function grown(): Cluster {
  const cluster = new Cluster(3);
  for (const server of cluster.servers) {
    reload(cluster, server, OLD);
    cluster.converge();
  }
  waitAdopted(cluster, OLD);
  return cluster;
}

describe('a new build', () => {
  test('is adopted once, when all voters have it, and all states are compared at once', () => {
    const cluster = grown();
    expect(adoptions(cluster).builds).toEqual([OLD]);
    const attempts: Attempt[] = [];
    for (const server of cluster.servers) {
      expect(adoptions(cluster).builds).toEqual([OLD]);
      reload(cluster, server, NEW);
      const others = cluster.servers.filter((other) => other !== server);
      attempts.push(cluster.append(cluster.leader(others), 60_000));
      attempts.push(cluster.append(server, 60_000));
      if (others.every(({ build }) => build === NEW)) break;
      // Newer than what is adopted: it takes part like any other.
      cluster.converge();
      cluster.pass(3 * SECOND_US);
      expect(statusOf(cluster, server).build).toEqual({ own: NEW, adopted: OLD, outdated: false });
    }
    waitAdopted(cluster, NEW);
    expect(adoptions(cluster)).toEqual({ builds: [OLD, NEW], checks: 3 });
    cluster.waitFor(
      () => attempts.every(({ state }) => state === 'ok'),
      20 * SECOND_US,
      'all writes',
    );
    cluster.pass(3 * SECOND_US);
    cluster.commit();
    cluster.converge();
    expect(cluster.hashes().size).toBe(1);
    // Another leader has nothing to propose.
    cluster.crash(cluster.leader());
    cluster.commit(cluster.leader());
    expect(adoptions(cluster).builds).toEqual([OLD, NEW]);
    const { build, members } = statusOf(cluster, cluster.leader());
    expect(build).toEqual({ own: NEW, adopted: NEW, outdated: false });
    expect(members.map((member) => member.build).toSorted()).toEqual([NEW, NEW, null]);
  });

  test('is not for a node that comes back with the old one, leading or not, until it is reloaded', () => {
    const cluster = grown();
    for (const server of cluster.servers) reload(cluster, server, NEW);
    waitAdopted(cluster, NEW);
    const late = cluster.leader();
    const others = cluster.servers.filter((server) => server !== late);
    reload(cluster, late, OLD);
    cluster.waitFor(() => statusOf(cluster, late).build.outdated, 20 * SECOND_US, 'it to stop');
    // It alone has what the leader committed last: it has to lead, and hands over.
    const former = cluster.leader(others);
    const behind = others.filter((server) => server !== former);
    cluster.isolate(...behind);
    cluster.commit(former);
    cluster.crash(former);
    cluster.heal();
    cluster.waitFor(() => isLeading(cluster, late), 30 * SECOND_US, 'it to lead');
    cluster.waitFor(
      () => behind.some((server) => isLeading(cluster, server)),
      20 * SECOND_US,
      'it to hand over',
    );
    cluster.restart(former);
    const stoodAt = cluster.on(late).machine.appliedIndex;
    for (const server of others) cluster.commit(server);
    cluster.pass(5 * SECOND_US);

    const { build, quarantined, stalledAt, lastIndex } = statusOf(cluster, late);
    expect(build).toEqual({ own: OLD, adopted: NEW, outdated: true });
    expect([quarantined, stalledAt]).toEqual([false, null]);
    expect(cluster.on(late).machine.appliedIndex).toBe(stoodAt);
    expect(lastIndex).toBe(statusOf(cluster, cluster.leader()).lastIndex);
    expect(late.database.counters.restored).toBe(0);
    const refused: string[] = [];
    cluster.on(late).loop.post('client', () => {
      const { node: lateNode } = cluster.on(late);
      lateNode.readIndex('weak', 1_000, (outcome) => {
        if (outcome.type === 'failed') refused.push(outcome.failure.code);
      });
      lateNode.execute(new Uint8Array(0), 1_000, (outcome) => {
        if (outcome.type === 'failed') refused.push(outcome.failure.message);
      });
    });
    cluster.pass(SECOND_US);
    expect(refused).toEqual(['Stale', expect.stringContaining('reload it')]);

    reload(cluster, late, NEW);
    cluster.converge();
    cluster.commit(late);
    cluster.converge();
    expect(cluster.hashes().size).toBe(1);
    expect(adoptions(cluster).builds).toEqual([OLD, NEW]);
  });

  test('meets a node that was away, and is told of it by the log', () => {
    const cluster = grown();
    const [away] = cluster.followers();
    if (away === undefined) throw new Error('no follower');
    for (const server of cluster.servers) if (server !== away) reload(cluster, server, NEW);
    cluster.converge();
    // It says that it has the new build, and goes before it has applied the adoption.
    reload(cluster, away, NEW);
    cluster.waitFor(() => adoptions(cluster).builds.length === 2, 20 * SECOND_US, 'the adoption');
    reload(cluster, away, OLD);
    cluster.waitFor(() => statusOf(cluster, away).build.outdated, 20 * SECOND_US, 'it to stop');
    cluster.commit(cluster.leader());
    reload(cluster, away, NEW);
    cluster.converge();
    expect(cluster.hashes().size).toBe(1);
  });

  test('that was taken back everywhere is left by another adoption', () => {
    const cluster = grown();
    for (const server of cluster.servers) reload(cluster, server, NEW);
    waitAdopted(cluster, NEW);
    cluster.commit();
    for (const server of cluster.servers) reload(cluster, server, OLD);
    waitAdopted(cluster, OLD);
    cluster.commit();
    cluster.converge();
    expect(adoptions(cluster).builds).toEqual([OLD, NEW, OLD]);
    expect(cluster.servers.map((server) => statusOf(cluster, server).build.outdated)).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('that computes otherwise is found out at once, and the minority is replaced', () => {
    const cluster = grown();
    const [victim] = cluster.followers();
    if (victim === undefined) throw new Error('no follower');
    cluster.commit();
    cluster.converge();
    cluster.on(victim).machine.deviate(0, 1);
    const agreedBefore = victim.database.counters.quarantines;
    for (const server of cluster.servers) reload(cluster, server, NEW);
    cluster.waitFor(
      () => victim.database.counters.quarantines > agreedBefore,
      10 * SECOND_US,
      'the quarantine',
    );
    cluster.waitFor(() => victim.database.counters.restored > 0, 20 * SECOND_US, 'the snapshot');
    waitAdopted(cluster, NEW);
    cluster.converge();
    expect(cluster.hashes().size).toBe(1);
  });
});
