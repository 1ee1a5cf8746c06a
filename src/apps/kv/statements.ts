/**
 * The store's tables, and the statements of its log entries. It may not ask for the time or for chance:
 * what an entry does follows from the tables and its parameters.
 *
 * `kv_entries` has a row for each key. `kv_clerks` remembers, for each writer, its last request and what
 * that answered. A write is one entry of four statements:
 *
 * 1. Open: where the clerk's last request is an earlier one, the row takes this request's number, is
 *    marked as open and decides on the outcome: 'created' or 'replaced', or why nothing is to be done.
 * 2. The effect, which happens where the row is open and its outcome says so.
 * 3. Close: the row keeps what is to be answered.
 * 4. The row is read.
 *
 * A repeated request, and one that comes later than its successor, finds the row closed and changes
 * nothing. Where a clerk has no row nothing is done either: it was forgotten.
 *
 * Versions count the writes of the whole store: each takes the highest number any clerk's row has, plus
 * one, and the key that it writes gets that number. The row with the highest is never among those that
 * are forgotten, so that no version comes twice, also not for a key that was deleted and made again.
 */

import type { Statement } from '../../node/sql.ts';
import { byteLength, MAX_KEY_BYTES, MAX_VALUE_BYTES } from './texts.ts';

/** What must hold of the key, or nothing is done. */
export type Condition =
  | { readonly type: 'missing' }
  | { readonly type: 'there' }
  | { readonly type: 'value'; readonly value: string }
  /** Its version is one of these. */
  | { readonly type: 'version'; readonly versions: readonly number[] };

export interface Write {
  readonly kind: 'put' | 'append' | 'delete';
  readonly key: string;
  /** Of 'delete': ''. */
  readonly value: string;
  readonly condition: Condition | null;
}

/** Whose request it is: handles number theirs, a fetch with an idempotency key has one alone. */
export type ClerkKind = 'handle' | 'fetch';

/** Writers that are remembered, of each kind; whoever wrote longest ago is forgotten first. */
export const MAX_CLERKS: Readonly<Record<ClerkKind, number>> = { handle: 1_024, fetch: 4_096 };

/**
 * How much of a value a list shows, in characters of at most 4 bytes. It stands before the value, so that
 * lists never read the rest of one, and in bytes, since SQLite's texts would end at a NUL.
 */
export const SHOWN_CHARACTERS = 100;
const SHOWN_BYTES = 4 * SHOWN_CHARACTERS;

export const SCHEMA: readonly string[] = [
  `create table if not exists kv_entries (
     key text primary key,
     version integer not null,
     start blob generated always as (substr(cast(value as blob), 1, ${SHOWN_BYTES})) stored,
     value text not null
   ) strict, without rowid`,
  `create table if not exists kv_clerks (
     clerk text primary key,
     kind text not null check (kind in ('handle', 'fetch')),
     digest text not null,
     request integer not null,
     version integer not null,
     is_open integer not null,
     outcome text,
     key_version integer,
     bytes integer
   ) strict, without rowid`,
  'create unique index if not exists kv_clerks_by_version on kv_clerks (version)',
  'create index if not exists kv_clerks_by_age on kv_clerks (kind, version)',
];

const NEXT_VERSION = '(select coalesce(max(version), 0) + 1 from kv_clerks)';
const DELETES: Readonly<Record<Write['kind'], boolean>> = {
  put: false,
  append: false,
  delete: true,
};

/**
 * Makes the clerk known, unless it is, and forgets those that are too many. `digest` is of the one write that
 * a fetch's clerk is for, and empty of a handle's.
 */
