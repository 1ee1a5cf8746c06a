/**
 * What drizzle-kit has generated, applied: each migration is one script, which begins with a row in Drizzle's
 * table that cannot be inserted twice. Whoever comes second fails there, before anything is done.
 *
 * A migration is known by when it was generated, as Drizzle notes it. So one that is older than others that
 * are noted, as after a merge of two branches, is applied nevertheless.
 */

import { ResqliteError, type Database, type RunResult } from '../client/resqlite.ts';
import { invalidUse } from './targets.ts';

/** One migration, as `meta/_journal.json` has it. */
export interface DrizzleJournalEntry {
  /** Its place in the journal, counted from 0. */
  readonly idx: number;
  /** When it was generated, in milliseconds since 1970. */
  readonly when: number;
  /** The name of its file without `.sql`. */
  readonly tag: string;
}

/** The contents of a folder that drizzle-kit has made. */
export interface DrizzleMigrations {
  /** `meta/_journal.json`. */
  readonly journal: {
    /** In the order in which they are applied. */
    readonly entries: readonly DrizzleJournalEntry[];
  };
  /**
   * The texts of its `.sql` files: by `m0000`, as in the `migrations.js` that drizzle-kit writes for some drivers,
   * by name, or by path.
   */
  readonly migrations: Readonly<Record<string, string>>;
}

interface Migration {
  readonly tag: string;
  readonly when: number;
  readonly text: string;
}

const TABLE = '__drizzle_migrations';
/** Its columns are Drizzle's, a number that is none among them. */
const CREATE_TABLE = `create table if not exists ${TABLE} (
  id SERIAL PRIMARY KEY,
  hash text NOT NULL,
  created_at numeric
)`;
const BREAKPOINT = '--> statement-breakpoint';
const NO_FOREIGN_KEYS = /\bpragma\s+foreign_keys\s*=\s*(?:off|0|false|no)\b/i;
const DIGITS = 4;

/** Rejects with `ResqliteError`. */
export async function applyMigrations(
  database: Database,
  { journal, migrations }: DrizzleMigrations,
): Promise<void> {
  const known = journal.entries.map((entry): Migration => {
    const { tag, when } = entry;
    if (!Number.isSafeInteger(when)) throw invalidUse(`the migration ${tag} has no time`);
    return { tag, when, text: textOf(entry, migrations) };
  });
  if (known.length === 0) return;
  checkApart(known);
  const noted = await notedIn(database);
  for (const migration of known) {
    if (!noted.has(migration.when)) await apply(database, migration);
  }
}

function checkApart(known: readonly Migration[]): void {
  const tags = new Map<number, string>();
  for (const { tag, when } of known) {
    const other = tags.get(when);
    if (other !== undefined) throw invalidUse(`${other} and ${tag} have one time: ${when}`);
    tags.set(when, tag);
  }
}

function textOf(
  { idx, tag }: DrizzleJournalEntry,
  migrations: Readonly<Record<string, string>>,
): string {
  const names = [`m${String(idx).padStart(DIGITS, '0')}`, tag, `${tag}.sql`];
  for (const [name, text] of Object.entries(migrations)) {
    if (typeof text !== 'string') throw invalidUse(`the migration ${name} must be a text`);
    if (names.includes(name) || name.endsWith(`/${tag}.sql`)) return text;
  }
  throw invalidUse(`the text of the migration ${tag} is missing`);
}

/** When those were generated that are applied. */
async function notedIn(database: Database): Promise<ReadonlySet<number>> {
  const { rows } = await database.query('select 1 from sqlite_schema where name = ?', [TABLE]);
  if (rows.length === 0) {
    await database.execute(CREATE_TABLE);
    return new Set();
  }
  const { rows: noted } = await database.query(`select created_at from ${TABLE}`);
  return new Set(noted.map(([when]) => Number(when)));
}

async function apply(database: Database, migration: Migration): Promise<void> {
  const result = await database.run(await scriptOf(migration), { bail: true });
  const error = result.firstErrors[0]?.error;
  if (error === undefined) return;
  // Somebody else was quicker.
  if ((await notedIn(database)).has(migration.when)) return;
  throw failed(migration.tag, error);
}

/**
 * In one transaction, with the row that is there once. Within it the pragma does nothing, so it goes before.
 * Between the parts there may be comments, which end with their lines.
 */
async function scriptOf({ when, text }: Migration): Promise<string> {
  return [
    `pragma foreign_keys = ${NO_FOREIGN_KEYS.test(text) ? 'off' : 'on'}`,
    'begin',
    // A row without a hash is refused.
    `insert into ${TABLE} (hash, created_at) select
      case when exists (select 1 from ${TABLE} where created_at = ${when}) then null
      else '${await sha256(text)}' end, ${when}`,
    ...text.split(BREAKPOINT),
    'commit',
  ].join('\n;\n');
}

/** As Drizzle notes it. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function failed(tag: string, error: RunResult['firstErrors'][number]['error']): ResqliteError {
  const { code, applied, resultCode, offset, message } = error;
  const sqlite = resultCode === null ? null : { resultCode, offset, statement: 0 };
  return new ResqliteError({ code, applied, message: `migration ${tag}: ${message}`, sqlite });
}
