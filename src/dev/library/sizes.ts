/**
 * What the package weighs, as hosts send its files (packed by brotli), and what it may weigh by the budget.
 * What counts most is the page's part: what a page loads of it until its first query, beside the workers
 * and SQLite. Where it has a signalling server it also fetches what talks to that, which is a part of its own.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';

import { LIBRARY_BYTES } from '../../bench/budget.ts';
import { ENTRIES, SIGNALLING_NAME, WASM_FILE, WORKERS } from './contents.ts';

const brotli = promisify(brotliCompress);

type Part = keyof typeof LIBRARY_BYTES;

interface Sized {
  readonly part: Part;
  readonly file: string;
  readonly bytes: number;
}

const TITLES: Readonly<Record<Part, string>> = {
  page: 'what a page begins with',
  signalling: 'with signalling, what it fetches at once besides',
  late: 'what it fetches when it is first needed',
  adapters: 'other entries',
  nodeWorker: 'node worker',
  sqlWorker: 'SQL worker',
  wasm: 'SQLite',
  types: 'types',
  tarball: 'the package as npm packs it, source maps included',
};
const STATIC_IMPORT = /(?:\bfrom|\bimport) ?["']\.\/(?<file>[^"']+)["']/g;

/** Of the files in a folder as `npm run library` makes it; to pack a file takes up to seconds. */
export async function packageSizes(
  folder: string,
  tarballBytes: number,
  files = /\.(?:js|d\.ts|wasm)$/,
): Promise<Sized[]> {
  const weighed = (await readdir(folder)).filter((file) => files.test(file));
  const begun = await staticallyImported(folder, `${Object.keys(ENTRIES)[0]}.js`);
  const sized = weighed.map(async (file) => ({
    part: partOf(file, begun),
    file,
    bytes: (await brotli(await readFile(join(folder, file)))).length,
  }));
  return [...(await Promise.all(sized)), { part: 'tarball', file: '', bytes: tarballBytes }];
}

/** The table of the parts that were weighed, and those of them that are above their bounds. */
export function sizeReport(sizes: readonly Sized[]): { table: string; exceeded: Part[] } {
  const weighed = new Set(sizes.map(({ part }) => part));
  const parts = (Object.keys(LIBRARY_BYTES) as Part[]).filter((part) => weighed.has(part));
  const sums = parts.map((part) => {
    const files = sizes.filter((size) => size.part === part);
    return { part, files, bytes: files.reduce((total, { bytes }) => total + bytes, 0) };
  });
  const lines = sums.flatMap(({ part, files, bytes }) => [
    line(bytes, `${TITLES[part]}, of at most ${LIBRARY_BYTES[part]}`),
    ...(files.length > 1 ? files.map((one) => line(one.bytes, `  ${one.file}`)) : []),
  ]);
  return {
    table: ['Bytes of the package, packed by brotli:', ...lines].join('\n'),
    exceeded: sums.filter(({ part, bytes }) => bytes > LIBRARY_BYTES[part]).map(({ part }) => part),
  };
}

function line(bytes: number, text: string): string {
  return `${String(bytes).padStart(9)}  ${text}`;
}

function partOf(file: string, begun: ReadonlySet<string>): Part {
  if (file === WASM_FILE) return 'wasm';
  if (file.endsWith('.d.ts')) return 'types';
  const name = file.replace(/\.js$/, '');
  if (WORKERS.includes(name)) return name === 'node-worker' ? 'nodeWorker' : 'sqlWorker';
  if (begun.has(file)) return 'page';
  if (name.startsWith(`${SIGNALLING_NAME}-`)) return 'signalling';
  return name in ENTRIES ? 'adapters' : 'late';
}

/** The file, and what is loaded with it. */
async function staticallyImported(folder: string, file: string): Promise<Set<string>> {
  const found = new Set([file]);
  for (const one of found) {
    const code = await readFile(join(folder, one), 'utf8');
    for (const { groups } of code.matchAll(STATIC_IMPORT)) found.add(groups?.['file'] ?? one);
  }
  return found;
}
