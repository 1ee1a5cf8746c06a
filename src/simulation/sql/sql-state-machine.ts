/**
 * The StateMachine port over SQLite in virtual time. The work is `SqlState`'s, which is what ships;
 * here are only the moments at which it is done, the cuts between transactions, the faults, and what
 * the checkers are told. A snapshot's pieces are hashed with time between them, as in a worker.
 */

import type { AdoptedBuild } from '../../node/build.ts';
import { hash as sha256 } from '@stablelib/sha256';
import { decodeCommand, type Command, type CommandOutcome } from '../../node/command.ts';
import type {
  ApplyOutcome,
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
} from '../../node/ports.ts';
import type { Entry, LogIndex } from '../../raft/types.ts';
import { SESSIONS } from '../../sqlite/database.ts';
import { hashDatabase } from '../../sqlite/hash.ts';
import type { Hashing } from '../../sqlite/piece-hash.ts';
import type { SqlState } from '../../sqlite/sql-state.ts';
import type { EventLoop } from '../event-loop.ts';
import type { EventQueue } from '../event-queue.ts';
import { MachineProcess } from '../machine-process.ts';
import type { AppliedEntry } from '../model-state.ts';
import type { ModelWrite } from '../model.ts';
import type { Random } from '../random.ts';
import type { SimulatedStateMachine } from '../simulated-database.ts';
import { SqlContents } from './contents.ts';
import type { SqlMachineDatabase } from './sql-machine-database.ts';
import { decodeSqlWrite, encodeSqlWrite } from './statements.ts';

type Done<Result> = (outcome: SnapshotOutcome<Result>) => void;

/** To hash a state takes longer than to apply an entry: only every so many indexes one is. */
const HASH_INTERVAL = 4;
/** Hexadecimal digits of a hash that make a digest: 52 bits. */
const DIGEST_DIGITS = 13;
const ENABLE_TRIGGER = 1003;

export interface SqlProcess {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly loop: EventLoop;
}

export class SqlStateMachine implements SimulatedStateMachine {
  readonly #database: SqlMachineDatabase;
  /** What ships. Whoever uses it leaves nothing open on it behind its task. */
  state: SqlState;
  readonly #process: MachineProcess;
  readonly #writes: Random;
  model: SqlContents;
  readonly #skipped = new Set<number>();
  #failed = false;

  constructor(database: SqlMachineDatabase, state: SqlState, process: SqlProcess) {
    const { queue, random, loop } = process;
    this.#database = database;
    this.state = state;
    this.#process = new MachineProcess(database, queue, random, loop);
    this.#writes = random.stream('writes', random.u32());
    this.model = new SqlContents(state);
  }

  get appliedIndex(): LogIndex {
    return this.state.appliedIndex;
  }

  get adopted(): AdoptedBuild {
    return this.state.adoptedBuild;
  }

  get quarantined(): boolean {
    return this.state.isQuarantined;
  }

  get deviates(): boolean {
    return this.#database.deviates;
  }

  get digest(): number {
    return Number.parseInt(this.hash().slice(0, DIGEST_DIGITS), 16);
  }

  hash(): string {
    return hashDatabase(this.state.database);
  }

