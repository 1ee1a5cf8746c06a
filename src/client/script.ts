/**
 * `db.run`: any number of statements, as sqlite3 runs a file. Entries are sent several at a time
 * and answered in order; a read waits until everything before it is answered, so that it sees it.
 *
 * A statement that fails is counted, and the script goes on unless `bail` is set. When the cluster
 * fails, the run fails: what had been answered has taken effect, and the error says so.
 */

import type { StateRequest, StatementKind } from '../node/sql.ts';
import { aborted } from './call-limits.ts';
import { callBack } from './callback.ts';
import { ResqliteError, restated, statementRefused, toResqliteError } from './errors.ts';
import type { Executed, Queued } from './protocol.ts';
import { mayBeQueued } from './queueing.ts';
import { ScriptPacker, type ScriptUnit } from './script-pack.ts';
import type { RunOptionsFor, ScriptError, ScriptOutcome, ScriptResult } from './script-report.ts';
import { readScript, type ScriptStatement } from './script-reader.ts';

/** What a script is run by; every method rejects with `ResqliteError`. */
export interface ScriptPorts<Rows> {
  split(part: string): Promise<readonly { sql: string; kind: StatementKind }[]>;
  /** What a statement is, behind everything that is committed now. */
  classify(sql: string): Promise<StatementKind>;
  execute(request: StateRequest): Promise<Executed | Queued>;
  query(sql: string): Promise<Rows>;
}

type EntryUnit = Extract<ScriptUnit, { type: 'entry' }>;
type PlainUnit = Extract<ScriptUnit, { type: 'settled' | 'dropped' }>;

interface SentEntry {
  readonly unit: EntryUnit;
  readonly sentMs: number;
  readonly answer: Promise<Executed | Queued>;
}

/** What is reported in its turn. */
type Waiting = SentEntry | { readonly unit: PlainUnit };

const MAX_ENTRIES_IN_FLIGHT = 8;
const MAX_FIRST_ERRORS = 20;
const EXCERPT_CHARACTERS = 200;
/** These are a statement's own fault; with any other the cluster or the node has failed. */
const STATEMENT_CODES = new Set(['Sql', 'NotReplicable', 'TooLarge', 'InvalidArgument']);

export function runScript<Rows>(
  ports: ScriptPorts<Rows>,
  script: string,
  options: RunOptionsFor<Rows>,
): Promise<ScriptResult> {
  return new ScriptRun(ports, script, options).run();
}

class ScriptRun<Rows> {
  readonly #ports: ScriptPorts<Rows>;
  readonly #script: string;
  readonly #options: RunOptionsFor<Rows>;
  readonly #packer: ScriptPacker;
  readonly #startedMs = performance.now();
  /** In the script's order. */
  readonly #waiting: Waiting[] = [];
  #entriesInFlight = 0;
  readonly #firstErrors: ScriptError[] = [];
  #statements = 0;
  #errors = 0;
  #rowsAffected = 0;
  #answeredEntries = 0;

  constructor(ports: ScriptPorts<Rows>, script: string, options: RunOptionsFor<Rows>) {
    this.#ports = ports;
    this.#script = script;
    this.#options = options;
    const rows = options.onResult !== undefined;
    const { bail = false, ignoreTransactions = false } = options;
    this.#packer = new ScriptPacker({ bail, rows, ignoreTransactions });
  }

