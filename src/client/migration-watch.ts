/**
 * What `open` does about `migrations`: it has them applied, and watches their records as long as the handle
 * is open. When there are others than the page's code is written for, its caller is told, once. When some
 * are gone, which only an import brings about, they are applied again.
 */

import { checkFunction } from './arguments.ts';
import { callBack } from './callback.ts';
import type { Database } from './database.ts';
import { toResqliteError, type ResqliteError } from './errors.ts';
import type { Migration } from './migration.ts';
import {
  knownMigrations,
  missingMigrations,
  READ_RECORDS,
  type KnownMigration,
  type MigrationRecord,
} from './migration-records.ts';
import { isMismatch, isMissingTable } from './migration-run.ts';
import type { OpenOptions } from './open-nodes.ts';

/** Resolves when all are applied. Rejects with `ResqliteError`: then nothing is watched. */
export async function openMigrated(db: Database, options: OpenOptions): Promise<void> {
  const { migrations = [], migrationTimeoutMs: timeoutMs, signal, onNewerSchema } = options;
  if (onNewerSchema !== undefined) checkFunction('onNewerSchema', onNewerSchema);
  await db.migrate(migrations, { ...(timeoutMs === undefined ? {} : { timeoutMs }), signal });
  const known = await knownMigrations(migrations);
  new MigrationWatch(db, migrations, known, onNewerSchema).begin();
}

class MigrationWatch {
  readonly #db: Database;
  readonly #migrations: readonly Migration[];
  readonly #known: readonly KnownMigration[];
  readonly #onNewerSchema: ((error: ResqliteError) => void) | undefined;
  #hasTold = false;
  #isMigrating = false;

  constructor(
    db: Database,
    migrations: readonly Migration[],
    known: readonly KnownMigration[],
    onNewerSchema: ((error: ResqliteError) => void) | undefined,
  ) {
    this.#db = db;
    this.#migrations = migrations;
    this.#known = known;
    this.#onNewerSchema = onNewerSchema;
  }

  /** It ends with the handle. */
  begin(): void {
    this.#db.live<MigrationRecord>(
      READ_RECORDS,
      [],
      (records) => this.#look(records),
      (error) => {
        if (isMissingTable(error)) this.#look([]);
        // The page learns from its status where the node has stopped.
        else if (error.code === 'Overloaded') reportError(error);
      },
    );
  }

  #look(records: readonly MigrationRecord[]): void {
    try {
      if (missingMigrations(this.#known, records).length > 0) void this.#migrateAgain();
    } catch (error) {
      this.#tell(toResqliteError(error));
    }
  }

  async #migrateAgain(): Promise<void> {
    if (this.#isMigrating) return;
    this.#isMigrating = true;
    try {
      // A file that was imported waits for a majority as long as the handle is open.
      await this.#db.migrate(this.#migrations, { timeoutMs: Infinity });
    } catch (error) {
      const failed = toResqliteError(error);
      if (isMismatch(failed)) this.#tell(failed);
      else if (failed.code !== 'Closed') reportError(failed);
    } finally {
      this.#isMigrating = false;
    }
  }

  #tell(error: ResqliteError): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    callBack(this.#onNewerSchema, error);
  }
}
