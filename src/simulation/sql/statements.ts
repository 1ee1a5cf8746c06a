/**
 * The model's writes as SQL, and back: what the checkers know of a write does not depend on the
 * database that it is put to. A request holds one statement that does the write and answers it, in a
 * column named `answer`, and now and then others around it whose effect hangs on time, chance, row
 * numbers, plans, or on what becomes of statements that fail: by them equal hashes mean something.
 * None of them can undo the write.
 */

import type { ExecuteMode, Statement } from '../../node/sql.ts';
import { decodeRequest, encodeRequest } from '../../sqlite/request-codec.ts';
import { decodeResponse } from '../../sqlite/response-codec.ts';
import type { ModelWrite } from '../model.ts';
import { MILLION, type Random } from '../random.ts';

/** The object that is made last: where it is, all of them are, for good. */
export const LAST_OBJECT = 'registered';

const SCHEMA: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS lists(key INTEGER, position INTEGER, value INTEGER NOT NULL,
    PRIMARY KEY(key, position)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS registers(key INTEGER PRIMARY KEY, value INTEGER NOT NULL,
    previous INTEGER NOT NULL)`,
  'CREATE TABLE IF NOT EXISTS draws(id INTEGER PRIMARY KEY, what, at TEXT, chance INTEGER, bytes)',
  'CREATE TABLE IF NOT EXISTS singles(id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, note TEXT)',
  'CREATE TABLE IF NOT EXISTS picks(id INTEGER PRIMARY KEY, note TEXT)',
  'CREATE VIRTUAL TABLE IF NOT EXISTS notes USING fts5(body)',
  `CREATE TRIGGER IF NOT EXISTS listed AFTER INSERT ON lists BEGIN
    INSERT INTO draws(what, at, chance, bytes)
      VALUES(NEW.value, datetime('now'), random(), randomblob(4)); END`,
  `CREATE TRIGGER IF NOT EXISTS ${LAST_OBJECT} AFTER UPDATE OF value ON registers BEGIN
    UPDATE draws SET chance = random() WHERE id = (SELECT max(id) FROM draws); END`,
];

const APPEND = `INSERT INTO lists(key, position, value)
  SELECT :key, coalesce(max(position), 0) + 1, :value FROM lists WHERE key = :key
  RETURNING position AS answer`;
const SWAP = `INSERT INTO registers(key, value, previous) VALUES(:key, :value, 0)
  ON CONFLICT(key) DO UPDATE SET previous = value, value = excluded.value
  RETURNING previous AS answer`;
const COMPARE_AND_SET = `INSERT INTO registers(key, value, previous)
  VALUES(:key, iif(:expected = 0, :value, 0), 0)
  ON CONFLICT(key) DO UPDATE SET previous = value, value = iif(value = :expected, :value, value)
  RETURNING previous AS answer`;

/** They succeed whatever is there. */
const STEADY: readonly string[] = [
  `INSERT INTO draws(what, at, chance, bytes)
    VALUES(julianday('now'), datetime('now', 'localtime'), random(), randomblob(random() % 20))`,
  `UPDATE draws SET chance = random(), at = strftime('%f', 'now')
    WHERE id % 7 = abs(random()) % 7`,
  'DELETE FROM draws WHERE id IN (SELECT id FROM draws ORDER BY random() LIMIT 3)',
  `INSERT INTO notes(body)
    VALUES(hex(randomblob(3)) || iif(random() % 2, ' alpha ', ' beta ') || datetime('now'))`,
  `DELETE FROM notes WHERE rowid IN (SELECT rowid FROM notes WHERE notes MATCH 'alpha' LIMIT 2)`,
  "UPDATE notes SET body = body || ' gamma' WHERE notes MATCH 'beta'",
  "INSERT INTO notes(notes) VALUES('optimize')",
  // Behind the highest row number SQLite picks others at random.
  "INSERT OR REPLACE INTO picks VALUES(9223372036854775807, datetime('now'))",
  'INSERT INTO picks(note) VALUES(last_insert_rowid()), (changes())',
  'DELETE FROM picks WHERE id > 0 AND random() % 3 = 0',
  'SELECT count(*), max(chance), group_concat(id) FROM (SELECT * FROM draws ORDER BY random())',
  "INSERT OR REPLACE INTO singles(id, note) VALUES(1 + abs(random()) % 5, time('now'))",
  'DELETE FROM singles WHERE id = abs(random()) % 9',
  'CREATE INDEX IF NOT EXISTS draws_by_chance ON draws(chance)',
  'DROP INDEX IF EXISTS draws_by_chance',
  'CREATE INDEX IF NOT EXISTS draws_by_what ON draws(what)',
  'ANALYZE',
  // The order of the rows, and so the text, follows the plan.
  'INSERT INTO draws(what) SELECT group_concat(id) FROM draws WHERE chance > 0 AND what > 5',
  'INSERT INTO notes(body) SELECT what FROM draws ORDER BY id DESC LIMIT 5',
  'CREATE TABLE IF NOT EXISTS spare AS SELECT random() AS a, id FROM draws LIMIT 2',
  'DROP TABLE IF EXISTS spare',
];

/** They fail, or may, and then have no effect, but for what OR FAIL leaves. */
const FAILING: readonly string[] = [
  'INSERT INTO nowhere VALUES(random())',
  'SELECT abs(-9223372036854775807 - 1)',
  'INSERT INTO draws(id) VALUES(random()), (NULL), (1)',
  'INSERT OR FAIL INTO singles(id) SELECT id + 1 FROM singles ORDER BY random() LIMIT 3',
  'ALTER TABLE draws ADD COLUMN added DEFAULT 7',
  "ATTACH 'elsewhere' AS other",
  "SELECT * FROM notes WHERE notes MATCH '\"'",
  'INSERT OR ABORT INTO picks SELECT id, note FROM picks ORDER BY random()',
];

/** They end the transaction where they fail. */
const ENDING: readonly string[] = [
  'INSERT INTO singles(id) VALUES(1)',
  'INSERT OR ROLLBACK INTO picks(id) VALUES(9223372036854775807)',
  'INSERT INTO singles(id) SELECT id + 1 FROM singles ORDER BY id DESC',
];

const EXTRAS: Readonly<Record<ExecuteMode, readonly string[]>> = {
  atomic: STEADY,
  script: [...STEADY, ...FAILING],
  each: [...STEADY, ...FAILING, ...ENDING],
};
const MODES: readonly ExecuteMode[] = ['atomic', 'script', 'each', 'each'];
const EXTRAS_MAX = 3;

export function encodeSqlWrite(write: ModelWrite, hasSchema: boolean, random: Random): Uint8Array {
  const mode = random.pick(MODES);
  const statements: Statement[] = hasSchema ? [] : SCHEMA.map((sql) => ({ sql }));
  const draw = (): void => {
    if (!random.chance(MILLION / 4)) return;
    const count = random.between(1, EXTRAS_MAX);
    for (let i = 0; i < count; i += 1) statements.push({ sql: random.pick(EXTRAS[mode]) });
  };
  draw();
  statements.push(statementOf(write));
  draw();
  return encodeRequest({ statements, mode, foreignKeys: true, bail: false, rows: true });
}

function statementOf(write: ModelWrite): Statement {
  const { type, key, value } = write;
  switch (type) {
    case 'append':
      return { sql: APPEND, params: { key, value } };
    case 'swap':
      return { sql: SWAP, params: { key, value } };
    case 'compare-and-set':
      return { sql: COMPARE_AND_SET, params: { key, value, expected: write.expected } };
  }
}

/** Null for requests that are none of the model's. */
export function decodeSqlWrite(body: Uint8Array): ModelWrite | null {
  const request = decodeRequest(body);
  for (const { sql, params } of 'statements' in request ? request.statements : []) {
    if (params === undefined) continue;
    const { key, value, expected } = params as Readonly<Record<string, unknown>>;
    const place = { key: Number(key), value: Number(value) };
    if (sql === APPEND) return { type: 'append', ...place };
    if (sql === SWAP) return { type: 'swap', ...place };
    if (sql !== COMPARE_AND_SET) continue;
    return { type: 'compare-and-set', ...place, expected: Number(expected) };
  }
  return null;
}

export function decodeSqlResponse(response: Uint8Array): number {
  const { outcomes, committed } = decodeResponse(response);
  if (!committed) throw new Error(`a write was undone: ${JSON.stringify(outcomes)}`);
  for (const outcome of outcomes) {
    if (outcome.type !== 'result' || outcome.result.columns[0] !== 'answer') continue;
    return Number(outcome.result.rows[0]?.[0]);
  }
  throw new Error(`a write was not answered: ${JSON.stringify(outcomes)}`);
}
