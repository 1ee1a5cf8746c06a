/**
 * The journal: the log's copy in OPFS, an append-only file of records, one behind the other.
 *
 * Since both copies of a log hold the same bytes, every record has one place in the file. Records
 * are never moved; a truncation of the Raft log is just a later record whose first entry has a
 * lower index. A record is durable when it is written and flushed.
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
 *
 * The file is opened elsewhere and belongs to this copy; while it is open nobody else can open it.
 */

import {
  NO_HASH,
  nextFrameStart,
  readFrame,
  sameBytes,
  type Frame,
  type FrameHeader,
} from './frame.ts';
import { CopyScan, type CopyContents, type LogCopy } from './log-copy.ts';
import { LOG_FORMAT } from './record-codec.ts';
import { describeError } from './storage-error.ts';

/** What the journal needs of a `FileSystemSyncAccessHandle`. */
export interface SyncFile {
  getSize(): number;
  read(target: Uint8Array, options: { at: number }): number;
  write(source: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

export class JournalCopy implements LogCopy {
  readonly name = 'journal';
  readonly #file: SyncFile;
  /** The records from the first on that are good and in their place. */
  #inPlace = 0;
  #end = 0;

  constructor(file: SyncFile) {
    this.#file = file;
  }

  async load(): Promise<CopyContents> {
    const scan = new JournalScan(this.#readAll());
    scan.run();
    this.#inPlace = scan.inPlace;
    return scan;
  }

  async settle(chain: readonly Frame[]): Promise<void> {
    const offsets: number[] = [];
    let end = 0;
    for (const frame of chain) {
      offsets.push(end);
      end += frame.bytes.length;
    }
    const oldSize = this.#file.getSize();
    const last = chain.length - 1;
    for (let i = last; i >= this.#inPlace; i -= 1) {
      const [frame, at] = [chain[i], offsets[i]];
      if (frame === undefined || at === undefined) throw new RangeError('chain has a gap');
      this.#write(frame.bytes, at);
      if (i === last) this.#file.flush();
    }
    if (oldSize > end) this.#file.truncate(end);
    if (oldSize > end || last >= this.#inPlace) this.#file.flush();
    this.#end = end;
  }

  append(frame: Frame, done: (error: string | null) => void): void {
    let error: string | null = null;
    try {
      this.#write(frame.bytes, this.#end);
      this.#file.flush();
      this.#end += frame.bytes.length;
    } catch (cause) {
      error = describeError(cause);
    }
    queueMicrotask(() => done(error));
  }

  close(): void {
    this.#file.close();
  }

  #readAll(): Uint8Array {
    const bytes = new Uint8Array(this.#file.getSize());
    let at = 0;
    while (at < bytes.length) {
      const count = this.#file.read(bytes.subarray(at), { at });
      if (count === 0) throw new Error(`the file ended at byte ${at} of ${bytes.length}`);
      at += count;
    }
    return bytes;
  }

  #write(bytes: Uint8Array, at: number): void {
    const count = this.#file.write(bytes, { at });
    if (count !== bytes.length) throw new Error(`only ${count} of ${bytes.length} bytes written`);
  }
}

class JournalScan extends CopyScan {
  readonly #bytes: Uint8Array;
  #offset = 0;
  /** The number of the frame recognised last; what lies behind it has the next number. */
  #lastNumber = -1;
  /** Behind that frame lies something in which none can be recognised. */
  #lost = false;
  #previousHash: Uint8Array = NO_HASH;
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
    if (this.damage === null && this.#isExpected(frame)) {
      this.inPlace += 1;
      this.#previousHash = frame.hash;
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

  #isExpected(found: Frame | FrameHeader): boolean {
    return found.sequence === this.inPlace && sameBytes(found.previousHash, this.#previousHash);
  }
}
