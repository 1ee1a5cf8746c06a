/**
 * What is compared with what, and what is aimed at: ratios of medians of one run, and bounds on figures
 * themselves. A figure that a run does not have is left out of it.
 */

import {
  boundsOf,
  ratiosOf,
  type Bound,
  type Comparison,
  type Figure,
  type Report,
  type Target,
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

function compared(figure: string, subject: string, baseline: string, target?: Target): Comparison {
  return { figure, subject, baseline: { figure, subject: baseline }, target: target ?? null };
}

const COMMIT: readonly Comparison[] = [
  compared('commit', LEADER, FLOOR, { atMost: 1.5 }),
  compared('commit', LEADER, RAW_DEFAULT, { atMost: 1 }),
  compared('commit', LEADER, RAW_WAL_FULL),
  compared('commit', LEADER, ONE_TAB),
  compared('commit', LEADER, ETCD),
  compared('commit', FOLLOWER, LEADER, { atMost: 1.4 }),
];

const CONCURRENT: readonly Comparison[] = CLIENTS.flatMap((clients) => {
  const figure = `concurrent-${clients}`;
  const isJudged = clients === 64;
  return [
    compared(figure, LEADER, ETCD, isJudged ? { atLeast: 3 } : undefined),
    compared(figure, LEADER, RAW_DEFAULT, isJudged ? { atLeast: 10 } : undefined),
  ];
});

const FILES: readonly Comparison[] = WORKLOADS.flatMap((name) =>
  PATHS.map((path) => {
    const isJudged = name === 'write-only' && path === 'pipelined';
    const target = isJudged ? { atLeast: 0.5 } : undefined;
    return compared(`${name}-${path}`, LEADER, RAW_WAL_OFF, target);
  }),
);

/** `none` at one client against SQLite alone; `linearizable` at many against `none` there. */
const READS: readonly Comparison[] = [
  compared('reads-1', readSubject('none'), RAW_WAL_FULL, { atLeast: 0.8 }),
  compared('reads-64', readSubject('none'), RAW_WAL_FULL, { atLeast: 0.8 }),
  compared('reads-64', readSubject('linearizable'), RAW_WAL_FULL, { atLeast: 0.5 }),
  compared('reads-64', readSubject('linearizable'), readSubject('none')),
];

const COMPARISONS: readonly Comparison[] = [
  ...COMMIT,
  ...CONCURRENT,
  compared('batches', LEADER, RAW_DEFAULT),
  ...FILES,
  ...READS,
  compared('snapshot-join', NEWCOMER, RAW_CHANNEL, { atLeast: 0.4 }),
  {
    figure: 'endurance-heap',
    subject: LAST_QUARTER,
    baseline: { figure: 'endurance-heap', subject: FIRST_QUARTER },
    target: { atMost: 1.1 },
  },
  {
    figure: 'endurance-storage',
    subject: LAST_QUARTER,
    baseline: { figure: 'endurance-storage', subject: FIRST_QUARTER },
    target: { atMost: 1.1 },
  },
];

const BOUNDS: readonly Bound[] = [
  { figure: 'failover-closed', subject: FOLLOWER, of: 'median', atMost: 250 },
  { figure: 'failover-closed', subject: FOLLOWER, of: 'worst', atMost: 1_000 },
  { figure: 'failover-crashed', subject: FOLLOWER, of: 'worst', atMost: 2_000 },
  { figure: 'first-load', subject: FIRST_LOAD, of: 'median', atMost: 200_000 },
  { figure: 'snapshot-join-commit', subject: FOLLOWER, of: 'worst', atMost: 50 },
  { figure: 'snapshot-join-elections', subject: NEWCOMER, of: 'worst', atMost: 0 },
  { figure: 'cold-start', subject: ONE_TAB, of: 'median', atMost: 1_000 },
];

export function readSubject(level: (typeof READ_LEVELS)[number]): string {
  return `cluster, ${level}`;
}

/** Ratios and bounds of whatever figures there are. */
export function judge(figures: readonly Figure[], notes: readonly string[]): Report {
  return {
    figures,
    ratios: ratiosOf(figures, COMPARISONS),
    bounds: boundsOf(figures, BOUNDS),
    notes,
  };
}

/** What runs in the page, by names that stay. */
export const MEASUREMENT_NAMES: readonly string[] = [
  'commit',
  ...CLIENTS.map((clients) => `concurrent-${clients}`),
  'batches',
  ...READ_CLIENTS.map((clients) => `reads-${clients}`),
  ...WORKLOADS.flatMap((name) => PATHS.map((path) => `${name}-${path}`)),
];

/** What only a command can measure, which opens tabs and ends them. */
export const COMMAND_NAMES: readonly string[] = [
  'voters-1',
  'voters-3',
  'voters-5',
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
