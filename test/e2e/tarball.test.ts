/** What is in the package, as `npm pack` makes it, and what tools and servers make of that. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build as buildByEsbuild } from 'esbuild';
import { publint } from 'publint';
import { build as buildByRolldown } from 'rolldown';
import { describe, expect } from 'vitest';

import { ENTRIES, WASM, WASM_FILE } from '../../src/dev/library/contents.ts';
import { packageSizes, sizeReport } from '../../src/dev/library/sizes.ts';
import { Consumers, PACKAGE, type Consumer } from './consumer.ts';
import { test as plainTest } from './harness.ts';
import { childEnvironment, ROOT } from './server.ts';

const require = createRequire(import.meta.url);
const ofLint = createRequire(require.resolve('@arethetypeswrong/core'));
const PEERS = ['drizzle-orm', 'kysely', 'preact', 'react'];

const test = plainTest
  .extend('unpacked', { scope: 'file' }, async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'resqlite-package-'));
    onCleanup(() => rm(folder, { recursive: true }));
    const { status } = spawnSync('tar', ['-xzf', PACKAGE, '-C', folder, '--strip-components=1']);
    if (status !== 0) throw new Error('The package does not unpack.');
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    return { folder, files: files.toSorted() };
  })
  .extend('emptyFolder', async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'resqlite-empty-'));
    onCleanup(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend('consumer', { scope: 'file' }, async ({}, { onCleanup }) => {
    const consumers = new Consumers();
    onCleanup(() => consumers.end());
    return consumers.create({}, [...PEERS, '@types/react']);
  });

interface Exports {
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
}

/** Their names for those who import them, as the package says. */
async function entriesOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { exports } = JSON.parse(text) as Exports;
  return Object.entries(exports)
    .filter(([, target]) => typeof target !== 'string')
    .map(([path]) => path.replace('.', 'resqlite'));
}

test('it holds the library, and nothing that nobody needs', async ({ unpacked }) => {
  const { folder, files } = unpacked;
  const own = ['LICENSE', 'README.md', 'lib/third-party-licences.txt', 'package.json'];
  const types = Object.keys(ENTRIES).map((name) => `lib/${name}.d.ts`);
  const scripts = ['node-worker', 'sql-worker', ...Object.keys(ENTRIES)].map(
    (name) => `lib/${name}.js`,
  );
  const named = [...own, ...types, ...scripts, 'lib/sqlite3.wasm'];
  expect(files).toEqual(expect.arrayContaining(named));
  const others = files.filter((file) => !named.includes(file));
  expect(others.filter((file) => !/^lib\/[\w-]+\.(?:js|js\.map|d\.ts)$/.test(file))).toEqual([]);
  const entries = Object.keys(ENTRIES).map((name) =>
    name === 'resqlite' ? name : `resqlite/${name}`,
  );
  expect((await entriesOf(folder)).toSorted()).toEqual(entries.toSorted());
});

/** Of a file that only names another one. */
const ONLY_NAMES = /^export ?\{[^{}]*\} ?from ?"[^"]+";\s*$/;

