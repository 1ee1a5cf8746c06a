/**
 * Functions that somebody typed in, in real tabs of both engines: whatever they try is refused, what they
 * do wrong is told with its task, and the node beside them is as it was.
 */

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import { keepsLeader, test } from './harness.ts';
import {
  chooseTimeLimit,
  isTrue,
  outcomeOf,
  runJob,
  setTakingPart,
  startJob,
  statusOf,
} from './mapreduce-page.ts';
import type { AnyTab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
const SHORT_LIMIT_MS = 1_000;
const LONG_LIMIT_MS = 10_000;
/** Of the channel that is tried; the page listens. */
const CHANNEL = 'leak';
/** What browsers say of what they refuse. */
const REFUSALS =
  /Content.Security.Policy|securitypolicyviolation|refused|can’t establish|WebTransport|downloadable font|may not load data/i;

/** Each is an expression, of a promise where it takes a while; `HERE` is the page's address. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  fetch: `fetch('HERE', { mode: 'no-cors' })`,
  'fetch elsewhere': `fetch('https://stranger.invalid/', { mode: 'no-cors' })`,
  XMLHttpRequest: `opened(new XMLHttpRequest(), 'load', (it) => { it.open('GET', 'HERE'); it.send(); })`,
  WebSocket: `opened(new WebSocket('HERE'.replace('http', 'ws')), 'open')`,
  WebTransport: `new WebTransport('HERE'.replace('http:', 'https:')).ready`,
  EventSource: `opened(new EventSource('HERE'), 'open')`,
  sendBeacon: `navigator.sendBeacon('HERE', 'leak')`,
  FontFace: `new FontFace('leak', 'url(HERE)').load()`,
  import: `import('HEREpage.js')`,
  'import of data': `import('data:text/javascript,export default 1')`,
  'import of a blob': `import(URL.createObjectURL(new Blob([], { type: 'text/javascript' })))`,
  importScripts: `importScripts('HEREpage.js')`,
  IndexedDB: `opened(indexedDB.open('leak'), 'success')`,
  OPFS: `navigator.storage.getDirectory()`,
  caches: `caches.open('leak')`,
  locks: `navigator.locks.request('leak', () => 1)`,
  cookies: `cookieStore.getAll()`,
  localStorage: `localStorage.length`,
  BroadcastChannel: `new BroadcastChannel('${CHANNEL}').postMessage('leak')`,
  'nested worker': `new Worker(URL.createObjectURL(new Blob([])))`,
  SharedWorker: `new SharedWorker('HERE')`,
  'service worker': `navigator.serviceWorker.register('HEREsw.js')`,
  RTCPeerConnection: `new RTCPeerConnection()`,
  'the page': `parent.document`,
  opener: `opener.document`,
};

/** Starts what its input tells of, and goes on: outcomes come while other tasks run. */
const TRY = `(name, contents) => {
  const opened = (target, type, begin) => new Promise((resolve, reject) => {
    target.addEventListener(type, resolve);
    target.addEventListener('error', () => reject(target.error ?? new Error('an error event')));
    begin?.(target);
  });
  self.outcomes ??= {};
  const refused = (error) => { self.outcomes[name] = 'refused: ' + error.name; };
  try {
    Promise.resolve(eval(contents)).then(() => { self.outcomes[name] = 'done'; }, refused);
  } catch (error) {
    refused(error);
  }
  // Whoever talks past the channel is heard by nobody.
  self.postMessage({ type: 'done', id: 1, texts: { text: 'forged', ends: new Uint32Array([6, 6]) } });
  return [{ key: name, value: '' }];
}`;
const TELL = `(name) => self.outcomes[name] ?? 'under way'`;

const COUNT = {
  map: '(name, contents) => contents.split(" ").map((key) => ({ key, value: "1" }))',
  reduce: '(key, values) => String(values.length)',
};

test('in Chromium whatever typed functions try is refused, what goes wrong is told, and the cluster is as it was', async ({
  cluster,
  server,
}) => {
  const { tabs } = cluster;
  const [tab, ...others] = tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  for (const other of others) {
    other.expectErrors(REFUSALS);
    await setTakingPart(other, false);
  }
  await checkRefused(tab, server.url);
  for (const other of others) await setTakingPart(other, true);
  expect(await keepsLeader(tabs, () => checkFaults(tab))).toBe(true);
  await checkUnharmed(tabs);
});

test('nor does any of it in Firefox', async ({ firefox, server }) => {
  const tab = await (await firefox.open(server.url)).waitRunning();
  await checkRefused(tab, server.url);
  expect(await keepsLeader([tab], () => checkFaults(tab))).toBe(true);
  await checkUnharmed([tab]);
});

test('tabs that get no sandbox, as their page’s server is down, say so, and cost the job none of its attempts', async ({
  cluster,
  server,
}) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  for (const each of cluster.tabs) {
    each.expectErrors(/ERR_CONNECTION_REFUSED|WebSocket/);
    await setTakingPart(each, each === tab);
  }
  await server.stop();
  const inputs = [{ name: 'only', contents: 'a' }];
  const jobId = await startJob(tab, { inputs, job: COUNT, maxAttempts: 1 });
  await waitFor('the tab to say so', BOUND_MS, async () =>
    (await tab.text()).includes('The sandbox for own functions did not start in this tab'),
  );
  const told = await waitFor('the task to be given back', BOUND_MS, async () => {
    const status = await statusOf(tab, jobId);
    return status.running.length === 0 && status;
  });
  expect(told).toMatchObject({ state: 'map', failures: [], map: { done: 0 } });
  await server.start();
  // It tries again after a while, and others take part at once.
  await setTakingPart(cluster.tabs[1] ?? tab, true);
  expect((await outcomeOf(tab, jobId)).results).toEqual({ a: '1' });
});

