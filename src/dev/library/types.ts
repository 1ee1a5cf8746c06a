/** The types of the package: what TypeScript told of the sources (`tsc -b`), one file an entry. */

import { join } from 'node:path';

import { rollup, type Plugin } from 'rollup';
import { dts } from 'rollup-plugin-dts';

import { ENTRIES, FOLDER, PEERS } from './contents.ts';

const DECLARATIONS = 'node_modules/.cache/tsc';

/** In front of a declaration file: what the source file is, which is nothing that its users look for. */
const FILE_COMMENT = /^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?=import|declare|\/\*\*)/;

/** Declarations name each other as sources do. */
function declarationsBeside(): Plugin {
  return {
    name: 'resqlite:declarations',
    resolveId: (id, importer) =>
      importer !== undefined && id.startsWith('.')
        ? join(importer, '..', id.replace(/\.tsx?$/, '.d.ts'))
        : null,
    transform: (code) => ({ code: code.replace(FILE_COMMENT, ''), map: null }),
  };
}

export async function buildTypes(): Promise<void> {
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [name, join(DECLARATIONS, `${file}.d.ts`)]),
  );
  const bundle = await rollup({ input, external: PEERS, plugins: [declarationsBeside(), dts()] });
  await bundle.write({
    dir: FOLDER,
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `${name.replace(/\.d$/, '')}-[hash].d.ts`,
  });
  await bundle.close();
}
