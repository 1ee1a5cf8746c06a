/**
 * `db.migrate`: brings the schema to the version that a list of migrations makes. First it looks at this
 * tab's own copy of the data, which nobody has to be asked for: records of migrations only grow, so where
 * that has all of them there is nothing to do. Else it asks what is committed, and applies what is missing,
 * one log entry each. Whoever was faster, a lost answer, a change of the leader, a file that was imported in
 * between: all of them show at the next look, which follows whatever did not go as it should.
 *
 * Only an import takes records away. What this tab's copy lacks or has too much by one that it has not
 * applied yet is found later, by whoever watches (migration-watch.ts).
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { Applied, ErrorCode } from '../node/errors.ts';
import type { LogIndex } from '../raft/types.ts';
import { checkTimeout, MAX_TIMEOUT_MS } from './arguments.ts';
import { aborted } from './call-limits.ts';
import type { Calls } from './calls.ts';
import { ResqliteError, toResqliteError } from './errors.ts';
import { late, LATE_PARTS } from './late-code.ts';
import type { MigrateOptions, MigrateResult, Migration } from './migration.ts';
import {
  knownMigrations,
  missingMigrations,
  READ_RECORDS,
  type KnownMigration,
} from './migration-records.ts';
import { applyMigration, BrokenMigration, type MigrationStepPorts } from './migration-steps.ts';
import type { QueryAnswer, QueryOptions, Reads } from './reads.ts';

/** Every method rejects with `ResqliteError`. */
export interface MigrationPorts extends MigrationStepPorts {
  query(sql: string, options: QueryOptions): Promise<QueryAnswer>;
  /** Stands for the log up to there, and for whatever this caller was answered. */
  bookmark(seen: LogIndex): string;
}

const TIMEOUT_MS = 30_000;
/** The pause before it looks again grows up to this. */
const MAX_PAUSE_MS = 500;
const MIN_PAUSE_MS = 20;
/** What may be otherwise the next time. */
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NoQuorum',
  'Timeout',
  'Overloaded',
  'Quarantined',
  'Conflict',
]);

/** By what a handle has. */
export function migrateOn(
  calls: Calls,
  reads: Reads,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const { node } = calls;
  const ports: MigrationPorts = {
    query: (sql, limits) => reads.query(sql, [], limits),
    split: (part, limits) => calls.reading(() => node.reader('split', [part]), limits),
    execute: (request, limits) => calls.execute(request, limits),
    transact: async (work, limits) => {
      const { transact } = await late(LATE_PARTS.transaction);
      return transact(calls, work, limits);
    },
    bookmark: (seen) => calls.bookmark(Math.max(seen, calls.ownIndex) as LogIndex),
  };
  return migrate(ports, migrations, options);
}

/** Rejects with `ResqliteError`. */
export async function migrate(
  ports: MigrationPorts,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const { signal, timeoutMs: given = TIMEOUT_MS } = options;
  const timeoutMs = given === Infinity ? given : checkTimeout(given);
  if (signal?.aborted === true) throw aborted('no');
  const deadlineMs = performance.now() + timeoutMs;
  const known = await knownMigrations(migrations);
  return new MigrationRun(ports, known, deadlineMs, signal).run();
}

class MigrationRun {
  readonly #ports: MigrationPorts;
  readonly #known: readonly KnownMigration[];
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #applied: string[] = [];
  /** The last version that others had when this caller came. */
  #overtaken = 0;
  /** Of the next missing one: whether an attempt at it may yet take effect. */
  #next: { readonly version: number; applied: Applied } = { version: 0, applied: 'no' };

  constructor(
    ports: MigrationPorts,
    known: readonly KnownMigration[],
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.#ports = ports;
    this.#known = known;
    this.#deadlineMs = deadlineMs;
    this.#signal = signal;
  }

