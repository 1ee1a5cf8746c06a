/**
 * What the built page may do, as HTTP headers and as far as possible in the page itself: no script but
 * its own files, no evaluation but of WebAssembly, no strings where scripts are loaded from (trusted
 * types), no frame but one of its own, no forms. The vite plugin writes the policy into the built page,
 * so that it holds on any web host, and has the preview server send the headers.
 *
 * That frame is the sandbox for functions that somebody typed in (public/sandbox.html), whose policy is
 * the other way round: it evaluates whatever it is given, and may do nothing else.
 *
 * A worker takes its policy from the headers of its own script alone, and `frame-ancestors` counts in
 * a header only: a host that sends the headers is the stricter one.
 *
 * `connect-src` names schemes and no hosts, because people set the signalling server themselves. It
 * binds requests; WebRTC, by which members talk, is bound by no policy.
 */

import type { Plugin } from 'vite';

/** Signalling servers that somebody runs on the same machine, for a try. */
const LOCAL_SERVERS = ['localhost', '127.0.0.1'].flatMap((host) => [
  `http://${host}:*`,
  `ws://${host}:*`,
]);

const PAGE_DIRECTIVES: Readonly<Record<string, readonly string[]>> = {
  'default-src': ["'none'"],
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'worker-src': ["'self'"],
  'frame-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'manifest-src': ["'self'"],
  'connect-src': ["'self'", 'https:', 'wss:', ...LOCAL_SERVERS],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  // ui/script-policy.ts makes it.
  'trusted-types': ['default'],
};

const SANDBOX_DIRECTIVES: Readonly<Record<string, readonly string[]>> = {
  'default-src': ["'none'"],
  'script-src': ["'unsafe-inline'", "'unsafe-eval'"],
  'worker-src': ['blob:'],
};

/** The policy as the page itself can state it. */
export const PAGE_POLICY = policyOf(PAGE_DIRECTIVES);

/** What a host sends with every file of the built page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policyOf({ ...PAGE_DIRECTIVES, 'frame-ancestors': ["'none'"] }),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The policy as the sandbox itself states it. */
export const SANDBOX_POLICY = policyOf(SANDBOX_DIRECTIVES);

/** What a host sends with the sandbox. Opened as a page of its own, it has an origin of its own as well. */
export const SANDBOX_HEADERS: Readonly<Record<string, string>> = {
  ...PAGE_HEADERS,
  'Content-Security-Policy': policyOf({
    ...SANDBOX_DIRECTIVES,
    sandbox: ['allow-scripts'],
    'frame-ancestors': ["'self'"],
  }),
};

/** Of the path, whatever the query says. */
const SANDBOX_PATH = /^[^?#]*\/sandbox\.html(?:[?#]|$)/;
const CHARSET = '<meta charset="utf-8" />';

/** The policy in vite's built page and in the answers of its preview server; dev has none. */
export function contentPolicy(): Plugin {
  return {
    name: 'resqlite:content-policy',
    transformIndexHtml: {
      order: 'post',
      handler: (html, { server }) => {
        if (server !== undefined) return html;
        if (!html.includes(CHARSET)) throw new Error(`The page has no ${CHARSET}.`);
        // Ahead of everything that it is to bind, but behind what says how to read it.
        const policy = `<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}" />`;
        return html.replace(CHARSET, `${CHARSET}\n    ${policy}`);
      },
    },
    configurePreviewServer: ({ middlewares }) => {
      middlewares.use(({ url = '' }, response, next) => {
        const headers = SANDBOX_PATH.test(url) ? SANDBOX_HEADERS : PAGE_HEADERS;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        next();
      });
    },
  };
}

function policyOf(directives: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}
