/**
 * `resqlite/preact`: the hooks of `resqlite/react` for Preact, on `preact/hooks` alone.
 */

import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import type { Database, NodeStatus, OpenOptions, Row, SqlParams } from '../client/resqlite.ts';
import { LiveQuery, type LiveResult } from './live-query.ts';
import { Selection, statusStore } from './node-status.ts';
import { Opening, type Opened } from './opening.ts';

export type { LiveResult, Opened };

const NO_PARAMS: SqlParams = [];
const NO_OPTIONS: OpenOptions = {};

/**
 * A live query: its rows as this tab has them now, rendered again whenever something that was committed, in
 * whatever tab, has changed them. Equal results render nothing.
 *
 * Another text, other parameters (compared by value, so that they may be written in place) or another
 * database are another query: its rows are undefined until it has answered, never those of the one before.
 * The query runs as long as the component is there, on this tab's own copy: it is the newest that the tab
 * has, also without a majority, and may be behind others (level 'none').
 *
 * It throws nothing. `error` tells what `Database.live` tells: 'Sql' where SQLite refuses the query, for as
 * long as it does; 'Overloaded' where too many queries are live; 'InvalidArgument' where a parameter is no SQL
 * value; 'Closed', 'Removed' and others where the node has ended.
 *
 * Without a database, while it is being opened, there is no result. `R` is what a row is, by the names of
 * its columns; nobody checks it.
 *
 * @example
 * ```ts
 * import { h, render } from 'preact';
 * import { open, type Database } from 'resqlite';
 * import { useLiveQuery } from 'resqlite/preact';
 *
 * interface Note {
 *   id: number;
 *   body: string;
 * }
 *
 * function Notes({ database, tag }: { database: Database; tag: string }) {
 *   const sql = 'SELECT id, body FROM note WHERE tag = ? ORDER BY id';
 *   const { rows, error } = useLiveQuery<Note>(database, sql, [tag]);
 *   if (error !== undefined) return h('p', null, error.message);
 *   return h('ul', null, rows?.map(({ id, body }) => h('li', { key: id }, body)));
 * }
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (id INTEGER PRIMARY KEY, tag TEXT, body TEXT)');
 * const place = document.body.appendChild(document.createElement('div'));
 * render(h(Notes, { database: db, tag: 'home' }), place);
 *
 * await db.sql`INSERT INTO note (tag, body) VALUES ('home', 'water the plants')`;
 * place.textContent; // soon => 'water the plants'
 * render(null, place);
 * ```
 */
export function useLiveQuery<R extends object = Row>(
  database: Database | null | undefined,
  sql: string,
  params: SqlParams = NO_PARAMS,
): LiveResult<R> {
  const { result } = useKept(
    (kept) => kept.asks(database, sql, params),
    () => new LiveQuery<R>(database, sql, params),
  );
  return useSnapshot(result.subscribe, result.snapshot);
}

/**
 * What this tab's node knows of itself and of the cluster, as it changes: a few times a second, as some of it
 * always does. Pick what is shown, and a component renders only when that is another.
 *
 * Undefined until the database is open, and where its handle was closed before.
 *
 * @example
 * ```ts
 * import { h, render } from 'preact';
 * import { open, type Database } from 'resqlite';
 * import { useStatus } from 'resqlite/preact';
 *
 * function Members({ database }: { database: Database }) {
 *   const status = useStatus(database);
 *   const here = status?.members.filter(({ connected }) => connected) ?? [];
 *   return h('p', null, `${here.length} tabs are here`);
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * render(h(Members, { database: await open() }), place);
 * place.textContent; // soon => '3 tabs are here'
 * render(null, place);
 * ```
 */
export function useStatus(database: Database | null | undefined): NodeStatus | undefined;
/**
 * What `select` picks from that, as plain data: the component renders again only where it is another by
 * value. `select` is called at every status and at every render, so it should be quick.
 *
 * @example
 * ```ts
 * import { h, render } from 'preact';
 * import { open, type Database } from 'resqlite';
 * import { useStatus } from 'resqlite/preact';
 *
 * function Badge({ database }: { database: Database }) {
 *   const words = useStatus(database, ({ connectedVoters, voters, survivesLosses }) =>
 *     connectedVoters * 2 > voters.length ? `survives ${survivesLosses}` : 'no majority',
 *   );
 *   return h('p', null, words ?? 'opening');
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * render(h(Badge, { database: await open() }), place);
 * place.textContent; // soon => 'survives 1'
 * render(null, place);
 * ```
 */
export function useStatus<T>(
  database: Database | null | undefined,
  select: (status: NodeStatus) => T,
): T | undefined;
export function useStatus<T>(
  database: Database | null | undefined,
  select?: (status: NodeStatus) => T,
): NodeStatus | T | undefined {
  const store = useMemo(() => statusStore(database), [database]);
  const selection = useMemo(() => new Selection<T>(), []);
  return useSnapshot(store.subscribe, () => selection.of(store.snapshot(), select));
}

/**
 * A database that is open while the component is there: for the component that is the whole page. A page
 * has one node a cluster, however often it is opened, so neither StrictMode nor hot reload makes another.
 * It opens anew where the browser had put the page aside, and with another `cluster`; of the other options
 * those of the first render hold.
 *
 * With `migrations`, `database` is there when they are applied. Where some are missing that takes a majority, so
 * a tab that joins may wait long: meanwhile `handle` is there, for `useStatus`.
 *
 * It throws nothing. `error` is what `open` rejects with: 'InvalidInvite', 'Unsupported', 'StorageDenied',
 * 'Corrupt' and others; of migrations 'NoQuorum' and 'Timeout', too, which may pass. `retry()` tries again.
 *
 * @example
 * ```ts
 * import { h, render } from 'preact';
 * import { useDatabase, useLiveQuery } from 'resqlite/preact';
 *
 * function Sum() {
 *   const { database, error } = useDatabase({ signalling: {} });
 *   const { rows } = useLiveQuery<{ sum: number }>(database, 'SELECT 1 + 1 AS sum');
 *   return h('p', null, error?.message ?? rows?.[0]?.sum ?? 'opening');
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * render(h(Sum, {}), place);
 * place.textContent; // soon => '2'
 * render(null, place);
 * ```
 */
export function useDatabase(options: OpenOptions = NO_OPTIONS): Opened {
  const { result } = useKept(
    (kept) => kept.opens(options),
    () => new Opening(options),
  );
  return useSnapshot(result.subscribe, result.snapshot);
}

/** What was made at an earlier render, unless it is another by now. */
function useKept<Kept extends object>(isStill: (kept: Kept) => boolean, make: () => Kept): Kept {
  const kept = useRef<Kept | null>(null);
  if (kept.current === null || !isStill(kept.current)) kept.current = make();
  return kept.current;
}

/** The snapshot as it is now, and again whenever it is another one. */
function useSnapshot<T>(subscribe: (listener: () => void) => () => void, snapshot: () => T): T {
  const shown = snapshot();
  const last = useRef({ shown, snapshot });
  const [, render] = useState({});
  // Before the one below: what it subscribes to may tell at once.
  useLayoutEffect(() => {
    last.current = { shown, snapshot };
  });
  useLayoutEffect(
    () =>
      subscribe(() => {
        const { shown, snapshot } = last.current;
        if (!Object.is(shown, snapshot())) render({});
      }),
    [subscribe],
  );
  return shown;
}
