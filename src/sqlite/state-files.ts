/**
 * The numbered database files of one node: the one that counts, the one that a snapshot is received
 * into, and what a crash left of others. One of them may be open.
 *
 * A number stands for one database, which an import replaces without the log taking note of it: so it
 * has two names, and the database goes from one to the other. Under both names there are files only
 * while that is being done, and after a crash; sql-state.ts then finds out which one counts.
 *
 * A file's write-ahead log is made before the file counts for anything and is never deleted while it
 * does, so a log that is missing is a log that was lost.
 */

import type { Runtime } from './runtime.ts';
import type { DatabaseLocation } from './connection.ts';
import { MAX_SCRATCH_FILES } from './limits.ts';
import { refused, SqliteError } from './sql-error.ts';
import { Vfs, type VfsFile } from './vfs.ts';

const WAL_SUFFIX = '-wal';
/** The log last: without its file it is nothing. */
const SUFFIXES = ['', '-journal', WAL_SUFFIX];

/** Which of a number's two names. */
export type Twin = 0 | 1;
const TWINS: readonly Twin[] = [0, 1];
const TWIN_NAMES = ['', '.1'] as const;

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
  /** The same without a call into the module, and whatever is open. */
  abandon(): void;
}

/** Close the file before anything else opens it by its location, and before it is removed. */
export interface ScratchFile {
  readonly file: VfsFile;
  readonly location: DatabaseLocation;
  /** The file's write-ahead log, empty; to be closed likewise. */
  createLog(): VfsFile;
  /** Never fails. */
  remove(): void;
}

export class StateFiles {
  readonly runtime: Runtime;
  readonly #options: StateFilesOptions;
  readonly #vfs: Vfs;
  #highestFile = 0;
  readonly #scratch = new Set<string>();
  #scratchNumber = 0;

  constructor(runtime: Runtime, options: StateFilesOptions) {
    this.runtime = runtime;
    this.#options = options;
    this.#vfs = new Vfs(runtime, options.vfsName);
  }

  location(file: number, twin: Twin = 0): DatabaseLocation {
    return { vfs: this.#vfs.name, path: this.#path(file, twin) };
  }

  /** The names under which there are files of this number. */
  twins(file: number): Twin[] {
    return TWINS.filter((twin) => this.#vfs.exists(this.#path(file, twin)));
  }

  /** Whether nothing that belongs to the file can be among what was lost. */
  isWhole(file: number, twin: Twin): boolean {
    if (!this.#options.lostSomething) return !this.lacksLog(file, twin);
    const path = this.#path(file, twin);
    return this.#vfs.exists(path) && this.#vfs.exists(path + WAL_SUFFIX);
  }

  /**
   * The file is there without its log: some of what was in it may be gone, be it that an earlier start
   * lost it and ended before it could act upon that. In memory an empty log cannot be told from none.
   */
  lacksLog(file: number, twin: Twin): boolean {
    const path = this.#path(file, twin);
    return (
      this.#options.vfsName !== null &&
      this.#vfs.exists(path) &&
      !this.#vfs.exists(path + WAL_SUFFIX)
    );
  }

  /** The first bytes of the file, which must be there and not be open: `length`, or all it has. */
  head(file: number, twin: Twin, length: number): Uint8Array {
    const opened = this.#vfs.open(this.#path(file, twin), 'database');
    try {
      return opened.read(0, Math.min(length, opened.sizeBytes()));
    } finally {
      opened.close();
    }
  }

  /** An empty file, in place of what was there under the name. */
  create(file: number, twin: Twin = 0): VfsFile {
    this.removeTwin(file, twin);
    const path = this.#path(file, twin);
    const created = this.#vfs.open(path, 'database');
    this.#vfs.open(path + WAL_SUFFIX, 'wal').close();
    return created;
  }

  /** Under both names; none may be open. */
  remove(file: number): void {
    for (const twin of TWINS) this.removeTwin(file, twin);
  }

  /** It must not be open. */
  removeTwin(file: number, twin: Twin): void {
    const path = this.#path(file, twin);
    for (const suffix of SUFFIXES) this.#vfs.delete(path + suffix);
  }

  /** Scratch files in use stay. */
  removeOthers(file: number, twin: Twin): void {
    const paths = [this.#path(file, twin), ...this.#scratch];
    const kept = new Set(paths.flatMap((path) => SUFFIXES.map((suffix) => path + suffix)));
    for (const name of this.#options.list(this.#highestFile)) {
      if (!kept.has(name)) this.#vfs.delete(name);
    }
  }

  /**
   * A new empty file that counts for nothing: it goes with the process, if not before. Throws
   * `SqlFailure`: 'Overloaded' where there are too many, 'StorageDenied' where there is no room.
   */
  createScratch(): ScratchFile {
    if (this.#scratch.size >= MAX_SCRATCH_FILES) {
      throw refused('Overloaded', 'too many large results, imports and exports at once');
    }
    this.#scratchNumber += 1;
    const path = `${this.#options.prefix}scratch-${this.#scratchNumber}`;
    const file = this.#openScratch(path);
    this.#scratch.add(path);
    return {
      file,
      location: { vfs: this.#vfs.name, path },
      createLog: () => this.#vfs.open(path + WAL_SUFFIX, 'wal'),
      remove: () => {
        this.#scratch.delete(path);
        this.#deleteScratch(path);
      },
    };
  }

  /** Gives the files back; none may be open. */
  close(): void {
    this.#options.close();
  }

  /** Gives the files back, whatever is open: the module is not used any more. */
  abandon(): void {
    this.#options.abandon();
  }

  #openScratch(path: string): VfsFile {
    try {
      this.#vfs.delete(path);
      return this.#vfs.open(path, 'database');
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error;
      throw refused('StorageDenied', `a scratch file could not be made: ${error.message}`);
    }
  }

  #deleteScratch(path: string): void {
    try {
      for (const suffix of SUFFIXES) this.#vfs.delete(path + suffix);
    } catch (error) {
      // What cannot be deleted now is deleted by the next opening.
      if (!(error instanceof SqliteError)) throw error;
    }
  }

  #path(file: number, twin: Twin): string {
    this.#highestFile = Math.max(this.#highestFile, file);
    return databasePath(this.#options.prefix, file, twin);
  }
}

function databasePath(prefix: string, file: number, twin: Twin): string {
  return `${prefix}database-${file}${TWIN_NAMES[twin]}`;
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
      for (const twin of TWINS) {
        const path = databasePath(prefix, file, twin);
        paths.push(...SUFFIXES.map((suffix) => path + suffix).filter((name) => vfs.exists(name)));
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
    abandon: () => undefined,
  });
}
