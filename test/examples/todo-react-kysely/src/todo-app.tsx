/** The list, what is done to it, and who is here. */

import { Kysely } from 'kysely';
import { useMemo, useState, type FormEvent } from 'react';
import type { Database } from 'resqlite';
import { ResqliteDialect } from 'resqlite/kysely';
import { useStatus } from 'resqlite/react';
import { describeCluster } from './cluster.ts';
import { ClusterPanel } from './cluster-panel.tsx';
import { useLive } from './live.ts';
import { Page } from './page.tsx';
import { useSaving } from './saving.ts';
import type { Schema, Todo } from './schema.ts';
import { TodoItem } from './todo-item.tsx';

const FILTERS = {
  all: { label: 'All', empty: 'Nothing is on the list.', shows: () => true },
  open: { label: 'Open', empty: 'Everything is done.', shows: ({ done }: Todo) => done === 0 },
  done: { label: 'Done', empty: 'Nothing is done yet.', shows: ({ done }: Todo) => done === 1 },
};
type Filter = keyof typeof FILTERS;

interface TodoAppProps {
  readonly database: Database;
  /** Another tab runs a newer version of this page. */
  readonly isOld: boolean;
}

export function TodoApp({ database, isOld }: TodoAppProps) {
  const kysely = useMemo(
    () => new Kysely<Schema>({ dialect: new ResqliteDialect({ database }) }),
    [database],
  );
  const cluster = useStatus(database, describeCluster);
  const { rows: all, error } = useLive(
    database,
    kysely.selectFrom('todo').selectAll().orderBy('id'),
  );
  const { outcome, save } = useSaving();
  const [filter, setFilter] = useState<Filter>('all');

  const shown = all?.filter(FILTERS[filter].shows) ?? [];
  const left = all?.filter(FILTERS.open.shows).length ?? 0;
  const said = isOld
    ? 'Another tab runs a newer version of this page: reload this one.'
    : error && `The list cannot be read: ${error.message}.`;

  return (
    <Page
      badge={cluster?.badge ?? ''}
      tone={cluster?.tone ?? 'fair'}
      notice={cluster?.notice ?? ''}
    >
      <AddForm
        onAdd={(title) => save(() => kysely.insertInto('todo').values({ title }).execute())}
      />
      <p className="outcome" role="status">
        {said ?? outcome}
      </p>
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
            onClick={() => save(() => kysely.deleteFrom('todo').where('done', '=', 1).execute())}
          >
            Clear done
          </button>
        </footer>
      </section>
      <ClusterPanel database={database} cluster={cluster} save={save} />
    </Page>
  );
}

function AddForm({ onAdd }: { readonly onAdd: (title: string) => Promise<boolean> }) {
  const [title, setTitle] = useState('');
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (title.trim() !== '' && (await onAdd(title.trim()))) setTitle('');
  };
  return (
    <form className="add" onSubmit={add}>
      <input
        type="text"
        aria-label="A new to-do"
        placeholder="What is to be done?"
        autoComplete="off"
        maxLength={500}
        value={title}
        onChange={({ target }) => setTitle(target.value)}
      />
      <button className="main" type="submit">
        Add
      </button>
    </form>
  );
}
