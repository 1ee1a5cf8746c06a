/**
 * What the copies of a log mean together: the one place where it is decided what a node may
 * believe of its storage. Pure.
 *
 * What makes it decidable:
 *
 * - (1) A record is acknowledged when it is durable in **every** copy, and a start ends only when
 *   every copy is whole and durable. So each copy, left alone by fate, has all acknowledged records,
 *   and a whole one (no damage, no gap) has them all.
 * - (2) The next record is written only when the one before is acknowledged. So a trace of number n
 *   in any copy proves that n - 1 was acknowledged. (When a log is made, genesis and first record are
 *   written together; but then the log to be made is given here as one more copy, a whole one.)
 * - (3) Records are chained. Two good records with one number and different hashes are two
 *   histories: nothing here can say which one was acknowledged, so nothing is chosen.
 *
 * The chain is walked from the genesis on, each record taken from whichever copy has it. Where no
 * copy has the next one, the chain ends, and it is the log if
 *
 * - no copy holds a trace of a later record: all that was ever seen to exist is there, be it put
 *   together from two damaged copies; or
 * - some copy is whole, and the traces go at most one number beyond its end: by (1) the whole one has
 *   everything acknowledged, and by (2) the trace is one of a record that was being written.
 *
 * Otherwise acknowledged records may be lost, and it is said so. A copy that is absent vouches for
 * nothing. No copy with any trace: the log is absent, which the caller must not take for new.
 */

import { NO_HASH, sameBytes, type Frame } from './frame.ts';
import type { CopyContents } from './log-copy.ts';
import { StorageError } from './storage-error.ts';

/** The whole log as chained records, genesis first; empty: absent. Throws 'Corrupt'. */
export function mergeCopies(copies: readonly CopyContents[]): readonly Frame[] {
  const chain: Frame[] = [];
  let previousHash = NO_HASH;
  for (;;) {
    const frame = recordNumbered(chain.length, copies);
    if (frame === null) break;
    if (!sameBytes(frame.previousHash, previousHash)) throw contradiction(chain.length, copies);
    chain.push(frame);
    previousHash = frame.hash;
  }
  const lastTrace = Math.max(...copies.map((copy) => copy.lastTrace));
  if (lastTrace >= chain.length) {
    const ends = copies.filter(isWhole).map((copy) => copy.lastTrace);
    if (lastTrace > Math.max(-2, ...ends) + 1) throw lost(chain.length, lastTrace, copies);
  }
  return chain;
}

/** Whether the copy lacks records of `chain` or holds what does not belong there. */
export function needsMending(copy: CopyContents, chain: readonly Frame[]): boolean {
  return copy.damage !== null || copy.recordByNumber.size < chain.length;
}

function isWhole(copy: CopyContents): boolean {
  return copy.damage === null && copy.lastTrace >= 0;
}

function recordNumbered(number: number, copies: readonly CopyContents[]): Frame | null {
  let chosen: Frame | null = null;
  for (const copy of copies) {
    const frame = copy.recordByNumber.get(number);
    if (frame === undefined) continue;
    chosen ??= frame;
    if (!sameBytes(frame.hash, chosen.hash)) throw contradiction(number, copies);
  }
  return chosen;
}

function contradiction(number: number, copies: readonly CopyContents[]): StorageError {
  return new StorageError(
    'Corrupt',
    `The copies of the log tell different histories from record ${number} on${damages(copies)}.`,
  );
}

function lost(from: number, to: number, copies: readonly CopyContents[]): StorageError {
  return new StorageError(
    'Corrupt',
    `Records ${from} to ${to} of the log cannot be read from any copy${damages(copies)}.`,
  );
}

function damages(copies: readonly CopyContents[]): string {
  const told = copies.flatMap((copy) => (copy.damage === null ? [] : [copy.damage]));
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}
