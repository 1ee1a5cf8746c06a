/** Reactive queries in SQLocal's form. */

import { eq, relations } from 'drizzle-orm';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { expect, test, vi } from 'vitest';

import { drizzle } from '../../src/integrations/drizzle.ts';
import { LocalDatabase } from '../apps/local-database.ts';
import { verdict } from '../client/fake-database.ts';
import { clientOf, drizzleQuery, openClient, type Plant } from './sqlocal-clients.ts';

test('tells of what another tab commits, a DELETE without WHERE included', async () => {
  const { client, other } = await openClient();
  const query = client.reactiveQuery<Plant>((sql) => sql`select name from plants`);
  expect(query.value).toEqual([]);
  const told: string[][] = [];
  const { unsubscribe } = query.subscribe((rows) => told.push(rows.map(({ name }) => name)));
  await vi.waitFor(() => expect(told).toEqual([[]]));
  await other.sql`insert into plants (name) values ('fern'), ('moss')`;
  await vi.waitFor(() => expect(told.at(-1)).toEqual(['fern', 'moss']));
  await other.sql`delete from plants`;
  await vi.waitFor(() => expect(told).toEqual([[], ['fern', 'moss'], []]));
  expect(query.value).toEqual([]);
  unsubscribe();
  await other.sql`insert into plants (name) values ('rose')`;
  const again: number[] = [];
  query.subscribe((rows) => again.push(rows.length));
  await vi.waitFor(() => expect(again).toEqual([1]));
  expect(told).toHaveLength(3);
});

test('tells each subscriber, whatever another one throws', async () => {
  const reported: unknown[] = [];
  const { client } = await openClient();
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
  const query = client.reactiveQuery({ sql: 'select ? as x', params: [7] });
  const { subscribe } = query;
  const told: unknown[] = [];
  const first = subscribe(() => {
    throw new RangeError('mine');
  });
  await vi.waitFor(() => expect(query.value).toEqual([{ x: 7 }]));
  subscribe((rows) => told.push(rows));
  expect(told).toEqual([[{ x: 7 }]]);
  first.unsubscribe();
  first.unsubscribe();
  expect(reported).toEqual([new RangeError('mine')]);
});

test('who comes or goes while others are told is told once, or not at all', async () => {
  const { client } = await openClient();
  const query = client.reactiveQuery((sql) => sql`select 1`);
  const told: string[] = [];
  query.subscribe(() => {
    told.push('first');
    second.unsubscribe();
    query.subscribe(() => told.push('third'));
  });
  const second = query.subscribe(() => told.push('second'));
  await vi.waitFor(() => expect(told).toEqual(['first', 'third']));
});

test('tells of errors, and goes on when the table is there', async () => {
  const { client, other } = await openClient();
  const query = client.reactiveQuery((sql) => sql`select count(*) as n from later`);
  const told: unknown[] = [];
  query.subscribe(
    (rows) => told.push(rows),
    (error) => told.push(error.message),
  );
  await vi.waitFor(() => expect(told).toEqual(['no such table: later']));
  await other.sql`create table later (x)`;
  await vi.waitFor(() => expect(told.at(-1)).toEqual([{ n: 0 }]));
  const writes: string[] = [];
  client
    .reactiveQuery((sql) => sql`delete from plants`)
    .subscribe(
      () => writes.push('rows'),
      (error) => writes.push((error as { code?: string }).code ?? ''),
    );
  await vi.waitFor(() => expect(writes).toEqual(['InvalidArgument']));
  expect(() => client.reactiveQuery(7 as never)).toThrow('a statement must be');
  expect(() => query.subscribe(7 as never)).toThrow('subscribe takes functions');
});

test('takes queries of Kysely, and of Drizzle, which gives its rows itself', async () => {
  const { client } = await openClient();
  const compiled = { sql: 'select ? as x', parameters: [1] };
  const kysely = { compile: () => compiled, execute: async (): Promise<{ x: number }[]> => [] };
  const drizzle = drizzleQuery('select 1 as x', [{ mapped: true }]);
  const told: unknown[] = [];
  client.reactiveQuery(() => compiled).subscribe((rows) => told.push(rows));
  await vi.waitFor(() => expect(told).toEqual([[{ x: 1 }]]));
  client.reactiveQuery(kysely).subscribe(([row]) => told.push(row?.x));
  await vi.waitFor(() => expect(told.at(-1)).toBe(1));
  client.reactiveQuery(drizzle).subscribe((rows) => told.push(rows));
  await vi.waitFor(() => expect(told.at(-1)).toEqual([{ mapped: true }]));
});

test('rows of Drizzle come from this tab’s copy, as Drizzle gives them', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute([
    'create table plants (id integer primary key, name text, sown integer)',
    'create table beds (id integer primary key, plant_id integer)',
    "insert into plants values (1, 'fern', 1)",
    'insert into beds values (7, 1)',
  ]);
  const plants = sqliteTable('plants', {
    id: integer().primaryKey(),
    label: text('name'),
    sown: integer({ mode: 'timestamp' }),
  });
  const beds = sqliteTable('beds', { id: integer().primaryKey(), plantId: integer('plant_id') });
  const plantRelations = relations(plants, ({ many }) => ({ beds: many(beds) }));
  const bedRelations = relations(beds, ({ one }) => ({
    plant: one(plants, { fields: [beds.plantId], references: [plants.id] }),
  }));
  const database = local.another();
  const client = clientOf(database);
  const orm = drizzle(database, { schema: { plants, beds, plantRelations, bedRelations } });
  const query = vi.spyOn(database, 'query');
  const joined: unknown[] = [];
  client
    .reactiveQuery(orm.select().from(beds).leftJoin(plants, eq(plants.id, beds.plantId)))
    .subscribe((rows) => joined.push(rows));
  const related: unknown[] = [];
  client
    .reactiveQuery(orm.query.plants.findMany({ columns: { label: true }, with: { beds: true } }))
    .subscribe((rows) => related.push(rows));
  const fern = { id: 1, label: 'fern', sown: new Date(1_000) };
  const bed = { id: 7, plantId: 1 };
  await vi.waitFor(() => expect(joined).toEqual([[{ beds: bed, plants: fern }]]));
  await vi.waitFor(() => expect(related).toEqual([[{ label: 'fern', beds: [bed] }]]));
  await local.db.execute("update plants set id = 2, name = 'moss'");
  await vi.waitFor(() => expect(joined.at(-1)).toEqual([{ beds: bed, plants: null }]));
  await vi.waitFor(() => expect(related.at(-1)).toEqual([{ label: 'moss', beds: [] }]));
  expect(query).toHaveBeenCalled();
  expect(new Set(query.mock.calls.map(([, , options]) => options?.level))).toEqual(
    new Set(['none']),
  );
});

test('ends with the client', async () => {
  const { client, other } = await openClient();
  const told: unknown[] = [];
  const query = client.reactiveQuery((sql) => sql`select name from plants`);
  query.subscribe((rows) => told.push(rows));
  await vi.waitFor(() => expect(told).toEqual([[]]));
  await client.destroy();
  await other.sql`insert into plants (name) values ('fern')`;
  const late: unknown[] = [];
  client
    .reactiveQuery((sql) => sql`select 1`)
    .subscribe(
      () => late.push('rows'),
      (error) => late.push((error as { code?: string }).code),
    );
  await vi.waitFor(() => expect(late).toEqual(['Closed']));
  expect(told).toEqual([[]]);
  expect(await verdict(client.sql`select 1`)).toBe('Closed no');
  expect(await other.sql`select name from plants`).toEqual([{ name: 'fern' }]);
});