test('source maps hold their sources, and no file names a place on the machine', async ({
  unpacked,
}) => {
  const { folder, files } = unpacked;
  const scripts = files.filter((file) => file.endsWith('.js'));
  let maps = 0;
  for (const file of scripts) {
    const code = await readFile(join(folder, file), 'utf8');
    const map = /\/\/# sourceMappingURL=(?<name>\S+)\s*$/.exec(code)?.groups?.['name'];
    if (map === undefined) {
      // A file that only names another one, or is the bundler's own, has nothing to map.
      if (!file.startsWith('lib/rolldown-runtime-')) expect(code).toMatch(ONLY_NAMES);
      continue;
    }
    maps += 1;
    const { sources, sourcesContent } = JSON.parse(
      await readFile(join(folder, 'lib', map), 'utf8'),
    ) as { sources: string[]; sourcesContent: (string | null)[] };
    expect(sources.filter((source) => !/^\.\.\/(?:src|node_modules)\//.test(source))).toEqual([]);
    expect(sourcesContent).toHaveLength(sources.length);
    expect(sourcesContent.filter((content) => !content)).toEqual([]);
  }
  expect(maps).toBeGreaterThan(5);
  const places = [ROOT, homedir(), tmpdir()].map((place) => `${place}/`);
  const telling: string[] = [];
  for (const file of files.filter((file) => !file.endsWith('.wasm'))) {
    const text = await readFile(join(folder, file), 'utf8');
    if (places.some((place) => text.includes(place))) telling.push(file);
  }
  expect(telling).toEqual([]);
});

test('it tells the licences of all packages that it holds parts of', async ({ unpacked }) => {
  const { folder, files } = unpacked;
  const licences = await readFile(join(folder, 'lib/third-party-licences.txt'), 'utf8');
  const held = new Set<string>();
  for (const file of files.filter((file) => file.endsWith('.map'))) {
    const text = await readFile(join(folder, file), 'utf8');
    const { sources } = JSON.parse(text) as { sources: string[] };
    for (const source of sources) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
      if (name !== undefined) held.add(name);
    }
  }
  expect(held.size).toBeGreaterThan(4);
  const heads = [...licences.matchAll(/^(\S+) [\d.]+\S* \((?:MIT|Apache-2\.0)\)$/gm)];
  expect(heads.map(([, name]) => name)).toEqual(expect.arrayContaining([...held]));
  expect(
    licences.match(/Permission is hereby granted|Apache License/g)?.length,
  ).toBeGreaterThanOrEqual(heads.length);
});

/** SQLite is weighed where the page's first load is. */
test('what it weighs is within the budget', async ({ unpacked }) => {
  const { size } = await stat(PACKAGE);
  const library = join(unpacked.folder, 'lib');
  const sizes = await packageSizes(library, size, /\.(?:js|d\.ts)$/);
  const { table, exceeded } = sizeReport(sizes);
  console.log(table);
  expect(exceeded).toEqual([]);
  const withSignalling = sizes.filter(({ part }) => part === 'signalling');
  expect(withSignalling.map(({ file }) => file)).toEqual([expect.stringMatching(/^peerjs-/)]);
  const original = await readFile(require.resolve(WASM));
  expect(original.equals(await readFile(join(library, WASM_FILE)))).toBe(true);
});

test('publint has nothing to say', async () => {
  const tarball = new Uint8Array(await readFile(PACKAGE)).buffer;
  const { messages } = await publint({ pack: { tarball }, strict: true });
  expect(messages).toEqual([]);
});

/**
 * It is made of modules alone: a script that asks for it by `require` needs a Node that can load modules so,
 * and compilers that go by the oldest rules know no entry but the first. Workers and WebAssembly are files
 * and nothing to import.
 */
test('its types are what its scripts are', async () => {
  const data = createPackageFromTarballData(new Uint8Array(await readFile(PACKAGE)));
  const checked = await checkPackage(data, {
    excludeEntrypoints: ['./node-worker.js', './sql-worker.js', './sqlite3.wasm'],
  });
  if (!checked.types) throw new Error('It has no types.');
  const unexpected = checked.problems.filter(
    (problem) =>
      problem.kind !== 'CJSResolvesToESM' &&
      !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  );
  expect(unexpected).toEqual([]);
});

test('npm installs it offline, and nothing with it', async ({ emptyFolder: folder }) => {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const args = ['install', '--offline', ...quiet, PACKAGE];
  const environment = { npm_config_cache: join(folder, 'cache') };
  const installed = spawnSync('npm', args, {
    cwd: folder,
    env: childEnvironment(environment),
    encoding: 'utf8',
  });
  if (installed.status !== 0) throw new Error(`It does not install:\n${installed.stderr}`);
  const packages = await readdir(join(folder, 'node_modules'));
  expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['resqlite']);
});

describe('on a server', () => {
  const LOOK = `
    const known = new Set(Reflect.ownKeys(globalThis));
    const touched = [];
    for (const name of ['sessionStorage', 'localStorage', 'indexedDB', 'document', 'window', 'navigator']) {
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => { touched.push(name); return undefined; },
      });
      known.add(name);
    }
    const tell = (told) => console.log(JSON.stringify({
      added: Reflect.ownKeys(globalThis).filter((key) => !known.has(key)).map(String),
      active: process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|MessagePort|Worker/.test(name)),
      touched,
      ...told,
    }));
  `;
  const QUIET = { added: [], active: [], touched: [] };

  test('nothing happens before it is opened, which is refused', async ({ consumer, unpacked }) => {
    const entries = await entriesOf(unpacked.folder);
    // Peers may look around; they do so first.
    const main = `
      for (const peer of ${JSON.stringify(PEERS)}) await import(peer);
      ${LOOK}
      for (const entry of ${JSON.stringify(entries)}) await import(entry);
      tell({});
      delete globalThis.document;
      const { clusters, open } = await import('resqlite');
      for (const ask of [open, clusters]) {
        const { name, code, applied, message } = await ask().catch((error) => error);
        console.log(JSON.stringify({ name, code, applied, message }));
      }`;
    await consumer.write({ 'main.mjs': main });
    const refused = {
      name: 'ResqliteError',
      code: 'Unsupported',
      applied: 'no',
      message: expect.stringContaining('no page here'),
    };
    expect(lines(await consumer.node('main.mjs'))).toEqual([QUIET, refused, refused]);
  });

  test('also where it is asked for by require', async ({ consumer }) => {
    // What is experimental in the oldest Node says so.
    await consumer.write({
      'main.cjs': `${LOOK} tell({ open: typeof require('resqlite').open });`,
    });
    const printed = await consumer.node('--no-warnings', 'main.cjs');
    expect(lines(printed)).toEqual([{ ...QUIET, open: 'function' }]);
  });

  function lines(printed: string): unknown[] {
    return printed
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  }
});

