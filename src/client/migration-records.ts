/**
 * What the database keeps of the migrations that were applied to it, and how that compares with the list
 * that a page has.
 *
 * Each is a row of the table `resqlite_migrations`, an ordinary one that everybody may read: its version, its
 * name, when it was applied by the log's clock (UTC, as JavaScript writes it), and a hash. The hash is the
 * SHA-256, in hexadecimal digits, of the JSON array of: the hash of the migration before (null before the
 * first), the name, and what is applied. So two equal hashes stand for equal lists up to there. What is
 * applied is in it as follows: a text as it is, but for its line ends, which are line feeds; an array as an
 * array of such texts and of `[text, parameters]`; a function as null. A bigint is `{"integer": digits}`,
 * a blob `{"blob": hexadecimal digits}`, an infinity `{"real": "Infinity"}` or `{"real": "-Infinity"}`; a
 * boolean is 0 or 1, and NaN is null, as they are for SQLite.
 *
 * A migration and its row belong to one log entry, and the row is written first. Writing it fails, and the
 * entry with it, unless the last row there is by then is the one before: that makes each happen once, and in
 * order, whoever tries.
 */

import { failure } from '../node/errors.ts';
import type { SqlValue, Statement } from '../node/sql.ts';
import { checkStatement } from './arguments.ts';
import { invalidArgument, ResqliteError, toResqliteError } from './errors.ts';
import type { Migration } from './migration.ts';
import { copyOf } from './transaction.ts';

export const READ_RECORDS = 'SELECT version, name, hash FROM resqlite_migrations ORDER BY version';

export const CREATE_RECORDS =
  'CREATE TABLE IF NOT EXISTS resqlite_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, ' +
  'hash TEXT NOT NULL, applied_at TEXT NOT NULL)';

/** The name is NULL, which is refused, where the last record is not the one that it should follow. */
const INSERT_RECORD =
  'INSERT INTO resqlite_migrations (version, name, hash, applied_at) VALUES (:version, CASE WHEN ' +
  '(SELECT hash FROM resqlite_migrations ORDER BY version DESC LIMIT 1) IS :before THEN :name END, ' +
  ":hash, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";

const SQLITE_CONSTRAINT = 19;
const MAX_MIGRATIONS = 10_000;
const MAX_NAME_CHARACTERS = 255;

/** A migration of the page's list, checked. */
export interface KnownMigration {
  /** Counted from 1. */
  readonly version: number;
  readonly name: string;
  readonly hash: string;
  /** Of the one before; null before the first. */
  readonly hashBefore: string | null;
  readonly up: Migration['up'];
}

/** A row of the table. */
export interface MigrationRecord {
  readonly version: SqlValue;
  readonly name: SqlValue;
  readonly hash: SqlValue;
}

/** The list as it is recorded. Rejects with `ResqliteError` 'InvalidArgument' and 'TooLarge'. */
export async function knownMigrations(migrations: unknown): Promise<readonly KnownMigration[]> {
  const known: KnownMigration[] = [];
  let hashBefore: string | null = null;
  for (const [at, { name, up }] of checkMigrations(migrations).entries()) {
    const hash = await sha256(JSON.stringify([hashBefore, name, formOf(up)]));
    known.push({ version: at + 1, name, hash, hashBefore, up });
    hashBefore = hash;
  }
  return known;
}

/** What stands first in the migration's log entry. */
export function recordStatements({ version, name, hash, hashBefore }: KnownMigration): Statement[] {
  const params = { version, name, hash, before: hashBefore };
  return [{ sql: CREATE_RECORDS }, { sql: INSERT_RECORD, params }];
}

/** The record was refused because of those that are there. */
export function isOvertaken(resultCode: number | null): boolean {
  return resultCode !== null && (resultCode & 0xff) === SQLITE_CONSTRAINT;
}

/**
 * Which of the known ones are not recorded, in order. Throws `ResqliteError` 'NewerSchema' where more are,
 * 'ChangedMigration' where others are.
 */
export function missingMigrations(
  known: readonly KnownMigration[],
  records: readonly MigrationRecord[],
): readonly KnownMigration[] {
  for (const [at, record] of records.entries()) {
    const version = at + 1;
    const own = known[at];
    if (record.version !== version) throw unrecorded(version);
    if (own === undefined) throw newerSchema(known.length, records.length, record);
    if (record.name !== own.name) throw renamed(own, record);
    if (record.hash !== own.hash) throw rewritten(own);
  }
  return known.slice(records.length);
}

