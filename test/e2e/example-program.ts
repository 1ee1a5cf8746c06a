/**
 * The program that runs examples: one page, which has them all and is told which to run. Each runs once a
 * page, between two emptyings of the database.
 */

import { modulePage, type Files } from './consumer.ts';
import { dropEverything } from './empty-database.ts';
import { pragmaOf, runnableCode } from './example-code.ts';
import type { Example } from './examples.ts';

/** Of other packages, what examples import. */
export const PACKAGES: readonly string[] = [
  '@types/react',
  '@types/react-dom',
  'drizzle-orm',
  'kysely',
  'preact',
  'react',
  'react-dom',
];

const TYPES = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    moduleDetection: 'force',
    jsx: 'react-jsx',
    strict: true,
    allowJs: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  },
  include: ['types'],
};

/** What examples import as 'resqlite', and what their expectations call. */
const TRACKED = `
import { open as openHandle, ResqliteError } from 'resqlite';
export * from 'resqlite';

const SOON_MS = 10_000;
const POLL_MS = 20;
const handles = new Set();
export const failures = [];

export async function open(options) {
  const db = await openHandle(options);
  handles.add(db);
  return db;
}

export async function closeAll() {
  for (const db of handles) await db.close();
  handles.clear();
}

export function fail(line, message) {
  failures.push({ line, message });
}

export function expectNow(line, actual, expected) {
  return expectUntil(0, line, actual, expected);
}

export function expectSoon(line, actual, expected) {
  return expectUntil(performance.now() + SOON_MS, line, actual, expected);
}

async function expectUntil(endMs, line, actual, expected) {
  try {
    for (;;) {
      const found = await actual();
      const wanted = expected();
      if (same(found, wanted)) return;
      if (performance.now() >= endMs) {
        fail(line, show(found) + ' instead of ' + show(wanted));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } catch (error) {
    fail(line, tell(error) + ' instead of a value');
  }
}

export async function expectThrown(line, work, code) {
  try {
    fail(line, show(await work()) + ' instead of an error ' + code);
  } catch (error) {
    if (error instanceof ResqliteError && error.code === code) return;
    fail(line, tell(error) + ' instead of an error ' + code);
  }
}

export function tell(error) {
  return [error?.code, error?.message ?? String(error)].filter(Boolean).join(': ');
}

function same(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]))
  );
}

function show(value) {
  return JSON.stringify(value, (_, part) =>
    typeof part === 'bigint' ? part + 'n' : part === undefined ? 'undefined' : part,
  );
}
`;

const MAIN = `
import { open } from 'resqlite';
import { closeAll, fail, failures, tell } from './tracked.js';

const examples = import.meta.glob('./run/*');
const dropEverything = ${String(dropEverything)};
let own = null;

addEventListener('error', (event) => {
  event.preventDefault();
  fail(0, 'uncaught: ' + tell(event.error));
});
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  fail(0, 'uncaught: ' + tell(event.reason));
});

/** This page's node becomes a member of its origin's cluster. */
window.join = async () => {
  own = await open({ signalling: {}, autopilot: { maxVoters: 3 } });
  await new Promise((resolve) => {
    const end = own.onStatus(({ state }) => {
      if (state === 'running') resolve();
    });
  });
};

window.voters = async () => (await own.status()).voters.length;

window.empty = () => dropEverything(own);

window.run = async (name, isMember) => {
  failures.length = 0;
  try {
    await examples['./run/' + name]();
  } catch (error) {
    fail(0, tell(error));
  }
  await closeAll().catch((error) => fail(0, 'closing: ' + tell(error)));
  document.body.replaceChildren();
  if (isMember) await empty().catch((error) => fail(0, 'emptying: ' + tell(error)));
  return [...failures];
};

window.ready = true;
`;

/** By the same name in the program. */
export function fileOf(example: Example, at: number): string {
  return `${at}.${example.language}`;
}

/** Throws where an example is not of the form. */
export function exampleProgram(examples: readonly Example[]): Files {
  const files: Record<string, string> = {
    'index.html': modulePage('Examples'),
    'main.js': MAIN,
    'tracked.js': TRACKED,
    'tsconfig.json': JSON.stringify(TYPES),
  };
  for (const [at, example] of examples.entries()) {
    const { code, language, line, name, source } = example;
    // The compiler tells lines as they are in the source.
    const checked = `types/${source}/${name}.${line}.${language}`;
    files[checked] = pragmaOf(code) + '\n'.repeat(line - 1) + code;
    try {
      files[`run/${fileOf(example, at)}`] = runnableCode(example);
    } catch (error) {
      throw new Error(`${name}, ${source}:${line}: ${String(error)}`, { cause: error });
    }
  }
  return files;
}
