/** The store behind `useDatabase`: how often it opens, and when it gives back what it has opened. */

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { OpenNodes } from '../../src/client/open-nodes.ts';
import { ResqliteError, type Database, type OpenOptions } from '../../src/client/resqlite.ts';
import { Opening, type Opened } from '../../src/integrations/opening.ts';
import { FakeTab } from '../client/fake-workers.ts';

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
    startWorkers: () => {
      const tab = new FakeTab();
      started.push(tab);
      return tab;
    },
    memory: null,
    checkSupport: () => undefined,
    startSignalling: () => ({ use: () => undefined, close: () => undefined }),
    linkLocally: (start) => start,
    watchPage: () => () => undefined,
    host: () => null,
    fetchLateParts: () => undefined,
  });
  open = vi.fn<OpenNodes['open']>((options) => nodes.open(options));
  onTestFinished(() => {
    vi.unstubAllGlobals();
    for (const { node } of started) node.terminate();
    for (const { sql } of started) sql.terminate();
  });
});

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
  expect(opening.result.snapshot()).toEqual({ database: undefined, error: undefined });
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
  const error = new ResqliteError({
    code: 'Unsupported',
    applied: 'no',
    message: 'no secure context',
    sqlite: null,
  });
  const opening = new Opening({}, () => Promise.reject(error));
  const { seen, end } = watch(opening);
  await vi.waitFor(() => expect(seen).toEqual([{ database: undefined, error }]));
  end();
  expect(opening.result.snapshot()).toEqual({ database: undefined, error: undefined });
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