  async run(): Promise<ScriptResult> {
    try {
      await this.#runAll();
    } catch (error) {
      throw await this.#interrupted(toResqliteError(error));
    }
    return {
      statements: this.#statements,
      errors: this.#errors,
      firstErrors: this.#firstErrors,
      rowsAffected: this.#rowsAffected,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }

  async #runAll(): Promise<void> {
    for await (const statements of readScript(this.#script, (part) => this.#ports.split(part))) {
      for (const statement of statements) {
        for (const unit of this.#packer.add(statement)) await this.#take(unit);
        if (this.#bailed) return;
      }
    }
    for (const unit of this.#packer.end()) await this.#take(unit);
    await this.#settleInFlight(0);
  }

  get #bailed(): boolean {
    return this.#options.bail === true && this.#errors > 0;
  }

  async #take(unit: ScriptUnit): Promise<void> {
    if (this.#bailed) return;
    if (this.#options.signal?.aborted === true) throw aborted('no');
    switch (unit.type) {
      case 'entry':
        return this.#send(unit);
      case 'read':
        await this.#settleInFlight(0);
        return this.#read(unit.statement);
      case 'unclear':
        await this.#settleInFlight(0);
        return this.#clarify(unit.statement);
      case 'settled':
      case 'dropped':
        this.#waiting.push({ unit });
        return this.#settleInFlight(this.#entriesInFlight);
    }
  }

  async #send(unit: EntryUnit): Promise<void> {
    const answer = this.#ports.execute(unit.request);
    // It is looked at in its turn; until then its failure is nobody's.
    answer.catch(() => undefined);
    this.#waiting.push({ unit, sentMs: performance.now(), answer });
    this.#entriesInFlight += 1;
    await this.#settleInFlight(this.#options.bail === true ? 0 : MAX_ENTRIES_IN_FLIGHT - 1);
  }

  /** Reports, in order, until at most `remaining` entries are in flight. */
  async #settleInFlight(remaining: number): Promise<void> {
    for (;;) {
      const [head] = this.#waiting;
      if (head === undefined) return;
      if ('answer' in head) {
        if (this.#entriesInFlight <= remaining) return;
        await this.#settleEntry(head);
        this.#entriesInFlight -= 1;
      } else {
        this.#reportPlain(head.unit);
      }
      this.#waiting.shift();
    }
  }

  async #settleEntry(sent: SentEntry): Promise<void> {
    try {
      const executed = await sent.answer;
      this.#answeredEntries += 1;
      if ('queuedAs' in executed) this.#reportQueued(sent);
      else this.#reportEntry(sent, executed);
    } catch (error) {
      const failed = toResqliteError(error);
      if (failed.code !== 'TooLarge') throw failed;
      if (failed.applied !== 'no') this.#answeredEntries += 1;
      this.#reportUnanswered(sent, failed);
    }
  }

  #reportPlain(unit: PlainUnit): void {
    if (unit.type === 'dropped') {
      this.#report(unit.statement, { type: 'dropped' }, 0);
    } else if (unit.failure === null) {
      this.#report(unit.statement, { type: 'done' }, 0);
    } else {
      this.#report(unit.statement, { type: 'error', error: new ResqliteError(unit.failure) }, 0);
    }
  }

  #reportEntry(sent: SentEntry, executed: Executed): void {
    const { unit } = sent;
    const { outcomes, committed } = executed.response;
    const elapsedMs = performance.now() - sent.sentMs;
    // What keeps a transaction from being committed stands in its last outcome, but is its COMMIT's.
    const failedCommit = unit.request.mode === 'script' && !committed ? outcomes.at(-1) : undefined;
    for (const [at, statement] of unit.statements.entries()) {
      const outcome = outcomes[at];
      // With bail nothing behind the first error was run.
      if (outcome === undefined && unit.request.mode === 'each') return;
      if (outcome?.type === 'error' && outcome !== failedCommit) {
        const error = statementRefused(outcome.error, statement.number);
        this.#report(statement, { type: 'error', error }, elapsedMs);
      } else if (outcome?.type === 'result' && committed) {
        const { index } = executed;
        this.#report(statement, { type: 'executed', index, result: outcome.result }, elapsedMs);
      } else {
        this.#report(statement, { type: 'dropped' }, elapsedMs);
      }
    }
    if (unit.commit === null) return;
    if (failedCommit?.type === 'error') {
      const error = statementRefused(failedCommit.error, unit.commit.number);
      this.#report(unit.commit, { type: 'error', error }, elapsedMs);
    } else {
      this.#report(unit.commit, { type: committed ? 'done' : 'dropped' }, elapsedMs);
    }
  }

  #reportQueued({ unit, sentMs }: SentEntry): void {
    const elapsedMs = performance.now() - sentMs;
    const statements = unit.commit === null ? unit.statements : [...unit.statements, unit.commit];
    for (const statement of statements) this.#report(statement, { type: 'queued' }, elapsedMs);
  }

