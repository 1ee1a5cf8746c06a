/**
 * What is compared with what, and what is bounded: ratios of medians of one run, and figures themselves.
 * What is aimed at is in the budget. A figure that a run does not have is left out of it.
 */

import { boundKey, boundOf, BYTES, ratioKey, RATIOS } from './budget.ts';
import {
  boundsOf,
  ratiosOf,
  type Bound,
  type Comparison,
  type Figure,
  type Report,
} from './report.ts';

export const LEADER = 'cluster, leader';
export const FOLLOWER = 'cluster, follower';
export const ONE_TAB = 'one tab';
export const FLOOR = 'floor';
export const RAW_DEFAULT = 'raw SQLite, default';
export const RAW_WAL_FULL = 'raw SQLite, WAL full';
export const RAW_WAL_OFF = 'raw SQLite, WAL off';
export const RAW_MEMORY = 'SQLite in memory';
export const ETCD = 'etcd';
export const FIRST_LOAD = 'all but wasm';
export const FIRST_LOAD_WASM = 'wasm';
export const FIRST_QUARTER = 'first quarter';
export const LAST_QUARTER = 'last quarter';
export const NEWCOMER = 'fourth tab';
export const RAW_CHANNEL = 'raw data channel';

export const CLIENTS = [1, 16, 64, 256] as const;
export const READ_CLIENTS = [1, 64] as const;
export const READ_LEVELS = ['none', 'weak', 'linearizable'] as const;
export const WORKLOADS = ['write-only', 'read-only', 'write-heavy', 'read-heavy'] as const;
export const PATHS = ['statements', 'pipelined'] as const;

/** What the simulator runs. */
export const SIMULATED_CLUSTERS: readonly SimulatedCluster[] = [
  { voters: 1, learners: 0 },
  { voters: 3, learners: 0 },
  { voters: 5, learners: 0 },
  { voters: 7, learners: 0 },
  { voters: 3, learners: 10 },
  { voters: 7, learners: 10 },
];
/** What the others are compared with. */
const SIMULATED_BASELINE: SimulatedCluster = { voters: 3, learners: 0 };
/** That write at once, besides one alone. */
export const SIMULATED_CLIENTS = 64;

export interface SimulatedCluster {
  readonly voters: number;
  readonly learners: number;
}

function compared(
  figure: string,
  subject: string,
  baselineSubject: string,
  baselineFigure = figure,
): Comparison {
  const baseline = { figure: baselineFigure, subject: baselineSubject };
  return {
    figure,
    subject,
    baseline,
    target: RATIOS.get(ratioKey({ figure, subject, baseline })) ?? null,
  };
}

function bounded(figure: string, subject: string, of: Bound['of']): Bound {
  return { figure, subject, of, atMost: boundOf(boundKey({ figure, subject, of })) };
}

const COMMIT: readonly Comparison[] = [
  compared('commit', LEADER, FLOOR),
  compared('commit', LEADER, RAW_DEFAULT),
  compared('commit', LEADER, RAW_WAL_FULL),
  compared('commit', LEADER, ONE_TAB),
  compared('commit', LEADER, ETCD),
  compared('commit', FOLLOWER, LEADER),
];

const CONCURRENT: readonly Comparison[] = CLIENTS.flatMap((clients) =>
  [ETCD, RAW_DEFAULT].map((baseline) => compared(concurrentName(clients), LEADER, baseline)),
);

const FILES: readonly Comparison[] = WORKLOADS.flatMap((name) =>
  PATHS.map((path) => compared(`${name}-${path}`, LEADER, RAW_WAL_OFF)),
);

/** `none` at one client against SQLite alone; `linearizable` at many against `none` there. */
const READS: readonly Comparison[] = [
  compared('reads-1', readSubject('none'), RAW_WAL_FULL),
  compared('reads-64', readSubject('none'), RAW_WAL_FULL),
  compared('reads-64', readSubject('linearizable'), RAW_WAL_FULL),
  compared('reads-64', readSubject('linearizable'), readSubject('none')),
];

