/**
 * Many runs together: what they exercised in total, and whether that was enough. A batch whose faults
 * never struck, or whose clients never got an answer, has shown nothing and fails.
 */

import { FAULT_KINDS } from './fault-plan.ts';
import type { RunReport } from './run.ts';

/** What an average run has to have done; far below what it does, far above nothing. */
const MINIMUMS_PER_RUN: Readonly<Record<string, number>> = {
  elections: 2,
  crashes: 2,
  storageStops: 0.2,
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
  configurations: 2,
  compactions: 10,
  installs: 0.5,
  stateChecks: 2,
  deployments: 0.1,
  adoptions: 0.2,
  quarantines: 0.05,
  removedByOperator: 0.01,
  leftByThemselves: 0.01,
  transfers: 0.05,
  linksRefused: 0.2,
  invitesOpened: 0.05,
  invitesRevoked: 0.01,
  invitedIn: 0.02,
  /** About one in ten runs: among a hundred there is one. */
  tornRecords: 0.005,
  recordsInOneCopy: 0.2,
  copiesMended: 0.1,
};
/** What comes about once in some 35 runs: of a hundred one in twenty has none. */
const RARE_MINIMUMS_PER_RUN: Readonly<Record<string, number>> = {
  cameBack: 0.005,
};
/** Of every kind of fault. */
const FAULT_MINIMUM_PER_RUN = 0.02;

/** Below this many runs the averages say nothing. */
const RUNS_FOR_MINIMUMS = 50;
/** Of so many one in more than a thousand falls short of a rare minimum. */
const RUNS_FOR_RARE_MINIMUMS = 500;

export class Batch {
  readonly failures: RunReport[] = [];
  readonly #totals = new Map<string, number>();
  #runs = 0;

  get runs(): number {
    return this.#runs;
  }

  add(report: RunReport): void {
    this.#runs += 1;
    if (report.failure !== null) this.failures.push(report);
    const { faults, ...counters } = report.exercise;
    for (const [name, count] of Object.entries(counters)) this.#count(name, count);
    for (const [kind, count] of Object.entries(faults)) this.#count(faultName(kind), count);
  }

  /** Of a field of `Exercise`, or of a kind of fault by `faultName`. */
  total(name: string): number {
    return this.#totals.get(name) ?? 0;
  }

  /** What was exercised, one item a line. */
  summary(): string[] {
    return [...this.#totals].map(([name, total]) => {
      const average = (total / Math.max(this.#runs, 1)).toFixed(1);
      return `  ${name.padEnd(28)} ${String(total).padStart(12)}   ${average} a run`;
    });
  }

  /** What was exercised too little, in words; empty: enough. */
  shortfalls(): string[] {
    if (this.#runs < RUNS_FOR_MINIMUMS) return [];
    const faults = FAULT_KINDS.map((kind) => [faultName(kind), FAULT_MINIMUM_PER_RUN] as const);
    const isLarge = this.#runs >= RUNS_FOR_RARE_MINIMUMS;
    const rare = isLarge ? Object.entries(RARE_MINIMUMS_PER_RUN) : [];
    return [...Object.entries(MINIMUMS_PER_RUN), ...rare, ...faults].flatMap(([name, minimum]) => {
      const average = this.total(name) / this.#runs;
      return average < minimum ? [`${name}: ${average.toFixed(2)} a run, at least ${minimum}`] : [];
    });
  }

  #count(name: string, count: number): void {
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + count);
  }
}

function faultName(kind: string): string {
  return `fault ${kind}`;
}
