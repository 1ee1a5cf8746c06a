/** The table of single rows that most is measured with, alike for everybody. */

import type { SqlValue } from '../node/sql.ts';

/** Between statements of a script; within a statement it does not occur. */
export const STATEMENT_END = ';\n';

export interface RowStatement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export function createTable(table: string): string {
  return `create table ${table} (id integer primary key, number integer not null, text text not null)${STATEMENT_END}`;
}

/** `text` is as long as the row is to be. */
export function insertStatement(table: string, number: number, text: string): RowStatement {
  return { sql: `insert into ${table} (number, text) values (?, ?)`, params: [number, text] };
}

/** Adds one to the row's number. */
export function updateStatement(table: string, id: number, text: string): RowStatement {
  return {
    sql: `update ${table} set number = number + 1, text = ? where id = ?`,
    params: [text, id],
  };
}

export function selectStatement(table: string, id: number): RowStatement {
  return { sql: `select id, number, text from ${table} where id = ?`, params: [id] };
}

/** Fills an empty table in one statement. */
export function fillStatement(table: string, rows: number, bytes: number): string {
  return (
    `insert into ${table} with recursive n (i) as (select 1 union all select i + 1 from n where i < ${rows})` +
    ` select i, i, '${textOf(bytes)}' from n${STATEMENT_END}`
  );
}

export function countQuery(table: string): string {
  return `select count(*) from ${table}`;
}

export function textOf(bytes: number): string {
  return 'row '.repeat(Math.ceil(bytes / 4)).slice(0, bytes);
}
