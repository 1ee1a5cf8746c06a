/** What tests of the checkers are written with: entries, and a server's log as it is looked at. */

import { LogMirror } from '../../../src/simulation/checkers/log-mirror.ts';
import type { Entry, LogIndex, Term } from '../../../src/raft/types.ts';

export const at = (index: number) => index as LogIndex;
export const of = (term: number) => term as Term;

export function entry(index: number, term: number, byte = 0): Entry {
  const data = new Uint8Array([byte]);
  return { type: 'command', index: at(index), term: of(term), data };
}

export function mirrorOf(...entries: readonly Entry[]): LogMirror {
  const mirror = new LogMirror(() => null);
  mirror.sync(logOf(entries));
  return mirror;
}

export function logOf(entries: readonly Entry[]) {
  const entryAt = (index: LogIndex) => entries[index - 1] ?? null;
  return { firstIndex: at(1), lastIndex: at(entries.length), entryAt };
}
