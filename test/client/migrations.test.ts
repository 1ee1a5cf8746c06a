/** Migrations over SQLite: what is applied, what is recorded of it, and what comes of those that fail. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import type { Migration } from '../../src/client/migration.ts';
import { LocalDatabase } from '../apps/local-database.ts';
import { errorOfCall, verdict } from './fake-database.ts';

const NOTES: Migration = {
  name: 'notes',
  up: `CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL); -- and its index
CREATE INDEX note_body ON note (body);`,
};
const SEED: Migration = {
  name: 'seed',
  up: [
    "INSERT INTO note (body) VALUES ('a'); INSERT INTO note (body) VALUES ('b');",
    { sql: 'INSERT INTO note (id, body) VALUES (:id, :body)', params: { id: 9n, body: 'c' } },
    { sql: 'INSERT INTO note (id, body) VALUES (?, ?)', params: [10, new Uint8Array([1, 254])] },
  ],
};
const SHOUT: Migration = {
  name: 'shout',
  up: async (tx) => {
    for (const { id, body } of await tx.sql<{ id: number; body: string }>`SELECT * FROM note`) {
      if (typeof body === 'string')
        await tx.sql`UPDATE note SET body = ${body.toUpperCase()}
        WHERE id = ${id}`;
    }
  },
};
const ALL = [NOTES, SEED, SHOUT];

let local: LocalDatabase;
let db: Database;

beforeEach(async () => {
  local = await LocalDatabase.open();
  ({ db } = local);
});

async function rowsOf(sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await db.query(sql)).rows;
}

const versions = (): Promise<unknown> =>
  rowsOf('SELECT version, name FROM resqlite_migrations ORDER BY version');

async function tables(): Promise<unknown[]> {
  const rows = await rowsOf(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' " +
      'ORDER BY name',
  );
  return rows.flat();
}

describe('what is missing is applied', () => {
  test('in the order of the list, texts, arrays and functions, each in one log entry', async () => {
    const before = local.applied;
    const result = await db.migrate(ALL);
    expect(result).toMatchObject({ version: 3, applied: ['notes', 'seed', 'shout'] });
    expect(local.applied - before).toBe(3);
    expect(await rowsOf('SELECT id, body FROM note ORDER BY id')).toEqual([
      [1, 'A'],
      [2, 'B'],
      [9, 'C'],
      [10, new Uint8Array([1, 254])],
    ]);
    const seen = await db.query('SELECT 1', [], { level: 'none', atLeast: result.bookmark });
    expect(seen.appliedIndex).toBe(4);
  });

  test('and recorded with its name, a hash that stays what it is, and the time of the log', async () => {
    await db.migrate(ALL.slice(0, 1));
    local.stampMs += 1_000;
    await db.migrate(ALL);
    expect(await rowsOf('SELECT * FROM resqlite_migrations ORDER BY version')).toEqual([
      [1, 'notes', expect.any(String), '2031-02-03T04:05:06.789Z'],
      [2, 'seed', expect.any(String), '2031-02-03T04:05:07.789Z'],
      [3, 'shout', expect.any(String), expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)],
    ]);
    // What is stored anywhere has these.
    expect((await rowsOf('SELECT hash FROM resqlite_migrations')).flat()).toEqual([
      'dd26e28627b8660f03181ff59cb0d7f26708c08d4b81dde13775fa9637d1f9b4',
      'e112da9988e6c8a6b5ce450b29e3babdbb59099510566854eb8525b1dbb3cbed',
      'baafd677e701f55a67d2d44ddc567c97dad82eeb30e06c6ed027a0a105a38ffe',
    ]);
  });

  test('only once: what is there costs one read of the own copy, and no entry', async () => {
    await db.migrate(ALL.slice(0, 2));
    const { applied } = local;
    const again = await local.another().migrate(ALL.slice(0, 2));
    expect(again).toMatchObject({ version: 2, applied: [] });
    expect(local.applied).toBe(applied);
    expect(await local.another().migrate(ALL)).toMatchObject({ version: 3, applied: ['shout'] });
    expect(local.applied).toBe(applied + 1);
  });

  test('nothing where the list is empty, and nobody made the table of records', async () => {
    expect(await db.migrate([])).toMatchObject({ version: 0, applied: [] });
    expect(await tables()).toEqual([]);
  });

  test('an empty one is a version, too', async () => {
    await db.migrate([
      { name: 'nothing', up: '-- to be filled in\n' },
      { name: 'none', up: [] },
    ]);
    expect(await versions()).toEqual([
      [1, 'nothing'],
      [2, 'none'],
    ]);
  });

  test('with line ends as they come, which mean nothing', async () => {
    await db.migrate([NOTES]);
    const windows = { name: 'notes', up: String(NOTES.up).replaceAll('\n', '\r\n') };
    expect(await db.migrate([windows])).toMatchObject({ applied: [] });
  });
});

describe('a text is one transaction', () => {
  test('BEGIN, COMMIT, and what only reads, mean nothing in it', async () => {
    const up = `BEGIN; CREATE TABLE a (x); SELECT * FROM a; COMMIT;
      PRAGMA foreign_key_check; INSERT INTO a VALUES (1); END;`;
    await db.migrate([{ name: 'a', up }]);
    expect(await rowsOf('SELECT x FROM a')).toEqual([[1]]);
  });

  test('what was made by it before may be dropped by it, if it exists', async () => {
    const up = `CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END;
      DROP TRIGGER IF EXISTS t; INSERT INTO a VALUES (1);
      CREATE TABLE b (x); DROP TABLE IF EXISTS b; WITH c AS (SELECT 2) INSERT INTO a SELECT * FROM c;`;
    await db.migrate([{ name: 'a', up }]);
    expect(await rowsOf('SELECT x FROM a')).toEqual([[1], [2]]);
    expect(await tables()).toEqual(['a', 'resqlite_migrations']);
  });

  test('what a transaction cannot hold is refused, and which statement it is', async () => {
    for (const word of ['ROLLBACK', 'VACUUM']) {
      const up = `CREATE TABLE a (x); ${word}; CREATE TABLE b (x)`;
      const error = await errorOfCall(db.migrate([{ name: 'a', up }]));
      expect(error).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
      expect(error.migration).toEqual({ version: 1, name: 'a', sql: `${word};` });
    }
    expect(await verdict(db.migrate([{ name: 'a', up: 'ATTACH ? AS other' }]))).toBe(
      'NotReplicable no',
    );
    expect(await tables()).toEqual([]);
  });

  test('foreign keys are off where it says so, so that a table can be rebuilt', async () => {
    const rebuilt = `CREATE TABLE new_author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
      INSERT INTO new_author SELECT id, name FROM author;
      DROP TABLE author;
      ALTER TABLE new_author RENAME TO author;`;
    const first = {
      name: 'first',
      up: `CREATE TABLE author (id INTEGER PRIMARY KEY, name);
        CREATE TABLE book (id INTEGER PRIMARY KEY, author REFERENCES author ON DELETE CASCADE);
        INSERT INTO author VALUES (1, 'A'); INSERT INTO book VALUES (7, 1);`,
    };
    const off = `PRAGMA foreign_keys=OFF; ${rebuilt} PRAGMA foreign_keys=ON;`;
    await db.migrate([first, { name: 'second', up: off }]);
    expect(await rowsOf('SELECT id, author FROM book')).toEqual([[7, 1]]);
    expect(await verdict(db.execute('INSERT INTO book VALUES (8, 2)'))).toBe('Sql no');
    // What keeps them on deletes what refers to the table that is dropped.
    await local
      .another()
      .migrate([first, { name: 'second', up: off }, { name: 'third', up: rebuilt }]);
    expect(await rowsOf('SELECT id, author FROM book')).toEqual([]);
  });

  test('a foreign key that is broken at its end fails it as a whole', async () => {
    const up = `CREATE TABLE author (id INTEGER PRIMARY KEY);
      CREATE TABLE book (author REFERENCES author DEFERRABLE INITIALLY DEFERRED);
      INSERT INTO book VALUES (1);`;
    const error = await errorOfCall(db.migrate([{ name: 'books', up }]));
    expect(error).toMatchObject({ code: 'Sql', applied: 'no', resultCode: 787 });
    expect(await tables()).toEqual([]);
  });
});

describe('one that fails', () => {
  const BROKEN = 'CREATE TABLE more (x); INSERT INTO note (body) VALUES (NULL); SELEKT 1';

  test('has no effect, those before it stay, and the error says which statement of it failed', async () => {
    const error = await errorOfCall(db.migrate([NOTES, { name: 'broken', up: BROKEN }, SHOUT]));
    expect(error).toMatchObject({ code: 'Sql', applied: 'no', resultCode: 1299, statement: 1 });
    const sql = 'INSERT INTO note (body) VALUES (NULL);';
    expect(error.migration).toEqual({ version: 2, name: 'broken', sql });
    expect(error.message).toBe(
      'migration 2 ("broken") failed, and nothing of it was applied: NOT NULL constraint failed: ' +
        `note.body (in: ${sql})`,
    );
    expect(await tables()).toEqual(['note', 'resqlite_migrations']);
    expect(await versions()).toEqual([[1, 'notes']]);
    const up = [
      'BEGIN; SELECT 1; CREATE TABLE more (x)',
      { sql: 'SELECT ?', params: [1] },
      'SELEKT 1',
    ];
    const told = await errorOfCall(db.migrate([NOTES, { name: 'broken', up }]));
    expect(told).toMatchObject({ code: 'Sql', offset: 0, statement: 4 });
    expect(told.migration?.sql).toBe('SELEKT 1');
  });

  test('is tried again as it is by then: nothing is recorded of it', async () => {
    await verdict(db.migrate([NOTES, { name: 'broken', up: BROKEN }]));
    await db.migrate([NOTES, { name: 'mended', up: 'CREATE TABLE more (x)' }]);
    expect(await versions()).toEqual([
      [1, 'notes'],
      [2, 'mended'],
    ]);
  });

  test('by an error of its function has no effect either, and the error is the cause', async () => {
    const cause = new RangeError('it is full');
    const up = async (tx: { execute(sql: string): Promise<unknown> }): Promise<void> => {
      await tx.execute('CREATE TABLE more (x)');
      throw cause;
    };
    const error = await errorOfCall(db.migrate([NOTES, { name: 'full', up }]));
    expect(error).toMatchObject({ code: 'FailedMigration', applied: 'no', cause });
    expect(error.migration).toEqual({ version: 2, name: 'full', sql: null });
    expect(error.message).toContain('migration 2 ("full") failed');
    expect(await tables()).toEqual(['note', 'resqlite_migrations']);
  });

  test('by a statement of its function says which one', async () => {
    const failing: [Migration['up'], string, number][] = [
      [async (tx) => void (await tx.execute('SELEKT 1')), 'SELEKT 1', 0],
      [async (tx) => void (await tx.execute({ sql: 'SELEKT ?', params: [1] })), 'SELEKT ?', 0],
      [
        async (tx) => void (await tx.sql`INSERT INTO note (body) VALUES (${null})`),
        'INSERT INTO note (body) VALUES (?)',
        0,
      ],
      [
        async (tx) => {
          await tx.query('SELECT 1');
          await tx.query('SELECT x FROM note');
        },
        'SELECT x FROM note',
        1,
      ],
    ];
    for (const [up, sql, statement] of failing) {
      const error = await errorOfCall(db.migrate([NOTES, { name: 'failing', up }]));
      expect(error).toMatchObject({ code: 'Sql', applied: 'no', statement });
      expect(error.migration).toEqual({ version: 2, name: 'failing', sql });
    }
    expect(await versions()).toEqual([[1, 'notes']]);
  });

  test('by its commit alone has no effect either', async () => {
    const up: Migration['up'] = async (tx) => {
      await tx.execute(`CREATE TABLE book (note REFERENCES note DEFERRABLE INITIALLY DEFERRED)`);
      await tx.execute('INSERT INTO book VALUES (77)');
    };
    const error = await errorOfCall(db.migrate([NOTES, { name: 'books', up }]));
    expect(error).toMatchObject({ code: 'Sql', applied: 'no', migration: { sql: null } });
    expect(await tables()).toEqual(['note', 'resqlite_migrations']);
  });

  test('a statement that fails and is caught does nothing, and the function goes on', async () => {
    const up: Migration['up'] = async (tx) => {
      await tx.execute('CREATE TABLE note (x)').catch(() => undefined);
      await tx.execute('CREATE TABLE other (x)');
    };
    await db.migrate([NOTES, { name: 'other', up }]);
    expect(await tables()).toEqual(['note', 'other', 'resqlite_migrations']);
  });

  test('where it is larger than a log entry may be', async () => {
    const body = 'x'.repeat(3 * 2 ** 20);
    const large = { sql: 'INSERT INTO note (body) VALUES (?)', params: [body] };
    const error = await errorOfCall(
      db.migrate([NOTES, { name: 'large', up: [large, large, large] }]),
    );
    expect(error).toMatchObject({ code: 'TooLarge', applied: 'no' });
    expect(error.migration).toEqual({ version: 2, name: 'large', sql: null });
    expect(error.message).toMatch(/8 MiB.*\. Cut it into several migrations$/);
    await db.migrate([NOTES, { name: 'large', up: [large, large] }]);
    expect(await rowsOf('SELECT count(*), sum(length(body)) FROM note')).toEqual([
      [2, 2 * body.length],
    ]);
  });

  test('where its records are not what they should be', async () => {
    await db.execute('CREATE TABLE resqlite_migrations (version INTEGER PRIMARY KEY, name, hash)');
    const error = await errorOfCall(db.migrate([NOTES]));
    expect(error).toMatchObject({ code: 'Sql', applied: 'no' });
    expect(error.message).toMatch(/resqlite_migrations has no column named applied_at$/);
    expect(await tables()).toEqual(['resqlite_migrations']);
  });
});

describe('what does not fit is told', () => {
  test('where a newer version of the page has applied more', async () => {
    await db.migrate(ALL);
    const error = await errorOfCall(db.migrate([NOTES]));
    expect(error).toMatchObject({ code: 'NewerSchema', applied: 'no' });
    expect(error.migration).toEqual({ version: 2, name: 'seed', sql: null });
    expect(error.message).toBe(
      'the schema was made by a newer version of this page: 3 migrations were applied, this page ' +
        'knows 1, and does not know 2 ("seed"). Reload the page to get the newer one',
    );
    expect(await verdict(db.migrate([]))).toBe('NewerSchema no');
  });

  test('where one has another name by now', async () => {
    await db.migrate(ALL);
    const error = await errorOfCall(db.migrate([NOTES, { ...SEED, name: 'seeds' }, SHOUT]));
    expect(error).toMatchObject({ code: 'ChangedMigration', applied: 'no' });
    expect(error.migration).toEqual({ version: 2, name: 'seeds', sql: null });
    expect(error.message).toMatch(/migration 2 was applied under the name "seed"/);
  });

  test('where one has another text by now, be it a list or its parameters', async () => {
    await db.migrate(ALL);
    const [texts, named, listed] = SEED.up as [string, object, object];
    const others: Migration['up'][] = [
      `${texts} `,
      [texts],
      [`${texts} `, named, listed] as Migration['up'] & object,
      [texts, { ...named, params: { id: 9, body: 'c' } }, listed] as Migration['up'] & object,
      [texts, named, { ...listed, params: [10, new Uint8Array([1, 255])] }] as never,
      async () => undefined,
    ];
    for (const up of others) {
      const error = await errorOfCall(db.migrate([NOTES, { name: 'seed', up }, SHOUT]));
      expect(error.code).toBe('ChangedMigration');
      expect(error.migration).toEqual({ version: 2, name: 'seed', sql: null });
      expect(error.message).toMatch(/with another text/);
    }
  });

  test('not of a function, whose text depends on how the page was built', async () => {
    await db.migrate(ALL);
    const shout = { name: 'shout', up: async () => undefined };
    expect(await db.migrate([NOTES, SEED, shout])).toMatchObject({ version: 3, applied: [] });
  });

  test('where a record was deleted', async () => {
    await db.migrate(ALL);
    await db.execute('DELETE FROM resqlite_migrations WHERE version = 2');
    const error = await errorOfCall(db.migrate(ALL));
    expect(error.code).toBe('ChangedMigration');
    expect(error.message).toMatch(/no record of migration 2/);
  });
});

describe('whatever gets lost', () => {
  for (const [what, list] of [
    ['a text', [NOTES]],
    [
      'a function',
      [{ name: 'notes', up: async (tx) => void (await tx.execute('CREATE TABLE note (id)')) }],
    ],
  ] as [string, Migration[]][]) {
    test(`${what} is applied once: it is sent again where it never came`, async () => {
      local.mishaps.push('lost', 'lost');
      expect(await db.migrate(list)).toMatchObject({ applied: ['notes'] });
      expect(await versions()).toEqual([[1, 'notes']]);
    });

    test(`${what} is applied once: it is found where only its answer was lost`, async () => {
      // From then on transactions have the log's clock.
      await db.execute('CREATE TABLE other (x)');
      local.mishaps.push('answer-lost');
      expect(await db.migrate(list)).toMatchObject({ version: 1, applied: [] });
      expect(await versions()).toEqual([[1, 'notes']]);
    });
  }
});

describe('arguments', () => {
  test('that are none are refused before anything is sent', async () => {
    const up = 'SELECT 1';
    const none: unknown[] = [
      null,
      'CREATE TABLE a (x)',
      [null],
      ['CREATE TABLE a (x)'],
      [{ up }],
      [{ name: '', up }],
      [{ name: 'a'.repeat(256), up }],
      [{ name: 1, up }],
      [{ name: 'a' }],
      [{ name: 'a', up: 1 }],
      [{ name: 'a', up: [1] }],
      [{ name: 'a', up: [{ sql: 'SELECT ?', params: [undefined] }] }],
      [
        { name: 'a', up },
        { name: 'a', up },
      ],
      // oxlint-disable-next-line no-sparse-arrays
      [, { name: 'a', up }],
      Array.from({ length: 10_001 }, (_, at) => ({ name: String(at), up })),
    ];
    for (const migrations of none) {
      expect(await verdict(db.migrate(migrations as Migration[]))).toBe('InvalidArgument no');
    }
    expect(await verdict(db.migrate([NOTES], { timeoutMs: 0 }))).toBe('InvalidArgument no');
    expect(local.applied).toBe(0);
  });

  test('a closed handle migrates nothing, an aborted call neither', async () => {
    const signal = AbortSignal.abort();
    expect(await verdict(db.migrate(ALL, { signal }))).toBe('Aborted no');
    const other = local.another();
    await other.close();
    expect(await verdict(other.migrate(ALL))).toBe('Closed no');
    expect(await tables()).toEqual([]);
  });
});
