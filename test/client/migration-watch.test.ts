/** What `open` does about migrations, from a handle's first look to what comes later. */

import { describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import type { ResqliteError } from '../../src/client/errors.ts';
import type { Migration } from '../../src/client/migration.ts';
import { openMigrated } from '../../src/client/migration-watch.ts';
import type { OpenOptions } from '../../src/client/open-nodes.ts';
import { LocalDatabase } from '../apps/local-database.ts';
import { verdict } from './fake-database.ts';

const LIST: Migration[] = [
  { name: 'notes', up: 'CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)' },
  { name: 'first', up: "INSERT INTO note (body) VALUES ('a')" },
];
const NEWER: Migration[] = [...LIST, { name: 'second', up: 'ALTER TABLE note ADD COLUMN at' }];

function opened(
  db: Database,
  migrations: readonly Migration[],
  changes: OpenOptions = {},
): Promise<void> {
  return openMigrated(db, { migrations, ...changes });
}

const versionOf = async (db: Database): Promise<unknown> => {
  const sql = 'SELECT count(*) FROM resqlite_migrations';
  const answer = await db.query(sql).catch(() => null);
  return answer?.rows[0]?.[0] ?? 0;
};

/** A file with what these migrations make. */
async function fileOf(migrations: readonly Migration[]): Promise<Blob> {
  const { db } = await LocalDatabase.open();
  await db.execute('CREATE TABLE other (x)');
  await db.migrate(migrations);
  return db.export();
}

describe('a page that is opened with migrations', () => {
  test('has them when it is open, and its limits count', async () => {
    const { db, another } = await LocalDatabase.open();
    await opened(db, LIST);
    expect(await versionOf(db)).toBe(2);
    const signal = AbortSignal.abort();
    expect(await verdict(opened(another(), NEWER, { signal }))).toBe('Aborted no');
    expect(await verdict(opened(another(), NEWER, { migrationTimeoutMs: -1 }))).toBe(
      'InvalidArgument no',
    );
    const onNewerSchema = 'alert' as never;
    expect(await verdict(opened(another(), NEWER, { onNewerSchema }))).toBe('InvalidArgument no');
    expect(await versionOf(db)).toBe(2);
  });

  test('is told once when another tab brings a newer schema, and goes on', async () => {
    const { db, another } = await LocalDatabase.open();
    const told: ResqliteError[] = [];
    await opened(db, LIST, { onNewerSchema: (error) => told.push(error) });
    await another().migrate(NEWER);
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 10_000 });
    expect(told[0]).toMatchObject({ code: 'NewerSchema', migration: { version: 3 } });
    await another().migrate([...NEWER, { name: 'third', up: 'CREATE TABLE more (x)' }]);
    await db.execute("INSERT INTO note (body) VALUES ('b')");
    expect((await db.query('SELECT at FROM note')).rows).toEqual([[null], [null]]);
    expect(await verdict(opened(another(), LIST))).toBe('NewerSchema no');
    expect(told).toHaveLength(1);
  });

  test('that has none is told, too, when there is the first one', async () => {
    const { db, another } = await LocalDatabase.open();
    const told: ResqliteError[] = [];
    await opened(db, [], { onNewerSchema: (error) => told.push(error) });
    await another().migrate(LIST);
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 10_000 });
  });

  test('is told nothing when its handle is closed', async () => {
    const { db, another } = await LocalDatabase.open();
    const told: ResqliteError[] = [];
    const watching = another();
    await opened(watching, LIST, { onNewerSchema: (error) => told.push(error) });
    await watching.close();
    const others: ResqliteError[] = [];
    await opened(another(), LIST, { onNewerSchema: (error) => others.push(error) });
    await db.migrate(NEWER);
    await vi.waitFor(() => expect(others).toHaveLength(1), { timeout: 10_000 });
    expect(told).toEqual([]);
  });
});

describe('a file that is imported', () => {
  test('is brought to this version by the pages that run, whatever it lacks', async () => {
    for (const migrations of [[], LIST.slice(0, 1), LIST]) {
      const file = await fileOf(migrations);
      const { db, another } = await LocalDatabase.open();
      await opened(another(), LIST);
      await opened(db, NEWER);
      await db.import(file);
      await vi.waitFor(async () => expect(await versionOf(db)).toBe(3), { timeout: 10_000 });
      expect((await db.query('SELECT count(*) FROM note')).rows).toEqual([[1]]);
      expect((await db.query('SELECT count(*) FROM other')).rows).toEqual([[0]]);
    }
  });

  test('that others have made is told, and let be', async () => {
    const renamed = [{ ...LIST[0], name: 'others' } as Migration];
    const file = await fileOf(renamed);
    const { db } = await LocalDatabase.open();
    const told: ResqliteError[] = [];
    await opened(db, LIST, { onNewerSchema: (error) => told.push(error) });
    await db.import(file);
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 10_000 });
    expect(told[0]?.code).toBe('ChangedMigration');
    expect(await versionOf(db)).toBe(1);
  });

  test('to which they do not apply is reported, as an error that nobody waits for', async () => {
    const { db: other } = await LocalDatabase.open();
    await other.execute('CREATE TABLE note (x)');
    const file = await other.export();
    const { db } = await LocalDatabase.open();
    const reported: unknown[] = [];
    await opened(db, LIST);
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    await db.import(file);
    await vi.waitFor(() => expect(reported).toHaveLength(1), { timeout: 10_000 });
    expect(reported[0]).toMatchObject({ code: 'Sql', migration: { version: 1, name: 'notes' } });
    expect(await versionOf(db)).toBe(0);
  });
});
