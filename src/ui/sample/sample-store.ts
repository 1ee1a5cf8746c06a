/**
 * Loading the sample database: a log entry for some hundred rows, with progress. It is never put over
 * tables of somebody's own that have its names.
 */

import { signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toResqliteError } from '../../client/errors.ts';
import { capital } from '../wording.ts';
import { LAST_INDEX, SAMPLE_TABLES, sampleStatements, storedSql } from './music-shop.ts';

export type SampleState =
  | { readonly type: 'idle' }
  | { readonly type: 'loading'; readonly rows: number; readonly allRows: number }
  | { readonly type: 'loaded'; readonly rows: number }
  | { readonly type: 'failed'; readonly message: string };

export const sample = signal<SampleState>({ type: 'idle' });

/** Does nothing while it is under way. Every outcome ends up in `sample`. */
export async function loadSample(database: Pick<Database, 'query' | 'execute'>): Promise<void> {
  if (sample.value.type === 'loading') return;
  const statements = sampleStatements();
  const allRows = statements.reduce((sum, { rows }) => sum + rows, 0);
  sample.value = { type: 'loading', rows: 0, allRows };
  try {
    const foreign = await foreignTables(database);
    if (foreign.length > 0) {
      const message = `There are tables of these names already: ${foreign.join(', ')}.`;
      sample.value = { type: 'failed', message };
      return;
    }
    let rows = 0;
    for (const statement of statements) {
      await database.execute(statement.sql);
      rows += statement.rows;
      sample.value = { type: 'loading', rows, allRows };
    }
    sample.value = { type: 'loaded', rows };
  } catch (error) {
    const { message } = toResqliteError(error);
    sample.value = {
      type: 'failed',
      message: `${capital(message)}. What is there stays; try again.`,
    };
  }
}

/** Whether a load has come to its end before, in whatever tab; false also where nobody can say. */
export async function isSampleThere(database: Pick<Database, 'query'>): Promise<boolean> {
  try {
    const there = `select 1 from sqlite_schema where type = 'index' and name = ?`;
    return (await database.query(there, [LAST_INDEX], { level: 'none' })).rows.length > 0;
  } catch {
    return false;
  }
}

/** Tables and views that have the sample's names and are not its. */
async function foreignTables(database: Pick<Database, 'query'>): Promise<string[]> {
  const names = Object.keys(SAMPLE_TABLES);
  const { rows } = await database.query(
    `select name, sql from sqlite_schema
     where name collate nocase in (${names.map(() => '?').join(', ')})`,
    names,
  );
  return rows
    .filter(([name, sql]) => storedSql(String(name)) !== sql)
    .map(([name]) => String(name));
}
