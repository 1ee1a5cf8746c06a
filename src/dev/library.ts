/**
 * `npm run library`: builds what the package holds into `lib`. The page's half is one build, so that its
 * entries share what they have in common; each worker is a build of its own, as one that shared files with
 * the page would wait for more of them. Nothing of it imports a package, but for those that a program that
 * uses the entry has anyway, so that it runs from a plain script as well.
 *
 * Workers and SQLite's WebAssembly lie beside the entries, and are named by `new URL('./…', import.meta.url)`,
 * which bundlers look for and browsers understand. What TypeScript told of the sources (`tsc -b`) becomes one
 * file of types an entry.
 */

import { copyFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

import { build, type Plugin } from 'rolldown';
import { rollup, type Plugin as TypesPlugin } from 'rollup';
import { dts } from 'rollup-plugin-dts';

import { leanPeerJs } from './lean-peerjs.ts';
import { leanSqlite } from './lean-sqlite.ts';

const FOLDER = 'lib';
const DECLARATIONS = 'node_modules/.cache/tsc';

/** By their names in the package. */
const ENTRIES: Readonly<Record<string, string>> = {
  drizzle: 'integrations/drizzle',
  kysely: 'integrations/kysely',
  resqlite: 'client/resqlite',
  sqlocal: 'integrations/sqlocal',
};
const WORKERS: readonly string[] = ['node-worker', 'sql-worker'];
const WASM = '@sqlite.org/sqlite-wasm/sqlite3.wasm';
const WASM_FILE = basename(WASM);
/** Of whoever uses the entry. */
const PEERS = /^(?:drizzle-orm|kysely|preact|react)(?:\/|$)/;

const WORKER_URL = /new URL\(\s*'\.\.\/(?<name>[\w-]+)\.ts'/g;
const WASM_MODULE = '\0resqlite:wasm';

/** Workers are files beside the entry. */
function workersBeside(): Plugin {
  return {
    name: 'resqlite:workers-beside',
    transform: (code, id) =>
      id.endsWith('/client/open.ts')
        ? { code: code.replaceAll(WORKER_URL, "new URL('./$<name>.js'"), map: null }
        : null,
  };
}

/** So is the WebAssembly module. */
function wasmBeside(): Plugin {
  return {
    name: 'resqlite:wasm-beside',
    resolveId: (id) => (id === `${WASM}?url` ? WASM_MODULE : null),
    load: (id) =>
      id === WASM_MODULE ? `export default new URL('./${WASM_FILE}', import.meta.url).href;` : null,
  };
}

async function buildScripts(input: Record<string, string>): Promise<void> {
  await build({
    input,
    external: PEERS,
    platform: 'browser',
    plugins: [leanSqlite() as Plugin, leanPeerJs() as Plugin, workersBeside(), wasmBeside()],
    transform: { target: 'es2023' },
    output: {
      dir: FOLDER,
      format: 'es',
      sourcemap: true,
      minify: true,
      chunkFileNames: '[name]-[hash].js',
    },
  });
}

/** Declarations name each other as sources do. */
function declarationsBeside(): TypesPlugin {
  return {
    name: 'resqlite:declarations',
    resolveId: (id, importer) =>
      importer !== undefined && id.startsWith('.')
        ? join(importer, '..', id.replace(/\.ts$/, '.d.ts'))
        : null,
  };
}

async function buildTypes(): Promise<void> {
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [name, join(DECLARATIONS, `${file}.d.ts`)]),
  );
  const bundle = await rollup({ input, external: PEERS, plugins: [declarationsBeside(), dts()] });
  await bundle.write({ dir: FOLDER, format: 'es', entryFileNames: '[name].d.ts' });
  await bundle.close();
}

await rm(FOLDER, { recursive: true, force: true });
await buildScripts(
  Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, `src/${file}.ts`])),
);
for (const worker of WORKERS) await buildScripts({ [worker]: `src/${worker}.ts` });
await copyFile(createRequire(import.meta.url).resolve(WASM), join(FOLDER, WASM_FILE));
await buildTypes();
