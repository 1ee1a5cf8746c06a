/**
 * One run of one seed, from an empty world to a verdict: the cluster is founded and grows, things go
 * wrong for a while as clients work, then everything heals, and the cluster has to converge, to serve
 * fresh writes and reads on every server, and to show every acknowledged write exactly once.
 */

import { whatIsUnbounded } from './checkers/bounded-log.ts';
import {
  checkContents,
  checkEqual,
  strandedServers,
  whatIsMissing,
} from './checkers/convergence.ts';
import { checkHistory } from './checkers/history-check.ts';
import { Violation } from './checkers/violation.ts';
import type { DiskCounters } from './disk.ts';
import type { FaultKind } from './fault-plan.ts';
import { Deployments } from './deployments.ts';
import { Faults } from './faults.ts';
import type { HistoryCounters } from './history.ts';
import type { NetworkCounters } from './network.ts';
import { MODEL_DATABASES } from './model-database.ts';
import { Random } from './random.ts';
import { drawScenario, NO_WISHES, type Scenario, type ScenarioWishes } from './scenario.ts';
import { pass, play, until, type Script } from './script.ts';
import type { Databases } from './simulated-database.ts';
import { describeViolation, World } from './world.ts';

const SECOND_US = 1_000_000;
/** How long an undisturbed cluster may take to grow. */
const GROWTH_LIMIT_US = 30 * SECOND_US;
/** How long a healed cluster may take to converge: requests time out meanwhile. */
const CONVERGENCE_LIMIT_US = 60 * SECOND_US;
/** How long fresh writes and reads may take on a converged cluster: they must not fail. */
const FRESH_LIMIT_US = 10 * SECOND_US;

/** What a run did, so that a batch can tell that it has tested anything. */
export interface Exercise extends NetworkCounters, HistoryCounters, DiskCounters {
  elections: number;
  crashes: number;
  storageStops: number;
  /** Machines lost with all that they stored. */
  destroyed: number;
  committedEntries: number;
  configurations: number;
  /** Copies of requests in the log that had no effect, since another copy had. */
  idleCommands: number;
  evictedSessions: number;
  stateChecks: number;
  /** New builds of the state machine, and how often the cluster came to one. */
  deployments: number;
  adoptions: number;
  compactions: number;
  /** Snapshots received completely, and those of them that took a database's place. */
  stagedSnapshots: number;
  installs: number;
  removedByOperator: number;
  leftByThemselves: number;
  transfers: number;
  invitesOpened: number;
  invitesRevoked: number;
  /** Members that came by an invite, and former ones that came back. */
  invitedIn: number;
  cameBack: number;
  quarantines: number;
  events: number;
  simulatedMs: number;
  /** How often each kind of fault struck. */
  faults: Readonly<Record<FaultKind, number>>;
}

export interface RunReport {
  readonly seed: number;
  readonly traceHash: string;
  readonly exercise: Exercise;
  /** Null: everything held. */
  readonly failure: { readonly property: string; readonly evidence: string } | null;
}

/** `text` is given the lines of the full trace; null: they are not made. */
export function runSeed(
  seed: number,
  text: ((line: string) => void) | null,
  wishes: ScenarioWishes = NO_WISHES,
  databases: Databases = MODEL_DATABASES,
): RunReport {
  const run = new SeedRun(seed, text, wishes, databases);
  let failure: RunReport['failure'] = null;
  try {
    play(run.world, run.script());
  } catch (error) {
    failure = describeViolation(error);
  }
  const report = run.report(failure);
  databases.clear();
  return report;
}

/** A run to be played by whoever made it: its script throws what was violated. */
export class SeedRun {
  readonly world: World;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #faults: Faults;
  readonly #deployments: Deployments;

