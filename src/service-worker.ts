/**
 * The service worker of the built page: the page loads when its server cannot be reached. It keeps the
 * files of one build (`BUILD`, which src/dev/offline.ts puts in front of this script) and answers:
 *
 * - the page itself from the network, and from the cache where the network fails or is too slow;
 * - files of a build, whose names change with their content, from the cache first;
 * - `kv/…`, the key-value store as resources, by a tab that has the database open (ui/apps/kv/rest-desk.ts);
 * - nothing else: other paths, other origins, parts of files and the signalling server are not its
 *   business, and go to the network as if it were not there.
 *
 * Tabs of several builds live side by side, under whichever worker is newest. A new worker takes over
 * at once, reloads nobody, and tells the tabs. A tab holds a lock named by its build, and the cache of
 * a build stays while such a lock is held: an old tab finds the parts that it loads late, also where
 * the server has them no more. A cache is complete or not there.
 *
 * This is a script, not a module: it imports nothing. Caches belong to the whole origin, which may
 * have this page in several folders, so their names begin with the folder.
 */

declare const self: ServiceWorkerGlobalScope;
declare const BUILD: { readonly version: string; readonly files: readonly string[] };

/** How long a page waits for the network where there is a kept one to show instead. */
const NAVIGATION_TIMEOUT_MS = 3_000;
const SERVER_ERROR = 500;
/** What an older worker tells a newer one. */
const TAKE_OVER = 'take over';

/** What one of `kv/` may bring along, as the largest value of the store. */
const MAX_BODY_BYTES = 1024 * 1024;
/** How long the asking tab may take to say whether it serves: it may be loading. */
const OWN_DESK_TIMEOUT_MS = 4_000;
const OWN_DESK_INTERVAL_MS = 250;
/** The same of other tabs, which may be frozen; and how long the first that would is compared with others. */
const DESK_TIMEOUT_MS = 1_000;
const DESK_CHOICE_MS = 50;
/** Longer than a tab goes on trying. */
const ANSWER_TIMEOUT_MS = 40_000;
/** How often it is looked whether the tab that serves is still there. */
const TAB_CHECK_INTERVAL_MS = 500;

const scope = self.registration.scope;
const storeUrl = `${scope}kv/`;
const shellUrl = scope;
/** As ui/page-version.ts names its lock. */
const prefix = `resqlite ${scope} `;
const ownCache = prefix + BUILD.version;
const ownFiles = new Set(BUILD.files.map((file) => new URL(file, scope).href));

self.addEventListener('install', (event) => {
  event.waitUntil(install());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(activate());
});

self.addEventListener('message', (event) => {
  // A tab of some build is there, in the place of another, or anew.
  if (event.data === 'arrived') event.waitUntil(welcome());
  if (event.data === TAKE_OVER) event.waitUntil(self.skipWaiting());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.url.startsWith(storeUrl)) {
    event.respondWith(answerStore(event));
    return;
  }
  if (request.method !== 'GET' || request.headers.has('range')) return;
  const url = new URL(request.url);
  url.search = '';
  url.hash = '';
  if (request.mode === 'navigate') {
    if (isShell(url.href)) event.respondWith(answerNavigation(request));
  } else if (ownFiles.has(url.href) || url.href.startsWith(`${scope}assets/`)) {
    event.respondWith(answerFile(request));
  }
});

async function install(): Promise<void> {
  try {
    const cache = await caches.open(ownCache);
    const urls = [...ownFiles].filter((url) => !isShell(url));
    await Promise.all([shellUrl, ...urls].map((url) => keep(cache, url)));
  } catch (error) {
    // The browser tries again with the next visit.
    await caches.delete(ownCache);
    throw error;
  }
  await self.skipWaiting();
}

