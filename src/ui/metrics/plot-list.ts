/** What is plotted: every plot with its unit, its series, and how values and times are told. Pure. */

import { colourOfTerm } from '../raft/drawn.ts';
import { formatBytes, formatCount, shortId } from '../wording.ts';
import { LAG_PREFIX } from './sampler.ts';

export interface SeriesInfo {
  readonly key: string;
  readonly label: string;
  /** A token's name. */
  readonly colour: string;
}

export interface PlotInfo {
  readonly id: string;
  readonly title: string;
  /** As it is shown, and as an export names it. */
  readonly unit: string;
  readonly series: readonly SeriesInfo[];
  readonly format: (value: number) => string;
  /** 'logarithmic' for what differs by orders of magnitude. */
  readonly scale: 'linear' | 'logarithmic';
  /** Why there may be nothing. */
  readonly note: string;
}

export const PLOTS: readonly PlotInfo[] = [
  {
    id: 'commits',
    title: 'Commits',
    unit: 'entries/s',
    series: [{ key: 'commits', label: 'committed', colour: '--accent' }],
    format: formatRate,
    scale: 'linear',
    note: 'Entries of the log that this node learned to be committed, whoever wrote them.',
  },
  {
    id: 'latency',
    title: 'Commit latency',
    unit: 'ms',
    series: [
      { key: 'commit:p50', label: 'leader, median', colour: '--accent' },
      { key: 'commit:p99', label: 'leader, p99', colour: '--candidate' },
      { key: 'own:p50', label: 'this tab’s writes, median', colour: '--follower' },
      { key: 'own:p99', label: 'this tab’s writes, p99', colour: '--learner' },
    ],
    format: formatMs,
    scale: 'linear',
    note: 'The leader’s, from its log to a majority, is known where this tab leads; a write’s is from call to answer.',
  },
  {
    id: 'lag',
    title: 'Replication lag',
    unit: 'entries',
    series: [],
    format: formatWhole,
    scale: 'linear',
    note: 'How many entries each member’s disk lacks of the log. Only a leader knows.',
  },
  {
    id: 'queues',
    title: 'Queues',
    unit: 'waiting',
    series: [
      { key: 'queue:pendingWrites', label: 'writes of this tab', colour: '--accent' },
      { key: 'queue:pendingReads', label: 'reads of this tab', colour: '--follower' },
      { key: 'queue:uncommitted', label: 'not committed', colour: '--candidate' },
      { key: 'queue:unapplied', label: 'not applied', colour: '--learner' },
      { key: 'queue:unsent', label: 'messages not sent', colour: '--message-other' },
    ],
    format: formatWhole,
    scale: 'linear',
    note: 'The deepest of each second, at this node.',
  },
  {
    id: 'messages',
    title: 'Messages',
    unit: 'messages/s',
    series: [
      { key: 'messages:append', label: 'AppendEntries', colour: '--message-append' },
      { key: 'messages:heartbeat', label: 'heartbeats', colour: '--follower' },
      { key: 'messages:answer', label: 'answers', colour: '--term-5' },
      { key: 'messages:vote', label: 'votes', colour: '--message-vote' },
      { key: 'messages:snapshot', label: 'snapshots', colour: '--message-snapshot' },
      { key: 'messages:other', label: 'others', colour: '--message-other' },
    ],
    format: formatRate,
    scale: 'linear',
    note: 'What this node sends and receives, together.',
  },
  {
    id: 'traffic',
    title: 'Traffic',
    unit: 'bytes/s',
    series: [
      { key: 'traffic:in', label: 'received', colour: '--follower' },
      { key: 'traffic:out', label: 'sent', colour: '--accent' },
    ],
    format: formatWholeBytes,
    scale: 'linear',
    note: 'Over the links of this node, snapshots included.',
  },
  {
    id: 'storage',
    title: 'Storage',
    unit: 'bytes',
    series: [
      { key: 'bytes:log', label: 'log, each of its two copies', colour: '--accent' },
      { key: 'bytes:database', label: 'database file', colour: '--follower' },
      { key: 'bytes:site', label: 'this site, all its nodes', colour: '--learner' },
    ],
    format: formatWholeBytes,
    scale: 'logarithmic',
    note: 'The log shrinks when it is compacted, the database file by VACUUM.',
  },
];

/** A plot's series as far as they are known: members come and go. */
export function seriesOf(plot: PlotInfo, keys: readonly string[]): readonly SeriesInfo[] {
  if (plot.id !== 'lag') return plot.series;
  return keys
    .filter((key) => key.startsWith(LAG_PREFIX))
    .map((key, at) => ({
      key,
      label: shortId(key.slice(LAG_PREFIX.length)),
      colour: colourOfTerm(at + 1),
    }));
}

function formatRate(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : formatWhole(value);
}

function formatWhole(value: number): string {
  return formatCount(Math.round(value));
}

function formatMs(value: number): string {
  return value < 10 ? value.toFixed(1) : formatWhole(value);
}

function formatWholeBytes(value: number): string {
  return formatBytes(Math.round(value));
}

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

export function timeOfDay(atMs: number): string {
  return clock.format(atMs);
}
