/**
 * What the death of a machine does to SQLite's files. With synchronous=NORMAL nothing is flushed but
 * around a checkpoint, so of the write-ahead log any beginning may have reached the disk, with rubbish
 * behind it; and a checkpoint that had begun has moved any of the log's pages into the database.
 */

import type { Runtime } from '../../sqlite/runtime.ts';
import type { StateFiles } from '../../sqlite/state-files.ts';
import { Vfs, type VfsFile } from '../../sqlite/vfs.ts';
import { MILLION, type Random } from '../random.ts';

/** The parts of a write-ahead log: a header, then frames of one page, each behind its own header. */
const HEADER_BYTES = 32;
const PAGE_SIZE_AT = 8;
const FRAME_HEADER_BYTES = 24;
/** In a frame's header: the database's size in pages where the frame ends a transaction, else 0. */
const COMMITTED_AT = 4;
const RUBBISH_BYTES = 4_096;
const DATABASE_HEADER_BYTES = 100;

export class TornFiles {
  readonly #vfs: Vfs;
  readonly #files: StateFiles;
  readonly #random: Random;

  constructor(runtime: Runtime, files: StateFiles, random: Random) {
    this.#vfs = new Vfs(runtime, null);
    this.#files = files;
    this.#random = random;
  }

  exists(file: number): boolean {
    return this.#vfs.exists(this.#path(file));
  }

  /** Nobody may have it open. */
  tear(file: number): void {
    const random = this.#random;
    const path = `${this.#path(file)}-wal`;
    if (!this.#vfs.exists(path) || random.chance(MILLION / 4)) return;
    const log = this.#withFile(path, 'wal', (wal) => wal.read(0, wal.sizeBytes()));
    if (log.length === 0) return;
    if (random.chance(MILLION / 4)) {
      this.#withFile(this.#path(file), 'database', (database) => this.#moveSome(log, database));
      return;
    }
    this.#vfs.delete(path);
    const kept = random.between(0, log.length);
    this.#withFile(path, 'wal', (wal) => {
      wal.write(0, log.subarray(0, kept));
      if (random.chance(MILLION / 2)) wal.write(kept, random.bytes(RUBBISH_BYTES));
    });
  }

  /** It is no database any more. */
  spoil(file: number): void {
    const path = this.#path(file);
    this.#vfs.delete(`${path}-wal`);
    this.#withFile(path, 'database', (database) => {
      database.write(0, this.#random.bytes(DATABASE_HEADER_BYTES));
    });
  }

  #moveSome(log: Uint8Array, database: VfsFile): void {
    const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
    const pageBytes = view.getUint32(PAGE_SIZE_AT);
    const newest = new Map<number, number>();
    let uncommitted: [page: number, at: number][] = [];
    let at = HEADER_BYTES;
    for (
      ;
      at + FRAME_HEADER_BYTES + pageBytes <= log.length;
      at += FRAME_HEADER_BYTES + pageBytes
    ) {
      uncommitted.push([view.getUint32(at), at + FRAME_HEADER_BYTES]);
      if (view.getUint32(at + COMMITTED_AT) === 0) continue;
      for (const [page, bytesAt] of uncommitted) newest.set(page, bytesAt);
      uncommitted = [];
    }
    for (const [page, bytesAt] of newest) {
      if (!this.#random.chance(MILLION / 2)) continue;
      database.write((page - 1) * pageBytes, log.subarray(bytesAt, bytesAt + pageBytes));
    }
  }

  #withFile<T>(path: string, kind: 'database' | 'wal', work: (file: VfsFile) => T): T {
    const file = this.#vfs.open(path, kind);
    try {
      return work(file);
    } finally {
      file.close();
    }
  }

  #path(file: number): string {
    return this.#files.location(file).path;
  }
}
