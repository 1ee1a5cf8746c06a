/**
 * A program as one writes it against SQLocal's interface: but for the line that it is imported by, nothing of
 * it knows of a cluster. Its types are checked here, and from the package.
 */

import {
  SQLocal,
  type ClientConfig,
  type ConnectReason,
  type DatabaseInfo,
  type ReactiveQuery,
  type Statement,
  type StatementInput,
  type TransactionHandle,
} from '../../src/integrations/sqlocal.ts';

interface Plant {
  id: number;
  name: string;
  height: number | null;
}

const reasons: ConnectReason[] = [];
const config: ClientConfig = {
  databasePath: 'garden.sqlite3',
  reactive: true,
  onInit: (sql) => [
    sql`PRAGMA foreign_keys = ON`,
    sql`CREATE TABLE IF NOT EXISTS plants (id INTEGER PRIMARY KEY, name TEXT, height REAL)`,
  ],
  onConnect: (reason) => {
    reasons.push(reason);
  },
};
export const client = new SQLocal(config);
const { sql, batch, transaction, reactiveQuery } = client;

async function plant(names: string[]): Promise<number[]> {
  for (const name of names) await sql`INSERT INTO plants (name) VALUES (${name})`;
  const rows: { id: number }[] = await sql('SELECT id FROM plants ORDER BY id');
  return rows.map(({ id }) => id);
}

async function names(): Promise<string[]> {
  const rows = await sql<Plant>`SELECT * FROM plants ORDER BY id`;
  return rows.map((row) => row.name);
}

async function count(): Promise<number> {
  const rows = await sql`SELECT count(*) AS count FROM plants`;
  return rows[0]?.['count'];
}

async function measure(heights: [name: string, height: number][]): Promise<Plant[]> {
  const statements = (tag: (text: TemplateStringsArray, ...values: unknown[]) => Statement) =>
    heights.map(([name, height]) => tag`UPDATE plants SET height = ${height} WHERE name = ${name}`);
  const results = await batch<Plant>((tag) => [
    ...statements(tag),
    tag('SELECT * FROM plants WHERE height > ?', 1),
  ]);
  return results.at(-1) ?? [];
}

async function grow(name: string, rounds: number): Promise<number | null> {
  const once = async (tx: TransactionHandle): Promise<number | null> => {
    const query: StatementInput<Plant> = (tag) => tag`SELECT * FROM plants WHERE name = ${name}`;
    const [found] = await tx.query<Plant>(query);
    const height = (found?.height ?? 0) + 1;
    await tx.sql`UPDATE plants SET height = ${height} WHERE name = ${name}`;
    const [[grown] = []] = await tx.batch<Plant>((tag) => [
      tag`SELECT * FROM plants WHERE name = ${name}`,
    ]);
    return grown?.height ?? null;
  };
  let height: number | null = null;
  for (let round = 0; round < rounds; round += 1) height = await transaction(once);
  return height;
}

const seen: string[][] = [];
const all: ReactiveQuery<Plant> = reactiveQuery((tag) => tag`SELECT name FROM plants ORDER BY id`);
const subscription = all.subscribe(
  (rows) => seen.push(rows.map((row) => row.name)),
  (error: Error) => seen.push([error.message]),
);

async function uproot(): Promise<void> {
  await sql`DELETE FROM plants`;
}

let file: File | null = null;

async function keep(): Promise<string> {
  file = await client.getDatabaseFile();
  return file.name;
}

async function bringBack(as: 'file' | 'stream'): Promise<string[]> {
  if (file === null) return [];
  const forms = {
    file: () => file,
    stream: () => file?.stream(),
  };
  const form = await forms[as]();
  let within: string[] = [];
  if (form) {
    await client.overwriteDatabaseFile(form, async () => {
      within = await names();
    });
  }
  return within;
}

async function info(): Promise<DatabaseInfo> {
  const { databasePath, databaseSizeBytes, storageType, persisted } =
    await client.getDatabaseInfo();
  if (databasePath === undefined || databaseSizeBytes === undefined) return {};
  return {
    databasePath,
    databaseSizeBytes,
    storageType: storageType ?? '',
    persisted: !!persisted,
  };
}

async function refused(): Promise<string[]> {
  const calls = [
    client.createCallbackFunction('note', (text: string) => console.log(text)),
    client.createScalarFunction('double', (n: number) => n * 2),
    client.createAggregateFunction('longest', {
      step: (text: string) => console.log(text),
      final: () => '',
    }),
    client.createWindowFunction('middle', {
      step: (value: number) => console.log(value),
      value: () => 0,
      inverse: (value: number) => console.log(value),
      final: () => 0,
    }),
    client.deleteDatabaseFile(() => {}, true),
  ];
  const outcomes = await Promise.allSettled(calls);
  return outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'));
}

async function leave(): Promise<void> {
  subscription.unsubscribe();
  await client.destroy();
}

const garden = {
  plant,
  names,
  count,
  measure,
  grow,
  uproot,
  keep,
  bringBack,
  info,
  refused,
  leave,
};
Object.assign(window, { garden: { ...garden, seen, reasons } });
