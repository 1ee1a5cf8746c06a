/**
 * What the built page may do, as HTTP headers and as far as possible in the page itself: no script but
 * its own files, no evaluation but of WebAssembly, no strings where scripts are loaded from (trusted
 * types), no frames, no forms. The vite plugin writes the policy into the built page, so that it holds
 * on any web host, and has the preview server send the headers.
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
      middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
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
