/**
 * The state machine of one node on its numbered database files, without anything asynchronous: the
 * database that is served, the snapshot that is read from it, and the stage that another one is
 * received into (SM1 to SM8 in node/ports.ts). What takes long is a `Hashing`, run by the caller.
 *
 * A database that is lost or damaged when it is opened is begun anew, empty: the applied index tells,
 * and the runtime, which knows what the log can still give, sees to it. Unless nobody else has what is
 * in it: then it is left as it is, for whoever wants to rescue something. Nothing falls back to memory.
 */

import type {
  ApplyOutcome,
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
} from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { Applier } from './apply.ts';
import { SqlDatabase, type DatabaseOptions } from './database.ts';
import type { Hashing } from './piece-hash.ts';
import { done, refusal, trouble, type Trouble } from './snapshot-outcome.ts';
import { SnapshotSource } from './snapshot-source.ts';
import { SnapshotStage } from './snapshot-stage.ts';
import { isDamage, refused, SqliteError } from './sql-error.ts';
import type { StateFiles } from './state-files.ts';

/**
 * What else there is of what is in the database. 'only-copy': nothing, so that nothing is deleted
 * before it is known to be sound. 'anew': the log holds all of it, and this one is not to be trusted.
 */
export type Opening = 'usual' | 'only-copy' | 'anew';

/** What is replaced as a whole by a restore. */
interface Served {
  readonly file: number;
  readonly database: SqlDatabase;
  readonly applier: Applier;
  readonly source: SnapshotSource;
}

/** SQLITE_ERROR: the table that every database of ours has is not there. */
const PRIMARY_ERROR = 1;

export class SqlState {
  readonly #files: StateFiles;
  readonly #options: Partial<DatabaseOptions>;
  #served: Served;
  #isQuarantined: boolean;
  #stage: SnapshotStage | null = null;

  /**
   * Opens or creates the file with this number and deletes all others. Throws `SqliteError`, or
   * `SqlFailure` for a newer version's file.
   */
  constructor(
    files: StateFiles,
    file: number,
    options: Partial<DatabaseOptions> = {},
    opening: Opening = 'usual',
  ) {
    this.#files = files;
    this.#options = options;
    if (opening === 'only-copy') {
      this.#served = serve(file, openOnly(files, file, options));
      files.removeOthers(file);
    } else {
      files.removeOthers(file);
      if (opening === 'anew' || !files.isWhole(file)) files.remove(file);
      this.#served = serve(file, openOrBegin(files, file, options));
    }
    this.#isQuarantined = this.database.isQuarantined;
  }

  get database(): SqlDatabase {
    return this.#served.database;
  }

  get appliedIndex(): LogIndex {
    return this.#served.applier.appliedIndex;
  }

  get isQuarantined(): boolean {
    return this.#isQuarantined;
  }

  /** A database that damage has stopped is quarantined, so that the next start can replace it. */
  apply(entries: readonly Entry[]): ApplyOutcome {
    const outcome = this.#served.applier.apply(entries);
    if (outcome.type === 'failed' && this.database.isDamaged) {
      this.database.isDamaged = false;
      try {
        this.database.rollback();
        this.#markQuarantined();
      } catch (error) {
        // The mark is where the damage is: then the next start meets the damage again.
        if (!(error instanceof SqliteError)) throw error;
      }
    }
    return outcome;
  }

