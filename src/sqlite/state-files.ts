/**
 * The numbered database files of one node: the one that counts, the one that a snapshot is received
 * into, and what a crash left of others. One of them may be open.
 *
 * A file's write-ahead log is made before the file counts for anything and is never deleted while it
 * does, so a log that is missing is a log that was lost.
 */

import type { Runtime } from './runtime.ts';
import type { DatabaseLocation } from './connection.ts';
import { Vfs, type VfsFile } from './vfs.ts';

const WAL_SUFFIX = '-wal';
const SUFFIXES = ['', WAL_SUFFIX, '-journal'];

export interface StateFilesOptions {
  /** What paths begin with. */
  readonly prefix: string;
  /** Null: the default VFS, which keeps files in memory. */
  readonly vfsName: string | null;
  /** The paths of all files there are, SQLite's own included; no higher number was used than this. */
  list(highestFile: number): readonly string[];
  /** Something was lost when the files were opened, nobody knows what. */
  readonly lostSomething: boolean;
  close(): void;
}

export class StateFiles {
  readonly runtime: Runtime;
  readonly #options: StateFilesOptions;
  readonly #vfs: Vfs;
  #highestFile = 0;

  constructor(runtime: Runtime, options: StateFilesOptions) {
    this.runtime = runtime;
    this.#options = options;
    this.#vfs = new Vfs(runtime, options.vfsName);
  }

  location(file: number): DatabaseLocation {
    return { vfs: this.#vfs.name, path: this.#path(file) };
  }

  /** Whether nothing that belongs to the file can be among what was lost. */
  isWhole(file: number): boolean {
    if (!this.#options.lostSomething) return !this.lacksLog(file);
    const path = this.#path(file);
    return this.#vfs.exists(path) && this.#vfs.exists(path + WAL_SUFFIX);
  }

  /**
   * The file is there without its log: some of what was in it may be gone, be it that an earlier start
   * lost it and ended before it could act upon that. In memory an empty log cannot be told from none.
   */
  lacksLog(file: number): boolean {
    const path = this.#path(file);
    return (
      this.#options.vfsName !== null &&
      this.#vfs.exists(path) &&
      !this.#vfs.exists(path + WAL_SUFFIX)
    );
  }

  /** An empty file, in place of what was there. */
  create(file: number): VfsFile {
    this.remove(file);
    const path = this.#path(file);
    const created = this.#vfs.open(path, 'database');
    this.#vfs.open(path + WAL_SUFFIX, 'wal').close();
    return created;
  }

  /** It must not be open. */
  remove(file: number): void {
    const path = this.#path(file);
    // The log last: without its file it is nothing.
    for (const suffix of ['', '-journal', WAL_SUFFIX]) this.#vfs.delete(path + suffix);
  }

  removeOthers(file: number): void {
    const path = this.#path(file);
    const kept = new Set(SUFFIXES.map((suffix) => path + suffix));
    for (const name of this.#options.list(this.#highestFile)) {
      if (!kept.has(name)) this.#vfs.delete(name);
    }
  }

  /** Gives the files back; none may be open. */
  close(): void {
    this.#options.close();
  }

  #path(file: number): string {
    this.#highestFile = Math.max(this.#highestFile, file);
    return `${this.#options.prefix}database-${file}`;
  }
}

/**
 * Files in the module's memory, for tests and simulations: they stay as long as the module does, so
 * they are the disk of a simulated machine. `name` tells machines apart.
 */
export function memoryFiles(runtime: Runtime, name: string): StateFiles {
  const prefix = `/${name}-`;
  const vfs = new Vfs(runtime, null);
  const list = (highestFile: number): string[] => {
    const paths: string[] = [];
    // A process that died may have begun to receive the next one.
    for (let file = 0; file <= highestFile + 1; file += 1) {
      for (const suffix of SUFFIXES) {
        const path = `${prefix}database-${file}${suffix}`;
        if (vfs.exists(path)) paths.push(path);
      }
    }
    return paths;
  };
  return new StateFiles(runtime, {
    prefix,
    vfsName: null,
    list,
    lostSomething: false,
    close: () => undefined,
  });
}
