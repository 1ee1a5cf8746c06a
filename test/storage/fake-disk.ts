/**
 * A disk in memory with one file and one table, as the two copies of a log see them, that can fail
 * at any operation, die at any operation, and come back as a power failure or a kill leaves it.
 *
 * - File: after a power failure its size is anything between that of the last flush and the newest
 *   one, and what was written since is there, or there or not block by block; after a kill, the
 *   writes up to some byte are there.
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

export class FakeDisk {
  /** What would be there after a power failure, in the best and in the worst case. */
  #durable = new Uint8Array(0);
  #written = new Uint8Array(0);
  /** The file's sizes and contents since the last flush: a kill leaves one of them. */
  #history: Uint8Array<ArrayBuffer>[] = [];
  readonly rows = new Map<unknown, unknown>();
  #begun: (() => void)[] = [];
  /** Operations until the process dies; null: it lives. */
  operationsLeft: number | null = null;
  #dead = false;
  /** Thrown by the next operation on the file, or the next transaction. */
  fileError: Error | null = null;
  tableError: Error | null = null;
  #handle: symbol | null = null;
  /** Counts the restarts: what an earlier process had begun does not go on. */
  #incarnation = 0;

  get isDead(): boolean {
    return this.#dead;
  }

  get fileBytes(): Uint8Array {
    return this.#written;
  }

  set fileBytes(bytes: Uint8Array) {
    this.#written = Uint8Array.from(bytes);
    this.#durable = Uint8Array.from(bytes);
    this.#history = [];
  }

  /** Ends the process, if it has not died, and starts the machine again. */
  restart(kind: CrashKind, random: Random): void {
    this.fileBytes = kind === 'kill' ? this.#afterKill(random) : this.#afterPowerFailure(random);
    for (const apply of this.#begun.splice(0)) {
      if (random(2) === 0) break;
      apply();
    }
    this.#incarnation += 1;
    this.#handle = null;
    this.#dead = false;
    this.operationsLeft = null;
    this.fileError = null;
    this.tableError = null;
  }

  /** The file as a synchronous access handle; refused while another has it. */
  openFile(): SyncFile {
    if (this.#handle !== null) throw new Error('NoModificationAllowedError: the file is in use');
    const handle = Symbol('handle');
    this.#handle = handle;
    const operate = (): void => {
      if (this.#handle !== handle) throw new Error('InvalidStateError: the handle is closed');
      this.#operate();
      if (this.fileError !== null) throw this.fileError;
    };
    return {
      getSize: () => this.#written.length,
      read: (target, { at }) => {
        const bytes = this.#written.subarray(at, at + target.length);
        target.set(bytes);
        return bytes.length;
      },
      write: (source, { at }) => {
        operate();
        const grown = new Uint8Array(Math.max(this.#written.length, at + source.length));
        grown.set(this.#written);
        grown.set(source, at);
        this.#change(grown);
        return source.length;
      },
      truncate: (size) => {
        operate();
        this.#change(this.#written.slice(0, size));
      },
      flush: () => {
        operate();
        this.#durable = this.#written;
        this.#history = [];
      },
      close: () => {
        if (this.#handle === handle) this.#handle = null;
      },
    };
  }

  openTable(): RecordTable {
    let closed = false;
    const incarnation = this.#incarnation;
    const transact = async (change: () => void): Promise<void> => {
      if (closed) throw new Error('InvalidStateError: the connection is closed');
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
    return {
      keys: async () => sorted(),
      values: async (first, last) => {
        const wanted = sorted().filter((key) => Number(key) >= first && Number(key) <= last);
        return wanted.map((key) => this.rows.get(key));
      },
      put: (records) => {
        const copies = records.map(([key, value]): [number, Uint8Array] => [key, value.slice()]);
        return transact(() => {
          for (const [key, value] of copies) this.rows.set(key, value);
        });
      },
      delete: (keys) => {
        return transact(() => {
          for (const key of keys) this.rows.delete(key);
        });
      },
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

  #change(bytes: Uint8Array<ArrayBuffer>): void {
    this.#history.push(this.#written);
    this.#written = bytes;
  }

  /** The operating system has all writes up to some one, and of that all bytes up to some one. */
  #afterKill(random: Random): Uint8Array {
    const states = [...this.#history, this.#written];
    const at = random(states.length);
    const [reached, next] = [states[at], states[at + 1]];
    if (reached === undefined) return this.#written;
    if (next === undefined || next.length <= reached.length) return reached;
    const size = reached.length + random(next.length - reached.length + 1);
    return next.slice(0, size);
  }

  #afterPowerFailure(random: Random): Uint8Array {
    const [low, high] = [this.#durable.length, this.#written.length].toSorted((a, b) => a - b);
    const size = (low ?? 0) + random((high ?? 0) - (low ?? 0) + 1);
    if (random(2) === 0) return this.#written.slice(0, size);
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += BLOCK_BYTES) {
      const source = random(2) === 0 ? this.#durable : this.#written;
      bytes.set(source.subarray(at, Math.min(at + BLOCK_BYTES, size)), at);
    }
    return bytes;
  }
}
