/**
 * The state machine on SQLite: applies log entries (SM1 to SM3 in node/ports.ts).
 *
 * A call's entries share one transaction with the applied index and the session table, each in a
 * savepoint of its own. Where a statement ends that transaction (ON CONFLICT ROLLBACK, or an entry
 * that exceeds its budget of steps), the batch is undone, what stands before the entry is applied
 * again, and the entry runs in a transaction by itself.
 *
 * A state check that meets damaged pages ends the transaction too: this node's copy is found out, and
 * answers accordingly until it is replaced.
 *
 * An 'each' entry in which a statement ends the transaction is begun anew without that statement:
 * it would have had no effect by itself, and the others count.
 */

import { FormatError } from '../node/bytes.ts';
import { decodeCommand, type Command, type CommandOutcome, type Execute } from '../node/command.ts';
import type { ApplyOutcome } from '../node/ports.ts';
import type { ExecuteRequest, StatementError } from '../node/sql.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { SqlDatabase, StepBudget } from './database.ts';
import { EntryContext } from './entry-context.ts';
import { runEntry, type KnownErrors } from './entry-run.ts';
import { MAX_ENTRY_RERUNS } from './limits.ts';
import { SQLITE_MISUSE } from './raw-api.ts';
import { ResponseBuilder } from './response-builder.ts';
import { SessionStore } from './session-store.ts';
import { isDamage } from './sql-error.ts';
import { checkState, checkUnreadable, lastCheck } from './state-check.ts';
import { decodeRequest, NewerFormatError } from './statement-codec.ts';
import { statementError, TransactionLost } from './statement-run.ts';

/** An entry, decoded. */
interface Work {
  readonly index: LogIndex;
  /** Null for entries that are the core's own. */
  readonly command: Command | null;
}

const NO_RESPONSE = new Uint8Array(0);
const NOTHING_KNOWN: KnownErrors = new Map();

export class Applier {
  readonly #database: SqlDatabase;
  #sessions: SessionStore;
  #appliedIndex: LogIndex;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#sessions = new SessionStore(database);
    this.#appliedIndex = database.appliedIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /**
   * Applies the entries, which follow on what was applied before; those that were applied already
   * have no effect and answer what the session table knows. After 'failed' every call fails.
   */
  apply(entries: readonly Entry[]): ApplyOutcome {
    const { brokenReason } = this.#database;
    if (brokenReason !== null) return { type: 'failed', reason: brokenReason };
    try {
      const works = entries.map((entry) => this.#decode(entry));
      return { type: 'applied', outcomes: this.#applyAll(works) };
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.#database.brokenReason = reason;
      this.#database.isDamaged = isDamage(error);
      return { type: 'failed', reason };
    }
  }

  #decode(entry: Entry): Work {
    const command = entry.type === 'command' ? decodeCommand(entry.data) : null;
    return { index: entry.index, command };
  }

  #applyAll(works: readonly Work[]): CommandOutcome[] {
    const outcomes: CommandOutcome[] = [];
    let at = 0;
    for (const { index, command } of works) {
      if (index > this.#appliedIndex) break;
      if (command !== null) outcomes.push(this.#recall(command, index));
      at += 1;
    }
    let end = works.length;
    while (at < works.length) {
      const batch = this.#applyBatch(works.slice(at, end));
      if (batch.type === 'committed') {
        outcomes.push(...batch.outcomes);
        at = end;
        end = works.length;
      } else if (batch.lostAt > 0) {
        // First what stands before the entry that ended the transaction.
        end = at + batch.lostAt;
      } else {
        outcomes.push(this.#applyAlone(batch.lost));
        at += 1;
        end = works.length;
      }
    }
    return outcomes;
  }

  #recall(command: Command, index: LogIndex): CommandOutcome {
    if (command.type === 'execute') return this.#sessions.table.recall(command.session);
    if (command.type === 'check-state') {
      return { type: 'checked', hash: lastCheck(this.#database, index) };
    }
    return { type: 'registered', sessionId: index, nonce: command.nonce };
  }

  #applyBatch(works: readonly Work[]): BatchEnd {
    const outcomes: CommandOutcome[] = [];
    this.#database.begin();
    for (const [at, work] of works.entries()) {
      this.#checkOrder(work.index);
      try {
        const outcome = this.#applyOne(work);
        if (outcome !== null) outcomes.push(outcome);
      } catch (error) {
        const lost = lostWork(work, error);
        if (lost === null) throw error;
        this.#undo();
        return { type: 'lost', lostAt: at, lost };
      }
      this.#appliedIndex = work.index;
    }
    this.#commit();
    return { type: 'committed', outcomes };
  }

  #applyOne({ index, command }: Work): CommandOutcome | null {
    if (command === null) return null;
    if (command.type === 'register-session') {
      const sessionId = this.#sessions.table.register(index);
      return { type: 'registered', sessionId, nonce: command.nonce };
    }
    if (command.type === 'check-state') {
      // What is hashed is the state behind the entry before, wherever the batch began.
      this.#sessions.save();
      return { type: 'checked', hash: checkState(this.#database, index) };
    }
    const known = this.#sessions.table.admit(command.session, index);
    if (known !== null) return known;
    return this.#sessions.table.finish(command.session, this.#execute(command));
  }

  #execute(command: Execute): Uint8Array {
    if (command.body.length === 0) return NO_RESPONSE;
    const request = readRequest(command.body);
    if (request === null) return unreadable();
    const response = new ResponseBuilder();
    const committed = this.#run(command, request, this.#newBudget(), NOTHING_KNOWN, response);
    return response.finish(committed);
  }

  /** The entry follows on the applied index, and lost the transaction it shared. */
  #applyAlone({ index, execute }: LostWork): CommandOutcome {
    if (execute === null) {
      this.#database.begin();
      const hash = checkUnreadable(this.#database, index);
      this.#appliedIndex = index;
      this.#commit();
      return { type: 'checked', hash };
    }
    const { table } = this.#sessions;
    const request = readRequest(execute.body);
    if (request === null || table.admit(execute.session, index) !== null) {
      throw new Error('the entry did not run before');
    }
    const response = this.#executeAlone(execute, request);
    const outcome = table.finish(execute.session, response);
    this.#appliedIndex = index;
    this.#commit();
    return outcome;
  }

  /** Leaves a transaction open that holds the entry's effect. */
  #executeAlone(execute: Execute, request: ExecuteRequest): Uint8Array {
    const budget = this.#newBudget();
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

  #run(
    execute: Execute,
    request: ExecuteRequest,
    budget: StepBudget,
    known: KnownErrors,
    response: ResponseBuilder,
  ): boolean {
    const database = this.#database;
    const context = new EntryContext(execute.stampMs, execute.seed);
    const run = { database, context, budget, keepsRows: request.rows };
    return database.runtime.during(context, () => runEntry(run, request, known, response));
  }

  #newBudget(): StepBudget {
    return { steps: 0, limit: this.#database.options.stepsPerEntry, exceeded: false };
  }

  #commit(): void {
    this.#sessions.save();
    this.#database.setAppliedIndex(this.#appliedIndex);
    this.#database.commit();
  }

  /** Back to what is in the database. */
  #undo(): void {
    this.#database.rollback();
    this.#sessions = new SessionStore(this.#database);
    this.#appliedIndex = this.#database.appliedIndex;
  }

