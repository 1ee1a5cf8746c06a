/**
 * A snapshot that is being received into a file of its own (SM7): written in order, then read back
 * and compared as a whole, flushed, and opened once to see that it is a database of ours. It knows
 * nothing of the database that is being served. Whatever goes wrong with it ends it, and its file.
 */

import { MAX_SNAPSHOT_BYTES } from '../node/limits.ts';
import type { SnapshotOutcome, StagedSnapshot } from '../node/ports.ts';
import { SqlDatabase, type DatabaseOptions } from './database.ts';
import { hashPieces, type Hashing } from './piece-hash.ts';
import { SqliteError } from './sql-error.ts';
import { done, refusal } from './snapshot-outcome.ts';
import type { StateFiles } from './state-files.ts';
import type { VfsFile } from './vfs.ts';

const DONE = done(null);

export class SnapshotStage {
  readonly snapshot: StagedSnapshot;
  readonly #files: StateFiles;
  readonly #options: Partial<DatabaseOptions>;
  #file: VfsFile | null = null;
  #phase: 'writing' | 'checking' | 'finished' | 'discarded' = 'writing';
  #writtenBytes = 0;

  constructor(files: StateFiles, snapshot: StagedSnapshot, options: Partial<DatabaseOptions> = {}) {
    this.#files = files;
    this.snapshot = snapshot;
    this.#options = options;
  }

  get isFinished(): boolean {
    return this.#phase === 'finished';
  }

  begin(): SnapshotOutcome<null> {
    const { sizeBytes, file } = this.snapshot;
    if (sizeBytes > MAX_SNAPSHOT_BYTES) return this.#end('it is larger than a snapshot may be');
    try {
      this.#files.remove(file);
      this.#file = this.#files.create(file);
      return DONE;
    } catch (error) {
      return this.#end(reasonOf(error));
    }
  }

  write(offset: number, data: Uint8Array): SnapshotOutcome<null> {
    if (this.#phase !== 'writing' || this.#file === null) return refusal(this.#phaseReason());
    if (offset !== this.#writtenBytes) {
      return refusal(`byte ${this.#writtenBytes} comes next, not ${offset}`);
    }
    if (offset + data.length > this.snapshot.sizeBytes) return this.#end('it is too long');
    try {
      this.#file.write(offset, data);
      this.#writtenBytes += data.length;
      return DONE;
    } catch (error) {
      return this.#end(reasonOf(error));
    }
  }

  *finish(): Hashing<SnapshotOutcome<null>> {
    if (this.#phase !== 'writing') return refusal(this.#phaseReason());
    const { sizeBytes, hash } = this.snapshot;
    if (this.#writtenBytes !== sizeBytes) {
      return this.#end(`it has ${this.#writtenBytes} of its ${sizeBytes} bytes`);
    }
    this.#phase = 'checking';
    try {
      this.#need().sync();
      const hashing = hashPieces(sizeBytes, (offset, length) => this.#need().read(offset, length));
      let step = hashing.next();
      while (step.done !== true) {
        const digest = yield step.value;
        if (this.#phase !== 'checking') return refusal(this.#phaseReason());
        step = hashing.next(digest);
      }
      if (step.value !== hash) return this.#end('its bytes are not those that were sent');
      this.#close();
      this.openDatabase().close();
    } catch (error) {
      return this.#end(reasonOf(error));
    }
    this.#phase = 'finished';
    return DONE;
  }

  /** The database in the file, of which nobody else has one open. Throws where it is unusable. */
  openDatabase(): SqlDatabase {
    const { file, index } = this.snapshot;
    const database = new SqlDatabase(
      this.#files.runtime,
      this.#files.location(file),
      this.#options,
    );
    const { appliedIndex, isQuarantined } = database;
    if (appliedIndex === index && !isQuarantined) return database;
    database.close();
    const what = isQuarantined ? 'not to be trusted' : `of entry ${appliedIndex}, not ${index}`;
    throw new Error(`its database is ${what}`);
  }

  /** Lets go of its file, which stays. */
  release(): void {
    this.#phase = 'discarded';
    this.#close();
  }

  discard(): void {
    try {
      this.release();
      this.#files.remove(this.snapshot.file);
    } catch (error) {
      // What cannot be deleted now is deleted by the next opening.
      if (!(error instanceof SqliteError)) throw error;
    }
  }

  #need(): VfsFile {
    if (this.#file === null) throw new Error('the stage has no file');
    return this.#file;
  }

  #close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #end(reason: string): SnapshotOutcome<null> {
    this.discard();
    return refusal(reason);
  }

  #phaseReason(): string {
    return `the stage is ${this.#phase}`;
  }
}

/** Behind a trap nothing in the module can be trusted, the database that is served included. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && !(error instanceof WebAssembly.RuntimeError)) return error.message;
  throw error;
}
