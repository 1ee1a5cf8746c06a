/**
 * How anything is measured: its subjects take turns, round by round, so that whatever else the machine
 * does meets all of them alike. Each is warmed up before the first round, and shows at the end that what
 * it was to do has been done.
 */

import { unlessAborted } from '../client/abort.ts';
import { Gathering } from './gathering.ts';
import type { Figure, Reading } from './report.ts';

export interface Subject {
  readonly name: string;
  /** See `Figure.settings`. */
  readonly settings: string;
  warmUp(): Promise<unknown>;
  round(): Promise<readonly Reading[]>;
  /** Rejects where less, or more, was done than was measured. */
  verify(): Promise<void>;
  /** Takes away what it made; also where something has failed. */
  close(): Promise<void>;
}

export interface Progress {
  readonly measurement: string;
  readonly subject: string;
  /** From 1; 0 while it is warmed up. */
  readonly round: number;
  readonly rounds: number;
}

interface Rounds {
  readonly measurement: string;
  readonly rounds: number;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal | null;
}

interface Collected {
  readonly subject: Subject;
  readonly gathered: Gathering;
}

/**
 * All figures of all subjects. Rejects with the first error, or when it is aborted; every subject is
 * closed by then, also where closing another one failed.
 */
export async function measure(subjects: readonly Subject[], options: Rounds): Promise<Figure[]> {
  const collected = subjects.map((subject) => ({ subject, gathered: new Gathering() }));
  const outcomes = await Promise.allSettled([inTurns(collected, options)]);
  for (const subject of subjects) outcomes.push(...(await Promise.allSettled([subject.close()])));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return collected.flatMap(({ subject, gathered }) =>
    gathered.figures(subject.name, subject.settings),
  );
}

async function inTurns(
  collected: readonly Collected[],
  { measurement, rounds, onProgress, signal }: Rounds,
): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    for (const { subject, gathered } of collected) {
      signal?.throwIfAborted();
      onProgress({ measurement, subject: subject.name, round, rounds });
      // What is under way at an abort ends by itself, and is no figure.
      if (round === 0) await unlessAborted(subject.warmUp(), signal);
      else gathered.add(await unlessAborted(subject.round(), signal));
    }
  }
  for (const { subject } of collected) await subject.verify();
}
