/**
 * The hooks in Chromium, with React as it comes (in StrictMode, which begins every effect twice) and with
 * Preact: both do the same. The database's answers are given by the test.
 */

import * as Preact from 'preact';
import * as React from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import {
  ResqliteError,
  type Database,
  type NodeStatus,
  type SqlParams,
} from '../../../src/client/resqlite.ts';
import * as preactHooks from '../../../src/integrations/preact.ts';
import * as reactHooks from '../../../src/integrations/react.ts';

interface Note {
  readonly text: string;
}

/** A query that is live; `show` and `fail` answer it. */
interface Live {
  readonly sql: string;
  readonly params: SqlParams;
  readonly show: (...texts: string[]) => void;
  readonly fail: (code: 'Sql' | 'Closed') => void;
}

class FakeDatabase {
  readonly lives: Live[] = [];
  readonly statuses = new Set<(status: NodeStatus) => void>();
  begun = 0;
  /** What a query is answered with while it is being begun. */
  atOnce: string | null = null;

  get database(): Database {
    return this as unknown as Database;
  }

  live(
    sql: string,
    params: SqlParams,
    onRows: (rows: Note[]) => void,
    onError: (error: ResqliteError) => void,
  ): () => void {
    const live: Live = {
      sql,
      params,
      show: (...texts) => onRows(texts.map((text) => ({ text }))),
      fail: (code) => onError(errorOf(code)),
    };
    this.begun += 1;
    this.lives.push(live);
    if (this.atOnce !== null) live.show(this.atOnce);
    return () => void this.lives.splice(this.lives.indexOf(live), 1);
  }

  onStatus(listener: (status: NodeStatus) => void): () => void {
    this.statuses.add(listener);
    return () => this.statuses.delete(listener);
  }

  tellStatus(survivesLosses: number, term: number): void {
    for (const listener of this.statuses) listener({ survivesLosses, term } as never);
  }

  /** The one query that is live. */
  only(): Live {
    expect(this.lives).toHaveLength(1);
    return this.lives[0] as Live;
  }
}

function errorOf(code: 'Sql' | 'Closed'): ResqliteError {
  return new ResqliteError({ code, applied: 'no', message: `it is ${code}`, sqlite: null });
}

type Hooks = Pick<typeof reactHooks, 'useLiveQuery' | 'useStatus' | 'useDatabase'>;
/** A component without markup: what it answers is what is shown. */
type Component<Props> = (props: Props) => string;

interface Framework {
  readonly hooks: Hooks;
  /** Shows a component in `place`; again, with other properties. */
  render<Props extends object>(component: Component<Props>, props: Props): void;
  unmount(): void;
}

let place: HTMLElement;
let db: FakeDatabase;
let renders: string[];
let framework: Framework;

function withReact(): Framework {
  const root = createRoot(place);
  return {
    hooks: reactHooks,
    render: (component, props) => {
      root.render(
        React.createElement(React.StrictMode, null, React.createElement(component, props)),
      );
    },
    unmount: () => root.unmount(),
  };
}

function withPreact(): Framework {
  return {
    hooks: preactHooks,
    render: (component, props) => {
      Preact.render(Preact.h(component as Preact.FunctionComponent<object>, props), place);
    },
    unmount: () => Preact.render(null, place),
  };
}

beforeEach(() => {
  place = document.body.appendChild(document.createElement('div'));
  db = new FakeDatabase();
  renders = [];
});

afterEach(() => {
  place.remove();
});

interface NotesProps {
  readonly database: Database | null | undefined;
  readonly sql?: string;
  readonly params?: SqlParams;
}

function Notes({ database, sql = 'select text from note', params }: NotesProps): string {
  const { rows, error } = framework.hooks.useLiveQuery<Note>(database, sql, params);
  const shown = rows?.map(({ text }) => text).join(' ') ?? 'nothing';
  const text = error === undefined ? shown : `${shown}, ${error.code}`;
  renders.push(text);
  return text;
}

const soon = (holds: () => void): Promise<void> =>
  vi.waitFor(holds, { interval: 5, timeout: 20_000 });
const shows = (text: string): Promise<void> => soon(() => expect(place.textContent).toBe(text));
const begins = (): Promise<void> => soon(() => expect(db.lives).toHaveLength(1));

