/** A file as sqlite3's `.dump` writes it, run twice through a follower; dumps, CSV, and a cancelled run. */

import { expect } from 'vitest';

import { hashesAtOneIndex, leaderOf, test } from './harness.ts';
import type { Tab } from './tab.ts';

const KEYED_ROWS = 3_000;
const UNKEYED_ROWS = 1_982;
/** Besides the rows: see `dumpFile`. */
const OTHER_STATEMENTS = 18;
/** Two tags, two lines of statistics, and the sequence, once deleted and once inserted. */
const OTHER_ROWS = 6;
const STATEMENTS = KEYED_ROWS + UNKEYED_ROWS + OTHER_STATEMENTS;

test('a dump of 5,000 statements, run twice through a follower, is the same in every tab', async ({
  cluster,
}) => {
  expect(STATEMENTS).toBe(5_000);
  const { tabs } = cluster;
  const { followers } = await leaderOf(tabs);
  const [follower] = followers;
  if (follower === undefined) throw new Error('There is no follower.');
  const file = dumpFile();

  const first = await run(follower, file);
  const rowsAffected = KEYED_ROWS + UNKEYED_ROWS + OTHER_ROWS;
  expect(first).toMatchObject({ statements: STATEMENTS, errors: 0, firstErrors: [], rowsAffected });
  for (const tab of tabs) expect(await counts(tab)).toEqual([[KEYED_ROWS, UNKEYED_ROWS, 2, 2]]);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);

  const dumps = await Promise.all(tabs.map(dumped));
  expect(new Set(dumps.map(({ hash }) => hash)).size).toBe(1);
  // Besides those of the file: the row of sqlite_sequence that it deletes was there by then.
  expect(dumps[0]).toMatchObject({ inserts: KEYED_ROWS + UNKEYED_ROWS + 5, fraction: 1 });

  // Again: rows with keys, and everything that exists by its name, fail; the rest is doubled.
  const second = await run(follower, file);
  expect(second).toMatchObject({ statements: STATEMENTS, errors: KEYED_ROWS + 8 });
  for (const tab of tabs) expect(await counts(tab)).toEqual([[KEYED_ROWS, 2 * UNKEYED_ROWS, 2, 4]]);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
});

test('rows go out and in as CSV; a script cancelled on its way tells that some of it happened', async ({
  cluster,
}) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There is no tab.');
  const imported = await tab.db(async (db) => {
    await db.execute('CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT, size REAL, raw)');
    await db.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO source SELECT i, nullif('O"Neil, ' || i, 'O"Neil, 7'), i / 8.0, CAST(i AS BLOB) FROM n`);
    const file = await db.exportCsv('SELECT * FROM source');
    await db.execute('CREATE TABLE copy(id INTEGER PRIMARY KEY, name TEXT, size REAL, raw)');
    const { rows, errors } = await db.importCsv('copy', file, { infer: true, skip: 1 });
    return { rows, errors };
  });
  expect(imported).toEqual({ rows: 3_000, errors: 0 });
  const difference = 'SELECT count(*) FROM (SELECT * FROM copy EXCEPT SELECT * FROM source)';
  expect(await tab.rows(difference)).toEqual([[0]]);

  const rows = 5_000;
  const script = `CREATE TABLE cancelled(x);${'INSERT INTO cancelled VALUES(1);'.repeat(rows)}`;
  const refused = await tab.dbError(async (db, text) => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    return db.run(text, { signal: controller.signal, onProgress });
  }, script);
  expect(refused).toMatchObject({ code: 'Aborted', applied: 'unknown' });
  expect(refused.message).toMatch(/after \d+ statements had been answered/u);
  const done = Number((await tab.rows('SELECT count(*) FROM cancelled'))[0]?.[0]);
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(rows);
});

async function run(tab: Tab, file: string): Promise<object> {
  const result = await tab.db((db, script) => db.run(script), file);
  const perSecond = Math.round((result.statements / result.elapsedMs) * 1_000);
  console.log(`${result.statements} statements, ${result.errors} errors: ${perSecond} a second`);
  return result;
}

async function counts(tab: Tab): Promise<unknown[][]> {
  return tab.rows(`select
    (select count(*) from person), (select count(*) from "log entry"),
    (select count(*) from tag), (select count(*) from sqlite_stat1 where tbl = 'person')`);
}

/** What the tab dumps. */
async function dumped(tab: Tab) {
  return tab.db(async (db) => {
    let fraction = 0;
    const file = await db.dump({ onProgress: (progress) => (fraction = progress.fraction) });
    const text = await file.text();
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    const hash = Array.from(new Uint8Array(digest)).join(' ');
    return { hash, fraction, inserts: text.match(/^INSERT INTO/gm)?.length };
  });
}

/** `OTHER_STATEMENTS` of them are not inserts of the two large tables. */
function dumpFile(): string {
  const people = Array.from({ length: KEYED_ROWS }, (_row, at) => {
    const values = [
      at + 1,
      `'O''Neil; no. ${at}'`,
      at % 7 === 0 ? 'NULL' : at / 8,
      `X'00${hex(at)}'`,
    ];
    return `INSERT INTO person VALUES(${values.join(',')});`;
  });
  const entries = Array.from({ length: UNKEYED_ROWS }, (_row, at) => {
    const text = `replace('line ${at}\\nnext -- no comment','\\n',char(10))`;
    return `INSERT INTO "log entry" VALUES(${(at % KEYED_ROWS) + 1},${text},'Größe ${at} €');`;
  });
  return [
    'PRAGMA foreign_keys=OFF;',
    'BEGIN TRANSACTION;',
    'CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, size REAL, raw);',
    ...people,
    'CREATE TABLE IF NOT EXISTS "log entry" (person REFERENCES person(id), text, "a;b" TEXT);',
    ...entries,
    // References what comes later, which only works with foreign keys off.
    'CREATE TABLE tag (name TEXT PRIMARY KEY, parent REFERENCES tag(name)) WITHOUT ROWID;',
    "INSERT INTO tag VALUES('leaf','root');",
    "INSERT INTO tag VALUES('root',NULL);",
    'ANALYZE sqlite_schema;',
    "INSERT INTO sqlite_stat1 VALUES('person','person_name','9000 1');",
    "INSERT INTO sqlite_stat1 VALUES('person',NULL,'9000');",
    'DELETE FROM sqlite_sequence;',
    `INSERT INTO sqlite_sequence VALUES('person',${KEYED_ROWS});`,
    'CREATE INDEX person_name ON person(name, size DESC);',
    'CREATE UNIQUE INDEX person_raw ON person(raw) WHERE raw IS NOT NULL;',
    `CREATE TRIGGER named AFTER UPDATE OF name ON person BEGIN
       INSERT INTO "log entry" VALUES(new.id, 'renamed; from ' || old.name, NULL);
     END;`,
    'CREATE VIEW big AS SELECT * FROM person WHERE size > 1000;',
    '/* the end; */ CREATE INDEX IF NOT EXISTS entry_person ON "log entry"(person);',
    'COMMIT;',
    '',
  ].join('\n');
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
