/**
 * A run of the bank: a cluster grows, things go wrong as tellers work, then everything heals, all of
 * them are answered, and what they saw must fit into one order.
 */

import { Faults } from '../faults.ts';
import { whatIsMissing } from '../checkers/convergence.ts';
import { Violation } from '../checkers/violation.ts';
import { Random } from '../random.ts';
import { drawScenario } from '../scenario.ts';
import { World } from '../world.ts';
import { Bank, openAccounts } from './bank.ts';
import type { SqlDatabases } from './sql-databases.ts';

const SECOND_US = 1_000_000;
const SERVERS = 3;
const GROWTH_LIMIT_US = 60 * SECOND_US;
/** Requests time out meanwhile. */
const REST_LIMIT_US = 60 * SECOND_US;
/** Faults go on for no longer: transactions take much longer to run than a model's writes. */
const FAULTS_MAX_US = 8 * SECOND_US;
/** Between two tellers that begin. */
const PAUSE_US = 80_000;

export interface BankReport {
  readonly seed: number;
  readonly transfers: number;
  readonly reads: number;
  /** Transfers of which nobody was told whether they took effect. */
  readonly unknown: number;
  readonly conflicts: number;
  readonly failed: number;
  readonly crashes: number;
  readonly elections: number;
}

/** Throws `Violation`, and what else goes wrong. */
export function runBank(seed: number, databases: SqlDatabases): BankReport {
  const wishes = { servers: SERVERS, clients: null };
  const scenario = drawScenario(Random.fromSeed(seed).stream('scenario'), wishes);
  const limits = databases.sized(scenario.limits);
  const { maxSessions } = scenario;
  const world = new World({ seed, text: null, limits, maxSessions, databases });
  const faults = new Faults(world, scenario.faults, world.random.stream('faults'));
  const bank = new Bank(world, world.random.stream('bank'));
  try {
    world.addCluster(SERVERS);
    wait(world, GROWTH_LIMIT_US, () => whatIsMissing(world));
    open(world);
    world.network.conditions = scenario.weather;
    faults.begin();
    const untilUs = world.queue.nowUs + Math.min(scenario.faultsLastUs, FAULTS_MAX_US);
    const draws = world.random.stream('tellers');
    while (world.queue.nowUs < untilUs) {
      const { running } = world;
      if (running.length > 0) bank.act(draws.pick(running).running);
      world.runFor(PAUSE_US);
    }
    faults.heal();
    wait(
      world,
      REST_LIMIT_US,
      () => whatIsMissing(world),
      () => faults.restartAll(),
    );
    // The last word on what was not answered.
    for (const { running } of world.running) bank.act(running);
    world.runFor(10 * SECOND_US);
    bank.check();
  } finally {
    databases.clear();
  }
  const { crashes } = world;
  return { seed, ...bank.known, ...bank.counters, crashes, elections: world.check.elections };
}

function open(world: World): void {
  let isOpen = false;
  const { node, loop } = world.leader()?.running ?? world.server(0).running ?? nobody();
  loop.post('client', () => {
    node.execute(openAccounts(), null, (outcome) => {
      isOpen = outcome.type === 'executed';
    });
  });
  wait(world, REST_LIMIT_US, () => (isOpen ? null : 'accounts'));
}

function wait(
  world: World,
  limitUs: number,
  missing: () => string | null,
  act: () => void = () => undefined,
): void {
  const isDone = world.runUntil(() => {
    act();
    return missing() === null;
  }, limitUs);
  if (isDone) return;
  throw new Violation('convergence', '5.4.3, liveness', `a bank lacks: ${missing()}`);
}

function nobody(): never {
  throw new Error('nobody runs');
}
