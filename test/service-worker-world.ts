/**
 * A world for the service worker alone: its script runs in it with a cache, a network and tabs that the
 * test makes.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

import { transformWithOxc } from 'vite';

const FILE = join(import.meta.dirname, '../src/service-worker.ts');
export const SCOPE = 'https://host.example/some/folder/';
const BUILD = { version: 'v2', files: ['index.html', 'assets/a-2.js', 'icon.svg'] };
export const SHELL = '<meta name="version" content="v2">';
export const CACHE = `resqlite ${SCOPE} v2`;

export interface Requested {
  readonly url: string;
  readonly method?: string;
  readonly mode?: string;
  readonly headers?: Headers;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** A page in the worker's reach, and what it says of itself when it is asked to serve; null: nothing. */
export interface Page {
  readonly id: string;
  readonly url?: string;
  readonly desk: {
    readonly isReady: boolean;
    readonly clusterId: string | null;
    readonly isDefault: boolean;
    readonly isVisible: boolean;
  } | null;
  /** It does not live to answer. */
  readonly dies?: boolean;
  /** It answers only when the worker has looked whether it is still there, or never. */
  readonly answers?: 'late' | 'never';
}

interface StoreRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: ArrayBuffer;
  readonly deadlineMs: number;
}

export type Answer = Response | 'fails' | 'hangs';

/** Answers of the network by path; others are 404. */
export type Network = Record<string, () => Answer>;

export const GOOD_NETWORK: Network = {
  [SCOPE]: () => new Response(SHELL),
  [`${SCOPE}assets/a-2.js`]: () => new Response('a2'),
  [`${SCOPE}icon.svg`]: () => new Response('icon'),
};

export class World {
  readonly caches = new Map<string, Map<string, Response>>();
  readonly told: unknown[] = [];
  readonly asked: string[] = [];
  network: Network = { ...GOOD_NETWORK };
  locks: string[] = [];
  isActive = true;
  pages: readonly Page[] = [];
  /** Requests to the key-value store that pages were given, as `id: method path body`. */
  readonly served: string[] = [];
  /** Until when they may be carried out, by the machine's clock. */
  readonly deadlinesMs: number[] = [];
  /** Pages that were told that nobody waits for their answer any more. */
  readonly aborted: string[] = [];
  /** What the worker has asked to be woken for. */
  readonly timers = new Set<unknown>();
  /** Looks of the worker's at a page that are not over. */
  looking = 0;
  #late: (() => void) | null = null;
  /** How often the open pages were taken. */
  claims = 0;
  takeovers = 0;
  readonly registration: { scope: string; waiting: object | null; installing: object | null } = {
    scope: SCOPE,
    waiting: null,
    installing: null,
  };
  readonly #listeners = new Map<string, (event: object) => void>();

  static async start(): Promise<World> {
    const world = new World();
    const { code } = await transformWithOxc(readFileSync(FILE, 'utf8'), FILE);
    const script = `const BUILD = ${JSON.stringify(BUILD)};\n${code}`;
    runInContext(script, createContext(world.#globals()));
    return world;
  }

  /** Rejects as what the event waits for does. */
  async event(type: string, fields: object = {}): Promise<void> {
    let pending: Promise<unknown> = Promise.resolve();
    this.#listeners.get(type)?.({
      ...fields,
      waitUntil: (work: Promise<void>) => (pending = work),
    });
    await pending;
  }

  /** Null: it is left to the browser. */
  async fetch(request: Requested): Promise<string | null> {
    const asked = { method: 'GET', mode: 'cors', headers: new Headers(), ...request };
    const answers: Promise<Response>[] = [];
    const respondWith = (answer: Promise<Response>): number => answers.push(answer);
    this.#listeners.get('fetch')?.({ request: asked, respondWith });
    const [answer] = answers;
    if (answer === undefined) return null;
    return answer.then(
      async (response) => `${response.status} ${await response.text()}`,
      () => 'network error',
    );
  }

  navigate(path: string): Promise<string | null> {
    return this.fetch({ url: `${SCOPE}${path}`, mode: 'navigate' });
  }