  #checkOrder(index: LogIndex): void {
    if (index === this.#appliedIndex + 1) return;
    throw new Error(`entry ${index} does not follow on ${this.#appliedIndex}`);
  }
}

interface LostWork {
  readonly index: LogIndex;
  /** Null: a state check that met damaged pages. */
  readonly execute: Execute | null;
}

/** Null: the error ends more than a transaction. */
function lostWork({ index, command }: Work, error: unknown): LostWork | null {
  if (command?.type === 'check-state' && isDamage(error)) return { index, execute: null };
  if (command?.type !== 'execute' || !(error instanceof TransactionLost)) return null;
  return { index, execute: command };
}

type BatchEnd =
  | { readonly type: 'committed'; readonly outcomes: readonly CommandOutcome[] }
  | { readonly type: 'lost'; readonly lostAt: number; readonly lost: LostWork };

/** Null where the body makes no sense, to any node; throws where a newer build may read it. */
function readRequest(body: Uint8Array): ExecuteRequest | null {
  try {
    return decodeRequest(body);
  } catch (error) {
    if (error instanceof NewerFormatError || !(error instanceof FormatError)) throw error;
    return null;
  }
}

function unreadable(): Uint8Array {
  const response = new ResponseBuilder();
  const error = statementError('Sql', 'the request cannot be read', SQLITE_MISUSE, 0);
  response.add({ type: 'error', error });
  return response.finish(false);
}

/** The response of an entry of which nothing remains, on account of one statement. */
function undone(
  request: ExecuteRequest,
  cause: StatementError,
  response: ResponseBuilder,
): Uint8Array {
  if (request.mode !== 'each') {
    response.add({ type: 'error', error: cause });
    return response.finish(false);
  }
  // The statements are each other's strangers: every one is told that it did not happen.
  const strangers = new ResponseBuilder();
  const guilty = cause.sqlite.statement;
  const message = `undone together with statement ${guilty} of the same log entry: ${cause.message}`;
  for (const number of request.statements.keys()) {
    const { code, sqlite } = cause;
    const error =
      number === guilty ? cause : { code, message, sqlite: { ...sqlite, statement: number } };
    strangers.add({ type: 'error', error });
  }
  return strangers.finish(false);
}
