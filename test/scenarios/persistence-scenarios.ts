/**
 * The tests of part 2C of MIT 6.824 (persistence, and networks that lose and delay), step by step
 * and with all their bounds.
 */

import { MILLION } from '../../src/simulation/random.ts';
import type { Thread } from './cluster.ts';
import type { Facts, Scenario } from './facts.ts';
import { MILLISECOND_US, SECOND_US } from './labrpc.ts';
import { ELECTION_TIMEOUT_US, RaftHarness } from './raft-harness.ts';

const FIGURE_8_ROUNDS = 1_000;

export const PERSISTENCE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  TestPersist12C(_facts, seed) {
    const cluster = new RaftHarness(3, seed);
    const base = cluster.lastIndex();
    cluster.agree(3, 11);
    for (let i = 0; i < 3; i += 1) cluster.restart(i);
    for (let i = 0; i < 3; i += 1) reconnect(cluster, i);
    cluster.agree(3, 12);

    const first = cluster.checkOneLeader();
    cluster.disconnect(first);
    cluster.restart(first);
    cluster.connect(first);
    cluster.agree(3, 13);

    const second = cluster.checkOneLeader();
    cluster.disconnect(second);
    const fourth = cluster.agree(2, 14);
    cluster.restart(second);
    cluster.connect(second);
    // The course's index 4: the fourth command, and the no-ops of the leaders in between.
    if (fourth < base + 4) throw new Error(`the fourth command at ${fourth - base}`);
    cluster.run(cluster.wait(fourth, 3, null));

    const third = (cluster.checkOneLeader() + 1) % 3;
    cluster.disconnect(third);
    cluster.agree(2, 15);
    cluster.restart(third);
    cluster.connect(third);
    cluster.agree(3, 16);
    cluster.converge();
  },

  TestPersist22C(_facts, seed) {
    const cluster = new RaftHarness(5, seed);
    let command = 10;
    const next = (): number => {
      command += 1;
      return command;
    };
    for (let round = 0; round < 5; round += 1) {
      cluster.agree(5, next());
      const leader = cluster.checkOneLeader();
      cluster.disconnect(leader + 1);
      cluster.disconnect(leader + 2);
      cluster.agree(3, next());
      for (const i of [0, 3, 4]) cluster.disconnect(leader + i);
      for (const i of [1, 2]) cluster.restart(leader + i);
      for (const i of [1, 2]) cluster.connect(leader + i);
      cluster.sleep(ELECTION_TIMEOUT_US);
      cluster.restart(leader + 3);
      cluster.connect(leader + 3);
      cluster.agree(3, next());
      cluster.connect(leader + 4);
      cluster.connect(leader);
    }
    cluster.agree(5, 1000);
    cluster.converge();
  },

  TestPersist32C(_facts, seed) {
    const cluster = new RaftHarness(3, seed);
    cluster.agree(3, 101);
    const leader = cluster.checkOneLeader();
    cluster.disconnect(leader + 2);
    cluster.agree(2, 102);
    cluster.crash(leader);
    cluster.crash(leader + 1);
    cluster.connect(leader + 2);
    cluster.restart(leader);
    cluster.connect(leader);
    cluster.agree(2, 103);
    cluster.restart(leader + 1);
    cluster.connect(leader + 1);
    cluster.agree(3, 104);
    cluster.converge();
  },

  TestFigure82C(facts, seed) {
    const cluster = new RaftHarness(5, seed);
    const { random } = cluster;
    cluster.agree(1);
    for (let round = 0; round < FIGURE_8_ROUNDS; round += 1) {
      const leader = startEverywhere(cluster, () => true);
      cluster.sleep(figure8PauseUs(cluster));
      if (leader !== null) cluster.crash(leader);
      if (cluster.world.running.length >= 3) continue;
      const number = random.below(5);
      if (cluster.server(number).running === null) {
        cluster.restart(number);
        cluster.connect(number);
      }
    }
    cluster.startAllDown();
    cluster.agree(5);
    facts.note(`${cluster.world.crashes} leaders crashed`);
    if (cluster.world.crashes < 5) throw new Error('no leader ever crashed');
    cluster.converge();
  },

  TestUnreliableAgree2C(_facts, seed) {
    const cluster = new RaftHarness(5, seed);
    cluster.labrpc.unreliable = true;
    const threads = [];
    for (let i = 1; i < 50; i += 1) {
      for (let j = 0; j < 4; j += 1) threads.push(cluster.spawn(cluster.one(100 * i + j, 1)));
      cluster.agree(1, i);
    }
    cluster.labrpc.unreliable = false;
    cluster.join(threads, 10 * SECOND_US);
    cluster.agree(5, 100);
    cluster.converge();
  },

  TestFigure8Unreliable2C(facts, seed) {
    const cluster = new RaftHarness(5, seed);
    const { random, connected } = cluster;
    cluster.labrpc.unreliable = true;
    cluster.agree(1);
    let cuts = 0;
    for (let round = 0; round < FIGURE_8_ROUNDS; round += 1) {
      if (round === 200) cluster.labrpc.longReordering = true;
      const leader = startEverywhere(cluster, (number) => connected[number] === true);
      cluster.sleep(figure8PauseUs(cluster));
      if (leader !== null && random.chance(MILLION / 2)) {
        cluster.disconnect(leader);
        cuts += 1;
      }
      if (connected.filter((isUp) => isUp).length >= 3) continue;
      const number = random.below(5);
      if (connected[number] !== true) cluster.connect(number);
    }
    cluster.connectAll();
    const fromUs = cluster.world.queue.nowUs;
    cluster.agree(5);
    const tookMs = Math.round((cluster.world.queue.nowUs - fromUs) / MILLISECOND_US);
    facts.note(`${cuts} leaders cut off`);
    facts.atMost('ms until all five agree', tookMs, 10_000);
    if (cuts === 0) throw new Error('no leader was ever cut off');
    cluster.labrpc.unreliable = false;
    cluster.labrpc.longReordering = false;
    cluster.converge();
  },

  TestReliableChurn2C(facts, seed) {
    churn(facts, new RaftHarness(5, seed));
  },

  TestUnreliableChurn2C(facts, seed) {
    const cluster = new RaftHarness(5, seed);
    cluster.labrpc.unreliable = true;
    churn(facts, cluster);
  },
};