  checkpoint(): SnapshotOutcome<LogIndex> {
    return this.#trying((): SnapshotOutcome<LogIndex> => {
      if (this.#served.source.isHeld) return refusal('a snapshot is open');
      this.database.makeDurable();
      return done(this.appliedIndex);
    });
  }

  /** A snapshot of what is not to be trusted is of no use to anybody, and ends. */
  quarantine(): SnapshotOutcome<null> {
    return this.#trying(() => {
      this.#markQuarantined();
      this.#isQuarantined = true;
      return done(null);
    });
  }

  *openSnapshot(): Hashing<SnapshotOutcome<OpenedSnapshot>> {
    if (this.#isQuarantined) return refusal('the state is quarantined');
    const { brokenReason } = this.database;
    if (brokenReason !== null) return trouble(brokenReason);
    try {
      return yield* this.#served.source.open(this.appliedIndex);
    } catch (error) {
      return this.#break(error);
    }
  }

  readSnapshot(offset: number, length: number): SnapshotOutcome<Uint8Array> {
    return this.#trying(() => this.#served.source.read(offset, length));
  }

  closeSnapshot(): void {
    this.#served.source.close();
  }

  beginStage(snapshot: StagedSnapshot): SnapshotOutcome<null> {
    return this.#trying(() => {
      this.discardStage();
      if (snapshot.file === this.#served.file) return refusal('the file is the one that is served');
      this.#stage = new SnapshotStage(this.#files, snapshot, this.#options);
      return this.#stage.begin();
    });
  }

  writeStage(offset: number, data: Uint8Array): SnapshotOutcome<null> {
    const stage = this.#stage;
    if (stage === null) return refusal('nothing is staged');
    return this.#trying(() => stage.write(offset, data));
  }

  *finishStage(): Hashing<SnapshotOutcome<null>> {
    if (this.#stage === null) return refusal('nothing is staged');
    try {
      return yield* this.#stage.finish();
    } catch (error) {
      return this.#break(error);
    }
  }

  discardStage(): void {
    this.#stage?.discard();
    this.#stage = null;
  }

  /** The database that was served goes on until the other one is known to be sound. */
  restore(file: number): SnapshotOutcome<LogIndex> {
    return this.#trying((): SnapshotOutcome<LogIndex> => {
      const stage = this.#stage;
      if (stage?.isFinished !== true || stage.snapshot.file !== file) {
        return refusal(`file ${file} is no finished stage`);
      }
      let database: SqlDatabase;
      try {
        database = stage.openDatabase();
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        this.discardStage();
        return refusal(error instanceof Error ? error.message : String(error));
      }
      const former = this.#served;
      former.source.close('the state was replaced');
      this.#served = serve(file, database);
      this.#isQuarantined = false;
      this.#stage = null;
      former.database.close();
      this.#files.removeOthers(file);
      return done(this.appliedIndex);
    });
  }

  /**
   * Nothing may be called afterwards. Nothing is deleted: the log may name a stage that is finished
   * and not restored yet.
   */
  close(): void {
    this.closeSnapshot();
    this.#stage?.release();
    this.database.close();
    this.#files.close();
  }

  #markQuarantined(): void {
    this.#served.source.close('the state is quarantined');
    this.database.begin();
    this.database.setQuarantined();
    this.database.commit();
    this.database.makeDurable();
  }

  #trying<Result>(work: () => SnapshotOutcome<Result>): SnapshotOutcome<Result> {
    const { brokenReason } = this.database;
    if (brokenReason !== null) return trouble(brokenReason);
    try {
      return work();
    } catch (error) {
      return this.#break(error);
    }
  }

  #break(error: unknown): Trouble {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.database.brokenReason = reason;
    return trouble(reason);
  }
}

function serve(file: number, database: SqlDatabase): Served {
  const applier = new Applier(database);
  return { file, database, applier, source: new SnapshotSource(database) };
}

function openOrBegin(
  files: StateFiles,
  file: number,
  options: Partial<DatabaseOptions>,
): SqlDatabase {
  try {
    return new SqlDatabase(files.runtime, files.location(file), options);
  } catch (error) {
    const lacksOurs = error instanceof SqliteError && (error.resultCode & 0xff) === PRIMARY_ERROR;
    if (!isDamage(error) && !lacksOurs) throw error;
    files.remove(file);
    return new SqlDatabase(files.runtime, files.location(file), options);
  }
}

/** Throws where it is damaged, or has lost a part; where there is none at all it is created. */
function openOnly(files: StateFiles, file: number, options: Partial<DatabaseOptions>): SqlDatabase {
  if (files.lacksLog(file)) {
    throw refused(
      'Corrupt',
      'the database has lost its write-ahead log, and nobody else has the data',
    );
  }
  return new SqlDatabase(files.runtime, files.location(file), options);
}
