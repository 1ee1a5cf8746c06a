/**
 * Whether this tab works on jobs, and for how long it lets a function that somebody typed in run: that is
 * for whoever sits in front of it to say, and not for the job. The first is this tab's alone, the second
 * counts in all tabs of this browser.
 */

import { signal } from '@preact/signals';
import { keep, kept } from '../../browser-memory.ts';

const WORKS_KEY = 'resqlite:mapreduce-works';
const LIMIT_KEY = 'resqlite:mapreduce-time-limit';

/** For one task of functions that were typed in. */
export const TIME_LIMITS_MS = [1_000, 10_000, 60_000] as const;
type TimeLimit = (typeof TIME_LIMITS_MS)[number];
const DEFAULT_LIMIT_MS = 10_000;

export const isTakingPart = signal(kept(WORKS_KEY, 'sessionStorage') !== false);
export const timeLimitMs = signal<TimeLimit>(keptLimit());

export function takePart(isOn: boolean): void {
  isTakingPart.value = isOn;
  keep(WORKS_KEY, isOn, 'sessionStorage');
}

/** Another number than those offered is none of them. */
export function chooseTimeLimit(limitMs: number): void {
  const limit = TIME_LIMITS_MS.find((known) => known === limitMs);
  if (limit === undefined) return;
  timeLimitMs.value = limit;
  keep(LIMIT_KEY, limit);
}

export function followTimeLimit(): void {
  addEventListener('storage', ({ key }) => {
    if (key === LIMIT_KEY || key === null) timeLimitMs.value = keptLimit();
  });
}

function keptLimit(): TimeLimit {
  const stored = kept(LIMIT_KEY);
  return TIME_LIMITS_MS.find((known) => known === stored) ?? DEFAULT_LIMIT_MS;
}
