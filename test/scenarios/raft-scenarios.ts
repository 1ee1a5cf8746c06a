/**
 * The tests of parts 2A and 2B of MIT 6.824 (elections, agreement), step by step and with all their
 * bounds.
 */

import type { Scenario } from './facts.ts';
import { MILLISECOND_US, SECOND_US } from './labrpc.ts';
import { ELECTION_TIMEOUT_US, RaftHarness } from './raft-harness.ts';

export const RAFT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  TestInitialElection2A(facts, seed) {
    const cluster = new RaftHarness(3, seed);
    cluster.checkOneLeader();
    const term = cluster.checkTerms();
    cluster.sleep(2 * ELECTION_TIMEOUT_US);
    // The course only warns; in a network without faults nothing changes a term here.
    facts.atMost('terms after 2 idle seconds', cluster.checkTerms() - term, 0);
    cluster.converge();
  },

  TestReElection2A(_facts, seed) {
    const cluster = new RaftHarness(3, seed);
    const first = cluster.checkOneLeader();
    cluster.disconnect(first);
    cluster.checkOneLeader();
    cluster.connect(first);
    const second = cluster.checkOneLeader();

    cluster.disconnect(second);
    cluster.disconnect(second + 1);
    cluster.sleep(2 * ELECTION_TIMEOUT_US);
    cluster.checkNoLeader();

    cluster.connect(second + 1);
    cluster.checkOneLeader();
    cluster.connect(second);
    cluster.checkOneLeader();
    cluster.converge();
  },

  TestBasicAgree2B(_facts, seed) {
    const cluster = new RaftHarness(5, seed);
    const base = cluster.lastIndex();
    for (let i = 1; i <= 3; i += 1) {
      if (cluster.nCommitted(base + i).count > 0) throw new Error('committed before Start');
      const index = cluster.agree(5, i * 100);
      if (index !== base + i) throw new Error(`got index ${index} but expected ${base + i}`);
    }
    cluster.converge();
  },

  TestFailAgree2B(_facts, seed) {
    const cluster = new RaftHarness(3, seed);
    cluster.agree(3, 101);
    const leader = cluster.checkOneLeader();
    cluster.disconnect(leader + 1);
    cluster.agree(2, 102);
    cluster.agree(2, 103);
    cluster.sleep(ELECTION_TIMEOUT_US);
    cluster.agree(2, 104);
    cluster.agree(2, 105);
    cluster.connect(leader + 1);
    cluster.agree(3, 106);
    cluster.sleep(ELECTION_TIMEOUT_US);
    cluster.agree(3, 107);
    cluster.converge();
  },

  TestFailNoAgree2B(facts, seed) {
    const cluster = new RaftHarness(5, seed);
    const base = cluster.agree(5, 10);
    const leader = cluster.checkOneLeader();
    for (let i = 1; i <= 3; i += 1) cluster.disconnect(leader + i);
    const lost = cluster.start(leader, 20);
    if (lost === null) throw new Error('leader rejected Start');
    if (lost.index !== base + 1) throw new Error(`expected ${base + 1}, got ${lost.index}`);
    cluster.sleep(2 * ELECTION_TIMEOUT_US);
    const { count } = cluster.nCommitted(lost.index);
    if (count > 0) throw new Error(`${count} committed but no majority`);

    for (let i = 1; i <= 3; i += 1) cluster.connect(leader + i);
    // The course expects index 2 or 3. Here the old leader has stepped down, unheard, and whoever
    // leads now began with a no-op: one more.
    const second = cluster.checkOneLeader();
    const next = cluster.start(second, 30);
    if (next === null) throw new Error('leader2 rejected Start');
    facts.between('index less the first', next.index - base, 2, 3);
    cluster.agree(5, 1000);
    cluster.converge();
  },

  TestConcurrentStarts2B(facts, seed) {
    const cluster = new RaftHarness(3, seed);
    const tries = tryInOneTerm(cluster, () => concurrentStarts(cluster));
    facts.atMost('tries', tries, 5);
    cluster.converge();
  },

  TestRejoin2B(_facts, seed) {
    const cluster = new RaftHarness(3, seed);
    cluster.agree(3, 101);
    const first = cluster.checkOneLeader();
    cluster.disconnect(first);
    for (const command of [102, 103, 104]) cluster.start(first, command);
    cluster.agree(2, 103);
    const second = cluster.checkOneLeader();
    cluster.disconnect(second);
    cluster.connect(first);
    cluster.agree(2, 104);
    cluster.connect(second);
    cluster.agree(3, 105);
    cluster.converge();
  },

  TestBackup2B(facts, seed) {
    const cluster = new RaftHarness(5, seed);
    const agreeFifty = (): void => {
      for (let i = 0; i < 50; i += 1) cluster.agree(3);
    };
    cluster.agree(5);
    const first = cluster.checkOneLeader();
    for (const i of [2, 3, 4]) cluster.disconnect(first + i);
    cluster.startFifty(first);
    cluster.sleep(ELECTION_TIMEOUT_US / 2);
    for (const i of [0, 1]) cluster.disconnect(first + i);
    for (const i of [2, 3, 4]) cluster.connect(first + i);
    agreeFifty();

    const second = cluster.checkOneLeader();
    let other = (first + 2) % 5;
    if (second === other) other = (second + 1) % 5;
    cluster.disconnect(other);
    cluster.startFifty(second);
    cluster.sleep(ELECTION_TIMEOUT_US / 2);
    for (let i = 0; i < 5; i += 1) cluster.disconnect(i);
    for (const number of [first, first + 1, other]) cluster.connect(number);
    const fromUs = cluster.world.queue.nowUs;
    agreeFifty();
    const tookMs = Math.round((cluster.world.queue.nowUs - fromUs) / MILLISECOND_US);
    facts.note(`50 commands behind 50 conflicting ones: ${tookMs} ms`);

    cluster.connectAll();
    cluster.agree(5);
    cluster.converge();
  },

  TestCount2B(facts, seed) {
    const cluster = new RaftHarness(3, seed);
    cluster.checkOneLeader();
    facts.between('RPCs to elect the first leader', cluster.labrpc.raftRequests, 1, 30);
    let rpcs = 0;
    const tries = tryInOneTerm(cluster, () => {
      const counted = countedAgreement(cluster);
      rpcs = counted ?? rpcs;
      return counted !== null;
    });
    facts.atMost('tries', tries, 5);
    facts.atMost('RPCs for 10 agreements', rpcs, (10 + 1 + 3) * 3);
    const before = cluster.labrpc.raftRequests;
    cluster.sleep(ELECTION_TIMEOUT_US);
    facts.atMost('RPCs of an idle second', cluster.labrpc.raftRequests - before, 3 * 20);
    cluster.converge();
  },
};