describe.each([
  ['React', withReact],
  ['Preact', withPreact],
])('useLiveQuery of %s', (_, make) => {
  beforeEach(() => {
    framework = make();
  });

  test('shows rows and newer ones; the query ends with the component', async () => {
    framework.render(Notes, { database: db.database });
    await begins();
    expect(place.textContent).toBe('nothing');
    db.only().show('a');
    await shows('a');
    db.only().show('a', 'b');
    await shows('a b');
    framework.unmount();
    await soon(() => expect(db.lives).toEqual([]));
  });

  test('asks once, however often it is rendered, where parameters are the same by value', async () => {
    const render = (): void => {
      const params = [1, 2n, 'x', null, Uint8Array.of(1, 2)];
      framework.render(Notes, { database: db.database, params });
    };
    render();
    await begins();
    const live = db.only();
    live.show('a');
    await shows('a');
    const { begun } = db;
    for (let times = 0; times < 3; times += 1) {
      renders.length = 0;
      render();
      await soon(() => expect(renders.length).toBeGreaterThan(0));
    }
    expect(db.begun).toBe(begun);
    expect(db.only()).toBe(live);
    expect(live.params).toEqual([1, 2n, 'x', null, Uint8Array.of(1, 2)]);
  });

  test.each<[string, Partial<NotesProps>]>([
    ['another text', { sql: 'select text from note limit 1' }],
    ['other parameters', { params: ['other'] }],
    ['named ones', { params: { name: 'x' } }],
  ])('%s is another query, whose rows are not those of the one before', async (__, change) => {
    framework.render(Notes, { database: db.database, params: ['x'] });
    await begins();
    const before = db.only();
    before.show('old');
    await shows('old');
    renders.length = 0;
    framework.render(Notes, { database: db.database, params: ['x'], ...change });
    await shows('nothing');
    await soon(() => expect(db.lives.map(({ sql }) => sql)).toHaveLength(1));
    expect(db.only()).not.toBe(before);
    db.only().show('new');
    await shows('new');
    expect(renders).not.toContain('old');
  });

  test('what is refused is one query, however it is written', async () => {
    framework.render(Notes, { database: db.database, params: [new Date(0)] as never });
    await begins();
    db.only().fail('Sql');
    await shows('nothing, Sql');
  });

  test('a result that comes while the query is begun is shown', async () => {
    db.atOnce = 'at once';
    framework.render(Notes, { database: db.database });
    await shows('at once');
  });

  test('renders once a result, and not at all for an equal snapshot', async () => {
    framework.render(Notes, { database: db.database });
    await begins();
    db.only().show('a');
    await shows('a');
    const counted = renders.length;
    db.only().show('b');
    await shows('b');
    const once = renders.length - counted;
    expect(renders.slice(counted)).toEqual(Array.from({ length: once }, () => 'b'));
    // StrictMode calls a component twice.
    expect(once).toBe(make === withReact ? 2 : 1);
  });

  test('an error stands beside the last rows, and goes with newer ones', async () => {
    framework.render(Notes, { database: db.database });
    await begins();
    db.only().fail('Sql');
    await shows('nothing, Sql');
    db.only().show('a');
    await shows('a');
    db.only().fail('Closed');
    await shows('a, Closed');
  });

  test('waits for a database that is being opened, and goes over to another one', async () => {
    for (const database of [undefined, null]) {
      renders.length = 0;
      framework.render(Notes, { database });
      await soon(() => expect(renders.at(-1)).toBe('nothing'));
    }
    framework.render(Notes, { database: db.database });
    await begins();
    db.only().show('first');
    await shows('first');
    const other = new FakeDatabase();
    framework.render(Notes, { database: other.database });
    await shows('nothing');
    await soon(() => expect(other.lives).toHaveLength(1));
    await soon(() => expect(db.lives).toEqual([]));
    other.only().show('second');
    await shows('second');
  });
});

