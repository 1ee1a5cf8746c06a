/**
 * `resqlite/react`: hooks for React 18 and later. What a component shows comes from a store outside of React
 * (`useSyncExternalStore`), so that all of a page shows the same state, also where it renders in parts.
 */

import { useMemo, useState, useSyncExternalStore } from 'react';

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
 * ```tsx
 * import { createRoot } from 'react-dom/client';
 * import { open, type Database } from 'resqlite';
 * import { useLiveQuery } from 'resqlite/react';
 *
 * interface Note {
 *   id: number;
 *   body: string;
 * }
 *
 * function Notes({ database, tag }: { database: Database; tag: string }) {
 *   const sql = 'SELECT id, body FROM note WHERE tag = ? ORDER BY id';
 *   const { rows, error } = useLiveQuery<Note>(database, sql, [tag]);
 *   if (error !== undefined) return <p>{error.message}</p>;
 *   return <ul>{rows?.map(({ id, body }) => <li key={id}>{body}</li>)}</ul>;
 * }
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (id INTEGER PRIMARY KEY, tag TEXT, body TEXT)');
 * const place = document.body.appendChild(document.createElement('div'));
 * const root = createRoot(place);
 * root.render(<Notes database={db} tag="home" />);
 *
 * await db.sql`INSERT INTO note (tag, body) VALUES ('home', 'water the plants')`;
 * place.textContent; // soon => 'water the plants'
 * root.unmount();
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
  return useSyncExternalStore(result.subscribe, result.snapshot, result.initial);
}

/**
 * What this tab's node knows of itself and of the cluster, as it changes: a few times a second, as some of it
 * always does. Pick what is shown, and a component renders only when that is another.
 *
 * Undefined until the database is open, and where its handle was closed before.
 *
 * @example
 * ```tsx
 * import { createRoot } from 'react-dom/client';
 * import { open, type Database } from 'resqlite';
 * import { useStatus } from 'resqlite/react';
 *
 * function Members({ database }: { database: Database }) {
 *   const status = useStatus(database);
 *   const here = status?.members.filter(({ connected }) => connected) ?? [];
 *   return <p>{here.length} tabs are here</p>;
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * const root = createRoot(place);
 * root.render(<Members database={await open()} />);
 * place.textContent; // soon => '3 tabs are here'
 * root.unmount();
 * ```
 */
export function useStatus(database: Database | null | undefined): NodeStatus | undefined;
/**
 * What `select` picks from that, as plain data: the component renders again only where it is another by
 * value. `select` is called at every status and at every render, so it should be quick.
 *
 * @example
 * ```tsx
 * import { createRoot } from 'react-dom/client';
 * import { open, type Database } from 'resqlite';
 * import { useStatus } from 'resqlite/react';
 *
 * function Badge({ database }: { database: Database }) {
 *   const words = useStatus(database, ({ connectedVoters, voters, survivesLosses }) =>
 *     connectedVoters * 2 > voters.length ? `survives ${survivesLosses}` : 'no majority',
 *   );
 *   return <p>{words ?? 'opening'}</p>;
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * const root = createRoot(place);
 * root.render(<Badge database={await open()} />);
 * place.textContent; // soon => 'survives 1'
 * root.unmount();
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
  const [selection] = useState(() => new Selection<T>());
  const pick = (): T | undefined => selection.of(store.snapshot(), select);
  return useSyncExternalStore(store.subscribe, pick, store.initial as () => undefined);
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
 * ```tsx
 * import { StrictMode } from 'react';
 * import { createRoot } from 'react-dom/client';
 * import { useDatabase, useLiveQuery } from 'resqlite/react';
 *
 * function Sum() {
 *   const { database, error } = useDatabase({ signalling: {} });
 *   const { rows } = useLiveQuery<{ sum: number }>(database, 'SELECT 1 + 1 AS sum');
 *   return <p>{error?.message ?? rows?.[0]?.sum ?? 'opening'}</p>;
 * }
 *
 * const place = document.body.appendChild(document.createElement('div'));
 * const root = createRoot(place);
 * root.render(
 *   <StrictMode>
 *     <Sum />
 *   </StrictMode>,
 * );
 * place.textContent; // soon => '2'
 * root.unmount();
 * ```
 */
export function useDatabase(options: OpenOptions = NO_OPTIONS): Opened {
  const { result } = useKept(
    (kept) => kept.opens(options),
    () => new Opening(options),
  );
  return useSyncExternalStore(result.subscribe, result.snapshot, result.initial);
}

/** What was made at an earlier render, unless it is another by now. */
function useKept<Kept extends object>(isStill: (kept: Kept) => boolean, make: () => Kept): Kept {
  const [kept, keep] = useState(make);
  if (isStill(kept)) return kept;
  const made = make();
  keep(made);
  return made;
}
