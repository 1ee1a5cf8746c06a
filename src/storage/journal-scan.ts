/**
 * Reading one file of the journal: records, one behind the other, the first of them a head
 * (record-codec.ts). Pure.
 *
 * How a file that does not end in order is read:
 *
 * - **Torn tail**: behind the last good record the file ends before the next one does: there are
 *   fewer bytes than a header, or a good header of the record to be expected whose length reaches
 *   beyond the file's end. Changed bits do not shorten a file, and a flush that succeeded had all of
 *   the record in it; so this one was being written when the process died, and nobody was told that
 *   it is durable. It leaves no trace and is cut off.
 * - **Damage**: everything else. A bad record before a good one is damage in any case. A bad last
 *   record that is *not* cut short may be a write that a power failure interrupted or a durable
 *   record that has changed since; the file alone cannot tell, so the record leaves its trace and
 *   the other copy decides.
 *
 * Behind damage the scan goes on at the next place that looks like a frame, to learn how far the
 * log once reached.
 */

import { nextFrameStart, readFrame, sameBytes, type Frame, type FrameHeader } from './frame.ts';
import { CopyScan, type CopyContents } from './log-copy.ts';
import { isHead, LOG_FORMAT } from './record-codec.ts';

export class JournalScan extends CopyScan {
  readonly #bytes: Uint8Array;
  #offset = 0;
  /** The number of the frame recognised last; what lies behind it has the next number. */
  #lastNumber = -1;
  /** Behind that frame lies something in which none can be recognised. */
  #lost = false;
  /** The head that the file begins with; null where it begins with anything else. */
  head: Frame | null = null;
  /** The last of the records in their place. */
  #last: Frame | null = null;
  /** The records from the head on that are good and in their place. */
  inPlace = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  run(): void {
    while (this.#offset < this.#bytes.length) this.#step();
    if (this.#lost) this.addTrace(this.#lastNumber + 1);
  }

  #step(): void {
    const found = readFrame(LOG_FORMAT, this.#bytes, this.#offset);
    switch (found.type) {
      case 'good':
        this.#addGood(found.frame);
        this.#recognise(found.frame.sequence);
        this.#offset += found.frame.bytes.length;
        return;
      case 'damaged':
        this.addDamage(`record ${found.header.sequence} does not match its hash`);
        this.addTrace(found.header.sequence);
        this.#recognise(found.header.sequence);
        this.#offset += found.header.length;
        return;
      case 'cut-short':
        if (found.header !== null) this.#addTorn(found.header);
        this.#offset = this.#bytes.length;
        return;
      case 'unreadable':
        this.addDamage(`there is no record at byte ${this.#offset}`);
        this.#lost = true;
        this.#offset = nextFrameStart(this.#bytes, this.#offset + 1);
        return;
    }
  }

  #recognise(sequence: number): void {
    if (this.#lost) this.addTrace(this.#lastNumber + 1);
    this.#lost = false;
    this.#lastNumber = sequence;
  }

  #addGood(frame: Frame): void {
    const isFirst = this.#offset === 0;
    if (this.damage === null && isHead(frame) === isFirst && this.#isExpected(frame)) {
      if (isFirst) this.head = frame;
      this.#last = frame;
      this.inPlace += 1;
    } else {
      this.addDamage(`record ${frame.sequence} stands where another should`);
    }
    this.addRecord(frame);
  }

  /** The torn one leaves no trace, but the one it was to follow does. */
  #addTorn(header: FrameHeader): void {
    if (this.damage === null && !this.#isExpected(header)) {
      this.addDamage(`record ${header.sequence} stands where another should`);
    }
    this.addTrace(header.sequence - 1);
    this.#recognise(header.sequence);
  }

  /** A file begins with any number. */
  #isExpected(found: Frame | FrameHeader): boolean {
    if (this.#last === null) return this.#offset === 0;
    const { sequence, hash } = this.#last;
    return found.sequence === sequence + 1 && sameBytes(found.previousHash, hash);
  }
}

/**
 * The journal's two files as one copy. The one that begins with the later head counts. The other one
 * is what it was switched from, or what it was about to be switched to when the process died; neither
 * holds anything acknowledged (log-merge.ts, 4). Where neither begins with a head, the journal is
 * damaged, and all that can be recognised is told.
 */
export function joinScans(one: JournalScan, two: JournalScan): CopyContents {
  const [current, other] = headNumber(two) > headNumber(one) ? [two, one] : [one, two];
  const joined = new CopyScan();
  for (const scan of [current, other]) {
    for (const frame of scan.recordByNumber.values()) joined.addRecord(frame);
  }
  joined.addTrace(current.lastTrace);
  if (current.head === null) {
    joined.addTrace(other.lastTrace);
    if (joined.lastTrace >= 0) {
      joined.addDamage(current.damage ?? other.damage ?? 'it has no beginning');
    }
    return joined;
  }
  if (current.damage !== null) joined.addDamage(current.damage);
  if (other.lastTrace > current.lastTrace + 1) {
    joined.addTrace(other.lastTrace);
    joined.addDamage(`records up to ${other.lastTrace} stand where none should`);
  }
  return joined;
}

/** -1: it begins with none. */
export function headNumber(scan: JournalScan): number {
  return scan.head?.sequence ?? -1;
}
