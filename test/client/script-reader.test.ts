/** Scripts cut into slices: the statements must be those of the script in one piece. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readScript, type ScriptStatement } from '../../src/client/script-reader.ts';
import { WRITES } from './fake-workers.ts';

/** Finds statements as SQLite does where there are no triggers; comments go with what follows. */
function splitStatements(script: string): string[] {
  const tokens = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|;|[^;'/-]+|[/-]/gu;
  const found: string[] = [];
  let statement = '';
  let empty = true;
  for (const [token] of script.matchAll(tokens)) {
    statement += token;
    if (token === ';') {
      if (!empty) found.push(statement);
      statement = '';
      empty = true;
    } else if (!/^(?:--|\/\*|\s*$)/u.test(token)) {
      empty = false;
    }
  }
  if (!empty) found.push(statement);
  return found;
}

const inventSplit = async () => [{ sql: 'drop table t', kind: WRITES }];

const trimmed = (sql: string): string => sql.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/u, '');

async function read(script: string, shape = trimmed) {
  const slices: number[] = [];
  const statements: ScriptStatement[] = [];
  const split = async (part: string) => {
    slices.push(part.length);
    return splitStatements(part).map((sql) => ({ sql: shape(sql), kind: WRITES }));
  };
  for await (const part of readScript(script, split)) statements.push(...part);
  return { statements, slices };
}

describe('a script read in slices', () => {
  test('has each statement at its place, with its line', async () => {
    const script =
      "\uFEFF-- select 1;\ninsert into t values('a\nb;');\n\n /* x; */ delete\nfrom t; ;select 3";
    const { statements } = await read(script);
    expect(statements.map(({ number, line, sql }) => [number, line, sql])).toEqual([
      [0, 2, "insert into t values('a\nb;');"],
      [1, 5, 'delete\nfrom t;'],
      [2, 6, 'select 3'],
    ]);
    for (const { sql, start } of statements) expect(script.startsWith(sql, start)).toBe(true);
  });

  test('that says the same in a comment before a statement finds the statement', async () => {
    const script = '/* select 1; */ select 1;-- select 2;\nselect 2;';
    const { statements } = await read(script);
    expect(statements.map(({ start }) => start)).toEqual([16, 38]);
  });

  test('of nothing but white space and comments has no statements', async () => {
    for (const script of ['', ' \n;;', '-- x', '/* x']) {
      expect((await read(script)).statements).toEqual([]);
    }
  });

  test('larger than a slice is the same as in one piece', async () => {
    const statement = fc.oneof(
      fc
        .integer({ min: 1, max: 40_000 })
        .map((length) => `insert into t values('${'é;'.repeat(length)}');`),
      fc.integer({ min: 1, max: 90_000 }).map((length) => `-- ${'x;'.repeat(length)}\nselect 1;`),
      fc.constant('/* ; */ delete from t where a = 1 - 2;\n'),
      fc.constant("insert into t values('😀''😀');"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(statement, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (parts, bare) => {
          const script = parts.join('\n');
          const { statements } = await read(script, bare ? trimmed : (sql) => sql);
          const whole = splitStatements(script);
          expect(statements.map(({ sql }) => trimmed(sql))).toEqual(whole.map(trimmed));
          for (const { sql, start, line } of statements) {
            expect(script.startsWith(sql, start)).toBe(true);
            expect(line).toBe(script.slice(0, start).split('\n').length);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is never handed over as a whole', async () => {
    const script = "insert into t values('0123456789');\n".repeat(20_000);
    const { statements, slices } = await read(script);
    expect(statements).toHaveLength(20_000);
    expect(Math.max(...slices)).toBeLessThanOrEqual(64 * 1024);
    const handed = slices.reduce((sum, length) => sum + length, 0);
    expect(handed).toBeLessThan(script.length * 1.1);
  });

  test('does not tear a character apart', async () => {
    const script = `select '${'😀'.repeat(80_000)}'`;
    const torn: string[] = [];
    const split = async (part: string) => {
      if (/[\uD800-\uDBFF]$/.test(part)) torn.push(part);
      return splitStatements(part).map((sql) => ({ sql, kind: WRITES }));
    };
    const found: ScriptStatement[] = [];
    for await (const part of readScript(` ${script}`, split)) found.push(...part);
    expect(torn).toEqual([]);
    expect(found.map(({ sql }) => sql.length)).toEqual([script.length + 1]);
  });

  test('fails rather than goes on with something that is not there', async () => {
    await expect(readScript('select 1', inventSplit).next()).rejects.toMatchObject({
      code: 'Internal',
    });
  });
});
