/** A script of the kind that sqlite3's `.dump` writes, with an ANALYZE in it. */

export const DUMP_ROWS = 14_900;

export function dumpScript(): string {
  const lines = [
    'PRAGMA foreign_keys=OFF;',
    'CREATE TABLE authors(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);',
    `CREATE TABLE books(id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors(id),
  title TEXT, price REAL, cover BLOB, added DEFAULT CURRENT_TIMESTAMP);`,
  ];
  // Children first: with foreign keys off nobody minds.
  for (let at = 1; at <= DUMP_ROWS; at += 1) {
    if (at % 10 === 0) {
      lines.push(`INSERT INTO authors VALUES(${at},'Author; number ''${at}''');`);
    } else {
      const price = (at % 700) / 8;
      const title = `Title -- ${at}`;
      lines.push(
        `INSERT INTO books VALUES(${at},${at - (at % 10) + 10},'${title}',${price},X'00FF','now');`,
      );
    }
  }
  lines.push(
    'ANALYZE sqlite_schema;',
    "INSERT INTO sqlite_stat1 VALUES('books','books_author','13410 9');",
    "INSERT INTO sqlite_stat1 VALUES('authors',NULL,'1490');",
    'DELETE FROM sqlite_sequence;',
    "INSERT INTO sqlite_sequence VALUES('authors',20000);",
    'CREATE INDEX books_author ON books(author);',
    'CREATE INDEX books_price ON books(price);',
    `CREATE TRIGGER books_deleted AFTER DELETE ON books BEGIN
  UPDATE authors SET name = name || '!' WHERE id = old.author;
  SELECT CASE WHEN 1 THEN 2 END;
END;`,
    'CREATE VIEW cheap AS SELECT title FROM books WHERE price < 1;',
    'ANALYZE;',
  );
  const padding = 15_000 - lines.length;
  for (let at = 1; at <= padding; at += 1) lines.push(`INSERT INTO authors(name) VALUES('${at}');`);
  return `${lines.join('\n')}\n`;
}
