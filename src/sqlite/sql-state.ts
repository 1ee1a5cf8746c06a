/**
 * The state machine of one node on its numbered database files, without anything asynchronous: the
 * database that is served, the snapshot that is read from it, and the stage that another one is
 * received into (SM1 to SM8 in node/ports.ts). What takes long is a `Hashing`, run by the caller.
 *
 * A database that is lost or damaged when it is opened is begun anew, empty: the applied index tells,
 * and the runtime, which knows what the log can still give, sees to it. Unless nobody else has what is
 * in it: then it is left as it is, for whoever wants to rescue something. Nothing falls back to memory.
 */

import type { AdoptedBuild } from '../node/build.ts';
import type {
  ApplyOutcome,
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
} from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { adoptedBuild } from './adoption.ts';
import { Applier } from './apply.ts';
import { reasonOf } from './apply-work.ts';
import { SqlDatabase, type DatabaseOptions } from './database.ts';
import { hasLogMode, HEADER_BYTES } from './file-check.ts';
import type { Hashing } from './piece-hash.ts';
import { done, refusal, trouble, type Trouble } from './snapshot-outcome.ts';
import { SnapshotSource } from './snapshot-source.ts';
import { SnapshotStage } from './snapshot-stage.ts';
import { isDamage, refused, SqliteError } from './sql-error.ts';
import type { ScratchFile, StateFiles, Twin } from './state-files.ts';
import type { SuccessorPlace } from './successor.ts';

/**
 * What else there is of what is in the database. 'only-copy': nothing, so that nothing is deleted
 * before it is known to be sound. 'anew': the log holds all of it, and this one is not to be trusted.
 */
export type Opening = 'usual' | 'only-copy' | 'anew';

/** What is replaced as a whole, by a restore or an import. */
interface Served {
  readonly file: number;
  readonly twin: Twin;
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
  /** Whatever is served when they come. */
  readonly #skipped = new Set<LogIndex>();

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
    const twin = findTwin(files, file, options);
    if (opening === 'only-copy') {
      this.#served = this.#serve(file, twin ?? 0, openOnly(files, file, twin, options));
      files.removeOthers(file, twin ?? 0);
    } else {
      files.removeOthers(file, twin ?? 0);
      const isAnew = opening === 'anew' || twin === null || !files.isWhole(file, twin);
      if (isAnew) files.remove(file);
      this.#served = this.#openOrBegin(file, isAnew ? 0 : twin);
    }
    this.#isQuarantined = this.database.isQuarantined;
  }

  /** For whatever is to be done with it: nothing that was applied is left uncommitted. */
  get database(): SqlDatabase {
    this.commit();
    return this.#served.database;
  }

  /** Only for what it knows by itself: a transaction may be open. */
  get databaseAsIs(): SqlDatabase {
    return this.#served.database;
  }

  /** Answered, and not committed yet: of a state that ends they have to be applied again. */
  get uncommitted(): readonly Entry[] {
    return this.#served.applier.uncommitted;
  }

  /** Where that fails, the database has failed, and says so to its next user. */
  commit(): void {
    this.#served.applier.commit();
  }

  get appliedIndex(): LogIndex {
    return this.#served.applier.appliedIndex;
  }

  /** The number of the file that is served. */
  get file(): number {
    return this.#served.file;
  }

  /** The log's time, as far as it is known: of the last entry applied since opening, or 0. */
  get lastStampMs(): number {
    return this.#served.applier.lastStampMs;
  }

  get isQuarantined(): boolean {
    return this.#isQuarantined;
  }

  /** A file that counts for nothing: see `StateFiles.createScratch`. */
  createScratch(): ScratchFile {
    return this.#files.createScratch();
  }

  /**
   * A database that damage has stopped is quarantined, so that the next start can replace it.
   * `staysOpen`: the entries need not be committed yet.
   */
  apply(entries: readonly Entry[], staysOpen = false): ApplyOutcome {
    const outcome = this.#served.applier.apply(entries, staysOpen);
    const { database } = this.#served;
    if (outcome.type === 'failed' && database.isDamaged) {
      database.isDamaged = false;
      try {
        database.rollback();
        this.#markQuarantined();
      } catch (error) {
        // The mark is where the damage is: then the next start meets the damage again.
        if (!(error instanceof SqliteError)) throw error;
      }
    }
    return outcome;
  }

  /** The entry at `index` is not applied when it comes (SM9). */
  skip(index: LogIndex): void {
    this.#served.applier.skip(index);
  }

  get adoptedBuild(): AdoptedBuild {
    return adoptedBuild(this.database);
  }

  checkpoint(): SnapshotOutcome<LogIndex> {
    return this.#trying((): SnapshotOutcome<LogIndex> => {
      if (this.database.isHeld) return refusal('a snapshot is open, or a copy is being made');
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
    this.commit();
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
      this.#served = this.#serve(file, 0, database);
      this.#isQuarantined = false;
      this.#stage = null;
      this.#end(former);
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

  /**
   * Gives the files back as they are, without anything that needs the module, whose memory cannot be
   * trusted. Nothing may be called afterwards.
   */
  abandon(): void {
    this.#files.abandon();
  }

  #serve(file: number, twin: Twin, database: SqlDatabase): Served {
    const applier = new Applier(database, this.#successorPlace, this.#skipped);
    return { file, twin, database, applier, source: new SnapshotSource(database) };
  }

  #openOrBegin(file: number, twin: Twin): Served {
    const files = this.#files;
    const open = (name: Twin): Served =>
      this.#serve(
        file,
        name,
        new SqlDatabase(files.runtime, files.location(file, name), this.#options),
      );
    try {
      return open(twin);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      files.remove(file);
      return open(0);
    }
  }

  /** An import makes the served database's successor under its other name. */
  get #successorPlace(): SuccessorPlace {
    const other = (): Twin => (this.#served.twin === 0 ? 1 : 0);
    return {
      create: () => {
        const { file } = this.#served;
        const twin = other();
        const created = this.#files.create(file, twin);
        return { file: created, location: this.#files.location(file, twin) };
      },
      succeed: (database) => {
        const former = this.#served;
        const source = new SnapshotSource(database);
        this.#served = { ...former, twin: other(), database, source };
        this.#end(former);
      },
      remove: () => this.#files.removeTwin(this.#served.file, other()),
    };
  }

  /** Something else is served in its place. Whatever else there is may be a stage, which stays. */
  #end(former: Served): void {
    former.source.close('the state was replaced');
    former.database.close();
    this.#files.removeTwin(former.file, former.twin);
  }

  #markQuarantined(): void {
    this.#served.source.close('the state is quarantined');
    this.database.endHolds();
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
    const reason = reasonOf(error);
    this.#served.database.brokenReason = reason;
    return trouble(reason);
  }
}