  /** An entry larger than may be sent, or whose answer was. */
  #reportUnanswered(sent: SentEntry, error: ResqliteError): void {
    const elapsedMs = performance.now() - sent.sentMs;
    for (const statement of sent.unit.statements) {
      this.#report(statement, { type: 'error', error }, elapsedMs);
    }
    const { commit } = sent.unit;
    if (commit !== null) {
      this.#report(commit, { type: error.applied === 'no' ? 'dropped' : 'done' }, elapsedMs);
    }
  }

  async #read(statement: ScriptStatement): Promise<void> {
    const startedMs = performance.now();
    let outcome: ScriptOutcome<Rows>;
    try {
      outcome = { type: 'rows', answer: await this.#ports.query(statement.sql) };
    } catch (error) {
      const failed = toResqliteError(error);
      if (!STATEMENT_CODES.has(failed.code)) throw failed;
      outcome = { type: 'error', error: failed };
    }
    this.#report(statement, outcome, performance.now() - startedMs);
  }

  async #clarify(statement: ScriptStatement): Promise<void> {
    if (this.#options.offline === 'queue' && mayBeQueued(statement.sql, statement.kind)) {
      return this.#take(this.#packer.entryOf(statement));
    }
    const kind = await this.#ports.classify(statement.sql);
    if (kind.readOnly && kind.error === null) return this.#read(statement);
    if (kind.error === null) return this.#take(this.#packer.entryOf(statement));
    const error = statementRefused(kind.error, statement.number);
    this.#report(statement, { type: 'error', error }, 0);
  }

  #report(statement: ScriptStatement, outcome: ScriptOutcome<Rows>, elapsedMs: number): void {
    const { number, sql, start, line } = statement;
    this.#statements += 1;
    if (outcome.type === 'error') {
      this.#errors += 1;
      if (this.#firstErrors.length < MAX_FIRST_ERRORS) {
        const excerpt = sql.slice(0, EXCERPT_CHARACTERS);
        this.#firstErrors.push({
          statement: number,
          start,
          line,
          sql: excerpt,
          error: outcome.error,
        });
      }
    } else if (outcome.type === 'executed') {
      this.#rowsAffected += outcome.result.rowsAffected;
    }
    const { onResult, onProgress } = this.#options;
    callBack(onResult, { statement: number, sql, start, line, elapsedMs, outcome });
    callBack(onProgress, {
      statements: this.#statements,
      errors: this.#errors,
      rowsAffected: this.#rowsAffected,
      fraction: Math.min(1, (start + sql.length) / this.#script.length),
    });
  }

  /** The run's error, when all that is under way has ended: did any of it happen? */
  async #interrupted(cause: ResqliteError): Promise<ResqliteError> {
    const sent = this.#waiting.flatMap((waiting) => ('answer' in waiting ? [waiting.answer] : []));
    const answers = await Promise.allSettled(sent);
    const maybeApplied = answers.some(
      (answer) => answer.status === 'fulfilled' || toResqliteError(answer.reason).applied !== 'no',
    );
    const nothing = this.#answeredEntries === 0 && !maybeApplied && cause.applied === 'no';
    const done = this.#statements;
    const note = done === 0 ? '' : ` (after ${done} statements had been answered)`;
    return restated(cause, nothing ? 'no' : 'unknown', note);
  }
}