function checkMigrations(migrations: unknown): readonly Migration[] {
  if (!Array.isArray(migrations)) throw invalidArgument('migrations must be an array');
  if (migrations.length > MAX_MIGRATIONS) {
    throw invalidArgument(`there are at most ${MAX_MIGRATIONS} migrations`);
  }
  const names = new Set<string>();
  return Array.from(migrations, (migration: Partial<Migration> | null | undefined, at) => {
    const which = `migration ${at + 1}`;
    if (typeof migration !== 'object' || migration === null) {
      throw invalidArgument(`${which} must be { name, up }`);
    }
    const { name, up } = migration;
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARACTERS) {
      throw invalidArgument(
        `${which} must have a name, of ${MAX_NAME_CHARACTERS} characters at most`,
      );
    }
    if (names.has(name)) throw invalidArgument(`there are two migrations named "${name}"`);
    names.add(name);
    return { name, up: checkUp(which, up) };
  });
}

function checkUp(which: string, up: Migration['up'] | undefined): Migration['up'] {
  if (typeof up === 'function' || typeof up === 'string') return up;
  if (!Array.isArray(up)) {
    throw invalidArgument(`${which}: up must be SQL, an array of statements, or a function`);
  }
  return up.map((part: string | Statement) => {
    try {
      const { sql, params } = copyOf(checkStatement(part));
      return params === undefined ? sql : { sql, params };
    } catch (error) {
      const { code, message } = toResqliteError(error);
      throw new ResqliteError(failure(code, 'no', `${which}: ${message}`));
    }
  });
}

function formOf(up: Migration['up']): unknown {
  if (typeof up === 'function') return null;
  if (typeof up === 'string') return withLineFeeds(up);
  return up.map((part) =>
    typeof part === 'string'
      ? withLineFeeds(part)
      : [withLineFeeds(part.sql), paramsForm(part.params)],
  );
}

function paramsForm(params: Statement['params']): unknown {
  if (Array.isArray(params)) return params.map(valueForm);
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name, valueForm(value)]),
  );
}

/** Of what is the same for SQLite: the same. */
function valueForm(value: SqlValue | boolean): unknown {
  if (typeof value === 'bigint') return { integer: String(value) };
  if (typeof value === 'boolean') return Number(value);
  if (value === Infinity || value === -Infinity) return { real: String(value) };
  return value instanceof Uint8Array ? { blob: hexOf(value) } : value;
}

/** A file's line ends depend on the machine that it was checked out on. */
function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function newerSchema(known: number, applied: number, first: MigrationRecord): ResqliteError {
  const version = known + 1;
  const name = String(first.name);
  const message =
    `the schema was made by a newer version of this page: ${applied} migrations were applied, this ` +
    `page knows ${known}, and does not know ${version} ("${name}"). Reload the page to get the newer one`;
  const cause = { code: 'NewerSchema', applied: 'no', message, sqlite: null } as const;
  return new ResqliteError(cause, { version, name, sql: null });
}

function renamed(own: KnownMigration, record: MigrationRecord): ResqliteError {
  return changed(
    own,
    `migration ${own.version} was applied under the name "${String(record.name)}", and is "${own.name}" ` +
      'on this page: what was applied is not renamed, moved or taken out. Put the list back as it was, ' +
      'and add new ones at its end',
  );
}

function rewritten(own: KnownMigration): ResqliteError {
  return changed(
    own,
    `migration ${own.version} ("${own.name}") was applied with another text than it has on this page: ` +
      'what was applied is not changed. Put it back as it was, and add a new one at the end of the list',
  );
}

function unrecorded(version: number): ResqliteError {
  const message =
    `the table resqlite_migrations has no record of migration ${version}, but of later ones: ` +
    'put back what was deleted there';
  return new ResqliteError({ code: 'ChangedMigration', applied: 'no', message, sqlite: null });
}

function changed({ version, name }: KnownMigration, message: string): ResqliteError {
  const cause = { code: 'ChangedMigration', applied: 'no', message, sqlite: null } as const;
  return new ResqliteError(cause, { version, name, sql: null });
}
