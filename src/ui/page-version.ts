/**
 * The build that this tab runs, among others: registers the service worker of a built page
 * (src/service-worker.ts), says by a lock which build's files are still needed, and hears when a newer
 * build is ready. It never reloads the page: when to do so is for the person to say.
 *
 * All of this is for the page to load without its server, and to load anew. Whatever of it a browser
 * denies (a private window, a certificate that a person had to accept), the page does without.
 */

import { signal } from '@preact/signals';

/** The build that is ready where it is not this tab's own: to reload is to get it. */
export const readyVersion = signal<string | null>(null);

/** As in src/dev/offline.ts. */
const SERVICE_WORKER = 'sw.js';
const UPDATE_CHECK_INTERVAL_MS = 60 * 60_000;

/**
 * For built pages. `isLoaded`: only then is there room for the service worker, which fetches all of the
 * build. Which build this is, is said at once.
 */
export async function keepPageOffline(isLoaded: Promise<void>): Promise<void> {
  const version = ownVersion();
  if (version === null || !('serviceWorker' in navigator)) return;
  try {
    await holdVersion(`${cachePrefix()}${version}`);
    const { serviceWorker } = navigator;
    serviceWorker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const told = versionTold(data);
      if (told !== null) readyVersion.value = told === version ? null : told;
    });
    await isLoaded;
    // A kept copy of the worker's script would hide a new build.
    const registration = await serviceWorker.register(SERVICE_WORKER, { updateViaCache: 'none' });
    // The build that this tab ran before may be needed no more. And a worker that came up while this
    // page was loading has passed it over.
    registration.active?.postMessage('arrived');
    watchForUpdates(registration);
  } catch {
    // Denied: the page loads from its server, as any other.
  }
}

/** For development servers: a worker left by a built page on the same port would be in the way. */
export async function forgetOfflinePage(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    const registrations = await navigator.serviceWorker.getRegistrations();
    await Promise.all(registrations.map((registration) => registration.unregister()));
    const names = (await caches.keys()).filter((name) => name.startsWith(cachePrefix()));
    await Promise.all(names.map((name) => caches.delete(name)));
  } catch {
    // Where it is denied there is none.
  }
}

function ownVersion(): string | null {
  return document.querySelector<HTMLMetaElement>('meta[name=version]')?.content ?? null;
}

/** As in the service worker, whose scope is the page's folder. */
function cachePrefix(): string {
  return `resqlite ${new URL('./', document.baseURI).href} `;
}

/**
 * Holds the lock while the page is there. One that is put into the back-forward cache lets it go, since
 * a lock would keep it out, and takes it again when it comes back as the build that it is.
 */
async function holdVersion(name: string): Promise<void> {
  await holdUntilHidden(name);
  window.addEventListener('pageshow', ({ persisted }) => {
    // Denied now, it would have been before.
    if (persisted) holdUntilHidden(name).catch(() => undefined);
  });
}

async function holdUntilHidden(name: string): Promise<void> {
  await new Promise<void>((held, denied) => {
    const gone = new Promise<void>((release) => {
      window.addEventListener('pagehide', () => release(), { once: true });
    });
    navigator.locks
      .request(name, { mode: 'shared' }, () => {
        held();
        return gone;
      })
      .catch(denied);
  });
}

function versionTold(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('version' in data)) return null;
  return typeof data.version === 'string' ? data.version : null;
}

/** Browsers look by themselves when a page is loaded, which a tab that stays open never does. */
function watchForUpdates(registration: ServiceWorkerRegistration): void {
  const look = (): void => {
    // Without its server there is nothing new either.
    registration.update().catch(() => undefined);
  };
  setInterval(look, UPDATE_CHECK_INTERVAL_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') look();
  });
}