/** Up to 5 tries, 3 s apart, until `attempt` was not upset by a change of term. */
function tryInOneTerm(cluster: RaftHarness, attempt: () => boolean): number {
  for (let tries = 1; tries <= 5; tries += 1) {
    if (tries > 1) cluster.sleep(3 * SECOND_US);
    if (attempt()) return tries;
  }
  throw new Error('term changed too often');
}

function concurrentStarts(cluster: RaftHarness): boolean {
  const leader = cluster.checkOneLeader();
  const first = cluster.start(leader, 1);
  if (first === null) return false;
  const commands = [100, 101, 102, 103, 104];
  const indexes: number[] = [];
  const threads = commands.map((command) =>
    cluster.spawn(startThread(cluster, leader, command, first.term, indexes)),
  );
  cluster.join(threads, SECOND_US);
  if (cluster.servers.some(({ number }) => cluster.term(number) !== first.term)) return false;
  const found: number[] = [];
  for (const index of indexes) {
    const command = cluster.run(cluster.wait(index, 3, first.term));
    if (command === null) return false;
    found.push(command);
  }
  const missing = commands.filter((command) => !found.includes(command));
  if (missing.length > 0) throw new Error(`${missing} missing in ${found}`);
  return true;
}

function* startThread(
  cluster: RaftHarness,
  leader: number,
  command: number,
  term: number,
  indexes: number[],
): Generator<number, void, void> {
  yield 0;
  const started = cluster.start(leader, command);
  if (started?.term === term) indexes.push(started.index);
}

/**
 * 12 commands at once; the first ten of the eleven behind the first are waited for. Returns how many
 * RPCs that took; null where the term changed.
 */
function countedAgreement(cluster: RaftHarness): number | null {
  const leader = cluster.checkOneLeader();
  const before = cluster.labrpc.raftRequests;
  const first = cluster.start(leader, 1);
  if (first === null) return null;
  const commands: number[] = [];
  for (let i = 1; i <= 11; i += 1) {
    const command = cluster.newCommand();
    commands.push(command);
    const started = cluster.start(leader, command);
    if (started?.term !== first.term) return null;
    if (started.index !== first.index + i) throw new Error('Start(): indexes not consecutive');
  }
  for (let i = 1; i <= 10; i += 1) {
    const command = cluster.run(cluster.wait(first.index + i, 3, first.term));
    if (command === null) return null;
    if (command !== commands[i - 1]) throw new Error(`wrong value ${command} at ${i}`);
  }
  if (cluster.servers.some(({ number }) => cluster.term(number) !== first.term)) return null;
  return cluster.labrpc.raftRequests - before;
}