  async run(): Promise<MigrateResult> {
    const own = await this.#lookAtOwnCopy();
    if (own !== null) return this.#done(own);
    for (let pauseMs = MIN_PAUSE_MS; ;) {
      const appliedBefore = this.#applied.length;
      const overtakenBefore = this.#overtaken;
      const seen = await this.#lookAndApply(pauseMs);
      if (seen !== null) return this.#done(seen);
      if (this.#applied.length > appliedBefore) pauseMs = MIN_PAUSE_MS;
      if (performance.now() >= this.#deadlineMs) throw this.#ended(timedOut());
      // Others got further, which is no reason to wait.
      if (this.#overtaken > overtakenBefore) continue;
      await this.#pause(pauseMs);
      pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
    }
  }

  #done(seen: LogIndex): MigrateResult {
    const version = this.#known.length;
    return { version, applied: this.#applied, bookmark: this.#ports.bookmark(seen) };
  }

  /** Where it has all of them, what of the log it reflects; null: others have to be asked. */
  async #lookAtOwnCopy(): Promise<LogIndex | null> {
    try {
      const { seen, missing } = await this.#look('none');
      const [first] = missing;
      if (first === undefined) return seen;
      this.#turnTo(first.version);
      return null;
    } catch (error) {
      const failed = toResqliteError(error);
      if (isMismatch(failed)) return this.#lookElsewhere(failed);
      if (PASSING_CODES.has(failed.code)) return null;
      throw failed;
    }
  }

  /** An import may have taken away what does not fit in this copy. Without a majority it counts. */
  async #lookElsewhere(mismatch: ResqliteError): Promise<null> {
    try {
      await this.#look('linearizable');
      return null;
    } catch (error) {
      const failed = toResqliteError(error);
      throw PASSING_CODES.has(failed.code) ? mismatch : failed;
    }
  }

  /** Where none is missing any more, what was seen of the log; null: it has to look again. */
  async #lookAndApply(pauseMs: number): Promise<LogIndex | null> {
    try {
      const { seen, missing } = await this.#look('linearizable');
      for (const migration of missing) {
        if (!(await this.#apply(migration))) return null;
      }
      return seen;
    } catch (error) {
      const failed = toResqliteError(error);
      const mayPass = PASSING_CODES.has(failed.code) && this.#leftMs > pauseMs;
      if (mayPass) return null;
      throw this.#ended(failed);
    }
  }

  /** False: others were faster. */
  async #apply(migration: KnownMigration): Promise<boolean> {
    const { version, name } = migration;
    this.#turnTo(version);
    try {
      const limits = { timeoutMs: this.#leftMs, signal: this.#signal };
      const end = await applyMigration(this.#ports, migration, limits);
      if (end === 'applied') this.#applied.push(name);
      else this.#overtaken = version;
      return end === 'applied';
    } catch (error) {
      if (error instanceof BrokenMigration) throw brokenError(migration, error);
      const failed = toResqliteError(error);
      if (failed.applied !== 'no') this.#next.applied = 'unknown';
      throw failed;
    }
  }

  #turnTo(version: number): void {
    if (this.#next.version !== version) this.#next = { version, applied: 'no' };
  }

  async #look(level: 'none' | 'linearizable'): Promise<{
    readonly seen: LogIndex;
    readonly missing: readonly KnownMigration[];
  }> {
    const timeoutMs = Math.min(REQUEST_TIMEOUT_MS, this.#leftMs);
    try {
      const limits = { level, timeoutMs, signal: this.#signal };
      const { rows, appliedIndex: seen } = await this.#ports.query(READ_RECORDS, limits);
      const records = rows.map(([version = null, name = null, hash = null]) => {
        return { version, name, hash };
      });
      return { seen, missing: missingMigrations(this.#known, records) };
    } catch (error) {
      if (isMissingTable(error)) return { seen: 0 as LogIndex, missing: this.#known };
      throw error;
    }
  }

  /** For one call: no more than a timer takes. */
  get #leftMs(): number {
    return Math.min(MAX_TIMEOUT_MS, Math.max(1, this.#deadlineMs - performance.now()));
  }

  async #pause(pauseMs: number): Promise<void> {
    const signal = this.#signal;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(pauseMs, this.#leftMs));
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    });
    if (signal?.aborted === true) throw this.#ended(aborted('no'));
  }

  /** What the caller is told of an error that is none of a migration's own. */
  #ended(failed: ResqliteError): ResqliteError {
    if (failed.migration !== null || isMismatch(failed)) return failed;
    const known = this.#known[this.#next.version - 1];
    if (known === undefined) return failed;
    const { version, name } = known;
    const isCertain = this.#next.applied === 'no' && failed.applied === 'no';
    const { code } = failed;
    const message = `migration ${version} ("${name}") was not confirmed: ${failed.message}`;
    const applied = isCertain ? 'no' : 'unknown';
    return new ResqliteError(
      { code, applied, message, sqlite: null },
      { version, name, sql: null },
    );
  }
}

function timedOut(): ResqliteError {
  const message = 'others had to be waited for until the time was up';
  return new ResqliteError({ code: 'Timeout', applied: 'no', message, sqlite: null });
}

/** The records are not those of the page's list. */
export function isMismatch({ code }: ResqliteError): boolean {
  return code === 'NewerSchema' || code === 'ChangedMigration';
}

/** There are no records yet. */
export function isMissingTable(error: unknown): boolean {
  return (
    error instanceof ResqliteError &&
    error.code === 'Sql' &&
    /^no such table: (?:main\.)?resqlite_migrations$/.test(error.message)
  );
}

const EXCERPT_CHARACTERS = 200;

function brokenError({ version, name }: KnownMigration, broken: BrokenMigration): ResqliteError {
  const { cause, statement } = broken;
  const told = cause instanceof Error ? cause.message : String(cause);
  const excerpt = statement === null ? '' : ` (in: ${statement.sql.slice(0, EXCERPT_CHARACTERS)})`;
  const message = `migration ${version} ("${name}") failed, and nothing of it was applied: ${told}${excerpt}`;
  const detail = { version, name, sql: statement?.sql ?? null };
  if (!(cause instanceof ResqliteError)) {
    const failed = { code: 'FailedMigration', applied: 'no', message, sqlite: null } as const;
    return new ResqliteError(failed, detail, { cause });
  }
  const { code, resultCode, offset } = cause;
  const number = statement?.number ?? 0;
  const sqlite = resultCode === null ? null : { resultCode, offset, statement: number };
  const way = code === 'TooLarge' ? '. Cut it into several migrations' : '';
  return new ResqliteError({ code, applied: 'no', message: `${message}${way}`, sqlite }, detail, {
    cause,
  });
}
