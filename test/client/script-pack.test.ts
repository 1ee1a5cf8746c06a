/** How statements of a script become log entries. */

import { describe, expect, test } from 'vitest';
import {
  ENTRY_CHARACTERS,
  ENTRY_STATEMENTS,
  ScriptPacker,
  type ScriptUnit,
} from '../../src/client/script-pack.ts';
import type { ScriptStatement } from '../../src/client/script-reader.ts';
import { MAX_BODY_BYTES } from '../../src/node/limits.ts';
import { errorOf, READS, WRITES } from './fake-workers.ts';

const kinds = {
  begin: { ...WRITES, readOnly: true, transaction: 'begin' },
  commit: { ...WRITES, readOnly: true, transaction: 'commit' },
  rollback: { ...WRITES, readOnly: true, transaction: 'rollback' },
} as const;

/** 'select…' reads, 'fk=0' and 'fk=1' are the pragma, 'later…' does not compile yet, 'vacuum' is one. */
function statementOf(sql: string, number: number): ScriptStatement {
  const place = { number, sql, start: 0, line: 1 };
  if (sql in kinds) return { ...place, kind: kinds[sql as keyof typeof kinds] };
  if (sql === 'vacuum') return { ...place, kind: { ...WRITES, vacuum: true } };
  if (sql.startsWith('fk=')) return { ...place, kind: { ...READS, foreignKeys: sql === 'fk=1' } };
  const compiled = { ...place, kind: sql.startsWith('select') ? READS : WRITES };
  const unfit = /later/u.test(sql);
  return unfit
    ? { ...place, kind: { ...WRITES, error: errorOf('no such table').error } }
    : compiled;
}

function pack(
  sqls: readonly string[],
  { bail = false, rows = false, ignoreTransactions = false } = {},
): ScriptUnit[] {
  const packer = new ScriptPacker({ bail, rows, ignoreTransactions });
  const units = sqls.flatMap((sql, number) => packer.add(statementOf(sql, number)));
  return [...units, ...packer.end()];
}

/** A unit in one line. */
function show(unit: ScriptUnit): string {
  if (unit.type !== 'entry') {
    const failed = unit.type === 'settled' && unit.failure !== null ? `: ${unit.failure.code}` : '';
    return `${unit.type} ${unit.statement.sql}${failed}`;
  }
  if (unit.request.mode === 'vacuum') return `vacuum ${unit.statements[0]?.sql}`;
  const { mode, foreignKeys, bail, rows, statements } = unit.request;
  const flags = [foreignKeys ? 'fk' : '', bail ? 'bail' : '', rows ? 'rows' : ''].filter(Boolean);
  const all = statements.map(({ sql }) => sql);
  return [mode, ...flags, all.join('+')].join(' ');
}

