/** Builds what the package holds; the same sources give the same bytes. */

import { copyFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { ENTRIES, FOLDER, WASM, WASM_FILE, WORKERS } from './contents.ts';
import { writeLicences } from './licences.ts';
import { buildScripts } from './scripts.ts';
import { buildTypes } from './types.ts';

/** In the project's folder, behind `tsc -b`. */
export async function buildLibrary(): Promise<void> {
  await rm(FOLDER, { recursive: true, force: true });
  const entries = Object.entries(ENTRIES).map(([name, file]) => [name, `src/${file}.ts`]);
  const builds = await Promise.all([
    buildScripts(Object.fromEntries(entries)),
    // A worker has nothing to export, and is a module all the same: so tools see it.
    ...WORKERS.map((worker) => buildScripts({ [worker]: `src/${worker}.ts` }, 'export {};')),
  ]);
  await writeLicences(builds.flat());
  await copyFile(createRequire(import.meta.url).resolve(WASM), join(FOLDER, WASM_FILE));
  await buildTypes();
}
