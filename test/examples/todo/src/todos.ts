/** Everything that is asked of the database about to-dos. */

import type { Database, ResqliteError } from 'resqlite';

export interface Todo {
  readonly id: number;
  readonly title: string;
  readonly done: 0 | 1;
}

export class Todos {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Tells of all to-dos, now and whenever somebody has changed them, in whatever tab. */
  watch(onTodos: (todos: Todo[]) => void, onError: (error: ResqliteError) => void): () => void {
    const sql = 'select id, title, done from todo order by id';
    return this.#database.live<Todo>(sql, [], onTodos, onError);
  }

  async add(title: string): Promise<void> {
    await this.#database.sql`insert into todo (title) values (${title})`;
  }

  async rename(id: number, title: string): Promise<void> {
    await this.#database.sql`update todo set title = ${title} where id = ${id}`;
  }

  async tick(id: number, done: boolean): Promise<void> {
    await this.#database.sql`update todo set done = ${done} where id = ${id}`;
  }

  async remove(id: number): Promise<void> {
    await this.#database.sql`delete from todo where id = ${id}`;
  }

  async removeDone(): Promise<void> {
    await this.#database.sql`delete from todo where done = 1`;
  }
}