  encodeWrite(write: ModelWrite): Uint8Array {
    return encodeSqlWrite(write, this.model.hasSchema, this.#writes);
  }

  deviate(key: number, bit: number): void {
    const { database } = this.state;
    const length = this.model.values(key).length;
    // What an open snapshot shows must not change, and what changes must reach the disk.
    this.state.closeSnapshot();
    database.connection.configure(ENABLE_TRIGGER, false);
    database.begin();
    if (length === 0) {
      database.connection.run(`PRAGMA user_version = ${bit + 1}`);
    } else {
      const position = 1 + (bit % length);
      const sql = 'UPDATE lists SET value = -value - 1 WHERE key = ? AND position = ?';
      database.execute(sql, key, position);
      database.execute('UPDATE registers SET value = value + 1 WHERE key = ?', key + 1);
    }
    database.commit();
    database.connection.configure(ENABLE_TRIGGER, true);
    database.makeDurable();
    this.#database.markDeviating();
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    const process = this.#process;
    process.beginApply();
    this.#failed ||= this.#database.failNext;
    this.#database.failNext = false;
    const cut = process.cut(entries.length);
    const outcomes: CommandOutcome[] = [];
    const fail = (reason: string): void => process.finish(() => done({ type: 'failed', reason }));
    this.#transaction(entries.slice(0, cut), outcomes, fail, () => {
      if (this.#failed) {
        fail('simulated database failure');
        return;
      }
      this.#transaction(entries.slice(cut), outcomes, fail, () => {
        process.finishApply(outcomes, done);
      });
    });
  }

  checkpoint(done: Done<LogIndex>): void {
    this.#process.begin('checkpoint');
    if (this.#process.refuses()) {
      this.#process.finish(() => done({ type: 'refused', reason: 'simulated: busy' }));
      return;
    }
    this.#process.after(() => {
      const outcome = this.state.checkpoint();
      if (outcome.type === 'done') {
        this.#database.flushed();
        this.#database.counters.checkpoints += 1;
      }
      this.#process.finish(() => done(outcome));
    });
  }

  openSnapshot(done: Done<OpenedSnapshot>): void {
    this.#process.step('openSnapshot');
    this.#process.after(() => {
      if (this.deviates) {
        // Reading all of it shows what reading a part of it does not.
        this.#database.markSpoilt();
        const reason = 'simulated: a page with a wrong checksum';
        this.#process.answer(done, { type: 'failed', reason });
      } else if (this.#process.refuses()) {
        this.#process.answer(done, { type: 'refused', reason: 'simulated: no stable copy' });
      } else {
        this.#hash(this.state.openSnapshot(), done);
      }
    });
  }

  readSnapshot(offset: number, length: number, done: Done<Uint8Array>): void {
    this.#process.step('readSnapshot');
    this.#process.after(() => {
      this.#process.answer(done, this.state.readSnapshot(offset, length));
    });
  }

  closeSnapshot(): void {
    this.state.closeSnapshot();
  }

  beginStage(snapshot: StagedSnapshot, done: Done<null>): void {
    this.#process.step('beginStage');
    if (snapshot.file === this.#database.fileNumber) throw new Error('staged onto itself (SM7)');
    if (this.#process.refuses()) {
      this.state.discardStage();
      this.#process.answer(done, { type: 'refused', reason: 'simulated: no room' });
      return;
    }
    this.#database.staging(snapshot.file);
    const outcome = this.state.beginStage(snapshot);
    this.#process.after(() => this.#process.answer(done, outcome));
  }

  writeStage(offset: number, data: Uint8Array, done: Done<null>): void {
    this.#process.step('writeStage');
    const outcome = this.state.writeStage(offset, data);
    this.#process.after(() => this.#process.answer(done, outcome));
  }

  finishStage(done: Done<null>): void {
    this.#process.step('finishStage');
    this.#process.after(() => {
      this.#hash(this.state.finishStage(), (outcome) => {
        if (outcome.type === 'done') this.#database.counters.staged += 1;
        done(outcome);
      });
    });
  }

  discardStage(): void {
    this.state.discardStage();
  }

  restore(file: number, done: Done<LogIndex>): void {
    this.#process.begin('restore');
    this.#database.onSnapshotStep?.();
    this.#process.after(() => {
      const outcome = this.state.restore(file);
      if (outcome.type === 'done') {
        this.#database.restored(file);
        this.#database.events.restored(outcome.result, this.digest);
        this.#process.wake(this.appliedIndex);
      }
      this.#process.finish(() => done(outcome));
    });
  }

  quarantine(done: Done<null>): void {
    this.#process.use('quarantine');
    this.#process.after(() => {
      const { quarantined } = this;
      const outcome = this.state.quarantine();
      if (!quarantined && this.quarantined) this.#database.counters.quarantines += 1;
      if (outcome.type === 'done') this.#database.flushed();
      this.#process.answer(done, outcome);
    });
  }

  skip(index: LogIndex): void {
    this.#process.use('skip');
    this.#skipped.add(index);
    this.state.skip(index);
  }

  adoptedBuild(done: Done<AdoptedBuild>): void {
    this.#process.use('adoptedBuild');
    this.#process.answer(done, { type: 'done', result: this.adopted });
  }

  reopen(done: Done<LogIndex>): void {
    this.#process.begin('reopen');
    this.#process.after(() => {
      this.#process.reopened();
      this.state = this.#database.reopen();
      this.model = new SqlContents(this.state);
      this.#process.finish(() => done({ type: 'done', result: this.appliedIndex }));
    });
  }

  whenApplied(index: LogIndex, run: () => void): void {
    if (this.appliedIndex >= index) run();
    else this.#process.wait(index, run);
  }

  #transaction(
    entries: readonly Entry[],
    outcomes: CommandOutcome[],
    fail: (reason: string) => void,
    then: () => void,
  ): void {
    this.#process.meets(entries, this.#skipped);
    if (entries.length === 0 || this.#process.isStuck) {
      then();
      return;
    }
    this.#process.after(() => {
      const commands = entries.map((entry) => {
        return entry.type === 'command' ? decodeCommand(entry.data) : null;
      });
      const before = this.appliedIndex;
      const sequences = this.#sequencesOf(commands);
      const outcome = this.state.apply(entries, true);
      if (outcome.type !== 'applied') {
        fail(outcome.reason);
        return;
      }
      outcomes.push(...outcome.outcomes);
      for (const applied of this.#describe(entries, commands, outcome.outcomes, sequences)) {
        if (applied.entry.index > before) this.#database.events.applied(applied);
      }
      this.#process.wake(this.appliedIndex);
      then();
    });
  }

  /** The last sequence number of every session that is named, before the commands are applied. */
  #sequencesOf(commands: readonly (Command | null)[]): Map<number, number> {
    const sequences = new Map<number, number>();
    for (const command of commands) {
      if (command?.type !== 'execute') continue;
      const { sessionId } = command.session;
      if (sequences.has(sessionId)) continue;
      const sql = `SELECT last_sequence FROM ${SESSIONS} WHERE id = ?`;
      sequences.set(sessionId, Number(this.state.database.query(sql, sessionId)[0] ?? 0));
    }
    return sequences;
  }

  /** One transaction's entries: between them nobody can look at the state. */
  #describe(
    entries: readonly Entry[],
    commands: readonly (Command | null)[],
    outcomes: readonly CommandOutcome[],
    sequences: Map<number, number>,
  ): AppliedEntry[] {
    let next = 0;
    return entries.map((entry, at) => {
      const command = commands[at] ?? null;
      const outcome = command === null ? null : (outcomes[next++] ?? null);
      const isLast = at === entries.length - 1;
      const isHashed = isLast && entry.index % HASH_INTERVAL === 0 && !this.deviates;
      let write: ModelWrite | null = null;
      if (command?.type === 'execute' && outcome?.type === 'executed') {
        const { sessionId, sequence } = command.session;
        const isFirstCopy = sequence > (sequences.get(sessionId) ?? 0);
        if (isFirstCopy) sequences.set(sessionId, sequence);
        const isDone = command.body.length > 0 && !this.#skipped.has(entry.index);
        if (isFirstCopy && isDone) write = decodeSqlWrite(command.body);
      }
      return { entry, command, outcome, write, digest: isHashed ? this.digest : null };
    });
  }

  #hash<Result>(hashing: Hashing<SnapshotOutcome<Result>>, done: Done<Result>): void {
    const resume = (step: IteratorResult<Uint8Array, SnapshotOutcome<Result>>): void => {
      if (step.done === true) this.#process.answer(done, step.value);
      else this.#process.after(() => resume(hashing.next(sha256(step.value))));
    };
    resume(hashing.next());
  }
}