export function registration(clerk: string, kind: ClerkKind, digest = ''): Statement[] {
  return [
    {
      sql: `insert into kv_clerks (clerk, kind, digest, request, version, is_open)
        values (:clerk, :kind, :digest, 0, ${NEXT_VERSION}, 0) on conflict (clerk) do nothing`,
      params: { clerk, kind, digest },
    },
    {
      sql: `delete from kv_clerks where kind = :kind and version <= (
          select version from kv_clerks where kind = :kind order by version desc limit 1 offset :kept
        )`,
      params: { kind, kept: MAX_CLERKS[kind] },
    },
  ];
}

/** The last one's row is outcome, version, bytes and digest; none where the clerk was forgotten. */
export function writeStatements(clerk: string, request: number, write: Write): Statement[] {
  const { key, value, condition } = write;
  const { sql: holds, params } = conditionOf(condition);
  return [
    {
      sql: `update kv_clerks set request = :request, version = ${NEXT_VERSION}, is_open = 1,
          outcome = case
            when not ${holds} then 'unmet'
            ${outcomesOf(write)}
          end
        where clerk = :clerk and request < :request`,
      params: { clerk, request, key, ...params, ...appended(write) },
    },
    { sql: effectOf(write), params: { clerk, key, ...(DELETES[write.kind] ? {} : { value }) } },
    {
      sql: `update kv_clerks set is_open = 0,
          key_version = (select version from kv_entries where key = :key),
          bytes = (select octet_length(value) from kv_entries where key = :key)
        where clerk = :clerk and is_open = 1`,
      params: { clerk, key },
    },
    {
      sql: 'select outcome, key_version, bytes, digest from kv_clerks where clerk = :clerk',
      params: { clerk },
    },
  ];
}

/** Of 'delete' and of 'put' every value fits, for it was checked. */
function outcomesOf({ kind }: Write): string {
  const isThere = 'exists (select 1 from kv_entries where key = :key)';
  if (kind === 'delete') return `when ${isThere} then 'deleted' else 'missing'`;
  const fits = `when (select octet_length(value) + :more > ${MAX_VALUE_BYTES}
      from kv_entries where key = :key) then 'too large'`;
  return `${kind === 'append' ? fits : ''} when ${isThere} then 'replaced' else 'created'`;
}

function appended({ kind, value }: Write): Record<string, number> {
  return kind === 'append' ? { more: byteLength(value) } : {};
}

function effectOf({ kind }: Write): string {
  const open = `from kv_clerks
    where clerk = :clerk and is_open = 1 and outcome in ('created', 'replaced', 'deleted')`;
  if (kind === 'delete')
    return `delete from kv_entries where key = :key and exists (select 1 ${open})`;
  return `insert into kv_entries (key, value, version) select :key, :value, version ${open}
    on conflict (key) do update set version = excluded.version,
      value = ${kind === 'append' ? 'value || excluded.value' : 'excluded.value'}`;
}

function conditionOf(condition: Condition | null): {
  readonly sql: string;
  readonly params: Readonly<Record<string, string>>;
} {
  const row = 'from kv_entries where key = :key';
  switch (condition?.type) {
    case undefined:
      return { sql: 'true', params: {} };
    case 'missing':
      return { sql: `(not exists (select 1 ${row}))`, params: {} };
    case 'there':
      return { sql: `exists (select 1 ${row})`, params: {} };
    case 'value': {
      const params = { expected: condition.value };
      return { sql: `exists (select 1 ${row} and value = :expected)`, params };
    }
    case 'version': {
      const versions = 'select value from json_each(:versions)';
      const params = { versions: JSON.stringify(condition.versions) };
      return { sql: `exists (select 1 ${row} and version in (${versions}))`, params };
    }
  }
}

/** Of the keys with that prefix, which are all between it and what ends in the highest characters. */
export const LIST_SQL = `select key, version, octet_length(value), start
  from kv_entries
  where key >= :prefix and key <= :prefix || :highest and key > :after
  order by key limit :limit`;

export const HIGHEST = '\u{10ffff}'.repeat(MAX_KEY_BYTES / 4);

export const GET_SQL = 'select value, version from kv_entries where key = ?';
