/**
 * The user's data as a standard SQLite file: the pages as they are, so that row ids are kept (VACUUM
 * renumbers them), without our own tables, in a journal mode that any program opens.
 *
 * The copy is a scratch file, made of the database file, which is held meanwhile, and of the write-ahead
 * log behind it, which is copied in one turn: that decides which state it is. A connection of its own
 * then drops what is ours; what was there is overwritten with zeros. So others have their turn, and the
 * size is bounded by the disk alone.
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { LogIndex } from '../raft/types.ts';
import { isInternal } from './authorizer.ts';
import type { Connection } from './connection.ts';
import { COPY_STEP_BYTES } from './limits.ts';
import { dropTables, nextTurn, ScratchSlot, type ScratchDatabase } from './scratch-database.ts';
import { OPEN, type SqlService } from './service.ts';
import { refused, SqliteError } from './sql-error.ts';
import type { SqlState } from './sql-state.ts';
import type { VfsFile } from './vfs.ts';

/** How often a copy is begun anew because the database file was let go meanwhile. */
const ATTEMPTS = 3;
/** How much is done when the file is copied. */
const COPIED_FRACTION = 0.8;
/** SQLITE_DBCONFIG_DEFENSIVE */
const DEFENSIVE = 1010;

/** Every method fails with `SqlFailure`, always with applied 'no'. */
export class FileExport {
  readonly #service: SqlService;
  readonly #slot: ScratchSlot;

  constructor(service: SqlService) {
    this.#service = service;
    this.#slot = new ScratchSlot(service, 'exporting');
  }

  /**
   * Makes the copy; it can be read then, until `closeExport`. 'Overloaded': one at a time, or so much is
   * written that no copy can be made; 'StorageDenied': there is no room for it.
   */
  async openExport(): Promise<{ sizeBytes: number; appliedIndex: LogIndex }> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const made = await this.#make();
      if (made !== null) return made;
    }
    throw refused('Overloaded', 'too much was written while the database was copied: try again');
  }

  /** How much of `openExport` is done, from 0 to 1. */
  async exportProgress(): Promise<number> {
    return this.#slot.held?.fraction ?? 0;
  }

  /** `length` bytes, or fewer at the end. */
  async readExport(offset: number, length: number): Promise<Uint8Array> {
    const copy = this.#slot.held;
    if (copy === null) throw refused('Closed', 'nothing is being exported');
    return copy.read(offset, length);
  }

  /** Nothing happens where none is open; what is being opened fails with 'Aborted'. */
  async closeExport(): Promise<void> {
    this.#slot.end();
  }

  /** Null: the database file was let go before all of it was copied. */
  async #make(): Promise<{ sizeBytes: number; appliedIndex: LogIndex } | null> {
    const state = await this.#service.whenTrusted(OPEN, REQUEST_TIMEOUT_MS);
    const copy = this.#slot.begin(state);
    try {
      const appliedIndex = await copyHeld(state, copy);
      if (appliedIndex === null) {
        this.#slot.drop(copy);
        return null;
      }
      const connection = copy.connect();
      await nextTurn();
      copy.goOn(COPIED_FRACTION);
      free(connection);
      copy.goOn(1);
      return { sizeBytes: copy.sizeBytes, appliedIndex };
    } catch (error) {
      this.#slot.drop(copy);
      if (!(error instanceof SqliteError)) throw error;
      throw refused('StorageDenied', `the database could not be copied: ${error.message}`);
    }
  }
}

/** What is applied to the copy; null: the file was let go. */
async function copyHeld(state: SqlState, copy: ScratchDatabase): Promise<LogIndex | null> {
  const { database } = state;
  const hold = { isOver: false };
  const onLetGo = (): void => {
    hold.isOver = true;
  };
  database.holdFile(onLetGo);
  try {
    const file = database.file();
    const log = database.log();
    const totalBytes = file.sizeBytes();
    for (let at = 0; at < totalBytes; at = copyStep(file, at, (bytes) => copy.write(at, bytes))) {
      await nextTurn();
      if (hold.isOver) return null;
      copy.goOn(COPIED_FRACTION * (at / totalBytes));
    }
    // What was applied meanwhile is in the log only when it is committed.
    state.commit();
    if (database.brokenReason !== null) throw refused('StorageLost', database.brokenReason);
    if (hold.isOver) return null;
    // At once: what an undone transaction left at its end is written over later.
    for (let at = 0; at < log.sizeBytes();) {
      const from = at;
      at = copyStep(log, from, (bytes) => copy.writeLog(from, bytes));
    }
    return state.appliedIndex;
  } finally {
    database.letFileGo(onLetGo);
  }
}

/** The answer is where to go on. */
function copyStep(file: VfsFile, at: number, write: (bytes: Uint8Array) => void): number {
  const bytes = file.read(at, Math.min(COPY_STEP_BYTES, file.sizeBytes() - at));
  write(bytes);
  return at + bytes.length;
}

/** Takes out what is ours. */
function free(connection: Connection): void {
  const [mode] = connection.run('PRAGMA journal_mode = DELETE');
  if (mode !== 'delete') throw new Error(`the copy's journal mode is ${String(mode)}`);
  // Nothing but these tables is touched, and the copy goes where that fails: no rollback is needed.
  connection.configure(DEFENSIVE, false);
  connection.run('PRAGMA journal_mode = OFF');
  connection.run('PRAGMA secure_delete = ON');
  dropTables(connection, isInternal);
}
