/**
 * The state machine on SQLite: applies log entries (SM1 to SM3 in node/ports.ts).
 *
 * A call's entries share one transaction with the applied index and the session table, each in a
 * savepoint of its own. Where a statement ends that transaction (ON CONFLICT ROLLBACK, or an entry
 * that exceeds its budget of steps), the batch is undone, what stands before the entry is applied
 * again, and the entry runs in a transaction by itself.
 *
 * Where the caller wishes it the transaction stays open behind the call, for the next one's entries:
 * what an entry comes to does not depend on where transactions begin, and nothing is promised to be on
 * the disk before a checkpoint. The caller has to commit before it does anything else with the database.
 *
 * A state check that meets damaged pages ends the transaction too: this node's copy is found out, and
 * answers accordingly until it is replaced.
 *
 * An 'each' entry in which a statement ends the transaction is begun anew without that statement:
 * it would have had no effect by itself, and the others count.
 */

import { FormatError } from '../node/bytes.ts';
import { decodeCommand, type CommandOutcome, type Execute } from '../node/command.ts';
import type { ApplyOutcome } from '../node/ports.ts';
import type { ExecuteRequest, StatementError, TransactionRequest } from '../node/sql.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { adoptBuild } from './adoption.ts';
import type { SqlDatabase, StepBudget } from './database.ts';
import {
  cutAtSolitary,
  isMuch,
  isSolitaryWork,
  isStaging,
  isStatements,
  isTroubleWithEntry,
  lostWork,
  readRequest,
  reasonOf,
  type LostWork,
  type SolitaryWork,
  type Work,
} from './apply-work.ts';
import { answerOf, undone, unreadable } from './entry-answers.ts';
import { EntryContext } from './entry-context.ts';
import { runEntry, type KnownErrors } from './entry-run.ts';
import { MAX_ENTRY_RERUNS } from './limits.ts';
import { ResponseBuilder } from './response-builder.ts';
import { SessionStore } from './session-store.ts';
import { isDamage } from './sql-error.ts';
import { UnfitFile } from './file-check.ts';
import { noteSkipped, skippedResponse, wasSkipped } from './skipped.ts';
import { checkState, checkUnreadable, isRoundOpen, lastCheck } from './state-check.ts';
import { dropStaged, forgetStaged, lackOf, readStaged, refusal, stage, staged } from './staging.ts';
import { newBudget, TransactionLost, type EntryRun } from './statement-run.ts';
import { buildSuccessor, type SuccessorPlace } from './successor.ts';
import { runVacuum } from './vacuum.ts';
import { applyTransaction, conflictResponse } from './transaction-apply.ts';

interface SolitaryEnd {
  readonly response: Uint8Array;
  /** What is staged is of no use, and goes together with the applied index. */
  readonly dropsStage: boolean;
}

const NO_RESPONSE = new Uint8Array(0);
const NOTHING_KNOWN: KnownErrors = new Map();

export class Applier {
  #database: SqlDatabase;
  readonly #place: SuccessorPlace | null;
  #sessions: SessionStore;
  #appliedIndex: LogIndex;
  /** Entries to come that are not to be applied. */
  readonly #skipped: Set<LogIndex>;
  /** What is being applied. */
  #work: Work | null = null;
  /** What the open transaction holds, in order; null: none is open. */
  #open: Work[] | null = null;
  /** The entries of which some are in the open transaction, of calls that have ended well. */
  #uncommitted: Entry[] = [];
  #lastStampMs = 0;