  constructor(
    seed: number,
    text: ((line: string) => void) | null,
    wishes: ScenarioWishes,
    databases: Databases,
  ) {
    this.#seed = seed;
    this.#scenario = drawScenario(Random.fromSeed(seed).stream('scenario'), wishes);
    const { maxSessions, faults } = this.#scenario;
    const limits = databases.sized(this.#scenario.limits);
    this.world = new World({ seed, text, limits, maxSessions, databases });
    this.#faults = new Faults(this.world, faults, this.world.random.stream('faults'));
    this.#deployments = new Deployments(this.world, this.world.random.stream('deployments'));
  }

  script(): Script {
    return live(this.world, this.#scenario, this.#faults, this.#deployments);
  }

  report(failure: RunReport['failure']): RunReport {
    const exercise = exerciseOf(this.world, this.#faults, this.#deployments);
    return { seed: this.#seed, traceHash: this.world.trace.hash, exercise, failure };
  }
}

function* live(world: World, scenario: Scenario, faults: Faults, deployments: Deployments): Script {
  const { faults: plan, workload } = scenario;
  phase(world, 'grow');
  world.addCluster(scenario.servers);
  if (scenario.growsUndisturbed) yield* grow(world, scenario);
  phase(world, 'faults');
  world.network.conditions = scenario.weather;
  faults.begin();
  deployments.begin();
  const untilUs = world.queue.nowUs + scenario.faultsLastUs;
  while (world.queue.nowUs < untilUs) {
    for (const { running } of world.running) running.client.work(workload);
    yield* pass(world, Math.min(SECOND_US / 5, untilUs - world.queue.nowUs));
  }
  phase(world, 'heal');
  faults.heal();
  deployments.heal();
  for (const { running } of world.running) running.client.rest();
  yield* converge(world, faults, deployments);
  phase(world, 'fresh');
  yield* workAfresh(world, plan.keys);
  yield* converge(world, faults, deployments);
  checkEqual(world);
  checkContents(world, plan.keys);
  yield* settle(world);
  checkHistory(world.history);
}

function phase(world: World, name: string): void {
  world.trace.record(world.queue.nowUs, 'phase', -1, [name.length], () => name);
}

function* grow(world: World, scenario: Scenario): Script {
  const grown = yield* until(
    world,
    () => {
      const configuration = world.leader()?.running?.node.raft.configuration;
      return configuration?.voters.length === scenario.voters && whatIsMissing(world) === null;
    },
    GROWTH_LIMIT_US,
  );
  if (grown) return;
  throw new Violation('convergence', '6', `no ${scenario.voters} voters after growing`);
}

function* converge(world: World, faults: Faults, deployments: Deployments): Script {
  const missing = (): string | null => whatIsMissing(world) ?? deployments.missing;
  const converged = yield* until(
    world,
    () => {
      // A write that was on its way when the disk healed may still fail and stop its server.
      faults.restartAll();
      for (const server of strandedServers(world)) world.destroy(server);
      // Nor may a server that was asked to leave do so while fresh requests are made through it.
      return !faults.areLossesHeld && missing() === null;
    },
    CONVERGENCE_LIMIT_US,
  );
  if (converged) return;
  const lack = missing() ?? 'nothing';
  throw new Violation('convergence', '5.4.3, liveness', `a healed cluster lacks: ${lack}`);
}

/** Logs are compacted in the background. */
function* settle(world: World): Script {
  if (yield* until(world, () => whatIsUnbounded(world) === null, FRESH_LIMIT_US)) return;
  const evidence = whatIsUnbounded(world) ?? 'nothing';
  throw new Violation('bounded log', '7', evidence);
}

/** A write and a linearizable read through every server. */
function* workAfresh(world: World, keys: number): Script {
  let missing = 0;
  let failed = 0;
  const done = (ok: boolean): void => {
    missing -= 1;
    if (!ok) failed += 1;
  };
  for (const { server, running } of world.running) {
    missing += 2;
    running.loop.post('client', () => {
      running.client.write({ type: 'append', key: 0 }, null, done);
      running.client.read('linearizable', server.number % keys, null, done);
    });
  }
  const answered = yield* until(world, () => missing === 0, FRESH_LIMIT_US);
  if (answered && failed === 0) return;
  const evidence = `${missing} fresh requests unanswered, ${failed} failed`;
  throw new Violation('convergence', '8, liveness', evidence);
}

function exerciseOf(world: World, faults: Faults, deployments: Deployments): Exercise {
  const { servers } = world;
  const disks = servers.map((server) => server.disk.counters);
  const databases = servers.map((server) => server.database.counters);
  const { compactions, installs } = world.check.snapshots;
  return {
    ...world.network.counters,
    ...world.history.counters,
    elections: world.check.elections,
    crashes: world.crashes,
    storageStops: world.storageStops,
    destroyed: servers.filter((server) => server.destroyed).length,
    committedEntries: world.check.committedIndex,
    ...world.check.counters,
    compactions,
    installs,
    removedByOperator: faults.administered.remove,
    leftByThemselves: faults.administered.leave,
    transfers: faults.administered.transfer,
    invitesOpened: faults.administered.invite,
    invitesRevoked: faults.administered['revoke-invite'],
    ...world.check.entitlement.counters,
    stagedSnapshots: sum(databases, ({ staged }) => staged),
    quarantines: sum(databases, ({ quarantines }) => quarantines),
    wholeRecords: sum(disks, (counters) => counters.wholeRecords),
    tornRecords: sum(disks, (counters) => counters.tornRecords),
    recordsInOneCopy: sum(disks, (counters) => counters.recordsInOneCopy),
    copiesMended: sum(disks, (counters) => counters.copiesMended),
    events: world.trace.events,
    deployments: deployments.count,
    simulatedMs: Math.floor(world.queue.nowUs / 1_000),
    faults: faults.counts,
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