describe.each([
  ['React', withReact],
  ['Preact', withPreact],
])('other hooks of %s', (_, make) => {
  beforeEach(() => {
    framework = make();
  });

  function Badge({ database, unit }: { database: Database | null; unit: string }): string {
    const picked = framework.hooks.useStatus(database, ({ survivesLosses }) => ({
      survivesLosses,
    }));
    const text = picked === undefined ? 'unknown' : `${picked.survivesLosses} ${unit}`;
    renders.push(text);
    return text;
  }

  test('useStatus renders where what is picked is another', async () => {
    framework.render(Badge, { database: db.database, unit: 'losses' });
    await soon(() => expect(db.statuses.size).toBe(1));
    expect(place.textContent).toBe('unknown');
    db.tellStatus(1, 1);
    await shows('1 losses');
    const counted = renders.length;
    for (const term of [2, 3]) {
      db.tellStatus(1, term);
      // Whatever renders has done so by then.
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
    }
    db.tellStatus(2, 4);
    await shows('2 losses');
    expect(new Set(renders.slice(counted))).toEqual(new Set(['2 losses']));
    framework.render(Badge, { database: db.database, unit: 'more' });
    await shows('2 more');
    framework.render(Badge, { database: null, unit: 'more' });
    await shows('unknown');
    await soon(() => expect(db.statuses.size).toBe(0));
  });

  function Whole({ database }: { database: Database }): string {
    return String(framework.hooks.useStatus(database)?.term ?? 'unknown');
  }

  test('useStatus has all of it where nothing is picked', async () => {
    framework.render(Whole, { database: db.database });
    await soon(() => expect(db.statuses.size).toBe(1));
    db.tellStatus(1, 7);
    await shows('7');
    db.tellStatus(1, 8);
    await shows('8');
  });

  function Opening({ cluster }: { cluster: string }): string {
    const { database, error } = framework.hooks.useDatabase({ cluster });
    return `${database === undefined ? 'none' : 'open'}, ${error?.code ?? 'no error'}`;
  }

  test('useDatabase tells why a database cannot be opened', async () => {
    framework.render(Opening, { cluster: 'https://example.org/#c=damaged' });
    await shows('none, InvalidInvite');
    framework.render(Opening, { cluster: 'https://example.org/#c=another' });
    await shows('none, InvalidInvite');
    framework.unmount();
  });
});

test('React hydrates what a server has rendered, without a word', async () => {
  const hooks = reactHooks;
  function Page({ database }: { database: Database | null }): string {
    const { rows } = hooks.useLiveQuery<Note>(database, 'select text from note');
    const status = hooks.useStatus(database);
    return `${rows?.length ?? 'no'} rows, term ${status?.term ?? 'unknown'}`;
  }
  place.innerHTML = renderToString(React.createElement(Page, { database: null }));
  expect(place.textContent).toBe('no rows, term unknown');
  db.atOnce = 'a';
  const complaints: unknown[] = [];
  const root = hydrateRoot(place, React.createElement(Page, { database: db.database }), {
    onRecoverableError: (error) => complaints.push(error),
  });
  await shows('1 rows, term unknown');
  db.tellStatus(0, 3);
  await shows('1 rows, term 3');
  expect(complaints).toEqual([]);
  root.unmount();
});

test('React shows one state in all of a page, also where it renders in parts', async () => {
  const hooks = reactHooks;
  const query = { sql: 'select text from note', texts: new Set<string>() };
  /** Takes its time, so that results come in the middle. */
  function Part({ text }: { text: string }): string {
    const endMs = performance.now() + 5;
    while (performance.now() < endMs);
    return text;
  }
  function Page({ parts }: { parts: number }) {
    const { rows } = hooks.useLiveQuery<Note>(db.database, query.sql);
    const text = rows?.[0]?.text ?? '-';
    return Array.from({ length: parts }, (_, key) => React.createElement(Part, { key, text }));
  }
  const root = createRoot(place);
  root.render(React.createElement(Page, { parts: 1 }));
  await begins();
  db.only().show('a');
  await shows('a');
  const watch = new MutationObserver(() => query.texts.add(place.textContent ?? ''));
  watch.observe(place, { childList: true, characterData: true, subtree: true });
  React.startTransition(() => root.render(React.createElement(Page, { parts: 20 })));
  await new Promise(requestAnimationFrame);
  db.only().show('b');
  await shows('b'.repeat(20));
  for (const text of query.texts) expect(new Set(text).size).toBe(1);
  watch.disconnect();
  root.unmount();
});
