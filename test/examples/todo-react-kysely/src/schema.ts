/** The tables, as SQL for the database and as types for Kysely. */

import type { Generated, Selectable } from 'kysely';
import type { Migration } from 'resqlite';

export interface Schema {
  readonly todo: TodoTable;
}

interface TodoTable {
  readonly id: Generated<number>;
  readonly title: string;
  readonly done: Generated<0 | 1>;
}

export type Todo = Selectable<TodoTable>;

/** The place in the list is the version of the schema: it only grows at its end. */
export const migrations: readonly Migration[] = [
  {
    name: 'the list',
    up: `create table todo (
      id integer primary key,
      title text not null check (title <> ''),
      done integer not null default 0 check (done in (0, 1))
    ) strict`,
  },
  {
    name: 'what to try first',
    up: `insert into todo (title) values
      ('Open this page in two more tabs'),
      ('Close or kill any one of them'),
      ('Tick this one off, wherever you are')`,
  },
];
