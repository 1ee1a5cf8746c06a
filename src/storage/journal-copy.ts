/**
 * The journal: the log's copy in OPFS, append-only files of records, one behind the other. How they
 * are read is told in journal-scan.ts.
 *
 * Since both copies of a log hold the same bytes, every record has one place in a file. Records
 * are never moved; a truncation of the Raft log is just a later record whose first entry has a
 * lower index. A record is durable when it is written and flushed.
 *
 * There are two files, of which one is current and the other is empty. A whole record goes to the
 * empty one, which is then current. When that record is durable in every copy of the log, the file
 * before it is emptied: first its first header is overwritten and flushed, then the file is cut. In
 * the other order, a cut that a power failure interrupts would leave a shorter log that looks whole.
 *
 * The files are opened elsewhere and belong to this copy; while they are open nobody else can open
 * them.
 */

import { FRAME_HEADER_BYTES, type Frame } from './frame.ts';
import { headNumber, JournalScan, joinScans } from './journal-scan.ts';
import type { CopyContents, LogCopy } from './log-copy.ts';
import { isHead } from './record-codec.ts';
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

const NO_HEADER = new Uint8Array(FRAME_HEADER_BYTES);

export class JournalCopy implements LogCopy {
  readonly name = 'journal';
  #current: SyncFile;
  #other: SyncFile;
  readonly #scanByFile = new Map<SyncFile, JournalScan>();
  /** Of the current file. */
  #end = 0;

  constructor(files: readonly [SyncFile, SyncFile]) {
    [this.#current, this.#other] = files;
  }

  async load(): Promise<CopyContents> {
    const one = this.#scan(this.#current);
    const two = this.#scan(this.#other);
    return joinScans(one, two);
  }

  async settle(chain: readonly Frame[]): Promise<void> {
    const inPlace = this.#chooseFile(chain);
    const offsets: number[] = [];
    let end = 0;
    for (const frame of chain) {
      offsets.push(end);
      end += frame.bytes.length;
    }
    const file = this.#current;
    const last = chain.length - 1;
    for (let i = last; i >= inPlace; i -= 1) {
      const [frame, at] = [chain[i], offsets[i]];
      if (frame === undefined || at === undefined) throw new RangeError('chain has a gap');
      write(file, frame.bytes, at);
      if (i === last) file.flush();
    }
    if (file.getSize() > end) file.truncate(end);
    // Also where nothing was missing: a process that was killed may not have flushed what it wrote.
    file.flush();
    this.#end = end;
    empty(this.#other);
    this.#scanByFile.clear();
  }

  append(frame: Frame, done: (error: string | null) => void): void {
    let error: string | null = null;
    try {
      if (isHead(frame)) this.#switch();
      write(this.#current, frame.bytes, this.#end);
      this.#current.flush();
      this.#end += frame.bytes.length;
    } catch (cause) {
      error = describeError(cause);
    }
    queueMicrotask(() => done(error));
  }

  /** All at once. */
  async drop(): Promise<boolean> {
    empty(this.#other);
    return false;
  }

  close(): void {
    this.#current.close();
    this.#other.close();
  }

  #scan(file: SyncFile): JournalScan {
    const scan = new JournalScan(readAll(file));
    scan.run();
    this.#scanByFile.set(file, scan);
    return scan;
  }

  #switch(): void {
    [this.#current, this.#other] = [this.#other, this.#current];
    this.#end = 0;
  }

  /**
   * Makes the file current that is to hold `chain`, and answers how many records of it are in their
   * place there: the file that begins with the chain's head, or else the one that can be spared, so
   * that the other one is untouched until all of the chain is durable here.
   */
  #chooseFile(chain: readonly Frame[]): number {
    const [one, two] = [this.#scanOf(this.#current), this.#scanOf(this.#other)];
    const head = chain[0]?.sequence;
    for (const scan of [one, two]) {
      if (scan.head === null || scan.head.sequence !== head) continue;
      if (scan === two) this.#switch();
      return scan.inPlace;
    }
    const spared = headNumber(one) - headNumber(two) || one.lastTrace - two.lastTrace;
    if (spared > 0) this.#switch();
    return 0;
  }

  #scanOf(file: SyncFile): JournalScan {
    const scan = this.#scanByFile.get(file);
    if (scan === undefined) throw new Error('the journal is not loaded');
    return scan;
  }
}

function readAll(file: SyncFile): Uint8Array {
  const bytes = new Uint8Array(file.getSize());
  let at = 0;
  while (at < bytes.length) {
    const count = file.read(bytes.subarray(at), { at });
    if (count === 0) throw new Error(`the file ended at byte ${at} of ${bytes.length}`);
    at += count;
  }
  return bytes;
}

function write(file: SyncFile, bytes: Uint8Array, at: number): void {
  const count = file.write(bytes, { at });
  if (count !== bytes.length) throw new Error(`only ${count} of ${bytes.length} bytes written`);
}

function empty(file: SyncFile): void {
  const size = file.getSize();
  if (size === 0) return;
  write(file, NO_HEADER.subarray(0, size), 0);
  file.flush();
  file.truncate(0);
  file.flush();
}