function reconnect(cluster: RaftHarness, number: number): void {
  cluster.disconnect(number);
  cluster.connect(number);
}

/** A new command to all that run; the last that took it and `counts` is returned. */
function startEverywhere(cluster: RaftHarness, counts: (number: number) => boolean): number | null {
  let leader: number | null = null;
  for (const { number } of cluster.servers) {
    const started = cluster.start(number, cluster.newCommand());
    if (started !== null && counts(number)) leader = number;
  }
  return leader;
}

/** Mostly too short for anything to be committed. */
function figure8PauseUs({ random }: RaftHarness): number {
  const isLong = random.chance(MILLION / 10);
  return random.below(isLong ? 500 : 13) * MILLISECOND_US;
}

/** What the three clients of the churn tests share. */
interface Churn {
  isOver: boolean;
  /** Commands that a client saw committed. */
  readonly seen: number[];
}

function churn(facts: Facts, cluster: RaftHarness): void {
  const { random } = cluster;
  const state: Churn = { isOver: false, seen: [] };
  const clients = [0, 1, 2].map((me) => cluster.spawn(churnClient(cluster, me, state)));
  for (let round = 0; round < 20; round += 1) {
    if (random.chance(MILLION / 5)) cluster.disconnect(random.below(5));
    if (random.chance(MILLION / 2)) {
      const number = random.below(5);
      if (cluster.server(number).running === null) cluster.restart(number);
      cluster.connect(number);
    }
    if (random.chance(MILLION / 5)) cluster.crash(random.below(5));
    cluster.sleep((ELECTION_TIMEOUT_US * 7) / 10);
  }
  cluster.sleep(ELECTION_TIMEOUT_US);
  cluster.labrpc.unreliable = false;
  cluster.startAllDown();
  state.isOver = true;
  cluster.join(clients, 10 * SECOND_US);
  cluster.sleep(ELECTION_TIMEOUT_US);

  const lastIndex = cluster.agree(5);
  const log = new Set<number | null>();
  for (let index = 1; index <= lastIndex; index += 1) {
    log.add(cluster.run(cluster.wait(index, 5, null)));
  }
  const lost = state.seen.filter((command) => !log.has(command));
  if (lost.length > 0) throw new Error(`${lost.length} committed commands are lost`);
  if (state.seen.length === 0) throw new Error('no command was ever seen committed');
  facts.note(`${state.seen.length} commands seen committed, all in the log of ${lastIndex}`);
  cluster.converge();
}

/** Starts commands on everybody, and remembers those it saw committed. */
function* churnClient(cluster: RaftHarness, me: number, state: Churn): Thread<void> {
  while (!state.isOver) {
    const command = cluster.newCommand();
    let index: number | null = null;
    for (const { number } of cluster.servers) {
      index = cluster.start(number, command)?.index ?? index;
    }
    if (index === null) {
      yield (79 + me * 17) * MILLISECOND_US;
      continue;
    }
    for (const pauseMs of [10, 20, 50, 100, 200]) {
      const committed = cluster.nCommitted(index);
      if (committed.count > 0) {
        if (committed.command === command) state.seen.push(command);
        break;
      }
      yield pauseMs * MILLISECOND_US;
    }
  }
}
