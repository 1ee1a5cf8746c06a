/**
 * The scripts of the package. The page's half is one build, so that its entries share what they have in
 * common; each worker is a build of its own, as one that shared files with the page would wait for more of
 * them. Nothing of it imports a package, but for those that a program that uses the entry has anyway, so
 * that it runs from a plain script as well.
 *
 * Workers and SQLite's WebAssembly lie beside the entries, and are named by `new URL('./…', import.meta.url)`,
 * which bundlers look for and browsers understand. Nothing is looked up before it is needed, since a bundle
 * of another format has no `import.meta.url`.
 */

import { build, type Plugin } from 'rolldown';

import { leanPeerJs } from '../lean-peerjs.ts';
import { leanSqlite } from '../lean-sqlite.ts';
import { FOLDER, PEERS, SIGNALLING_NAME, WASM, WASM_FILE } from './contents.ts';
import { packageOf } from './licences.ts';

const WASM_URL = `new URL('./${WASM_FILE}', import.meta.url).href`;

/** How sources name what lies beside the entries in the package. */
const BESIDE: readonly { readonly file: RegExp; readonly named: RegExp; readonly as: string }[] = [
  {
    file: /\/client\/open\.ts$/,
    named: /new URL\(\s*'\.\.\/([\w-]+)\.ts'/g,
    as: "new URL('./$1.js'",
  },
  {
    file: /\/client\/sqlite-module\.ts$/,
    named: new RegExp(`import wasmUrl from '${WASM}\\?url';`, 'g'),
    as: '',
  },
  { file: /\/client\/sqlite-module\.ts$/, named: /\bwasmUrl\b/g, as: WASM_URL },
];

/** What a page begins with is one file, and what is fetched later finds there what they have in common. */
const BEGUN = { name: 'resqlite', test: /\/src\/client\/resqlite\.ts$/ };
/** What a page fetches besides that has links over a signalling server. */
const SIGNALLING = { name: SIGNALLING_NAME, test: /[/\\]node_modules[/\\]peerjs[/\\]/ };

/** Minified, a literal is a template, which not every bundler takes for an address. */
const TEMPLATE_URL = /new URL\(`([^`$\\]*)`,import\.meta\.url\)/g;

/** Lines stay as they are, and so does what source maps say. */
function filesBeside(): Plugin {
  return {
    name: 'resqlite:files-beside',
    transform: (code, id) => {
      const changes = BESIDE.filter(({ file }) => file.test(id));
      if (changes.length === 0) return null;
      const changed = changes.reduce((text, { named, as }) => {
        if (text.search(named) === -1) throw new Error(`${id} names no file by ${named.source}.`);
        return text.replaceAll(named, as);
      }, code);
      return { code: changed, map: null };
    },
    generateBundle: (_options, bundle) => {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        file.code = file.code.replaceAll(TEMPLATE_URL, 'new URL("$1",import.meta.url)');
      }
    },
  };
}

/** Writes them; answers the folders of the packages that are part of them. */
export async function buildScripts(input: Record<string, string>, banner = ''): Promise<string[]> {
  const { output } = await build({
    input,
    external: PEERS,
    platform: 'browser',
    // On a busy machine everything is slow.
    checks: { bundlerTimings: false },
    plugins: [leanSqlite() as Plugin, leanPeerJs() as Plugin, filesBeside()],
    transform: { target: 'es2023' },
    output: {
      dir: FOLDER,
      format: 'es',
      sourcemap: true,
      banner,
      minify: true,
      chunkFileNames: '[name]-[hash].js',
      codeSplitting: { groups: [BEGUN, SIGNALLING] },
    },
  });
  const modules = output.flatMap((file) =>
    file.type === 'chunk' ? Object.entries(file.modules) : [],
  );
  return modules
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([id]) => packageOf(id))
    .filter((folder) => folder !== null);
}
