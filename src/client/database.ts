/**
 * The library's face: one open database of one cluster. Any node serves any call; what only the
 * leader may do is forwarded. Types only: database-handle.ts does what is promised here.
 */

import type { NodeId } from '../raft/types.ts';
import type { DatabaseFiles } from './database-files.ts';
import type { DatabaseMembership } from './database-membership.ts';
import type { DatabaseMonitoring } from './database-monitoring.ts';
import type { DatabaseOutbox } from './database-outbox.ts';
import type { DatabaseProfile } from './database-profile.ts';
import type { DatabaseReads } from './database-reads.ts';
import type { DatabaseWrites } from './database-writes.ts';
import type { Faults } from './faults.ts';

/**
 * An open database: one handle of this page's node. Every method rejects with `ResqliteError` and nothing
 * else ('Closed' where this handle is closed), but for what a transaction's callback throws. What a caller's
 * callback throws goes to the browser's `reportError`, and stops nothing.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type Database } from 'resqlite';
 *
 * async function count(db: Database, table: 'note' | 'person'): Promise<number> {
 *   const { rows } = await db.query(`SELECT count(*) FROM ${table}`);
 *   return Number(rows[0][0]);
 * }
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (body TEXT)');
 * await count(db, 'note'); // => 0
 * await count(db, 'person'); // throws 'Sql'
 * ```
 */
export interface Database
  extends
    DatabaseReads,
    DatabaseWrites,
    DatabaseFiles,
    DatabaseMonitoring,
    DatabaseMembership,
    DatabaseProfile,
    DatabaseOutbox {
  /** Of the cluster whose database it is; `open` takes it as `cluster` in the same browser profile. */
  readonly clusterId: string;
  /** Of this page's node. */
  readonly nodeId: NodeId;
  /** Faults that are made on purpose, for demonstrations and tests. */
  readonly faults: Faults;

  /**
   * Gives this handle back, with its live queries, cursors and listeners; the node closes with the
   * page's last one. Whatever is asked of it from now on rejects with 'Closed'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.close();
   * await db.query('SELECT 1'); // throws 'Closed'
   * ```
   */
  close(): Promise<void>;
}