/** Whatever some cache on the way has, `no-cache` asks the server whether it still holds. */
async function keep(cache: Cache, url: string): Promise<void> {
  const response = await fetch(url, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  if (url === shellUrl && !(await response.clone().text()).includes(BUILD.version)) {
    throw new Error('the page is of another build than its service worker');
  }
  // Hosts that answer every unknown path with a page do so, too, while a build is still on its way.
  // Kept in a script's place, it would be what the script's name gets for as long as the build lives.
  if (url !== shellUrl && response.headers.get('content-type')?.includes('html') === true) {
    throw new Error(`${url}: a page was sent instead`);
  }
  // Of a redirected answer no page may be made, so it is kept as if it had been there at once.
  const { body, status, headers } = response;
  await cache.put(url, response.redirected ? new Response(body, { status, headers }) : response);
}

/**
 * Where this worker was on its way out, for a newer one that waits, and was started again by this very
 * message, Chromium has forgotten that it was: the newer one has to ask once more.
 */
async function welcome(): Promise<void> {
  await claimAndTidy();
  self.registration.waiting?.postMessage(TAKE_OVER);
}

async function activate(): Promise<void> {
  await claim();
  for (const client of await self.clients.matchAll({ type: 'window' })) {
    client.postMessage({ type: 'version', version: BUILD.version });
  }
  await claimAndTidy();
}

/** Whichever worker the pages were loaded by, if any. False: this one is not active. */
async function claim(): Promise<boolean> {
  try {
    await self.clients.claim();
    return true;
  } catch {
    return false;
  }
}

/** Takes the pages that are there, and deletes the caches that none of them needs. */
async function claimAndTidy(): Promise<void> {
  const own = (await caches.keys()).filter((name) => name.startsWith(prefix));
  const { held = [] } = await navigator.locks.query();
  // The cache of a newer worker may have no tab yet; that worker deletes what is unused in its turn.
  // Looked at last: whoever began to fill one before the names were read is seen here.
  const isNewest = await claim();
  if (!isNewest || self.registration.installing !== null || self.registration.waiting !== null)
    return;
  const used = new Set([ownCache, ...held.map(({ name }) => name)]);
  await Promise.all(own.filter((name) => !used.has(name)).map((name) => caches.delete(name)));
}

function isShell(url: string): boolean {
  return url === shellUrl || url === `${scope}index.html`;
}

async function answerNavigation(request: Request): Promise<Response> {
  const fromNetwork = fetch(request);
  const inTime = fromNetwork.then(
    (response) => (response.status < SERVER_ERROR ? response : null),
    () => null,
  );
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), NAVIGATION_TIMEOUT_MS);
  });
  const answer = await Promise.race([inTime, late]);
  return answer ?? (await kept(shellUrl, ownCache)) ?? fromNetwork;
}

/** Names of built files differ where their contents do, so any build's will do. */
async function answerFile(request: Request): Promise<Response> {
  return (await kept(request, ownCache)) ?? (await keptByOthers(request)) ?? fetch(request);
}

