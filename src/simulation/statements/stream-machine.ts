/**
 * One state machine of a differential run, on SQLite as it ships: it applies the common log in cuts of
 * its own, and between them it is restarted, read, checkpointed, held by a snapshot, or replaced by
 * another machine's snapshot. None of that may show in what it answers or in its hash.
 */

import type { Entry, LogIndex } from '../../raft/types.ts';
import type { CommandOutcome } from '../../node/command.ts';
import type { SnapshotOutcome } from '../../node/ports.ts';
import type { DatabaseOptions } from '../../sqlite/database.ts';
import { hashDatabase } from '../../sqlite/hash.ts';
import { hashNow } from '../../sqlite/piece-hash.ts';
import { runQuery } from '../../sqlite/query.ts';
import type { Runtime } from '../../sqlite/runtime.ts';
import { SqlFailure } from '../../sqlite/sql-error.ts';
import { SqlState } from '../../sqlite/sql-state.ts';
import { memoryFiles } from '../../sqlite/state-files.ts';
import type { Random } from '../random.ts';
import { MAX_SESSIONS } from './differential-log.ts';

/** In what machines differ. */
export interface Course {
  readonly cacheKib: number;
  readonly checkpointBytes: number;
  /** How long the write-ahead log may get while a snapshot is read. */
  readonly heldBytes: number;
  /** Statements that stay compiled. */
  readonly maxCachedStatements: number;
  /** Transactions stay open from one batch to the next. */
  readonly staysOpen: boolean;
  /** Entries that one call applies at most. */
  readonly batchMax: number;
  /** How often each thing happens behind a batch, per million. */
  readonly restartsPerMillion: number;
  readonly readsPerMillion: number;
  readonly snapshotsPerMillion: number;
  /** At every turn: it is replaced by a machine that is ahead instead of going on. */
  readonly installsPerMillion: number;
}

/** The same on every machine. */
const SLICE_BYTES = 50_000;
/** Low, so that runaway statements meet it soon. */
const STEPS_PER_ENTRY = 3_000_000;
const CHUNK_BYTES = 256 * 1024;

const QUERIES: readonly string[] = [
  "SELECT random(), randomblob(9), datetime(), (SELECT count(*) FROM f('ant')) FROM log",
  'SELECT * FROM sqlite_schema',
  'SELECT * FROM alike',
  'SELECT x, count(*) OVER (ORDER BY y) FROM plain ORDER BY random()',
  "SELECT * FROM doc WHERE kind = 'ant' UNION ALL SELECT * FROM r",
  'PRAGMA integrity_check',
  "SELECT * FROM fx('ant'), ri, fv LIMIT 10",
  'SELECT nowhere',
  'DELETE FROM t',
];

export class StreamMachine {
  readonly course: Course;
  readonly name: string;
  readonly counters = { batches: 0, restarts: 0, reads: 0, snapshots: 0, installs: 0 };
  readonly #runtime: Runtime;

  readonly #random: Random;
  #file = 0;
  #state: SqlState;
  #holdsSnapshot = false;

  /** `name` tells machines in one module apart. */
  constructor(runtime: Runtime, name: string, course: Course, random: Random) {
    this.#runtime = runtime;
    this.name = name;
    this.course = course;
    this.#random = random;
    this.#state = this.#open();
  }

  get appliedIndex(): LogIndex {
    return this.#state.appliedIndex;
  }

  /** Applies the first few of the entries; answers how many, and what came of those that answer. */
  applySome(entries: readonly Entry[]): { count: number; outcomes: readonly CommandOutcome[] } {
    const count = Math.min(entries.length, this.#random.between(1, this.course.batchMax));
    const outcome = this.#state.apply(entries.slice(0, count), this.course.staysOpen);
    if (outcome.type !== 'applied') throw new Error(`${this.name} failed: ${outcome.reason}`);
    this.counters.batches += 1;
    return { count, outcomes: outcome.outcomes };
  }

  /** What may happen at any time. */
  disturb(): void {
    const { restartsPerMillion, readsPerMillion, snapshotsPerMillion } = this.course;
    if (this.#random.chance(restartsPerMillion)) this.restart();
    if (this.#random.chance(readsPerMillion)) this.#read();
    if (this.#random.chance(snapshotsPerMillion)) this.#useSnapshot();
  }

  restart(): void {
    this.#state.close();
    this.#state = this.#open();
    this.#holdsSnapshot = false;
    this.counters.restarts += 1;
  }

  hash(): string {
    return hashDatabase(this.#state.database);
  }

  /** Nothing is broken inside. */
  check(): void {
    const [answer] = this.#state.database.query('PRAGMA integrity_check');
    if (answer !== 'ok') throw new Error(`${this.name}: ${String(answer)}`);
  }

  /** The other machine's state takes the place of this one's, in a file with another number. */
  install(source: StreamMachine): void {
    const from = source.#state;
    from.closeSnapshot();
    const snapshot = resultOf(hashNow(from.openSnapshot()));
    const file = this.#file + 1;
    resultOf(this.#state.beginStage({ ...snapshot, file }));
    for (let offset = 0; offset < snapshot.sizeBytes; offset += CHUNK_BYTES) {
      const data = resultOf(from.readSnapshot(offset, CHUNK_BYTES));
      resultOf(this.#state.writeStage(offset, data));
    }
    from.closeSnapshot();
    source.#holdsSnapshot = false;
    resultOf(hashNow(this.#state.finishStage()));
    resultOf(this.#state.restore(file));
    this.#file = file;
    this.#holdsSnapshot = false;
    this.counters.installs += 1;
  }

  close(): void {
    this.#state.close();
  }

  #open(): SqlState {
    const { cacheKib, checkpointBytes, heldBytes, maxCachedStatements } = this.course;
    const options: Partial<DatabaseOptions> = {
      cacheKib,
      checkpointBytes,
      heldBytes,
      maxCachedStatements,
      sliceBytes: SLICE_BYTES,
      stepsPerEntry: STEPS_PER_ENTRY,
      maxSessions: MAX_SESSIONS,
    };
    return new SqlState(memoryFiles(this.#runtime, this.name), this.#file, options);
  }

  #read(): void {
    this.counters.reads += 1;
    const query = { sql: this.#random.pick(QUERIES), params: [], deadlineMs: Infinity };
    try {
      runQuery(this.#state.database, this.appliedIndex, query);
    } catch (error) {
      if (!(error instanceof SqlFailure)) throw error;
    }
  }

  /** A snapshot is opened and stays so for a while, or what is applied is made durable. */
  #useSnapshot(): void {
    if (this.#holdsSnapshot) {
      this.#state.closeSnapshot();
      this.#holdsSnapshot = false;
      resultOf(this.#state.checkpoint());
      return;
    }
    resultOf(hashNow(this.#state.openSnapshot()));
    this.#holdsSnapshot = true;
    this.counters.snapshots += 1;
  }
}

function resultOf<Result>(outcome: SnapshotOutcome<Result>): Result {
  if (outcome.type === 'done') return outcome.result;
  throw new Error(`${outcome.type}: ${outcome.reason}`);
}