/** What more voters, or learners, add to what three voters take. */
const SIMULATED: readonly Comparison[] = SIMULATED_CLUSTERS.filter(
  (cluster) => simulatedName(cluster) !== simulatedName(SIMULATED_BASELINE),
).flatMap((cluster) =>
  [simulatedName, simulatedConcurrentName].map((nameOf) =>
    compared(
      nameOf(cluster),
      simulatedSubject(cluster),
      simulatedSubject(SIMULATED_BASELINE),
      nameOf(SIMULATED_BASELINE),
    ),
  ),
);

/** Those that the budget has no target for are told of without one. */
export const COMPARISONS: readonly Comparison[] = [
  ...COMMIT,
  ...CONCURRENT,
  compared('batches', LEADER, RAW_DEFAULT),
  ...FILES,
  ...READS,
  ...SIMULATED,
  compared('snapshot-join', NEWCOMER, RAW_CHANNEL),
  compared('endurance-heap', LAST_QUARTER, FIRST_QUARTER),
  compared('endurance-storage', LAST_QUARTER, FIRST_QUARTER),
];

export const BOUNDED: readonly Bound[] = [
  bounded('failover-closed', FOLLOWER, 'median'),
  bounded('failover-closed', FOLLOWER, 'worst'),
  bounded('failover-crashed', FOLLOWER, 'worst'),
  { figure: 'first-load', subject: FIRST_LOAD, of: 'median', atMost: BYTES.firstLoad },
  bounded('snapshot-join-commit', FOLLOWER, 'worst'),
  bounded('snapshot-join-elections', NEWCOMER, 'worst'),
  bounded('cold-start', ONE_TAB, 'median'),
];

/** What so many clients at a time are measured as. */
export function concurrentName(clients: number): string {
  return `concurrent-${clients}`;
}

export function readSubject(level: (typeof READ_LEVELS)[number]): string {
  return `cluster, ${level}`;
}

export function votersText(voters: number): string {
  return voters === 1 ? '1 voter' : `${voters} voters`;
}

/** What a simulated cluster is measured as. */
export function simulatedName({ voters, learners }: SimulatedCluster): string {
  return `simulated-voters-${voters}${learners === 0 ? '' : `-learners-${learners}`}`;
}

export function simulatedConcurrentName(cluster: SimulatedCluster): string {
  return `${simulatedName(cluster)}-${concurrentName(SIMULATED_CLIENTS)}`;
}

export function simulatedSubject({ voters, learners }: SimulatedCluster): string {
  return `${votersText(voters)}${learners === 0 ? '' : `, ${learners} learners`}, simulated`;
}

/** Ratios and bounds of whatever figures there are. */
export function judge(figures: readonly Figure[], notes: readonly string[]): Report {
  return {
    figures,
    ratios: ratiosOf(figures, COMPARISONS),
    bounds: boundsOf(figures, BOUNDED),
    notes,
  };
}

/** What runs in the page, by names that stay. */
export const MEASUREMENT_NAMES: readonly string[] = [
  'commit',
  ...CLIENTS.map(concurrentName),
  'batches',
  ...READ_CLIENTS.map((clients) => `reads-${clients}`),
  ...WORKLOADS.flatMap((name) => PATHS.map((path) => `${name}-${path}`)),
];

/** What only a command can measure, which opens tabs and ends them, and has the simulator. */
export const COMMAND_NAMES: readonly string[] = [
  'voters-1',
  'voters-3',
  'voters-5',
  ...SIMULATED_CLUSTERS.map(simulatedName),
  'snapshot-join',
  'cold-start',
  'first-load',
  'failover-closed',
  'failover-crashed',
  'endurance',
];

/** `only`: beginnings of names; everything is asked for where there are none. */
export function isAskedFor(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((prefix) => name.startsWith(prefix));
}
