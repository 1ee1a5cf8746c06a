/** The list, and what is done to it. */

import { Kysely } from 'kysely';
import { useMemo, useState, type FormEvent, type ReactNode } from 'react';
import type { Database } from 'resqlite';
import { ResqliteDialect } from 'resqlite/kysely';
import { useLive } from './live.ts';
import type { Save } from './saving.ts';
import type { Schema, Todo } from './schema.ts';
import { TodoItem } from './todo-item.tsx';

const FILTERS = {
  all: { label: 'All', empty: 'Nothing is on the list.', shows: () => true },
  open: { label: 'Open', empty: 'Everything is done.', shows: ({ done }: Todo) => done === 0 },
  done: { label: 'Done', empty: 'Nothing is done yet.', shows: ({ done }: Todo) => done === 1 },
};
type Filter = keyof typeof FILTERS;

interface TodoListProps {
  readonly database: Database;
  readonly save: Save;
  /** Between the field and the list. */
  readonly children: ReactNode;
}

export function TodoList({ database, save, children }: TodoListProps) {
  const kysely = useMemo(
    () => new Kysely<Schema>({ dialect: new ResqliteDialect({ database }) }),
    [database],
  );
  const { rows: all, error } = useLive(
    database,
    kysely.selectFrom('todo').selectAll().orderBy('id'),
  );
  const [filter, setFilter] = useState<Filter>('all');

  const shown = all?.filter(FILTERS[filter].shows) ?? [];
  const left = all?.filter(FILTERS.open.shows).length ?? 0;
  const add = (title: string): Promise<boolean> =>
    save(`"${title}"`, () => kysely.insertInto('todo').values({ title }).execute());
  const clear = (): Promise<boolean> =>
    save('that done ones go', () => kysely.deleteFrom('todo').where('done', '=', 1).execute());

  return (
    <>
      <AddForm onAdd={add} />
      <p className="warning" role="status">
        {error && `The list cannot be read: ${error.message}.`}
      </p>
      {children}
      <section className="card" aria-label="The list">
        <ul className="todos">
          {shown.map((todo) => (
            <TodoItem key={todo.id} todo={todo} kysely={kysely} save={save} />
          ))}
        </ul>
        <p className="empty">{all !== undefined && shown.length === 0 && FILTERS[filter].empty}</p>
        <footer>
          <span className="left">{left} left</span>
          <div className="filters" role="group" aria-label="Which to show">
            {(Object.keys(FILTERS) as Filter[]).map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === filter}
                onClick={() => setFilter(name)}
              >
                {FILTERS[name].label}
              </button>
            ))}
          </div>
          <button
            className="quiet"
            type="button"
            disabled={left === (all?.length ?? 0)}
            onClick={() => void clear()}
          >
            Clear done
          </button>
        </footer>
      </section>
    </>
  );
}

function AddForm({ onAdd }: { readonly onAdd: (title: string) => Promise<boolean> }) {
  const [text, setText] = useState('');
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const title = text.trim();
    if (title === '') return;
    // The field is free for the next one at once.
    setText('');
    if (!(await onAdd(title))) setText((next) => (next === '' ? title : next));
  };
  return (
    <form className="add" onSubmit={add}>
      <input
        type="text"
        aria-label="A new to-do"
        placeholder="What is to be done?"
        autoComplete="off"
        maxLength={500}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button className="main" type="submit">
        Add
      </button>
    </form>
  );
}
