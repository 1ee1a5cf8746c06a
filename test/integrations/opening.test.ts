/** The store behind `useDatabase`: how often it opens, and when it gives back what it has opened. */

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { OpenNodes } from '../../src/client/open-nodes.ts';
import {
  ResqliteError,
  type Database,
  type ErrorCode,
  type OpenOptions,
} from '../../src/client/resqlite.ts';
import { Opening, type Opened } from '../../src/integrations/opening.ts';
import { FakeTab, QUIET_PAGE } from '../client/fake-workers.ts';

let page: EventTarget;
/** The workers of every node that this page has started. */
let started: FakeTab[];
let open: (options: OpenOptions) => Promise<Database>;

beforeEach(() => {
  page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  started = [];
  const nodes = new OpenNodes({
    ...QUIET_PAGE,
    startWorkers: () => {
      const tab = new FakeTab();
      started.push(tab);
      return tab;
    },
  });
  open = vi.fn<OpenNodes['open']>((options) => nodes.open(options));
  onTestFinished(() => {
    vi.unstubAllGlobals();
    for (const { node } of started) node.terminate();
    for (const { sql } of started) sql.terminate();
  });
});

const NOTHING = { handle: undefined, database: undefined, error: undefined };

function errorOf(code: ErrorCode): ResqliteError {
  return new ResqliteError({ code, applied: 'no', message: 'not now', sqlite: null });
}

/** How many nodes run. */
function running(): number {
  return started.filter(({ node }) => !node.terminated).length;
}

function watch({ result }: Opening): { seen: Opened[]; end: () => void } {
  const seen: Opened[] = [];
  return { seen, end: result.subscribe(() => seen.push(result.snapshot())) };
}

test('a database is there once it is open, and is closed behind the last subscriber', async () => {
  const opening = new Opening({}, open);
  expect(opening.result.snapshot()).toMatchObject(NOTHING);
  const [one, other] = [watch(opening), watch(opening)];
  await vi.waitFor(() => expect(one.seen).toHaveLength(1));
  const database = one.seen[0]?.database;
  expect((await database?.status())?.state).toBe('running');
  one.end();
  other.end();
  expect(opening.result.snapshot().database).toBeUndefined();
  await vi.waitFor(() => expect(running()).toBe(0));
  await expect(database?.status()).rejects.toMatchObject({ code: 'Closed' });
  expect(open).toHaveBeenCalledTimes(1);
});

test('who goes and comes back at once finds the node running', async () => {
  const opening = new Opening({}, open);
  watch(opening).end();
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  const another = watch(new Opening({}, open));
  end();
  await vi.waitFor(() => expect(another.seen).toHaveLength(1));
  expect(open).toHaveBeenCalledTimes(3);
  const { database } = another.seen[0] ?? {};
  expect((await database?.status())?.state).toBe('running');
  expect([started.length, running()]).toEqual([1, 1]);
  another.end();
  await vi.waitFor(() => expect(running()).toBe(0));
});

test('what open rejects with is the error', async () => {
  const error = errorOf('Unsupported');
  const opening = new Opening({}, () => Promise.reject(error));
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(seen).toMatchObject([{ ...NOTHING, error }]));
  end();
  expect(opening.result.snapshot()).toMatchObject(NOTHING);
});

test('the node is there before its migrations, stays where they fail, and is tried again', async () => {
  const migrations = [{ name: 'notes', up: 'create table note (text)' }];
  let settle: (error: ResqliteError | null) => void = () => undefined;
  const asked: OpenOptions[] = [];
  const options = { migrations, migrationTimeoutMs: 5, onNewerSchema: () => undefined };
  const opening = new Opening(options, async (given) => {
    // What is about migrations without any is refused.
    if (given.migrations === undefined) return open(given);
    const { migrations: _, migrationTimeoutMs: __, onNewerSchema: ___, ...others } = given;
    const opened = await open(others);
    asked.push(given);
    const error = await new Promise<ResqliteError | null>((resolve) => (settle = resolve));
    if (error === null) return opened;
    await opened.close();
    throw error;
  });
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const { handle } = opening.result.snapshot();
  expect(seen).toMatchObject([{ ...NOTHING, handle }]);
  expect((await handle?.status())?.state).toBe('running');
  expect(asked).toMatchObject([{ cluster: handle?.clusterId, migrations, migrationTimeoutMs: 5 }]);
  opening.result.snapshot().retry();
  expect(seen).toHaveLength(1);

  const error = errorOf('NoQuorum');
  settle(error);
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  expect(seen[1]).toMatchObject({ handle, database: undefined, error });
  expect((await handle?.status())?.state).toBe('running');

  seen[1]?.retry();
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  settle(null);
  await vi.waitFor(() => expect(opening.result.snapshot().database).toBeDefined());
  const { database, handle: again } = opening.result.snapshot();
  expect(again).toBe(database);
  expect((await database?.status())?.state).toBe('running');
  await vi.waitFor(() => expect(handle?.status()).rejects.toMatchObject({ code: 'Closed' }));
  expect([started.length, running()]).toEqual([1, 1]);
  expect(asked[0]?.signal?.aborted).toBe(true);
  expect(asked[1]?.signal?.aborted).toBe(false);
  end();
  await vi.waitFor(() => expect(running()).toBe(0));
  expect(asked[1]?.signal?.aborted).toBe(true);
});

test('who goes while migrations wait gives back what has come by then, and waits no longer', async () => {
  const leaving = new AbortController();
  const options = { migrations: [], signal: leaving.signal };
  const signals: AbortSignal[] = [];
  const opening = new Opening(options, async ({ migrations, signal, ...others }) => {
    const opened = await open(others);
    if (migrations === undefined) return opened;
    if (signal !== undefined) signals.push(signal);
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return opened;
  });
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  end();
  await vi.waitFor(() => expect(running()).toBe(0));
  expect(seen).toHaveLength(1);
  expect(opening.result.snapshot()).toMatchObject(NOTHING);
  const another = watch(opening);
  await vi.waitFor(() => expect(signals).toHaveLength(2));
  leaving.abort();
  expect(signals[1]?.aborted).toBe(true);
  another.end();
  await vi.waitFor(() => expect(running()).toBe(0));
});

test('what closing rejects with is reported', async () => {
  const reported = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reported);
  const opening = new Opening({}, async (options) => {
    const database = await open(options);
    const close = database.close.bind(database);
    database.close = () => close().then(() => Promise.reject(new RangeError('late')));
    return database;
  });
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  end();
  await vi.waitFor(() => expect(reported).toHaveBeenCalledWith(new RangeError('late')));
});

test('a page that was put aside opens anew when it comes back', async () => {
  const { seen, end } = watch(new Opening({}, open));
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  const show = (persisted: boolean): void => {
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));
  };
  show(false);
  expect(seen).toHaveLength(1);
  show(true);
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  expect(seen.map(({ database }) => database === undefined)).toEqual([false, true, false]);
  end();
  show(true);
  await vi.waitFor(() => expect(running()).toBe(0));
  expect(open).toHaveBeenCalledTimes(2);
});

test('of options a cluster that is another one is opened anew', () => {
  const link = 'https://example.org/#c=a';
  const opening = new Opening({ cluster: link });
  expect(opening.opens({ cluster: new URL(link), signalling: {} })).toBe(true);
  expect(opening.opens({ cluster: 'https://example.org/#c=b' })).toBe(false);
  expect(opening.opens({})).toBe(false);
  expect(new Opening({}).opens({ autopilot: { maxVoters: 3 } })).toBe(true);
});