/** By the tab alone, since what a function starts is in the place where it ran. */
async function checkRefused(tab: AnyTab, url: string): Promise<void> {
  tab.expectErrors(REFUSALS, /stranger\.invalid/);
  await setTakingPart(tab, true);
  await tab.evaluate(`
    window.leaks = [];
    window.leakChannel = new BroadcastChannel('${CHANNEL}');
    window.leakChannel.onmessage = ({ data }) => window.leaks.push(data);
    addEventListener('message', ({ data }) => window.leaks.push(data));
  `);
  const inputs = Object.entries(ATTEMPTS).map(([name, attempt]) => ({
    name,
    contents: attempt.replaceAll('HERE', url),
  }));
  const results = await waitFor('every attempt to be over', BOUND_MS, async () => {
    const outcome = await runJob(tab, { inputs, job: { map: TRY, reduce: TELL } });
    expect(outcome.status).toMatchObject({ state: 'done', failures: [] });
    return !Object.values(outcome.results).includes('under way') && outcome.results;
  });
  const told = Object.entries(results).map(([name, outcome]) => `${name} ${outcome}`);
  console.log(told.join(', '));
  expect(Object.keys(results).toSorted()).toEqual(Object.keys(ATTEMPTS).toSorted());
  const allowed = Object.entries(results).filter(([, told]) => !told.startsWith('refused: '));
  expect(allowed).toEqual([]);
  expect(await tab.evaluate('window.leaks')).toEqual([]);
}

/** A loop, a throw, and then a job that has nothing wrong. */
async function checkFaults(tab: AnyTab): Promise<void> {
  const inputs = ['first', 'second', 'third'].map((name) => ({ name, contents: 'a b a' }));
  await chooseTimeLimit(tab, SHORT_LIMIT_MS);
  const loop = { ...COUNT, map: '() => { for (;;); }' };
  const only = inputs.slice(0, 1);
  const looping = await runJob(tab, { inputs: only, job: loop, maxAttempts: 1 });
  const limit = 'map: ended after 1 s, the time limit of a task';
  expect(looping.status).toMatchObject({
    state: 'failed',
    failures: [{ phase: 'map', number: 0, input: 'first', failures: 1, message: limit }],
  });

  await chooseTimeLimit(tab, LONG_LIMIT_MS);
  const words = `(name, contents) => { if (name === 'second') throw new Error('own words');
    return (${COUNT.map})(name, contents); }`;
  const throwing = await runJob(tab, { inputs, job: { ...COUNT, map: words }, maxAttempts: 2 });
  const message = 'map: Error: own words';
  expect(throwing.status).toMatchObject({
    state: 'failed',
    failures: [{ phase: 'map', number: 1, input: 'second', failures: 2, message }],
  });

  const { status, results } = await runJob(tab, { inputs, job: COUNT });
  expect(status).toMatchObject({ state: 'done', failures: [] });
  expect(results).toEqual({ a: '6', b: '3' });
}

async function checkUnharmed(tabs: readonly AnyTab[]): Promise<void> {
  for (const tab of tabs) {
    await tab.db(async (db: Database) => {
      await db.execute('create table if not exists after_all (x)');
      await db.execute('insert into after_all values (1)');
    });
    await waitFor('the sandbox to be put away', BOUND_MS, () =>
      isTrue(tab, 'document.querySelector("iframe") === null'),
    );
  }
  expect(await tabs[0]?.rows('select count(*) from after_all')).toEqual([[tabs.length]]);
}