async function keptByOthers(request: Request): Promise<Response | undefined> {
  const others = (await caches.keys()).filter((name) => name.startsWith(prefix));
  for (const name of others) {
    const found = await kept(request, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Servers that send `Vary: Origin` would hide a kept script from a `<script crossorigin>`. */
function kept(request: Request | string, cacheName: string): Promise<Response | undefined> {
  return caches.match(request, { cacheName, ignoreVary: true, ignoreSearch: true });
}

/** What a tab says of itself when it is asked whether it serves the key-value store. */
interface Desk {
  readonly isReady: boolean;
  /** Null: its database is not open. */
  readonly clusterId: string | null;
  /** Of the cluster that a page without a choice belongs to. */
  readonly isDefault: boolean;
  readonly isVisible: boolean;
}

/** A tab's end: the request goes over the port on which it has said that it serves. */
interface FoundDesk {
  readonly tab: Client;
  readonly desk: Desk;
  readonly port: MessagePort;
}

/** As src/apps/kv/rest.ts makes it. */
interface StoreAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/**
 * By the asking tab, else by another of the same cluster; a page that is none of ours gets the cluster that
 * a page without a choice belongs to. The request goes to one tab only, and only once it has said that it
 * is there: a tab that wakes up later must not carry it out, too.
 */
async function answerStore({ request, clientId }: FetchEvent): Promise<Response> {
  const { method } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  // Any site may have a browser send a form here.
  if (request.mode === 'navigate' && !isRead) {
    return refuse(405, 'MethodNotAllowed', 'a navigation may only read', 'no', {
      allow: 'GET, HEAD',
    });
  }
  const body = await request.arrayBuffer();
  if (body.byteLength > MAX_BODY_BYTES) {
    return refuse(413, 'TooLarge', `a body has at most ${MAX_BODY_BYTES} bytes`, 'no');
  }
  const found = await findDesk(clientId);
  if (request.signal.aborted) {
    found?.port.close();
    return unavailable('Aborted', 'the caller aborted the request', 'no');
  }
  if (found === null) return unavailable('NoTab', 'no tab can serve the key-value store now', 'no');
  const answer = await askDesk(found, request, body);
  if (answer === null) {
    const applied = isRead ? 'no' : 'unknown';
    return unavailable('TabLost', 'the tab that served the request is gone', applied);
  }
  const { status, headers } = answer;
  return new Response(answer.body, { status, headers: { ...headers, ...SAFE_HEADERS } });
}

async function findDesk(clientId: string): Promise<FoundDesk | null> {
  const all = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const tabs = all.filter(({ url }) => isShell(url.replace(/[?#].*$/, '')));
  const own = tabs.find(({ id }) => id === clientId);
  const ownDesk = own === undefined ? null : await findOwnDesk(own);
  if (ownDesk?.desk.isReady === true) return ownDesk;
  // Of which cluster it is, nobody else knows.
  if (own !== undefined && ownDesk === null) return null;
  ownDesk?.port.close();
  return chooseDesk(
    tabs.filter((tab) => tab !== own),
    ownDesk?.desk ?? null,
  );
}

/** The asking tab hears of it as soon as that part of its page is there. */
async function findOwnDesk(tab: Client): Promise<FoundDesk | null> {
  const attempts = OWN_DESK_TIMEOUT_MS / OWN_DESK_INTERVAL_MS;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await callTab(tab, OWN_DESK_INTERVAL_MS);
    if (found !== null) return found;
  }
  return null;
}

/** One that is ready, visible ones first; `asking` says of which cluster. */
async function chooseDesk(tabs: readonly Client[], asking: Desk | null): Promise<FoundDesk | null> {
  const found: FoundDesk[] = [];
  let isChosen = false;
  const isWanted = ({ desk }: FoundDesk): boolean =>
    desk.isReady &&
    (asking === null || asking.clusterId === null
      ? desk.isDefault && asking?.isDefault !== false
      : desk.clusterId === asking.clusterId);
  await new Promise<void>((resolve) => {
    const call = async (tab: Client): Promise<void> => {
      const called = await callTab(tab, DESK_TIMEOUT_MS);
      if (called === null) return;
      if (isChosen || !isWanted(called)) {
        called.port.close();
        return;
      }
      found.push(called);
      setTimeout(resolve, called.desk.isVisible ? 0 : DESK_CHOICE_MS);
    };
    void Promise.all(tabs.map(call)).then(() => resolve());
  });
  isChosen = true;
  const chosen = found.find(({ desk }) => desk.isVisible) ?? found[0] ?? null;
  for (const { port } of found) if (port !== chosen?.port) port.close();
  return chosen;
}

/** Null: no answer in time. */
function callTab(tab: Client, timeoutMs: number): Promise<FoundDesk | null> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      port.close();
      resolve(null);
    }, timeoutMs);
    listen<Desk>(port, (desk) => {
      clearTimeout(timer);
      resolve({ tab, desk, port });
    });
    tab.postMessage({ type: 'kv desk' }, [port2]);
  });
}

/**
 * Null: the tab is gone, or says nothing, or nobody waits for the answer any more. The request says until
 * when it is waited for, so that a tab that was frozen does not begin with it later.
 */
async function askDesk(
  { tab, port }: FoundDesk,
  request: Request,
  body: ArrayBuffer,
): Promise<StoreAnswer | null> {
  const { method } = request;
  const headers = Object.fromEntries(request.headers);
  const path = request.url.slice(storeUrl.length).replace(/#.*$/, '');
  const deadlineMs = Date.now() + ANSWER_TIMEOUT_MS;
  let timer: ReturnType<typeof setTimeout> | null = null;
  try {
    return await new Promise((resolve) => {
      const look = async (): Promise<void> => {
        const isThere = (await self.clients.get(tab.id)) !== undefined;
        if (!isThere || Date.now() >= deadlineMs) resolve(null);
        // Unless it was answered meanwhile.
        else if (timer !== null) timer = setTimeout(look, TAB_CHECK_INTERVAL_MS);
      };
      timer = setTimeout(look, TAB_CHECK_INTERVAL_MS);
      listen<StoreAnswer>(port, resolve);
      port.postMessage({ method, path, headers, body, deadlineMs }, [body]);
      request.signal.addEventListener('abort', () => {
        port.postMessage('abort');
        resolve(null);
      });
    });
  } finally {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    port.close();
  }
}

function listen<Message>(port: MessagePort, onMessage: (message: Message) => void): void {
  port.addEventListener('message', ({ data }: MessageEvent<Message>) => onMessage(data));
  port.start();
}

/** What is stored is a text, and is never run as a page of this origin. */
const SAFE_HEADERS = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
};

function unavailable(code: string, message: string, applied: 'no' | 'unknown'): Response {
  return refuse(503, code, message, applied, { 'retry-after': '1' });
}

function refuse(
  status: number,
  code: string,
  message: string,
  applied: 'no' | 'unknown',
  headers: Record<string, string> = {},
): Response {
  const body = JSON.stringify({ error: { code, message, applied } });
  const common = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(body, { status, headers: { ...common, ...SAFE_HEADERS, ...headers } });
}