  /** `place`: null where nothing can be imported. `skipped`: what `skip` named so far. */
  constructor(
    database: SqlDatabase,
    place: SuccessorPlace | null = null,
    skipped: Set<LogIndex> = new Set(),
  ) {
    this.#database = database;
    this.#place = place;
    this.#skipped = skipped;
    this.#sessions = new SessionStore(database);
    this.#appliedIndex = database.appliedIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** The time of the last entry with one that was applied since the database was opened, or 0. */
  get lastStampMs(): number {
    return this.#lastStampMs;
  }

  /**
   * Applies the entries, which follow on what was applied before; those that were applied already
   * have no effect and answer what the session table knows. After 'failed' every call fails.
   * `staysOpen`: as long as that is not too much, they are not committed yet.
   */
  apply(entries: readonly Entry[], staysOpen = false): ApplyOutcome {
    const { brokenReason } = this.#database;
    if (brokenReason !== null) return { type: 'failed', reason: brokenReason };
    try {
      const { works, unreadable } = this.#decodeAll(entries);
      const outcomes = this.#applyAll(works);
      if (this.#open !== null) this.#uncommitted.push(...entries);
      if (!staysOpen || unreadable !== null || isMuch(this.#uncommitted)) this.#commitOpen();
      return unreadable ?? { type: 'applied', outcomes };
    } catch (error) {
      const reason = this.#break(error);
      if (this.#work === null || !isTroubleWithEntry(error)) return { type: 'failed', reason };
      return { type: 'stuck', index: this.#work.index, reason };
    } finally {
      this.#work = null;
    }
  }

  /** Entries that were answered and would be gone with the connection. */
  get uncommitted(): readonly Entry[] {
    return this.#uncommitted;
  }

  /** Nothing is left open. Where that fails, the database has failed, and says so to its next user. */
  commit(): void {
    if (this.#open === null || this.#database.brokenReason !== null) return;
    try {
      this.#commitOpen();
    } catch (error) {
      this.#break(error);
    }
  }

  /** The entry at `index` is not applied when it comes: an operator had it skipped. */
  skip(index: LogIndex): void {
    this.#skipped.add(index);
  }

  /** What stands before an entry that cannot be read is applied. */
  #decodeAll(entries: readonly Entry[]): { works: Work[]; unreadable: ApplyOutcome | null } {
    const works: Work[] = [];
    for (const entry of entries) {
      try {
        works.push(this.#decode(entry));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        const { index } = entry;
        return { works, unreadable: { type: 'stuck', index, reason: reasonOf(error) } };
      }
    }
    return { works, unreadable: null };
  }

  #decode(entry: Entry): Work {
    const { index } = entry;
    if (entry.type !== 'command') return { index, command: null, isSkipped: false };
    const isSkipped =
      this.#skipped.has(index) ||
      (index <= this.#appliedIndex && wasSkipped(this.#database, index));
    try {
      return { index, command: decodeCommand(entry.data), isSkipped };
    } catch (error) {
      if (!isSkipped || !(error instanceof FormatError)) throw error;
      return { index, command: null, isSkipped };
    }
  }

  #applyAll(works: readonly Work[]): CommandOutcome[] {
    const outcomes: CommandOutcome[] = [];
    let at = 0;
    for (const work of works) {
      if (work.index > this.#appliedIndex) break;
      const outcome = this.#recall(work);
      if (outcome !== null) outcomes.push(outcome);
      at += 1;
    }
    for (const run of cutAtSolitary(works.slice(at))) {
      const [first] = run;
      if (first !== undefined && isSolitaryWork(first)) outcomes.push(this.#applySolitary(first));
      else this.#applyRun(run, outcomes);
    }
    return outcomes;
  }

  /** Works that can share transactions. */
  #applyRun(works: readonly Work[], outcomes: CommandOutcome[]): void {
    for (const work of works) {
      const lost = this.#applyShared(work, outcomes);
      if (lost === null) continue;
      this.#restoreOpen();
      outcomes.push(this.#applyAlone(lost));
    }
  }

  /**
   * What the request does takes effect before the applied index says so: after a crash between the two
   * it is done again, and must come to the same. Unless it is an import, which takes effect as a whole.
   */
  #applySolitary(work: SolitaryWork): CommandOutcome {
    this.#commitOpen();
    this.#work = work;
    const { index, command } = work;
    this.#checkOrder(index);
    const { table } = this.#sessions;
    let outcome = table.admit(command.session, index);
    let dropsStage = false;
    if (outcome === null) {
      const end = this.#runSolitary(work);
      // Another database has taken the place of the former one, and has the answer.
      if (end === null) return this.#sessions.table.recall(command.session);
      outcome = table.finish(command.session, end.response);
      dropsStage = end.dropsStage;
    }
    this.#database.guard.written.noteAll();
    this.#database.begin();
    if (dropsStage) dropStaged(this.#database);
    this.#appliedIndex = index;
    this.#commit();
    return outcome;
  }

  #runSolitary(work: SolitaryWork): SolitaryEnd | null {
    const request = readRequest(work.command.body);
    if (request === null) return { response: unreadable(), dropsStage: false };
    if (request.mode === 'import-finish') return this.#finishImport(work, request.hash);
    if (request.mode === 'vacuum') {
      const context = new EntryContext(work.command.stampMs, work.command.seed);
      const response = answerOf(runVacuum(this.#database, context));
      return { response, dropsStage: false };
    }
    throw new Error(`nothing does a request of mode ${request.mode}`);
  }

  /** Null: what was staged has become the database. */
  #finishImport({ index, command }: SolitaryWork, hash: string): SolitaryEnd | null {
    const former = this.#database;
    const place = this.#place;
    if (place === null) throw new Error('there is no place for another database');
    const file = readStaged(former);
    const lack = lackOf(file, hash);
    if (lack !== null) return { response: answerOf(refusal(lack)), dropsStage: false };
    try {
      const successor = buildSuccessor(former, place, (database) => {
        const sessions = new SessionStore(database);
        sessions.table.admit(command.session, index);
        sessions.table.finish(command.session, answerOf(staged(file?.sizeBytes ?? 0)));
        sessions.save();
        database.setAppliedIndex(index);
      });
      this.#database = successor;
      this.#sessions = new SessionStore(successor);
      this.#appliedIndex = index;
      place.succeed(successor);
      return null;
    } catch (error) {
      if (!(error instanceof UnfitFile)) throw error;
      const reason = `the file cannot be imported: ${error.message}`;
      return { response: answerOf(refusal(reason)), dropsStage: true };
    }
  }

  #recall({ index, command, isSkipped }: Work): CommandOutcome | null {
    if (isSkipped && command?.type !== 'execute') return { type: 'nothing' };
    if (command === null) return null;
    if (command.type === 'skip') return this.#seeSkip(command.index);
    if (command.type === 'execute') return this.#sessions.table.recall(command.session);
    if (command.type === 'check-state') {
      return this.#checked(lastCheck(this.#database, index));
    }
    if (command.type === 'adopt-build') return { type: 'build-adopted', build: command.build };
    if (command.type === 'close-session') {
      return { type: 'session-closed', sessionId: command.sessionId };
    }
    return this.#sessions.table.recallRegistration(index, command);
  }

  /** In the open transaction. Not null: it must go, and the work runs in one by itself. */
  #applyShared(work: Work, outcomes: CommandOutcome[]): LostWork | null {
    this.#work = work;
    if (this.#open === null) this.#database.begin();
    this.#open ??= [];
    this.#checkOrder(work.index);
    try {
      const outcome = this.#applyOne(work);
      if (outcome !== null) outcomes.push(outcome);
    } catch (error) {
      const lost = lostWork(work, error);
      if (lost === null) throw error;
      return lost;
    }
    this.#appliedIndex = work.index;
    this.#open.push(work);
    return null;
  }

  /** What stands before the work that ended the transaction is applied again, and committed. */
  #restoreOpen(): void {
    const before = this.#open ?? [];
    this.#undo();
    // They come to what they came to before.
    const again: CommandOutcome[] = [];
    for (const work of before) {
      if (this.#applyShared(work, again) === null) continue;
      throw new Error(`entry ${work.index} ended its transaction, and did not before`);
    }
    this.#commitOpen();
  }

  #applyOne(work: Work): CommandOutcome | null {
    this.#work = work;
    const { index, command } = work;
    if (work.isSkipped) return this.#applySkipped(work);
    if (command === null) return null;
    if (command.type === 'skip') return this.#seeSkip(command.index);
    if ('stampMs' in command) this.#lastStampMs = command.stampMs;
    if (command.type === 'register-session') {
      return this.#sessions.table.register(index, command);
    }
    if (command.type === 'close-session') return this.#sessions.table.close(command);
    if (command.type === 'adopt-build') {
      adoptBuild(this.#database, command.build);
      return { type: 'build-adopted', build: command.build };
    }
    if (command.type === 'check-state') {
      // What is hashed is the state behind the entry before, wherever the batch began.
      this.#sessions.save();
      forgetStaged(this.#database, command.stampMs);
      return this.#checked(checkState(this.#database, index));
    }
    const known = this.#sessions.table.admit(command.session, index);
    if (known !== null) return known;
    return this.#sessions.table.finish(command.session, this.#execute(command));
  }

  /** Nothing but its session's number is taken; that it was so is kept. */
  #applySkipped({ index, command }: Work): CommandOutcome {
    noteSkipped(this.#database, index);
    if (command?.type !== 'execute') return { type: 'nothing' };
    const { table } = this.#sessions;
    return table.admit(command.session, index) ?? table.finish(command.session, skippedResponse());
  }

  #checked(hash: string): CommandOutcome {
    return { type: 'checked', hash, goesOn: isRoundOpen(this.#database) };
  }

  #seeSkip(index: LogIndex): CommandOutcome {
    return { type: 'skip-seen', index, agrees: wasSkipped(this.#database, index) };
  }

  #execute(command: Execute): Uint8Array {
    if (command.body.length === 0) return NO_RESPONSE;
    const request = readRequest(command.body);
    if (request === null) return unreadable();
    if (isStaging(request)) return answerOf(stage(this.#database, request, command.stampMs));
    if (request.mode === 'transaction') {
      return applyTransaction(this.#database, request, command.stampMs);
    }
    if (!isStatements(request)) throw new Error(`nothing does a request of mode ${request.mode}`);
    const budget = newBudget(this.#database);
    const response = new ResponseBuilder();
    const committed = this.#run(command, request, budget, NOTHING_KNOWN, response);
    return response.finish(committed);
  }

  /** The entry follows on the applied index, and lost the transaction it shared. */
  #applyAlone({ work, execute }: LostWork): CommandOutcome {
    this.#work = work;
    const { index } = work;
    if (execute === null) {
      this.#database.begin();
      const hash = checkUnreadable(this.#database, index);
      this.#appliedIndex = index;
      this.#commit();
      return this.#checked(hash);
    }
    const { table } = this.#sessions;
    const request = readRequest(execute.body);
    if (
      request === null ||
      !isStatements(request) ||
      table.admit(execute.session, index) !== null
    ) {
      throw new Error('the entry did not run before');
    }
    const response =
      request.mode === 'transaction'
        ? this.#transactAlone(execute, request)
        : this.#executeAlone(execute, request);
    const outcome = table.finish(execute.session, response);
    this.#appliedIndex = index;
    this.#commit();
    return outcome;
  }

  /** Leaves a transaction open that holds the entry's effect. */
  #executeAlone(execute: Execute, request: ExecuteRequest): Uint8Array {
    const budget = newBudget(this.#database);
    const known = new Map<number, StatementError>();
    for (;;) {
      this.#database.begin();
      const response = new ResponseBuilder();
      try {
        return response.finish(this.#run(execute, request, budget, known, response));
      } catch (error) {
        if (!(error instanceof TransactionLost)) throw error;
        this.#database.rollback();
        const { statement } = error.error.sqlite;
        const goesOn =
          request.mode === 'each' && error.reason === 'rollback' && known.size < MAX_ENTRY_RERUNS;
        if (goesOn) {
          known.set(statement, error.error);
          continue;
        }
        this.#database.begin();
        return undone(request, error.error, response);
      }
    }
  }

  /** The same, of one that did not end the database's transaction where it ran first. */
  #transactAlone(execute: Execute, request: TransactionRequest): Uint8Array {
    this.#database.begin();
    try {
      return applyTransaction(this.#database, request, execute.stampMs);
    } catch (error) {
      if (!(error instanceof TransactionLost)) throw error;
      this.#database.rollback();
      this.#database.begin();
      return conflictResponse(error.error.sqlite.statement);
    }
  }

  #run(
    execute: Execute,
    request: ExecuteRequest,
    budget: StepBudget,
    known: KnownErrors,
    response: ResponseBuilder,
  ): boolean {
    const database = this.#database;
    const context = new EntryContext(execute.stampMs, execute.seed);
    const run: EntryRun = {
      database,
      context,
      budget,
      keepsRows: request.rows,
      maxAnswerBytes: null,
      hasWritten: false,
    };
    return database.runtime.during(context, () => runEntry(run, request, known, response));
  }

  #commitOpen(): void {
    if (this.#open !== null) this.#commit();
  }

  #commit(): void {
    this.#sessions.save();
    this.#database.setAppliedIndex(this.#appliedIndex);
    this.#database.commit();
    this.#open = null;
    this.#uncommitted = [];
  }

  /** Why the database cannot go on. */
  #break(error: unknown): string {
    const reason = reasonOf(error);
    this.#database.brokenReason = reason;
    this.#database.isDamaged = isDamage(error);
    return reason;
  }

  /** Back to what is in the database. */
  #undo(): void {
    this.#open = null;
    this.#database.rollback();
    this.#sessions = new SessionStore(this.#database);
    this.#appliedIndex = this.#database.appliedIndex;
  }

  #checkOrder(index: LogIndex): void {
    if (index === this.#appliedIndex + 1) return;
    throw new Error(`entry ${index} does not follow on ${this.#appliedIndex}`);
  }
}
