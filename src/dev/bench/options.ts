/** What the benchmark's command understands. */

import {
  COMMAND_NAMES,
  concurrentName,
  CLIENTS,
  isAskedFor,
  MEASUREMENT_NAMES,
} from '../../bench/targets.ts';

export interface BenchOptions {
  /** Beginnings of names; everything where there are none. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly scale: 'full' | 'quick';
  /** Where the report goes besides. */
  readonly json: string | null;
  /** The report and its plot also go where the README has them from. */
  readonly record: boolean;
  /** Of each kind of failover. */
  readonly trials: number;
  /** Of the long run. */
  readonly writes: number;
}

const NAMES = [...MEASUREMENT_NAMES, ...COMMAND_NAMES];

export const USAGE = `usage: npm run bench -- [--only NAME]... [--rounds N] [--quick] [--trials N] [--writes N] [--json FILE] [--record]
  NAME is one of these, or how some of them begin: ${NAMES.join(', ')}.
  --record asks for one of concurrent- at least.`;

const DEFAULTS: BenchOptions = {
  only: [],
  rounds: 5,
  scale: 'full',
  json: null,
  record: false,
  trials: 50,
  writes: 1_000_000,
};
const QUICK: Partial<BenchOptions> = { rounds: 2, scale: 'quick', trials: 2, writes: 20_000 };
const NUMBER = /^[1-9]\d*$/;

/** Null where they are not understood. */
export function benchOptionsOf(args: readonly string[]): BenchOptions | null {
  const quick = args.includes('--quick') ? QUICK : {};
  let options: BenchOptions = { ...DEFAULTS, ...quick };
  for (let at = 0; at < args.length; at += 1) {
    const name = args[at] ?? '';
    if (name === '--quick') continue;
    if (name === '--record') {
      options = { ...options, record: true };
      continue;
    }
    at += 1;
    const value = args[at];
    if (value === undefined || value.startsWith('--')) return null;
    if (name === '--only' && NAMES.some((known) => known.startsWith(value)))
      options = { ...options, only: [...options.only, value] };
    else if (name === '--json') options = { ...options, json: value };
    else if (!NUMBER.test(value)) return null;
    else if (name === '--rounds') options = { ...options, rounds: Number(value) };
    else if (name === '--trials') options = { ...options, trials: Number(value) };
    else if (name === '--writes') options = { ...options, writes: Number(value) };
    else return null;
  }
  return options.record && !isDrawable(options) ? null : options;
}

/** Whether there is something to plot. */
function isDrawable({ only }: BenchOptions): boolean {
  return CLIENTS.some((clients) => isAskedFor(concurrentName(clients), only));
}
