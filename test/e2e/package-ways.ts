/**
 * The ways by which others put the library into their pages, each with a page of its own that is built and
 * served: by every bundler as it comes, and by none.
 */

import { createRequire } from 'node:module';

import { modulePage, pageOf, type Consumer, type Consumers, type Files } from './consumer.ts';

/** What the library's documentation says that a page with trusted types needs. */
const ADMIT_WORKERS = `
const folder = new URL('./', document.baseURI).href;
window.trustedTypes?.createPolicy('default', {
  createScriptURL: (url) => (new URL(url, document.baseURI).href.startsWith(folder) ? url : null),
});
`;
/** The least that the library works under. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  // The icon is the page's own affair.
  'img-src data:',
  "require-trusted-types-for 'script'",
  'trusted-types default',
].join('; ');

const require = createRequire(import.meta.url);
const THREE_FILES = ['node-worker.js', 'sql-worker.js', 'sqlite3.wasm'];
const LIBRARY = 'node_modules/resqlite/lib';

/** What it came to is `window.outcome`. */
function program(from = 'resqlite', options = '', before = ''): string {
  return `
import { open } from '${from}';
${before}
async function main() {
  const db = await open(${options});
  await db.execute('create table if not exists visit (at text default current_timestamp)');
  await db.sql\`insert into visit default values\`;
  const [{ visits }] = await db.sql\`select count(*) as visits from visit\`;
  const doubled = await db.transaction(async (tx) => {
    const { rows } = await tx.query('select 2 * count(*) from visit');
    return rows[0][0];
  });
  const { rows } = await db.importCsv('fruit', 'name\\npear\\nplum\\n');
  const csv = await (await db.exportCsv('select name from fruit limit 1')).text();
  return { visits, doubled, rows, csv };
}
main()
  .catch((error) => ({ error: String(error) }))
  .then((outcome) => {
    window.outcome = outcome;
  });
`;
}

const TITLE = "Somebody's page";
const MODULE = modulePage(TITLE);
const BUNDLE = pageOf(TITLE, '<script defer src="./main.js"></script>');

async function viteDev(consumers: Consumers): Promise<string> {
  const consumer = await consumers.create({ 'index.html': MODULE, 'main.js': program() });
  return (await consumers.develop(consumer)).url;
}

/** At the root of a host that has a signalling server, too. */
async function viteBuild(consumers: Consumers): Promise<string> {
  const main = program('resqlite', '{ signalling: {} }');
  const consumer = await consumers.create({ 'index.html': MODULE, 'main.js': main });
  return (await consumers.serve(await consumer.build())).url;
}

/**
 * Its hints are about sizes, and SQLite is as large as it is. To make it smaller takes longer than all else
 * here, and what that makes of it is no affair of the library's.
 */
const WEBPACK = `
  const options = {
    mode: 'production',
    context: __dirname,
    entry: './main.mjs',
    performance: { hints: false },
    optimization: { minimize: false },
  };
  require(${JSON.stringify(require.resolve('webpack'))})(options, (error, stats) => {
    if (error !== null) throw error;
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
  });
`;

async function webpack(consumers: Consumers): Promise<string> {
  const files = { 'dist/index.html': BUNDLE, 'main.mjs': program(), 'build.cjs': WEBPACK };
  const consumer = await consumers.create(files);
  await consumer.node('build.cjs');
  return (await consumers.host(`${consumer.folder}/dist`)).url;
}

/** Of a host that calls WebAssembly something else. */
async function esbuild(consumers: Consumers): Promise<string> {
  const consumer = await esbuildConsumer(
    consumers,
    { 'dist/index.html': MODULE, 'main.js': program() },
    { format: 'esm', splitting: true, outdir: 'dist' },
  );
  await copyThreeFiles(consumer, 'dist');
  const types = { '.wasm': 'text/plain' };
  return (await consumers.host(`${consumer.folder}/dist`, { types })).url;
}

/** One script, which does not know where it is. */
async function esbuildScript(consumers: Consumers): Promise<string> {
  const consumer = await esbuildConsumer(
    consumers,
    { 'dist/index.html': BUNDLE, 'main.js': program('resqlite', "{ assets: 'vendor' }") },
    // It warns that there is no import.meta.
    { format: 'iife', outfile: 'dist/main.js', logLevel: 'error' },
  );
  await copyThreeFiles(consumer, 'dist/vendor');
  return (await consumers.host(`${consumer.folder}/dist`)).url;
}

const ESBUILD = JSON.stringify(require.resolve('esbuild'));

async function esbuildConsumer(
  consumers: Consumers,
  files: Files,
  options: Readonly<Record<string, unknown>>,
): Promise<Consumer> {
  const all = { entryPoints: ['main.js'], bundle: true, minify: true, ...options };
  const build = `require(${ESBUILD}).buildSync(${JSON.stringify(all)});`;
  const consumer = await consumers.create({ ...files, 'build.cjs': build });
  await consumer.node('build.cjs');
  return consumer;
}

async function copyThreeFiles(consumer: Consumer, folder: string): Promise<void> {
  const copies = THREE_FILES.map((file) => [`${LIBRARY}/${file}`, `${folder}/${file}`]);
  await consumer.node(
    '-e',
    `for (const [from, to] of ${JSON.stringify(copies)}) require('fs').cpSync(from, to);`,
  );
}

/** Of a page below a path of its host that may not compile WebAssembly itself, so that its worker has to. */
async function importMap(consumers: Consumers): Promise<string> {
  const imports = JSON.stringify({ imports: { resqlite: `./${LIBRARY}/resqlite.js` } });
  const scripts = `
    <script>WebAssembly.compile = WebAssembly.compileStreaming = async () => { throw new Error('no'); };</script>
    <script type="importmap">${imports}</script>
    <script type="module" src="./main.js"></script>`;
  const consumer = await consumers.create({
    'index.html': pageOf(TITLE, scripts),
    'main.js': program(),
  });
  return (await consumers.host(consumer.folder, { path: '/some/where/' })).url;
}

/** Under the strictest policy. */
async function relativeUrl(consumers: Consumers): Promise<string> {
  const consumer = await consumers.create({
    'index.html': MODULE,
    'main.js': program(`./${LIBRARY}/resqlite.js`, '', ADMIT_WORKERS),
  });
  const headers = { 'Content-Security-Policy': POLICY };
  return (await consumers.host(consumer.folder, { headers })).url;
}

/** Of opens that cannot work, each with what is told of it. */
export async function failingPage(consumers: Consumers, otherUrl: string): Promise<string> {
  const assets = ['/nowhere', otherUrl, 'http://'];
  const main = `
    import { open } from './${LIBRARY}/resqlite.js';

    const outcome = [];
    for (const assets of ${JSON.stringify(assets)}) {
      const db = await open({ assets }).catch((error) => error);
      outcome.push({ code: db.code, applied: db.applied, message: db.message });
    }
    window.outcome = outcome;
  `;
  const consumer = await consumers.create({ 'index.html': MODULE, 'main.js': main });
  return (await consumers.host(consumer.folder)).url;
}

/** Each answers its page's address. */
export const WAYS = {
  'vite, in development, with nothing optimized yet': viteDev,
  'vite, built, beside a signalling server': viteBuild,
  'webpack, for production': webpack,
  'esbuild, with three files copied, on a host with a wrong type for WebAssembly': esbuild,
  'esbuild, into a plain script, with the three files in a folder': esbuildScript,
  'no bundler, by an import map, where only the worker may compile SQLite': importMap,
  'no bundler, by a relative address, under the strictest policy': relativeUrl,
} as const;

export type Way = keyof typeof WAYS;