  /** What the key-value store answers to a page; null: it is left to the browser. */
  async store(
    clientId: string,
    {
      method = 'GET',
      mode = 'cors',
      url,
      headers = new Headers(),
      body = '',
      signal = new AbortController().signal,
    }: Requested,
  ): Promise<{ status: number; headers: Headers; body: string } | null> {
    const arrayBuffer = async (): Promise<ArrayBuffer> => {
      return new TextEncoder().encode(body).buffer as ArrayBuffer;
    };
    const request = { method, mode, url: `${SCOPE}kv/${url}`, headers, arrayBuffer, signal };
    const answers: Promise<Response>[] = [];
    const respondWith = (answer: Promise<Response>): number => answers.push(answer);
    this.#listeners.get('fetch')?.({ request, clientId, respondWith });
    const answer = await answers[0];
    if (answer === undefined) return null;
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  }

  #client(page: Page): object {
    const { id, url = SCOPE, desk } = page;
    const postMessage = (message: unknown, transfer: readonly MessagePort[] = []): void => {
      const [port] = transfer;
      if (port === undefined) this.told.push(message);
      if (port === undefined || desk === null) return;
      port.addEventListener('message', ({ data }: MessageEvent<StoreRequest | 'abort'>) => {
        if (data === 'abort') this.aborted.push(id);
        else this.#serve(page, data, port);
      });
      port.start();
      port.postMessage(desk);
    };
    return { id, url, postMessage };
  }

  #serve(page: Page, request: StoreRequest, port: MessagePort): void {
    const { method, path, headers, body, deadlineMs } = request;
    this.deadlinesMs.push(deadlineMs);
    this.served.push(`${page.id}: ${method} ${path} ${new TextDecoder().decode(body)}`.trim());
    if (page.dies === true) {
      this.pages = this.pages.filter((other) => other !== page);
      return;
    }
    const answer = { status: 200, headers: { etag: headers['if-match'] ?? '"1"' }, body: page.id };
    this.#late = () => port.postMessage(answer);
    if (page.answers === undefined) this.#late();
  }

  /** The answer comes while the worker still waits for what this answers. */
  async #look(id: string): Promise<Page | undefined> {
    const page = this.pages.find((other) => other.id === id);
    if (page?.answers === 'late') {
      this.looking += 1;
      this.#late?.();
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      this.looking -= 1;
    }
    return page;
  }

  /** The time limit is over at once where the network hangs, and never before it has answered. */
  #setTimeout(late: () => void): unknown {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      late();
    }, 50);
    this.timers.add(timer);
    return timer;
  }

  #clearTimeout(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(timer);
  }

  async #claim(): Promise<void> {
    if (!this.isActive) throw new DOMException('not active', 'InvalidStateError');
    this.claims += 1;
  }

  async #ask(asked: string | Requested): Promise<Response> {
    const url = typeof asked === 'string' ? asked : asked.url;
    this.asked.push(url);
    const answer = this.network[url]?.() ?? new Response('', { status: 404 });
    if (answer === 'fails') throw new TypeError('no network');
    return answer === 'hangs' ? new Promise(() => {}) : answer;
  }

  #globals(): object {
    const open = (name: string): { put: (url: string, response: Response) => void } => {
      const cache = this.caches.get(name) ?? new Map<string, Response>();
      this.caches.set(name, cache);
      return { put: (url, response) => void cache.set(url, response) };
    };
    return {
      URL,
      Response,
      fetch: (asked: string | Requested) => this.#ask(asked),
      setTimeout: (late: () => void) => this.#setTimeout(late),
      clearTimeout: (timer: NodeJS.Timeout) => this.#clearTimeout(timer),
      MessageChannel,
      navigator: {
        locks: { query: async () => ({ held: this.locks.map((name) => ({ name })) }) },
      },
      caches: {
        open: async (name: string) => open(name),
        keys: async () => [...this.caches.keys()],
        delete: async (name: string) => this.caches.delete(name),
        match: async (asked: string | Requested, options: { cacheName: string }) =>
          this.caches
            .get(options.cacheName)
            ?.get(typeof asked === 'string' ? asked : asked.url)
            ?.clone(),
      },
      self: {
        registration: this.registration,
        clients: {
          claim: () => this.#claim(),
          matchAll: async () => this.pages.map((page) => this.#client(page)),
          get: (id: string) => this.#look(id),
        },
        skipWaiting: async () => {
          this.takeovers += 1;
        },
        addEventListener: (type: string, listener: (event: object) => void) =>
          this.#listeners.set(type, listener),
      },
    };
  }
}

export async function installed(): Promise<World> {
  const world = await World.start();
  world.pages = [{ id: 'some tab', desk: null }];
  await world.event('install');
  await world.event('activate');
  return world;
}
