/**
 * The benchmark that this page runs, if it does, and what the last one came to: it goes on, and stays,
 * when the dialog is closed. The benchmark's own code comes by `globalThis.benchmark` alone.
 */

import { signal } from '@preact/signals';
import type { Progress } from '../../bench/measurement.ts';
import type { Suite } from '../../bench/offer.ts';
import type { Figure, Report } from '../../bench/report.ts';
import type { Outline } from '../../bench/suite.ts';
import type { Database } from '../../client/database.ts';
import { downloadFile } from '../download.ts';
import { describeProgress, shareDone, type Amount } from './benchmark-plan.ts';

export interface BenchmarkRun {
  readonly doing: string;
  /** From 0 to 1. */
  readonly share: number;
}

/** What was measured, all of it or as far as it has come. */
export interface Outcome {
  readonly report: Report;
  readonly outline: Outline;
  readonly plan: BenchmarkPlan;
  readonly date: Date;
}

export interface BenchmarkPlan {
  /** Beginnings of names of measurements; at least one. */
  readonly only: readonly string[];
  readonly amount: Amount;
}

/** Null: none runs. */
export const benchmarkRun = signal<BenchmarkRun | null>(null);
export const outcome = signal<Outcome | null>(null);
export const benchmarkProblem = signal<string | null>(null);
let abort: AbortController | null = null;

const INCOMPLETE = 'not all that was asked for has been measured';

/** Every outcome ends up in the signals. */
export async function startBenchmark(database: Database, plan: BenchmarkPlan): Promise<void> {
  if (benchmarkRun.value !== null) return;
  const controller = new AbortController();
  abort = controller;
  benchmarkProblem.value = null;
  outcome.value = null;
  benchmarkRun.value = { doing: 'getting ready', share: 0 };
  try {
    await runSuite(database, plan, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted)
      benchmarkProblem.value = error instanceof Error ? error.message : String(error);
  } finally {
    benchmarkRun.value = null;
  }
}

/** What is under way is ended first, and is no figure. */
export function stopBenchmark(): void {
  abort?.abort();
  const { value: run } = benchmarkRun;
  if (run !== null) benchmarkRun.value = { ...run, doing: 'stopping' };
}

async function runSuite(
  database: Database,
  plan: BenchmarkPlan,
  signal: AbortSignal,
): Promise<void> {
  const suite = await loadSuite();
  const { only, amount } = plan;
  const measurements = suite.measurementsOf(only);
  const date = new Date();
  const tell = (report: Report): void => {
    outcome.value = { report, outline: suite.outlineOf(report), plan, date };
  };
  const figures: Figure[] = [];
  const report = await suite.run(database, {
    only,
    rounds: amount.rounds,
    scale: amount.scale,
    signal,
    onProgress: (progress: Progress) => {
      benchmarkRun.value = {
        doing: describeProgress(progress),
        share: shareDone(progress, measurements),
      };
    },
    onFigures: (measured) => {
      figures.push(...measured);
      tell(suite.reportOf(figures, [INCOMPLETE]));
    },
  });
  tell(report);
}

/** Rejects where the page's server is away: the baselines are fetched from it, and kept by nobody. */
async function loadSuite(): Promise<Suite> {
  const { benchmark } = globalThis;
  if (benchmark === undefined) throw new Error('this page offers no benchmark');
  try {
    await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
  } catch (error) {
    throw new Error(
      'The page’s server cannot be reached, and what is compared with is fetched from it.',
      { cause: error },
    );
  }
  return benchmark();
}

/** The report as the command writes it, with what is known here of the machine. */
export function downloadReport({ report, plan, date }: Outcome): void {
  const { only, amount } = plan;
  const told = {
    ...report,
    machine: {
      cores: navigator.hardwareConcurrency,
      browser: navigator.userAgent,
      date: date.toISOString(),
    },
    options: { only, rounds: amount.rounds, scale: amount.scale },
  };
  const json = `${JSON.stringify(told, null, 2)}\n`;
  downloadFile('benchmark.json', new Blob([json], { type: 'application/json' }));
}
