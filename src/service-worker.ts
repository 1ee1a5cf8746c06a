/**
 * The service worker of the built page: the page loads when its server cannot be reached. It keeps the
 * files of one build (`BUILD`, which src/dev/offline.ts puts in front of this script) and answers:
 *
 * - the page itself from the network, and from the cache where the network fails or is too slow;
 * - files of a build, whose names change with their content, from the cache first;
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

const scope = self.registration.scope;
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
