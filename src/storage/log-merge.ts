/**
 * What the copies of a log mean together: the one place where it is decided what a node may
 * believe of its storage. Pure.
 *
 * A log begins with a head: its genesis, or a whole record, which says by itself all that the
 * records before it said. Each head names cluster and node.
 *
 * What makes it decidable:
 *
 * - (1) A record is acknowledged when it is durable in **every** copy, and a start ends only when
 *   every copy is whole and durable and begins with the same head. So each copy, left alone by fate,
 *   has all acknowledged records from its head on, and a whole one (a head, and from there on no
 *   damage and no gap) has them all.
 * - (2) The next record is written only when the one before is acknowledged. So a trace of number n
 *   in any copy proves that n - 1 was acknowledged. (When a log is made, genesis and first record are
 *   written together; but then the log to be made is given here as one more copy, a whole one.)
 * - (3) Records are chained. Two good records with one number and different hashes, or two
 *   neighbours that are not linked, are two histories: nothing here can say which one was
 *   acknowledged, so nothing is chosen.
 * - (4) What stands before a whole record is given up in this order: the whole record becomes durable
 *   in every copy; then in every copy the head before it is destroyed, durably; then the whole record
 *   is acknowledged; then the rest before it is deleted, whenever. A start that finds it half done
 *   finishes it before it ends. So nothing is given up that some copy might still be needed for, and
 *   where an earlier head is still to be seen in a copy, no later one was ever acknowledged.
 *
 * The log begins with the latest good head in any copy. That loses nothing: if it was acknowledged
 * it has to be the beginning, by (4); if not, it was the last thing written, by (2), and it may be
 * taken for written as any other last record. Whatever stands before it is superfluous, be it damaged.
 *
 * The chain is walked from that head on, each record taken from whichever copy has it. Where no
 * copy has the next one, the chain ends, and it is the log if
 *
 * - no copy holds a trace of a later record: all that was ever seen to exist is there, be it put
 *   together from two damaged copies; or
 * - some copy is whole, and the traces go at most one number beyond its end: by (1) the whole one has
 *   everything acknowledged, and by (2) the trace is one of a record that was being written.
 *
 * Otherwise acknowledged records may be lost, and it is said so. So it is where there are traces and
 * no head: it may have been destroyed for the sake of a later one that is damaged. A copy that is
 * absent vouches for nothing. No copy with any trace: the log is absent, which the caller must not
 * take for new.
 *
 * The crash points of (4), for a whole record of number n:
 *
 * - Record n is durable in some copies, torn or absent in the others, and the log before it is
 *   untouched everywhere: the log begins with n, or, where no copy has it, is the one before.
 * - Record n is durable in every copy, and some have lost the head before: the log begins with n. If
 *   fate now takes n from a copy, that copy has the log before it, untouched, and then n was not
 *   acknowledged; or it has traces without a head and vouches for nothing; or it is absent.
 * - The head before is gone from every copy, some of the records behind it are not: the same, and
 *   these have no head to be read from.
 */

import { sameBytes, type Frame } from './frame.ts';
import { latestHead, type CopyContents } from './log-copy.ts';
import { StorageError } from './storage-error.ts';

/** The whole log as chained records, its head first; empty: absent. Throws 'Corrupt'. */
export function mergeCopies(copies: readonly CopyContents[]): readonly Frame[] {
  const records = joinRecords(copies);
  const chain: Frame[] = [];
  let next: Frame | null | undefined = latestHead(records.values());
  const first = next?.sequence ?? 0;
  while (next !== null && next !== undefined) {
    chain.push(next);
    next = records.get(next.sequence + 1);
  }
  const end = first + chain.length;
  const lastTrace = Math.max(...copies.map((copy) => copy.lastTrace));
  if (lastTrace >= end) {
    const ends = copies.filter(isWhole).map((copy) => copy.lastTrace);
    if (lastTrace > Math.max(-2, ...ends) + 1) throw lost(end, lastTrace, copies);
  }
  return chain;
}

/** Whether the copy lacks records of `chain` or holds what does not belong there. */
export function needsMending(copy: CopyContents, chain: readonly Frame[]): boolean {
  return copy.damage !== null || chain.some((frame) => !copy.recordByNumber.has(frame.sequence));
}

function isWhole(copy: CopyContents): boolean {
  return copy.damage === null && copy.lastTrace >= 0;
}

/** The good records of all copies, by number. */
function joinRecords(copies: readonly CopyContents[]): ReadonlyMap<number, Frame> {
  const records = new Map<number, Frame>();
  for (const copy of copies) {
    for (const [number, frame] of copy.recordByNumber) {
      const known = records.get(number);
      if (known === undefined) records.set(number, frame);
      else if (!sameBytes(frame.hash, known.hash)) throw contradiction(number, copies);
    }
  }
  for (const [number, frame] of records) {
    const previous = records.get(number - 1);
    if (previous !== undefined && !sameBytes(frame.previousHash, previous.hash)) {
      throw contradiction(number, copies);
    }
  }
  return records;
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
