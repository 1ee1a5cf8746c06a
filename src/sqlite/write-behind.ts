/**
 * An access handle that keeps what is written in memory until it is flushed, until it is much, or for a
 * moment: a commit of SQLite's is many small writes, and each one of them costs a call to the browser.
 *
 * To whoever reads and writes it is the file itself. To the disk it is one that promises nothing before
 * `flush`, as any file is when the power fails; here it is so when the worker dies as well. What is
 * written may reach the file in another order than it came in, and in part. SQLite asks for no more:
 * its files are whole at every flush, and a write-ahead log of which an end is missing is an older one.
 *
 * A write that fails later than it was asked for is not lost: the bytes stay in memory, are read from
 * there, and whatever changes or flushes the file next tries again and throws what the file throws. Only
 * closing it throws nothing, since nothing was promised of what was not flushed.
 *
 * It assumes that nobody else writes to the file, and that every call says where in the file.
 */

import { WRITE_BEHIND_BYTES, WRITE_BEHIND_MS } from './limits.ts';

interface Position {
  at?: number;
}

/** What of a `FileSystemSyncAccessHandle` is needed; failures are thrown. */
export interface SyncFile {
  read(target: AllowSharedBufferSource, options?: Position): number;
  write(source: AllowSharedBufferSource, options?: Position): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** Bytes that belong together, from `at` in the file; they are in the buffer from `from` to `to`. */
interface Run {
  readonly at: number;
  readonly from: number;
  to: number;
}

/** So many are looked through by every write. */
const MAX_RUNS = 64;
const FIRST_BUFFER_BYTES = 64 * 1024;

export class WriteBehindHandle implements SyncFile {
  readonly #file: SyncFile;
  #buffer = new Uint8Array(0);
  #usedBytes = 0;
  /** None overlaps another one. */
  #runs: Run[] = [];
  /** Of the file as it is without what is in memory; null: to be asked for. */
  #fileBytes: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** What was to be written has failed when nobody was there to be told. */
  #isOverdue = false;

  constructor(file: SyncFile) {
    this.#file = file;
  }

  read(target: AllowSharedBufferSource, options: Position = {}): number {
    const at = positionOf(options);
    const bytes = bytesOf(target);
    if (this.#runs.length === 0) return this.#file.read(bytes, { at });
    const length = Math.max(0, Math.min(bytes.length, this.getSize() - at));
    const wanted = bytes.subarray(0, length);
    const end = at + length;
    for (const run of this.#runs) {
      if (run.at <= at && end <= endOf(run)) {
        wanted.set(this.#bytesIn(run, at, end));
        return length;
      }
    }
    wanted.fill(0, this.#readFile(wanted, at));
    for (const run of this.#runs) {
      const from = Math.max(at, run.at);
      const to = Math.min(end, endOf(run));
      if (from < to) wanted.set(this.#bytesIn(run, from, to), from - at);
    }
    return length;
  }

  write(source: AllowSharedBufferSource, options: Position = {}): number {
    const at = positionOf(options);
    const bytes = bytesOf(source);
    if (this.#isOverdue) this.#writeOut();
    if (this.#replace(bytes, at)) return bytes.length;
    if (this.#isTooMuch(bytes.length) || this.#overlaps(at, at + bytes.length)) this.#writeOut();
    if (bytes.length > WRITE_BEHIND_BYTES) return this.#writeFile(bytes, at);
    this.#add(bytes, at);
    this.#timer ??= setTimeout(() => this.#writeLate(), WRITE_BEHIND_MS);
    return bytes.length;
  }

  truncate(size: number): void {
    if (this.#isOverdue) this.#writeOut();
    this.#file.truncate(size);
    this.#fileBytes = size;
    this.#runs = this.#runs.filter((run) => run.at < size);
    for (const run of this.#runs) run.to -= Math.max(0, endOf(run) - size);
    if (this.#runs.length > 0) return;
    this.#forget();
    this.#buffer = new Uint8Array(0);
  }

  getSize(): number {
    let size = this.#sizeOfFile();
    for (const run of this.#runs) size = Math.max(size, endOf(run));
    return size;
  }

  flush(): void {
    this.#writeOut();
    this.#file.flush();
  }

  close(): void {
    try {
      this.#writeOut();
    } catch {
      // The file is an older one, of which more was never promised.
    } finally {
      this.#forget();
      this.#file.close();
    }
  }

  /** Over what is in memory already, where it holds all of the bytes' place. */
  #replace(bytes: Uint8Array, at: number): boolean {
    const end = at + bytes.length;
    for (const run of this.#runs) {
      if (at < run.at || end > endOf(run)) continue;
      this.#buffer.set(bytes, run.from + (at - run.at));
      return true;
    }
    return false;
  }

  #isTooMuch(bytes: number): boolean {
    return this.#usedBytes + bytes > WRITE_BEHIND_BYTES || this.#runs.length === MAX_RUNS;
  }

  #overlaps(at: number, end: number): boolean {
    return this.#runs.some((run) => at < endOf(run) && run.at < end);
  }

  #add(bytes: Uint8Array, at: number): void {
    this.#reserve(bytes.length);
    const from = this.#usedBytes;
    this.#buffer.set(bytes, from);
    this.#usedBytes += bytes.length;
    const last = this.#runs.at(-1);
    if (last !== undefined && endOf(last) === at && last.to === from) last.to = this.#usedBytes;
    else this.#runs.push({ at, from, to: this.#usedBytes });
  }

  #reserve(more: number): void {
    const needed = this.#usedBytes + more;
    if (needed <= this.#buffer.length) return;
    const size = Math.max(needed, 2 * this.#buffer.length, FIRST_BUFFER_BYTES);
    const grown = new Uint8Array(Math.min(size, WRITE_BEHIND_BYTES));
    grown.set(this.#buffer.subarray(0, this.#usedBytes));
    this.#buffer = grown;
  }

  /** Nobody waits for it. */
  #writeLate(): void {
    this.#timer = null;
    try {
      this.#writeOut();
    } catch {
      this.#isOverdue = true;
    }
  }

  /** Throws what the file throws, and then still has everything. */
  #writeOut(): void {
    for (const run of this.#runs) this.#writeFile(this.#buffer.subarray(run.from, run.to), run.at);
    this.#forget();
  }

  #forget(): void {
    this.#runs = [];
    this.#usedBytes = 0;
    this.#isOverdue = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #bytesIn(run: Run, at: number, end: number): Uint8Array {
    return this.#buffer.subarray(run.from + (at - run.at), run.from + (end - run.at));
  }

  #readFile(target: Uint8Array, at: number): number {
    return at < this.#sizeOfFile() ? this.#file.read(target, { at }) : 0;
  }

  #writeFile(bytes: Uint8Array, at: number): number {
    const knownBytes = this.#fileBytes;
    // How much of it a write that fails has written is not known.
    this.#fileBytes = null;
    const written = this.#file.write(bytes, { at });
    if (written !== bytes.length) {
      throw new Error(`of ${bytes.length} bytes ${written} were written`);
    }
    if (knownBytes !== null) this.#fileBytes = Math.max(knownBytes, at + written);
    return written;
  }

  #sizeOfFile(): number {
    this.#fileBytes ??= this.#file.getSize();
    return this.#fileBytes;
  }
}

function endOf(run: Run): number {
  return run.at + (run.to - run.from);
}

function positionOf({ at }: Position): number {
  if (at === undefined) throw new TypeError('the place in the file is missing');
  return at;
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source) ? source : new Uint8Array(source);
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}
