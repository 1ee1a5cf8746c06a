/** Stamps grow over the whole log, whoever led, and whatever stands in for its beginning. */

import { expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import { decodeCommand, encodeCommand } from '../../src/node/command.ts';
import { Proposals } from '../../src/node/proposals.ts';
import type { Entry, LogIndex, Snapshot, Term } from '../../src/raft/types.ts';
import { drain, leader } from '../raft/fixtures.ts';

const CLOCK_MS = 1_000;

function stamped(stampMs: number): Entry {
  const data = encodeCommand({ type: 'check-state', stampMs });
  return { type: 'command', index: 1 as LogIndex, term: 1 as Term, data };
}

function snapshot(stampMs: number): Snapshot {
  return {
    index: 1 as LogIndex,
    term: 1 as Term,
    configuration: EMPTY_CONFIGURATION,
    state: { file: 0, hash: '', stampMs },
  };
}

/** The stamp of the next entry that a leader appends, when it has noted what `note` tells it. */
function nextStampMs(note: (proposals: Proposals) => void): number {
  const raft = leader();
  const proposals = new Proposals(
    raft,
    () => CLOCK_MS,
    () => 0,
  );
  note(proposals);
  expect(proposals.checkState(0)).toBe(true);
  const [record] = drain(raft).records;
  const entry = record?.entries.at(-1);
  if (entry?.type !== 'command') throw new Error('nothing was appended');
  const command = decodeCommand(entry.data);
  if (command.type !== 'check-state') throw new Error('another command was appended');
  return command.stampMs;
}

test('an entry is stamped with the time', () => {
  expect(nextStampMs(() => undefined)).toBe(CLOCK_MS);
});

test('but not before an entry that is stored here', () => {
  expect(
    nextStampMs((proposals) => proposals.note({ snapshot: null, entries: [stamped(5_000)] })),
  ).toBe(5_000);
  expect(
    nextStampMs((proposals) => proposals.note({ snapshot: null, entries: [stamped(500)] })),
  ).toBe(CLOCK_MS);
});

test('nor before what a snapshot covers', () => {
  expect(
    nextStampMs((proposals) => proposals.note({ snapshot: snapshot(7_000), entries: [] })),
  ).toBe(7_000);
  expect(nextStampMs((proposals) => proposals.note({ snapshot: null, entries: [] }))).toBe(
    CLOCK_MS,
  );
});