/**
 * Under which of its two names the database is. Where there are files under both, an import was under
 * way: its database counts if it is whole, and is then ahead; else the former one, from which it is made
 * again. Null: neither can be used.
 */
function findTwin(files: StateFiles, file: number, options: Partial<DatabaseOptions>): Twin | null {
  const twins = files.twins(file);
  if (twins.length < 2) return twins[0] ?? 0;
  let newest: Twin | null = null;
  let newestIndex = -1;
  for (const twin of twins) {
    const index = files.isWhole(file, twin) ? appliedIndexOf(files, file, twin, options) : -1;
    if (index <= newestIndex) continue;
    newest = twin;
    newestIndex = index;
  }
  return newest;
}

/**
 * Of the database in the file; -1 where there is none of ours, or one that is not known to be ours yet
 * (successor.ts).
 */
function appliedIndexOf(
  files: StateFiles,
  file: number,
  twin: Twin,
  options: Partial<DatabaseOptions>,
): number {
  if (!hasLogMode(files.head(file, twin, HEADER_BYTES))) return -1;
  try {
    const location = files.location(file, twin);
    const database = new SqlDatabase(files.runtime, location, options, 'never');
    const { appliedIndex } = database;
    database.close();
    return appliedIndex;
  } catch (error) {
    if (!isUnusable(error)) throw error;
    return -1;
  }
}

/** Damaged, or no database of ours. */
function isUnusable(error: unknown): boolean {
  const lacksOurs = error instanceof SqliteError && (error.resultCode & 0xff) === PRIMARY_ERROR;
  return lacksOurs || isDamage(error);
}

/** Throws where it is damaged, or has lost a part; where there is none at all it is created. */
function openOnly(
  files: StateFiles,
  file: number,
  twin: Twin | null,
  options: Partial<DatabaseOptions>,
): SqlDatabase {
  if (twin === null) {
    throw refused('Corrupt', 'the database is damaged, and nobody else has the data');
  }
  if (files.lacksLog(file, twin)) {
    throw refused(
      'Corrupt',
      'the database has lost its write-ahead log, and nobody else has the data',
    );
  }
  return new SqlDatabase(files.runtime, files.location(file, twin), options);
}
