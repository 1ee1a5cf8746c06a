/**
 * From records back to the log: the hard state is that of the last record that has one; a record's
 * entries replace everything from the first one's index on; a whole record replaces all. Pure.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { Entry, HardState, Snapshot, Term } from '../raft/types.ts';
import type { Frame } from './frame.ts';
import { decodeRecord, isGenesis } from './record-codec.ts';
import { StorageError } from './storage-error.ts';

const INITIAL_HARD_STATE: HardState = { term: 0 as Term, votedFor: null };

/** `chain` begins with a head. Throws `StorageError` 'Corrupt'. */
export function replayRecords(chain: readonly Frame[]): LoadedLog {
  let hardState = INITIAL_HARD_STATE;
  let snapshot: Snapshot | null = null;
  let entries: Entry[] = [];
  for (const frame of chain) {
    if (isGenesis(frame)) continue;
    const record = decodeRecord(frame);
    hardState = record.hardState ?? hardState;
    if (record.snapshot !== null) {
      snapshot = record.snapshot;
      entries = [];
    }
    const base: number = snapshot?.index ?? 0;
    const first = record.entries[0];
    if (first === undefined) continue;
    if (first.index <= base || first.index > base + entries.length + 1) throw gap(frame, first);
    entries.length = first.index - base - 1;
    for (const entry of record.entries) {
      if (entry.index !== base + entries.length + 1) throw gap(frame, entry);
      entries.push(entry);
    }
  }
  return { hardState, snapshot, entries };
}

function gap(frame: Frame, entry: Entry): StorageError {
  return new StorageError(
    'Corrupt',
    `Record ${frame.sequence} of the log holds entry ${entry.index}, which does not follow.`,
  );
}
