/** What was done to a node on purpose, seen by how it differs from a moment before. Pure. */

import type { Inspection } from '../../node/inspection.ts';
import type { StopReason } from './stop-reason.ts';

export type Fault =
  | { readonly type: 'isolate'; readonly on: boolean }
  | { readonly type: 'cut-link'; readonly pair: readonly [string, string]; readonly on: boolean }
  | { readonly type: 'delay'; readonly delayMs: number }
  | { readonly type: 'stop'; readonly reason: StopReason };

export function faultsBetween(before: Inspection, now: Inspection): Fault[] {
  const faults: Fault[] = [];
  if (before.isolated !== now.isolated) faults.push({ type: 'isolate', on: now.isolated });
  if (before.delayMs !== now.delayMs) faults.push({ type: 'delay', delayMs: now.delayMs });
  for (const peer of new Set([...before.cutLinks, ...now.cutLinks])) {
    const on = now.cutLinks.includes(peer);
    if (on !== before.cutLinks.includes(peer)) {
      faults.push({ type: 'cut-link', pair: pairOf(now.nodeId, peer), on });
    }
  }
  return faults;
}

/** The same from both ends. */
export function pairOf(one: string, other: string): readonly [string, string] {
  return one < other ? [one, other] : [other, one];
}

/** Equal for what is told together. */
export function subjectOfFault(fault: Fault, teller: string): string {
  switch (fault.type) {
    case 'isolate':
      return `isolate ${teller} ${fault.on}`;
    case 'cut-link':
      return `cut ${fault.pair.join(' ')} ${fault.on}`;
    case 'delay':
      return `delay ${fault.delayMs}`;
    case 'stop':
      return `stop ${teller} ${fault.reason}`;
  }
}
