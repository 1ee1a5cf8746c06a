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
import { TargetServer } from './target-server.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
const SHORT_LIMIT_MS = 1_000;
const LONG_LIMIT_MS = 10_000;
/** Of the channel that is tried; the page listens. */
const CHANNEL = 'leak';
/** What browsers say of what they refuse. */
const REFUSALS =
  /Content.Security.Policy|securitypolicyviolation|refused|can’t establish|WebTransport|downloadable font|may not load data/i;

/**
 * Each is an expression, of a promise where it takes a while; `HERE` is the address of a server that lets
 * anybody in. In a plain page, or in its worker, each succeeds or reaches that server.
 */
const ATTEMPTS: Readonly<Record<string, string>> = {
  fetch: `fetch('HEREfetch', { mode: 'no-cors' })`,
  XMLHttpRequest: `opened(new XMLHttpRequest(), 'load', (it) => { it.open('GET', 'HERExhr'); it.send(); })`,
  WebSocket: `opened(new WebSocket('HEREsocket'.replace('http', 'ws')), 'open')`,
  EventSource: `opened(new EventSource('HEREevents'), 'open')`,
  sendBeacon: `navigator.sendBeacon('HEREbeacon', 'leak')`,
  FontFace: `new FontFace('leak', 'url(HEREfont)').load()`,
  import: `import('HEREimport.js')`,
  'import of data': `import('data:text/javascript,export default 1')`,
  'import of a blob': `import(URL.createObjectURL(new Blob([], { type: 'text/javascript' })))`,
  importScripts: `importScripts('HEREscripts.js')`,
  IndexedDB: `opened(indexedDB.open('leak'), 'success')`,
  OPFS: `navigator.storage.getDirectory()`,
  caches: `caches.open('leak')`,
  locks: `navigator.locks.request('leak', () => 1)`,
  cookies: `typeof cookieStore === 'undefined' ? document.cookie.length : cookieStore.getAll()`,
  localStorage: `localStorage.length`,
  BroadcastChannel: `new BroadcastChannel('${CHANNEL}').postMessage('leak')`,
  'nested worker': `new Worker(URL.createObjectURL(new Blob([])))`,
  SharedWorker: `new SharedWorker(URL.createObjectURL(new Blob([])))`,
  'service worker': `navigator.serviceWorker.getRegistrations()`,
  RTCPeerConnection: `new RTCPeerConnection()`,
  'the page': `parent.document.title`,
};
/** What a plain page has no answer for: there is no such server, and it has no opener. */
const WITHOUT_CONTROL: Readonly<Record<string, string>> = {
  WebTransport: `new WebTransport('HERE'.replace('http:', 'https:')).ready`,
  opener: `opener.document`,
};

/** Runs in a plain page: answers what each of them came to in a worker, and what in the page itself. */
const CONTROL = `(async (attempts) => {
  const trying = \`async (source) => {
    const opened = (target, type, begin) => new Promise((resolve, reject) => {
      target.addEventListener(type, resolve);
      target.addEventListener('error', () => reject(target.error ?? new Error('an error event')));
      begin?.(target);
    });
    try { await eval(source); return 'done'; } catch (error) { return String(error); }
  }\`;
  const code = \`onmessage = async ({ data }) => postMessage(await (\${trying})(data))\`;
  const told = {};
  for (const [name, source] of Object.entries(attempts)) {
    // A worker that was made of text can import scripts.
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    const inWorker = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(source);
    });
    worker.terminate();
    told[name] = inWorker === 'done' ? 'done' : await eval(trying)(source);
  }
  return told;
})`;

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
  onTestFinished,
}) => {
  const { tabs } = cluster;
  const [tab, ...others] = tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  for (const other of others) {
    other.expectErrors(REFUSALS);
    await setTakingPart(other, false);
  }
  const target = await targetOf(onTestFinished);
  const page = await cluster.browser.plainPage(`${target.url}page`);
  await checkControl(target, (script) => page.evaluate(script));
  await page.close();
  await checkRefused(tab, target);
  for (const other of others) await setTakingPart(other, true);
  expect(await keepsLeader(tabs, () => checkFaults(tab))).toBe(true);
  await checkUnharmed(tabs);
});

test('nor does any of it in Firefox', async ({ firefox, server, onTestFinished }) => {
  const tab = await (await firefox.open(server.url)).waitRunning();
  await checkRefused(tab, await targetOf(onTestFinished));
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

type OnTestFinished = (stop: () => Promise<void>) => void;

async function targetOf(onTestFinished: OnTestFinished): Promise<TargetServer> {
  const target = await TargetServer.start();
  onTestFinished(() => target.stop());
  return target;
}

function attemptsOn(url: string, attempts: Readonly<Record<string, string>>) {
  return Object.entries(attempts).map(([name, attempt]): [string, string] => [
    name,
    attempt.replaceAll('HERE', url),
  ]);
}

/** That each of them would be noticed: a name that is mistyped, or a server that nobody reaches, is found. */
async function checkControl(
  target: TargetServer,
  evaluate: (script: string) => Promise<unknown>,
): Promise<void> {
  target.takeHits();
  const attempts = Object.fromEntries(attemptsOn(target.url, ATTEMPTS));
  const told = (await evaluate(`${CONTROL}(${JSON.stringify(attempts)})`)) as object;
  const hits = target.takeHits();
  const reached = (name: string): boolean => {
    const [, path] = /HERE([a-z.]+)/.exec(ATTEMPTS[name] ?? '') ?? [];
    return path !== undefined && hits.includes(`/${path}`);
  };
  const failed = Object.entries(told).filter(([name, came]) => came !== 'done' && !reached(name));
  expect(failed).toEqual([]);
  expect(hits.length).toBeGreaterThanOrEqual(8);
}

/** By the tab alone, since what a function starts is in the place where it ran. */
async function checkRefused(tab: AnyTab, target: TargetServer): Promise<void> {
  // What the policy stops is told as a request, too: that none arrives, the server says.
  tab.expectErrors(REFUSALS, new RegExp(`a request to another origin: ${target.url}`));
  await setTakingPart(tab, true);
  await tab.evaluate(`
    window.leaks = [];
    window.leakChannel = new BroadcastChannel('${CHANNEL}');
    window.leakChannel.onmessage = ({ data }) => window.leaks.push(data);
    addEventListener('message', ({ data }) => window.leaks.push(data));
  `);
  const attempts = attemptsOn(target.url, { ...ATTEMPTS, ...WITHOUT_CONTROL });
  const inputs = attempts.map(([name, contents]) => ({ name, contents }));
  target.takeHits();
  const results = await waitFor('every attempt to be over', BOUND_MS, async () => {
    const outcome = await runJob(tab, { inputs, job: { map: TRY, reduce: TELL } });
    expect(outcome.status).toMatchObject({ state: 'done', failures: [] });
    return !Object.values(outcome.results).includes('under way') && outcome.results;
  });
  const told = Object.entries(results).map(([name, outcome]) => `${name} ${outcome}`);
  console.log(told.join(', '));
  expect(Object.keys(results).toSorted()).toEqual(attempts.map(([name]) => name).toSorted());
  const allowed = Object.entries(results).filter(([, told]) => !told.startsWith('refused: '));
  expect(allowed).toEqual([]);
  expect(await tab.evaluate('window.leaks')).toEqual([]);
  expect(target.takeHits()).toEqual([]);
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
