/**
 * Writes for a while through one tab, one after another, and watches whether leader and term stay as
 * they are. Where they change though the leader was heard all the time, that is a defect. Where a busy
 * machine did not run some thread in time, an election is what is to happen: such changes are counted
 * apart, and the chosen tab is made the leader again. A member tells of its own thread (`pauses`). Of
 * those of the browser, which carry its messages, nobody tells; but where threads wait for processors
 * nearly all the time, they do, too.
 */

import type { Database } from '../../src/client/database.ts';
import { lead, pausesIn } from './harness.ts';
import { ProcessorWait } from './processor-wait.ts';
import type { AnyTab } from './tab.ts';

/** How often it is looked whether the leader is the same. */
const CHUNK_MS = 5_000;

export interface SteadyFigures {
  readonly writes: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** Changes of leader or term without a cause. */
  readonly elections: number;
  /** Those of a machine that was too busy. */
  readonly excused: number;
  /** How often a thread of a member came late. */
  readonly pauses: number;
}

export interface SteadyRun {
  /** Who leads, and is to go on. */
  readonly leader: AnyTab;
  readonly writer: AnyTab;
  readonly lengthMs: number;
  /** Between two writes; 0: the next one begins at once. */
  readonly paceMs: number;
  /** What is done over and over while the writes go on. */
  readonly meanwhile?: () => Promise<void>;
}

export async function writeSteadily(
  tabs: readonly AnyTab[],
  { leader, writer, lengthMs, paceMs, meanwhile }: SteadyRun,
): Promise<SteadyFigures> {
  const latenciesMs: number[] = [];
  const firstPauses = await pausesOf(tabs);
  let seenPauses = firstPauses;
  let before = await leadershipBy(writer);
  let [elections, excused] = [0, 0];
  const endMs = performance.now() + lengthMs;
  const disturbed = meanwhile === undefined ? null : repeatUntil(endMs, meanwhile);
  while (performance.now() < endMs) {
    const wait = new ProcessorWait();
    latenciesMs.push(...(await writer.db(writeFor, [CHUNK_MS, paceMs] as const)));
    const after = await leadershipBy(writer);
    if (after === before) continue;
    console.log(`another leader or term: ${before}, then ${after}`);
    const isTooBusy = wait.isTooLong();
    const pauses = await pausesOf(tabs);
    if (pauses > seenPauses || isTooBusy) excused += 1;
    else elections += 1;
    seenPauses = pauses;
    await lead(leader, tabs);
    before = await leadershipBy(writer);
  }
  await disturbed;
  latenciesMs.sort((a, b) => a - b);
  const at = (ratio: number): number => latenciesMs[Math.floor(latenciesMs.length * ratio)] ?? 0;
  const figures = {
    writes: latenciesMs.length,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    slowestMs: latenciesMs.at(-1) ?? 0,
    elections,
    excused,
    pauses: (await pausesOf(tabs)) - firstPauses,
  };
  console.log(
    `${figures.writes} writes: p50 ${figures.medianMs.toFixed(1)} ms, ` +
      `p99 ${figures.p99Ms.toFixed(1)} ms, slowest ${figures.slowestMs.toFixed(0)} ms; ` +
      `elections: ${elections}, and ${excused} where threads did not run in time ` +
      `(${figures.pauses} pauses)`,
  );
  return figures;
}

async function repeatUntil(endMs: number, action: () => Promise<void>): Promise<void> {
  while (performance.now() < endMs) await action();
}

/** The writer's word: a busy leader need not be asked, it would answer late. */
async function leadershipBy(writer: AnyTab): Promise<string> {
  const { leaderId, term } = await writer.status();
  return `${leaderId} in term ${term}`;
}

async function pausesOf(tabs: readonly AnyTab[]): Promise<number> {
  return pausesIn(await Promise.all(tabs.map((tab) => tab.status())));
}

/** Runs in the page: what every write took, in milliseconds. */
async function writeFor(
  db: Database,
  [lengthMs, paceMs]: readonly [number, number],
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + lengthMs;
  while (performance.now() < endMs) {
    const beganMs = performance.now();
    await db.execute({ sql: 'insert into steady values (?)', params: [beganMs] });
    latenciesMs.push(performance.now() - beganMs);
    if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
  }
  return latenciesMs;
}
