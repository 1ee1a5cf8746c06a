/**
 * What a client in SQLocal's form is made with, checked: what cannot be had is refused at once, and says what
 * to do instead.
 */

import type { Database, OpenOptions } from '../client/resqlite.ts';
import type { SqlTag, Statement } from './sqlocal-statements.ts';
import { invalidUse } from './targets.ts';

/** A name for the database, as that of a file. */
export type DatabasePath = string;

/** Why a client sees another database than before: it saw none, or a file took the place of all data. Never 'delete'. */
export type ConnectReason = 'initial' | 'overwrite' | 'delete';

/**
 * What a client is made with: SQLocal's options, and those that `open` takes. Where `signalling` is not given the
 * page's own origin is asked for the others, so that its tabs find each other: SQLocal's need nobody for that.
 *
 * @example
 * ```ts
 * import { SQLocal } from 'resqlite/sqlocal';
 * import type { ClientConfig, ConnectReason, DatabasePath } from 'resqlite/sqlocal';
 *
 * const databasePath: DatabasePath = 'garden.sqlite3';
 * const reasons: ConnectReason[] = [];
 * const config: ClientConfig = {
 *   databasePath,
 *   onInit: (sql) => [sql`CREATE TABLE IF NOT EXISTS plant (name TEXT)`],
 *   onConnect: (reason) => reasons.push(reason),
 * };
 * const client = new SQLocal(config);
 * await client.sql`SELECT name FROM plant`; // => []
 * reasons; // => ['initial']
 *
 * const reader = new SQLocal({ databasePath, readOnly: true });
 * await reader.sql`DELETE FROM plant`; // throws 'InvalidArgument'
 * new SQLocal('orchard.sqlite3'); // throws 'InvalidArgument'
 * await Promise.all([client.destroy(), reader.destroy()]);
 * ```
 */
export interface ClientConfig extends OpenOptions {
  /**
   * A name for the database; its last part is that of the file that `getDatabaseFile` gives. It chooses nothing:
   * an origin has one database, or those that `cluster` names. So a page that names two without a `cluster`
   * is refused the second, as are SQLocal's names of other storage, such as ':memory:'.
   */
  readonly databasePath: DatabasePath;
  /** Taken, and not needed: every client has reactive queries. */
  readonly reactive?: boolean;
  /** True: whatever writes is refused with 'InvalidArgument'. */
  readonly readOnly?: boolean;
  /** Taken, and without effect: `database()` tells by `inspect` and `onStatus` what goes on. */
  readonly verbose?: boolean;
  /**
   * Called once, when the client is made. The statements that it answers run, together or not at all, before
   * whatever else is asked of the client, and again behind `overwriteDatabaseFile`. Every tab runs them each
   * time that it opens, so they should be such as do nothing the second time; where they must run once,
   * `migrations` is the option to take.
   */
  readonly onInit?: (sql: SqlTag) => void | Statement[];
  /** Called when the client is ready, and when it has overwritten the database. What others overwrite is not told. */
  readonly onConnect?: (reason: ConnectReason) => void;
  /** A database that is open already, in place of one to be opened; it stays open when the client is destroyed. */
  readonly database?: Database;
}

const OTHER_STORAGE: ReadonlySet<string> = new Set([
  ':memory:',
  'local',
  ':localStorage:',
  'session',
  ':sessionStorage:',
]);

const OWN_OPTIONS: ReadonlySet<string> = new Set<Exclude<keyof ClientConfig, keyof OpenOptions>>([
  'databasePath',
  'reactive',
  'readOnly',
  'verbose',
  'onInit',
  'onConnect',
  'database',
]);

/** How many clients of this page name the origin's one database so. */
const clientsByPath = new Map<DatabasePath, number>();

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkConfig(given: DatabasePath | ClientConfig): ClientConfig {
  const config = typeof given === 'string' ? { databasePath: given } : given;
  if (typeof config !== 'object' || config === null) {
    throw invalidUse('SQLocal takes a path or { databasePath, … }');
  }
  const { databasePath } = config;
  if (typeof databasePath !== 'string' || databasePath === '') {
    throw invalidUse('databasePath must be a name');
  }
  if (OTHER_STORAGE.has(databasePath)) {
    throw invalidUse(
      `a cluster's data are replicated, and kept in the origin private file system: '${databasePath}' ` +
        'cannot be. Give the database a name; what this tab alone needs is better kept by SQLocal',
    );
  }
  if ('processor' in config && config.processor !== undefined) {
    throw invalidUse('the library starts workers of its own: leave the processor out');
  }
  for (const callback of [config.onInit, config.onConnect]) {
    if (callback === undefined || typeof callback === 'function') continue;
    throw invalidUse('onInit and onConnect must be functions');
  }
  return config;
}

/** Takes the path for a client; the answer gives it back. Throws `ResqliteError` 'InvalidArgument'. */
export function takePath(config: ClientConfig): () => void {
  const { databasePath, cluster, database } = config;
  if ((cluster ?? null) !== null || database !== undefined) return () => undefined;
  const other = [...clientsByPath.keys()].find((path) => path !== databasePath);
  if (other !== undefined) {
    throw invalidUse(
      `an origin has one database, which is open as '${other}' here: '${databasePath}' would be the ` +
        'same. Keep both in it, by names of tables, or give `cluster`: the id or the invite link of another',
    );
  }
  clientsByPath.set(databasePath, (clientsByPath.get(databasePath) ?? 0) + 1);
  return () => {
    const rest = (clientsByPath.get(databasePath) ?? 0) - 1;
    if (rest > 0) clientsByPath.set(databasePath, rest);
    else clientsByPath.delete(databasePath);
  };
}

/** What `open` is called with: all that is not the client's own. */
export function openOptionsOf(config: ClientConfig): OpenOptions {
  const options = Object.entries(config).filter(
    ([name, value]) => !OWN_OPTIONS.has(name) && value !== undefined,
  );
  return { signalling: {}, ...Object.fromEntries(options) };
}