describe('packing a script', () => {
  test('statements that stand alone share an entry; a read cuts it', () => {
    const units = pack(['a', 'b', 'select 1', 'c']);
    expect(units.map(show)).toEqual(['each fk a+b', 'read select 1', 'each fk c']);
  });

  test('VACUUM has an entry of its own kind, but in a transaction is refused where it runs', () => {
    const units = pack(['a', 'vacuum', 'b', 'begin', 'vacuum', 'commit']);
    expect(units.map(show)).toEqual([
      'each fk a',
      'vacuum vacuum',
      'each fk b',
      'settled begin',
      'script fk vacuum',
    ]);
  });

  test('an entry has a bounded number of statements', () => {
    const units = pack(Array.from({ length: ENTRY_STATEMENTS * 2 + 1 }, () => 'a'));
    const lengths = units.map((unit) => (unit.type === 'entry' ? unit.statements.length : 0));
    expect(lengths).toEqual([ENTRY_STATEMENTS, ENTRY_STATEMENTS, 1]);
  });

  test('an entry has a bounded size, and a large statement one of its own', () => {
    const big = 'x'.repeat(ENTRY_CHARACTERS / 2 + 1);
    const huge = 'y'.repeat(ENTRY_CHARACTERS + 1);
    const units = pack([big, big, 'a', huge, 'b']);
    const sizes = units.map((unit) => (unit.type === 'entry' ? unit.statements.length : 0));
    expect(sizes).toEqual([1, 2, 1, 1]);
  });

  test('a statement larger than an entry may be is refused alone', () => {
    const units = pack(['a', 'x'.repeat(MAX_BODY_BYTES + 1), 'b']);
    expect(units.map((unit) => unit.type)).toEqual(['entry', 'settled', 'entry']);
    expect(units[1]).toMatchObject({ failure: { code: 'TooLarge', applied: 'no' } });
  });

  test('the foreign key pragma holds for what follows', () => {
    const units = pack(['a', 'fk=0', 'b', 'begin', 'c', 'commit', 'fk=1', 'd']);
    expect(units.map(show)).toEqual([
      'each fk a',
      'settled fk=0',
      'each b',
      'settled begin',
      'script c',
      'settled fk=1',
      'each fk d',
    ]);
  });

  test('a transaction is one entry, reads included, and its pragma does nothing', () => {
    const units = pack(['begin', 'a', 'fk=0', 'select 1', 'b', 'commit', 'c']);
    expect(units.map(show)).toEqual(['settled begin', 'script fk a+select 1+b', 'each fk c']);
    expect(units[1]).toMatchObject({ commit: { sql: 'commit' } });
  });

  test('with bail a failing statement undoes its transaction', () => {
    const units = pack(['begin', 'a', 'commit', 'b'], { bail: true, rows: true });
    expect(units.map(show)).toEqual([
      'settled begin',
      'atomic fk bail rows a',
      'each fk bail rows b',
    ]);
  });

  test('a transaction of nothing makes no entry', () => {
    const units = pack(['begin', 'commit']);
    expect(units.map(show)).toEqual(['settled begin', 'settled commit']);
  });

  test('a rolled back transaction is dropped', () => {
    const units = pack(['a', 'begin', 'b', 'c', 'rollback', 'd']);
    expect(units.map(show)).toEqual([
      'each fk a',
      'settled begin',
      'dropped b',
      'dropped c',
      'settled rollback',
      'each fk d',
    ]);
  });

  test('a transaction still open at the end is an error and dropped', () => {
    const units = pack(['a', 'begin', 'b']);
    expect(units.map(show)).toEqual(['each fk a', 'settled begin: Sql', 'dropped b']);
    expect(units[1]).toMatchObject({ failure: { sqlite: { statement: 1 } } });
  });

  test('transaction statements out of place are errors', () => {
    const units = pack(['commit', 'rollback', 'begin', 'a', 'begin', 'b', 'commit']);
    expect(units.map(show)).toEqual([
      'settled commit: Sql',
      'settled rollback: Sql',
      'settled begin: Sql',
      'settled begin',
      'script fk a+b',
    ]);
  });

  test('a transaction larger than an entry may be is refused as a whole', () => {
    const half = 'x'.repeat(MAX_BODY_BYTES / 2);
    const units = pack(['begin', half, half, 'a', 'commit', 'b']);
    expect(units.map(show)).toEqual(['settled begin: TooLarge', 'each fk b']);
  });

  test('a transaction that is to be ignored is run statement by statement, however large', () => {
    const half = 'x'.repeat(MAX_BODY_BYTES / 2);
    const units = pack(['fk=0', 'begin', half, 'a', 'b', 'commit', 'rollback'], {
      ignoreTransactions: true,
    });
    expect(units.map(show)).toEqual([
      'settled fk=0',
      'settled begin',
      `each ${half}`,
      'each a+b',
      'settled commit',
      'settled rollback: Sql',
    ]);
  });

  test('what reads but does not compile yet waits for its turn; a write is sent as it is', () => {
    const units = pack(['a', '/* x */ SELECT later', 'insert later', 'with later', 'begin later']);
    expect(units.map(show)).toEqual([
      'each fk a',
      'unclear /* x */ SELECT later',
      'each fk insert later',
      'unclear with later',
      'each fk begin later',
    ]);
  });
});
