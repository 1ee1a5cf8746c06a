/**
 * What vite's servers say to `/kv/…`: the page's service worker answers that (src/service-worker.ts), so
 * whoever comes this far has none in control, be it that the page was never open here, or is served for
 * development. The answer has the shape of the service worker's own.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Plugin } from 'vite';

const FOLDER = '/kv/';
const BODY = JSON.stringify({
  error: {
    code: 'NoServiceWorker',
    message:
      'the key-value store is served by the service worker of an open page, and there is none',
    applied: 'no',
  },
});
const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'retry-after': '1',
};

export function keyValueFacade(): Plugin {
  return {
    name: 'resqlite:key-value-facade',
    configureServer: ({ middlewares }) => {
      middlewares.use(refuse);
    },
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use(refuse);
    },
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (request.url?.startsWith(FOLDER) !== true) {
    next();
    return;
  }
  // What it brings along is of no interest, but is taken, so that the connection can go on.
  request.resume();
  response.writeHead(503, HEADERS).end(request.method === 'HEAD' ? undefined : BODY);
}
