/**
 * Many runs together: what they exercised in total, and whether that was enough. A batch whose faults
 * never struck, or whose clients never got an answer, has shown nothing and fails.
 */

import type { Exercise, RunReport } from './run.ts';

/** What an average run has to have done; far below what it does, far above nothing. */
const MINIMUMS_PER_RUN: Readonly<Partial<Record<keyof Exercise, number>>> = {
  elections: 2,
  crashes: 2,
  partitions: 1,
  pauses: 0.5,
  storageStops: 0.2,
  joins: 0.2,
  destroyed: 0.02,
  lost: 50,
  duplicated: 20,
  delayed: 20,
  linksBroken: 2,
  acknowledgedWrites: 40,
  unknownWrites: 2,
  linearizableReads: 20,
  otherReads: 10,
  committedEntries: 50,
};

/** Below this many runs the averages say nothing. */
const RUNS_FOR_MINIMUMS = 50;

export class Batch {
  readonly failures: RunReport[] = [];
  readonly #totals = new Map<keyof Exercise, number>();
  #runs = 0;

  get runs(): number {
    return this.#runs;
  }

  add(report: RunReport): void {
    this.#runs += 1;
    if (report.failure !== null) this.failures.push(report);
    for (const [name, count] of Object.entries(report.exercise)) {
      const key = name as keyof Exercise;
      this.#totals.set(key, (this.#totals.get(key) ?? 0) + count);
    }
  }

  total(name: keyof Exercise): number {
    return this.#totals.get(name) ?? 0;
  }

  /** What was exercised, one item a line. */
  summary(): string[] {
    return [...this.#totals].map(([name, total]) => {
      const average = (total / Math.max(this.#runs, 1)).toFixed(1);
      return `  ${name.padEnd(20)} ${String(total).padStart(12)}   ${average} a run`;
    });
  }

  /** What was exercised too little, in words; empty: enough. */
  shortfalls(): string[] {
    if (this.#runs < RUNS_FOR_MINIMUMS) return [];
    return Object.entries(MINIMUMS_PER_RUN).flatMap(([name, minimum]) => {
      const average = this.total(name as keyof Exercise) / this.#runs;
      return average < minimum ? [`${name}: ${average.toFixed(2)} a run, at least ${minimum}`] : [];
    });
  }
}