describe('compilers', () => {
  const PROGRAM = `
    import { desc } from 'drizzle-orm';
    import { integer, sqliteTable } from 'drizzle-orm/sqlite-core';
    import { Kysely } from 'kysely';
    import { clusters, open, ResqliteError, type Database, type OpenOptions } from 'resqlite';
    import { drizzle } from 'resqlite/drizzle';
    import { ResqliteDialect } from 'resqlite/kysely';
    import { useLiveQuery as usePreactQuery } from 'resqlite/preact';
    import { useLiveQuery } from 'resqlite/react';
    import { SQLocal } from 'resqlite/sqlocal';

    const options: OpenOptions = { signalling: { host: 'example.org' }, assets: '/vendor/' };
    export async function main(): Promise<readonly string[]> {
      const db: Database = await open(options);
      const notes = await db.sql<{ text: string }>\`select text from note where id = \${1}\`;
      const { rows } = await db.query('select 1', [], { level: 'none' });
      const end: () => void = db.live('select 1', [], (found) => console.log(found.length));
      await db.transaction(async (tx) => tx.sql\`delete from note\`).catch((error: unknown) => {
        if (error instanceof ResqliteError && error.applied === 'unknown') throw error;
      });
      end();
      const [first] = await clusters();
      // @ts-expect-error: there is no such level
      await db.query('select 1', [], { level: 'some' });
      return [...notes.map(({ text }) => text), String(rows[0]?.[0]), first?.clusterId ?? ''];
    }

    interface Tables { note: { id: number } }
    const note = sqliteTable('note', { id: integer().notNull() });
    export async function ids(db: Database): Promise<readonly number[]> {
      const kysely = new Kysely<Tables>({ dialect: new ResqliteDialect({ database: db }) });
      const byKysely = await kysely.selectFrom('note').select('id').execute();
      const byDrizzle = await drizzle(db).select().from(note).orderBy(desc(note.id));
      const bySqlocal = await new SQLocal('notes').sql<{ id: number }>\`select id from note\`;
      const { rows: inReact = [] } = useLiveQuery<{ id: number }>(db, 'select id from note');
      const { rows: inPreact = [] } = usePreactQuery<{ id: number }>(db, 'select id from note');
      const all = [byKysely, byDrizzle, bySqlocal, inReact, inPreact];
      return all.flat().map(({ id }) => id);
    }
  `;
  /**
   * Compilers look through all libraries or none, and those of the peers take seconds and have faults of
   * their own. So what the package declares lies there once more, as sources.
   */
  const COMPILERS = [
    {
      name: 'the newest, by the rules of bundlers',
      compiler: undefined,
      rules: 'Bundler',
      files: { files: ['main.ts'], include: ['types'] },
    },
    {
      name: 'the newest, by the rules of Node',
      compiler: undefined,
      rules: 'NodeNext',
      files: { files: ['main.ts'], include: ['types'] },
    },
    // It takes seconds for Drizzle's own types.
    {
      name: 'an old one',
      compiler: ofLint.resolve('typescript/lib/tsc.js'),
      rules: 'NodeNext',
      files: { include: ['types'], exclude: ['types/drizzle.ts'] },
    },
  ] as const;

  test.for(COMPILERS)(
    '$name takes its types as they are',
    async ({ compiler, rules, files }, { consumer, unpacked }) => {
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
        target: 'ES2022',
        lib: ['ES2023', 'DOM'],
        module: rules === 'NodeNext' ? 'NodeNext' : 'ESNext',
        moduleResolution: rules,
        types: [],
      };
      const types = unpacked.files.filter((file) => file.endsWith('.d.ts'));
      expect(types.length).toBeGreaterThanOrEqual(Object.keys(ENTRIES).length);
      for (const file of types) {
        const source = `types/${basename(file, '.d.ts')}.ts`;
        await consumer.write({ [source]: await readFile(join(unpacked.folder, file), 'utf8') });
      }
      await consumer.write({
        'main.ts': PROGRAM,
        'package.json': '{ "type": "module" }',
        'tsconfig.json': JSON.stringify({ compilerOptions, ...files }),
      });
      await consumer.checkTypes(compiler);
    },
  );
});

describe('bundlers', () => {
  const UNUSED = "import { open } from 'resqlite'; import 'resqlite'; console.log(1);";

  async function sourceIn(consumer: Consumer): Promise<string> {
    await consumer.write({ 'main.js': UNUSED });
    return join(consumer.folder, 'main.js');
  }

  // It writes what the library would fetch later, which nothing names then.
  test('rolldown leaves out what is not used', async ({ consumer }) => {
    const input = await sourceIn(consumer);
    const { output } = await buildByRolldown({ input, write: false, output: { minify: true } });
    const [main] = output;
    expect(main.fileName).toBe('main.js');
    expect(main.code.trim()).toBe('console.log(1);');
  });

  test('so does esbuild', async ({ consumer }) => {
    const entryPoints = [await sourceIn(consumer)];
    const options = { bundle: true, format: 'esm', minify: true, write: false } as const;
    const { outputFiles } = await buildByEsbuild({ ...options, entryPoints, logLevel: 'silent' });
    expect(outputFiles.map(({ text }) => text.trim())).toEqual(['console.log(1);']);
  });
});
