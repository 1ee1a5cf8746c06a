/**
 * From records back to the log: the hard state is that of the last record that has one; a record's
 * entries replace everything from the first one's index on. Pure.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { Entry, HardState, Term } from '../raft/types.ts';
import type { Frame } from './frame.ts';
import { decodeRecord } from './record-codec.ts';
import { StorageError } from './storage-error.ts';

const INITIAL_HARD_STATE: HardState = { term: 0 as Term, votedFor: null };

/** `chain` begins with the genesis. Throws `StorageError` 'Corrupt'. */
export function replayRecords(chain: readonly Frame[]): LoadedLog {
  let hardState = INITIAL_HARD_STATE;
  const entries: Entry[] = [];
  for (const frame of chain.slice(1)) {
    const record = decodeRecord(frame);
    hardState = record.hardState ?? hardState;
    const first = record.entries[0];
    if (first === undefined) continue;
    if (first.index < 1 || first.index > entries.length + 1) throw gap(frame, first);
    entries.length = first.index - 1;
    for (const entry of record.entries) {
      if (entry.index !== entries.length + 1) throw gap(frame, entry);
      entries.push(entry);
    }
  }
  return { hardState, entries };
}

function gap(frame: Frame, entry: Entry): StorageError {
  return new StorageError(
    'Corrupt',
    `Record ${frame.sequence} of the log holds entry ${entry.index}, which does not follow.`,
  );
}
