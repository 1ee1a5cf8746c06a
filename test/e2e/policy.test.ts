/** What the built page's policy says, that it holds, and that browsers take the page for an app. */

import { expect } from 'vitest';

import { PAGE_HEADERS, PAGE_POLICY, SANDBOX_HEADERS } from '../../src/dev/content-policy.ts';
import { test } from './harness.ts';
import type { AnyTab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 10_000;
const EXPECTED_VIOLATIONS = [
  'require-trusted-types-for',
  'trusted-types',
  'style-src-elem',
  'img-src',
  'connect-src',
];
const VIOLATION = /securitypolicyviolation: ([a-z-]+)/;

test('the page states its policy, and every file of it comes with the whole one', async ({
  server,
}) => {
  const html = await (await fetch(server.url)).text();
  expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}" />`);
  // The policy binds only what stands behind it.
  expect(html.slice(0, html.indexOf('http-equiv="Content-Security-Policy"'))).not.toMatch(
    /<(script|link|style)/,
  );
  const { files } = await builtFiles(server.url);
  expect(files).toContainEqual(expect.stringMatching(/^assets\/node-worker-.*\.js$/));
  for (const file of ['', 'sw.js', ...files]) {
    const response = await fetch(new URL(file, server.url));
    expect([file, response.status]).toEqual([file, 200]);
    for (const [name, value] of Object.entries(PAGE_HEADERS)) {
      expect([file, name, response.headers.get(name)]).toEqual([file, name, value]);
    }
  }
  expect(files).not.toContain('sandbox.html');
  const asked = await fetch(new URL('?x=/sandbox.html', server.url));
  expect(asked.headers.get('Content-Security-Policy')).toBe(
    PAGE_HEADERS['Content-Security-Policy'],
  );
  const sandbox = await fetch(new URL('sandbox.html', server.url));
  expect(sandbox.status).toBe(200);
  for (const [name, value] of Object.entries(SANDBOX_HEADERS)) {
    expect([name, sandbox.headers.get(name)]).toEqual([name, value]);
  }
  expect(PAGE_HEADERS['Content-Security-Policy']).toBe(`${PAGE_POLICY}; frame-ancestors 'none'`);
  expect((await fetch(new URL('no-such-file.js', server.url))).status).toBe(404);
});

test('what is injected into the page does not run, load or ask anybody', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await checkHolds(tab);
  // Workers have it from the headers of their files.
  const workers = tab.page.workers();
  expect(workers).toHaveLength(2);
  for (const worker of workers) expect(await worker.evaluate(EVAL_IN_WORKER)).toBe('refused');
});

test('nor does it in Firefox', async ({ firefox, server }) => {
  await checkHolds(await (await firefox.open(server.url)).waitRunning());
});

test('where Puppeteer drives a Chromium, WebSockets to other origins are told of, too', async ({
  plainChromium,
  server,
}) => {
  await checkTold(await (await plainChromium.open(server.url)).waitRunning());
});

test('the page can be installed', async ({ browser, server }) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await tab.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  const session = await tab.page.context().newCDPSession(tab.page);
  expect(await session.send('Page.getInstallabilityErrors')).toEqual({ installabilityErrors: [] });
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { icons } = JSON.parse(data ?? '{}') as { icons: { src: string }[] };
  expect(icons.length).toBeGreaterThan(0);
  for (const { src } of icons) {
    expect((await fetch(new URL(src, server.url))).headers.get('content-type')).toMatch(/^image\//);
  }
});

async function checkHolds(tab: AnyTab): Promise<void> {
  tab.expectErrors(/Content.Security.Policy|TrustedScript|TrustedHTML|securitypolicyviolation/i);
  tab.expectErrors(/another origin: https?:\/\/stranger\.invalid/);
  expect(await tab.evaluate(INJECT_EVERYTHING)).toEqual([]);
  await waitFor('every violation to be told', BOUND_MS, () => {
    const told = violationsOf(tab);
    return EXPECTED_VIOLATIONS.every((directive) => told.has(directive));
  });
  expect(await tab.evaluate('window.ran')).toEqual([]);
  await checkTold(tab);
}

/** A WebSocket to another origin, which the policy allows where somebody sets it, counts as an error. */
async function checkTold(tab: AnyTab): Promise<void> {
  tab.expectErrors(/\/\/127\.0\.0\.1:/);
  await tab.evaluate('void new WebSocket(`ws://127.0.0.1:${location.port}/`)');
  await waitFor('the WebSocket to be told of', BOUND_MS, () =>
    tab.log.some((line) => /^request: (ws|http):\/\/127\.0\.0\.1:/.test(line)),
  );
}

/** What the service worker says it keeps. */
async function builtFiles(url: string): Promise<{ files: string[] }> {
  const script = await (await fetch(new URL('sw.js', url))).text();
  return JSON.parse(/^const BUILD = (.*);$/m.exec(script)?.[1] ?? '') as { files: string[] };
}

function violationsOf(tab: AnyTab): Set<string> {
  const found = tab.log.map((line) => VIOLATION.exec(line)?.[1]);
  return new Set(found.filter((directive) => directive !== undefined));
}

/**
 * What an attacker that got into the page would try, each followed by its name where it takes effect.
 * Text that is evaluated on behalf of a test's remote control may do more than the page, so all of it
 * runs behind a timer. Answers the names.
 */
const INJECT_EVERYTHING = `(async () => {
  const ran = [];
  window.ran = ran;
  await new Promise((resolve) => setTimeout(resolve, 0));
  const attempts = {
    'inline script': () => {
      const script = document.createElement('script');
      script.append('window.ran.push("inline script")');
      document.body.append(script);
    },
    'foreign script': () => {
      document.createElement('script').src = 'https://stranger.invalid/x.js';
      ran.push('foreign script');
    },
    markup: () => {
      document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="ran.push(1)">');
      ran.push('markup');
    },
    attribute: () => document.body.setAttribute('onclick', 'window.ran.push("attribute")'),
    eval: () => ran.push(eval('"eval"')),
    Function: () => ran.push(new Function('return "Function"')()),
    timer: () => setTimeout('window.ran.push("timer")', 0),
    'foreign worker': () => ran.push(String(new Worker('https://stranger.invalid/x.js'))),
    'data worker': () => ran.push(String(new Worker('data:text/javascript,1'))),
    'blob worker': () => ran.push(String(new Worker(URL.createObjectURL(new Blob(['1']))))),
    style: () => {
      const style = document.createElement('style');
      style.append('body { --injected: 1 }');
      document.head.append(style);
      if (style.sheet !== null) ran.push('style');
    },
    image: () => {
      const image = new Image();
      image.onload = () => ran.push('image');
      image.src = 'https://stranger.invalid/x.png';
    },
    policy: () => ran.push(String(window.trustedTypes.createPolicy('another', {}))),
  };
  for (const attempt of Object.values(attempts)) {
    try {
      attempt();
    } catch {}
  }
  document.body.click();
  await fetch('http://stranger.invalid/').then(() => ran.push('plain request'), () => {});
  return ran;
})()`;

const EVAL_IN_WORKER = `new Promise((resolve) => {
  setTimeout(() => {
    try {
      resolve(eval('"ran"'));
    } catch {
      resolve('refused');
    }
  }, 0);
})`;
