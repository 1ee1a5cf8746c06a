/**
 * The benchmark's face, for the page and for the command that drives tabs: runs what was asked for by
 * name in the tabs there are, and tells of it as plain data. What ends tabs or starts them is not here,
 * since no page can.
 */

import type { Database } from '../client/database.ts';
import type { Context, Scale } from './context.ts';
import { alone } from './leftovers.ts';
import { measure, type Progress } from './measurement.ts';
import { MEASUREMENTS } from './measurements.ts';
import { figureRows, type FigureRow } from './figure-rows.ts';
import { latencyCurves, throughputCurves, type Curve } from './curves.ts';
import { colourOf } from './palette.ts';
import type { Figure, Report } from './report.ts';
import type { CallTab } from './tab-api.ts';
import { callByName } from './tab-calls.ts';
import { findTabs, serveTab, type Tabs } from './tabs.ts';
import { isAskedFor, judge, MEASUREMENT_NAMES } from './targets.ts';

declare global {
  interface Window {
    /** This page's database, from when it is open. */
    db?: Database;
  }
}

export interface SuiteOptions {
  /** Beginnings of the names of measurements; all of them where there is none. */
  readonly only?: readonly string[];
  readonly rounds?: number;
  readonly scale?: Scale;
  readonly oneTab?: CallTab | null;
  readonly onProgress?: (progress: Progress) => void;
  /** Called when a measurement is done. */
  readonly onFigures?: (figures: readonly Figure[]) => void;
  readonly signal?: AbortSignal | null;
}

const DEFAULT_ROUNDS = 5;

/**
 * Rejects with what went wrong first; what was measured before has been told to `onFigures`. Rejects, too,
 * where another tab runs a benchmark.
 */
export function run(db: Database, options: SuiteOptions = {}): Promise<Report> {
  return alone(() => runMeasurements(db, options));
}

async function runMeasurements(db: Database, options: SuiteOptions): Promise<Report> {
  const { voters, term } = await db.status();
  const tabs = await findTabs(db, voters.length);
  try {
    const figures = await figuresOf(tabs, options);
    const after = await db.status();
    const notes = after.term === term ? [] : [`terms went from ${term} to ${after.term} meanwhile`];
    return judge(figures, notes);
  } finally {
    tabs.close();
  }
}

async function figuresOf(tabs: Tabs, options: SuiteOptions): Promise<readonly Figure[]> {
  const { only = [], rounds = DEFAULT_ROUNDS, scale = 'full', oneTab = null } = options;
  const { onProgress = () => undefined, onFigures = () => undefined, signal = null } = options;
  const context: Context = { tabs, oneTab, scale };
  const figures: Figure[] = [];
  for (const { name, maxRounds, subjects } of MEASUREMENTS) {
    if (!isAskedFor(name, only)) continue;
    const measured = await measure(await subjects(context), {
      measurement: name,
      rounds: Math.min(rounds, maxRounds),
      onProgress,
      signal,
    });
    figures.push(...measured);
    onFigures(measured);
  }
  return figures;
}

/** What `only` asks for, in the order in which it is measured. */
export function measurementsOf(only: readonly string[]): readonly string[] {
  return MEASUREMENT_NAMES.filter((name) => isAskedFor(name, only));
}

/** Of what there is so far. */
export function reportOf(figures: readonly Figure[], notes: readonly string[]): Report {
  return judge(figures, notes);
}

/** What a view shows of a report. */
export interface Outline {
  readonly rows: readonly FigureRow[];
  /** Calls a second, and milliseconds. */
  readonly throughput: readonly Curve[];
  readonly latency: readonly Curve[];
  readonly colourOf: (subject: string) => string;
}

export function outlineOf(report: Report): Outline {
  const { figures } = report;
  return {
    rows: figureRows(report),
    throughput: throughputCurves(figures),
    latency: latencyCurves(figures),
    colourOf,
  };
}

/** This tab answers whoever conducts a benchmark. Does nothing where its database is not open yet. */
export function takePart(): void {
  if (window.db !== undefined) serveTab(window.db);
}

/** One call of `TabApi` on this tab, for whoever drives it from outside. */
export async function call(method: string, args: unknown[]): Promise<unknown> {
  if (window.db === undefined) throw new Error('the database is not open');
  return callByName(serveTab(window.db).api, method, args);
}
