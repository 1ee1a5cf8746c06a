/**
 * How large the cluster grows and how long it waits for a voter, as the person has set it: as it stands
 * in the form, and as it is kept in this browser for this origin. Pure but for reading what is kept,
 * which is not trusted.
 */

import { AUTOPILOT_BOUNDS, AUTOPILOT_DEFAULTS, checkAutopilot } from '../../client/arguments.ts';
import type { AutopilotOptions } from '../../client/protocol.ts';
import { keep, kept } from '../browser-memory.ts';

export const AUTOPILOT_KEY = 'resqlite:autopilot';

/** The numbers of voters there may be. */
export const VOTER_CHOICES: readonly number[] = Array.from(
  { length: (AUTOPILOT_BOUNDS.maxVoters + 1) / 2 },
  (_, at) => 2 * at + 1,
);
export const LEAST_TIMEOUT_S = AUTOPILOT_BOUNDS.voterTimeoutMs / 1_000;
/** A day: who waits longer keeps a place for nobody. */
export const MOST_TIMEOUT_S = 86_400;

export interface AutopilotForm {
  readonly maxVoters: number;
  /** As typed. */
  readonly voterTimeoutS: string;
}

export function autopilotFormOf(options: AutopilotOptions): AutopilotForm {
  const { maxVoters, voterTimeoutMs } = { ...AUTOPILOT_DEFAULTS, ...options };
  return { maxVoters, voterTimeoutS: String(voterTimeoutMs / 1_000) };
}

/** What is as it would be anyhow is left out. Null: the time is none, or out of bounds. */
export function autopilotOf({ maxVoters, voterTimeoutS }: AutopilotForm): AutopilotOptions | null {
  const typed = voterTimeoutS.trim();
  const timeoutS = typed === '' ? Number.NaN : Number(typed);
  if (!(timeoutS >= LEAST_TIMEOUT_S && timeoutS <= MOST_TIMEOUT_S)) return null;
  const voterTimeoutMs = Math.round(timeoutS * 1_000);
  return {
    ...(maxVoters === AUTOPILOT_DEFAULTS.maxVoters ? {} : { maxVoters }),
    ...(voterTimeoutMs === AUTOPILOT_DEFAULTS.voterTimeoutMs ? {} : { voterTimeoutMs }),
  };
}

/** What the person has set; what is not valid counts as nothing. */
export function keptAutopilot(): AutopilotOptions {
  const { maxVoters, voterTimeoutMs } = asRecord(kept(AUTOPILOT_KEY));
  try {
    return checkAutopilot({
      ...(typeof maxVoters === 'number' ? { maxVoters } : {}),
      ...(typeof voterTimeoutMs === 'number' ? { voterTimeoutMs } : {}),
    });
  } catch {
    return {};
  }
}

export function keepAutopilot(options: AutopilotOptions): void {
  keep(AUTOPILOT_KEY, options);
}

export function isSameAutopilot(one: AutopilotOptions, other: AutopilotOptions): boolean {
  const [a, b] = [autopilotFormOf(one), autopilotFormOf(other)];
  return a.maxVoters === b.maxVoters && a.voterTimeoutS === b.voterTimeoutS;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
