/**
 * A disk in memory with two files and one table, as the two copies of a log see them, that can fail
 * at any operation, die at any operation, and come back as a power failure or a kill leaves it.
 *
 * - Files: after a power failure a file's size is anything between that of the last flush and the
 *   newest one, and what was written since is there, or there or not block by block; after a kill, the
 *   writes to all files up to some byte of some write are there.
 * - Table: a transaction is there as a whole or not at all; one that was started and not completed
 *   may be either.
 */

import type { SyncFile } from '../../src/storage/journal-copy.ts';
import type { RecordTable } from '../../src/storage/indexeddb-copy.ts';

/** Uniform over the integers 0 <= n < bound. */
export type Random = (bound: number) => number;

/** Numbers out of a seed; xorshift. */
export function randomOf(seed: number): Random {
  let state = (seed | 0) === 0 ? 1 : seed | 0;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

export type CrashKind = 'kill' | 'power-failure';

const BLOCK_BYTES = 32;

type Bytes = Uint8Array<ArrayBuffer>;

export type FileNumber = 0 | 1;
export const FILES: readonly FileNumber[] = [0, 1];

class FakeFile {
  /** What would be there after a power failure in the worst case, and what is to be seen. */
  durable: Bytes = new Uint8Array(0);
  written: Bytes = new Uint8Array(0);
  handle: symbol | null = null;

  reset(bytes: Uint8Array): void {
    this.written = Uint8Array.from(bytes);
    this.durable = Uint8Array.from(bytes);
  }
}

/** A write that was not yet flushed. */
interface Change {
  readonly file: FakeFile;
  readonly before: Bytes;
  readonly after: Bytes;
}

export class FakeDisk {
  readonly #files: readonly [FakeFile, FakeFile] = [new FakeFile(), new FakeFile()];
  /** In order, of both files: a kill leaves the first ones of them. */
  #changes: Change[] = [];
  readonly rows = new Map<unknown, unknown>();
  #begun: (() => void)[] = [];
  /** Operations until the process dies; null: it lives. */
  operationsLeft: number | null = null;
  #dead = false;
  /** Thrown by the next operation on a file, or the next transaction. */
  fileError: Error | null = null;
  tableError: Error | null = null;
  /** Counts the restarts: what an earlier process had begun does not go on. */
  #incarnation = 0;

  get isDead(): boolean {
    return this.#dead;
  }

  fileBytes(number: FileNumber): Uint8Array {
    return this.#files[number].written;
  }

  setFileBytes(number: FileNumber, bytes: Uint8Array): void {
    this.#files[number].reset(bytes);
  }

  /** The file that holds the log, where only one holds anything. */
  get usedFile(): FileNumber {
    return this.#files[1].written.length > 0 ? 1 : 0;
  }

  /** Ends the process, if it has not died, and starts the machine again. */
  restart(kind: CrashKind, random: Random): void {
    if (kind === 'kill') this.#afterKill(random);
    for (const file of this.#files) {
      file.reset(kind === 'kill' ? file.written : afterPowerFailure(file, random));
      file.handle = null;
    }
    for (const apply of this.#begun.splice(0)) {
      if (random(2) === 0) break;
      apply();
    }
    this.#changes = [];
    this.#incarnation += 1;
    this.#dead = false;
    this.operationsLeft = null;
    this.fileError = null;
    this.tableError = null;
  }

  openFiles(): readonly [SyncFile, SyncFile] {
    return [this.#openFile(this.#files[0]), this.#openFile(this.#files[1])];
  }

  /** The file as a synchronous access handle; refused while another has it. */
  #openFile(file: FakeFile): SyncFile {
    if (file.handle !== null) throw new Error('NoModificationAllowedError: the file is in use');
    const handle = Symbol('handle');
    file.handle = handle;
    const operate = (): void => {
      if (file.handle !== handle) throw new Error('InvalidStateError: the handle is closed');
      this.#operate();
      if (this.fileError !== null) throw this.fileError;
    };
    const change = (after: Bytes): void => {
      this.#changes.push({ file, before: file.written, after });
      file.written = after;
    };
    return {
      getSize: () => file.written.length,
      read: (target, { at }) => {
        const bytes = file.written.subarray(at, at + target.length);
        target.set(bytes);
        return bytes.length;
      },
      write: (source, { at }) => {
        operate();
        const grown = new Uint8Array(Math.max(file.written.length, at + source.length));
        grown.set(file.written);
        grown.set(source, at);
        change(grown);
        return source.length;
      },
      truncate: (size) => {
        operate();
        change(file.written.slice(0, size));
      },
      flush: () => {
        operate();
        file.durable = file.written;
        this.#changes = this.#changes.filter((each) => each.file !== file);
      },
      close: () => {
        if (file.handle === handle) file.handle = null;
      },
    };
  }

  openTable(): RecordTable {
    let closed = false;
    const incarnation = this.#incarnation;
    const transact = async (change: () => void): Promise<void> => {
      if (closed) throw new Error('InvalidStateError: the connection is closed');
      if (this.#incarnation !== incarnation) throw new Error('the process is dead');
      this.#operate();
      if (this.tableError !== null) throw this.tableError;
      this.#begun.push(change);
      await Promise.resolve();
      if (this.#incarnation !== incarnation) throw new Error('the process is dead');
      this.#operate();
      this.#begun = this.#begun.filter((each) => each !== change);
      change();
    };
    const sorted = (): unknown[] => [...this.rows.keys()].toSorted((a, b) => Number(a) - Number(b));
    const between = (first: number, last: number): unknown[] => {
      return sorted().filter((key) => Number(key) >= first && Number(key) <= last);
    };
    const remove = (keys: readonly unknown[]): void => {
      for (const key of keys) this.rows.delete(key);
    };
    return {
      keys: async () => sorted(),
      values: async (first, last) => between(first, last).map((key) => this.rows.get(key)),
      put: (records) => {
        const copies = records.map(([key, value]): [number, Uint8Array] => [key, value.slice()]);
        return transact(() => {
          for (const [key, value] of copies) this.rows.set(key, value);
        });
      },
      delete: (keys) => transact(() => remove(keys)),
      deleteRange: (first, last) => transact(() => remove(between(first, last))),
      close: () => {
        closed = true;
      },
    };
  }

  #operate(): void {
    if (this.operationsLeft === 0) this.#dead = true;
    if (this.#dead) throw new Error('the process is dead');
    if (this.operationsLeft !== null) this.operationsLeft -= 1;
  }

  /** The operating system has all writes before some one, and of that all bytes up to some one. */
  #afterKill(random: Random): void {
    const reached = random(this.#changes.length + 1);
    const lost = this.#changes.slice(reached);
    for (const { file, before } of lost.toReversed()) file.written = before;
    const [next] = lost;
    if (next === undefined || next.after.length < next.before.length) return;
    const bytes = random(next.after.length + 1);
    const rest = next.before.slice(bytes);
    next.file.written = new Uint8Array([...next.after.slice(0, bytes), ...rest]);
  }
}

function afterPowerFailure({ durable, written }: FakeFile, random: Random): Uint8Array {
  const [low, high] = [durable.length, written.length].toSorted((a, b) => a - b);
  const size = (low ?? 0) + random((high ?? 0) - (low ?? 0) + 1);
  const newest = new Uint8Array(Math.max(high ?? 0, size));
  if (random(2) === 0) {
    newest.set(durable);
    newest.set(written);
    return newest.slice(0, size);
  }
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += BLOCK_BYTES) {
    const source = random(2) === 0 ? durable : written;
    bytes.set(source.subarray(at, Math.min(at + BLOCK_BYTES, size)), at);
  }
  return bytes;
}
