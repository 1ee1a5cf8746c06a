/**
 * A database in a scratch file: written byte by byte first, then worked on through a connection of its
 * own, then read byte by byte. Nobody else has it open, and it counts for nothing. Whoever makes one
 * keeps it in a slot, which holds one at a time and closes it with the database beside which it is made.
 */

import type { Connection } from './connection.ts';
import { openFile, rowsOf } from './file-check.ts';
import type { Runtime } from './runtime.ts';
import type { SqlService } from './service.ts';
import { refused } from './sql-error.ts';
import { quotedName } from './sql-literal.ts';
import type { SqlState } from './sql-state.ts';
import type { ScratchFile } from './state-files.ts';
import { VfsFile } from './vfs.ts';

export class ScratchDatabase {
  /** How far whoever makes it has come, from 0 to 1. */
  fraction = 0;
  readonly runtime: Runtime;
  readonly #scratch: ScratchFile;
  #log: VfsFile | null = null;
  /** Open besides any connection. */
  readonly #files: VfsFile[];
  #connection: Connection | null = null;
  #isClosed = false;

  constructor(runtime: Runtime, scratch: ScratchFile) {
    this.runtime = runtime;
    this.#scratch = scratch;
    this.#files = [scratch.file];
  }

  /** Notes how far it is. Throws `SqlFailure` 'Aborted' where it was closed meanwhile. */
  goOn(fraction: number): void {
    if (this.#isClosed) throw refused('Aborted', 'the import or export was ended');
    this.fraction = fraction;
  }

  /** Throws `SqliteError` where there is no room. */
  write(offset: number, bytes: Uint8Array): void {
    this.#scratch.file.write(offset, bytes);
  }

  /** The same into its write-ahead log. */
  writeLog(offset: number, bytes: Uint8Array): void {
    this.#log ??= this.#createLog();
    this.#log.write(offset, bytes);
  }

  /** All is written: from now on there is a connection to it. */
  connect(): Connection {
    this.#closeFiles();
    this.#connection = openFile(this.runtime, this.#scratch.location);
    return this.#connection;
  }

  get sizeBytes(): number {
    return this.#file().sizeBytes();
  }

  /** While nothing is under way on the connection; fewer bytes at its end. */
  read(offset: number, length: number): Uint8Array {
    return this.#file().read(offset, Math.max(0, Math.min(length, this.sizeBytes - offset)));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeFiles();
    this.#connection?.close();
    this.#scratch.remove();
  }

  #createLog(): VfsFile {
    const log = this.#scratch.createLog();
    this.#files.push(log);
    return log;
  }

  #closeFiles(): void {
    for (const file of this.#files.splice(0)) file.close();
  }

  #file(): VfsFile {
    if (this.#connection === null) throw new Error('the scratch database is not connected');
    return new VfsFile(this.runtime, this.#connection.filePointer(), 'the copy', []);
  }
}

export class ScratchSlot {
  readonly #what: string;
  #held: ScratchDatabase | null = null;

  /** `what` this tab is doing with it, for who comes second. */
  constructor(service: SqlService, what: string) {
    this.#what = what;
    service.listen({
      closing: () => this.end(),
      stateChanged: () => {
        const runtime = service.present?.databaseAsIs.runtime;
        // What was open in a module that was given up went with it.
        if (runtime !== undefined && this.#held?.runtime !== runtime) this.#held = null;
      },
    });
  }

  get held(): ScratchDatabase | null {
    return this.#held;
  }

  /** Throws `SqlFailure` 'Overloaded' where one is held, or there are too many scratch files. */
  begin(state: SqlState): ScratchDatabase {
    if (this.#held !== null) throw refused('Overloaded', `this tab is ${this.#what} already`);
    this.#held = new ScratchDatabase(state.database.runtime, state.createScratch());
    return this.#held;
  }

  drop(one: ScratchDatabase): void {
    if (this.#held === one) this.#held = null;
    one.close();
  }

  end(): void {
    if (this.#held !== null) this.drop(this.#held);
  }
}

export function dropTables(connection: Connection, isUnwanted: (name: string) => boolean): void {
  const tables = rowsOf(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'");
  for (const [name = ''] of tables) {
    if (isUnwanted(name)) connection.run(`DROP TABLE ${quotedName(name)}`);
  }
}

/** Others have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
