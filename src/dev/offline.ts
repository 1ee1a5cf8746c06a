/**
 * Makes the built page one that can be installed and that loads without its server: a vite plugin
 * that puts out the service worker as `sw.js`, with the list of what it is to keep, which is all that
 * the page itself needs, and names the version of the build in the page.
 *
 * The service worker (src/service-worker.ts) is one file without imports; only its types are taken
 * off. The version is a digest of everything that was built, so that the same sources give the same
 * version, and none has to be raised by hand. Development servers have neither.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { transformWithOxc, type HtmlTagDescriptor, type Plugin } from 'vite';

const SOURCE = 'src/service-worker.ts';
const OUTPUT = 'sw.js';
const SHELL = 'index.html';
const HEAD_END = '</head>';
const VERSION_CHARACTERS = 16;
/**
 * What the page gets from its server each time: what only a benchmark loads, which brings a second
 * SQLite, scripts that come with SQLite and that nobody loads, and the sandbox, a frame of another
 * origin, whose requests no service worker sees. By how their names begin.
 */
const NOT_KEPT = [
  'assets/raw-worker-',
  'assets/floor-worker-',
  'assets/channel-worker-',
  'assets/sqlite3-worker1-',
  'assets/sqlite3-opfs-async-proxy-',
  'sandbox.html',
];

type Content = string | Uint8Array;

export function offline(): Plugin {
  let root = '';
  let publicFolder = '';
  return {
    name: 'resqlite:offline',
    apply: ({ build }, { command }) => command === 'build' && build?.ssr === undefined,
    configResolved: (config) => {
      root = config.root;
      publicFolder = config.publicDir;
    },
    transformIndexHtml: () => [
      link('manifest', 'manifest.webmanifest'),
      link('apple-touch-icon', 'apple-touch-icon.png'),
    ],
    generateBundle: {
      // Behind vite's own, which makes the page.
      order: 'post',
      async handler(_options, bundle) {
        const shell = bundle[SHELL];
        if (shell?.type !== 'asset') throw new Error(`The build has no ${SHELL}.`);
        const built = Object.values(bundle).map((file): [string, Content] => [
          file.fileName,
          file.type === 'chunk' ? file.code : file.source,
        ]);
        const files = [...built, ...publicFiles(publicFolder)]
          .filter(([name]) => !name.endsWith('.map'))
          .toSorted(([a], [b]) => (a < b ? -1 : 1));
        const source = readFileSync(join(root, SOURCE), 'utf8');
        const version = versionOf([...files, [OUTPUT, source]]);
        shell.source = withVersion(shell.source.toString(), version);
        this.emitFile({
          type: 'asset',
          fileName: OUTPUT,
          source: await serviceWorker(source, {
            version,
            files: keptOf(files.map(([name]) => name)),
          }),
        });
      },
    },
  };
}

function link(rel: string, href: string): HtmlTagDescriptor {
  return { tag: 'link', attrs: { rel, href }, injectTo: 'head' };
}

/** What vite copies as it is. */
function publicFiles(folder: string): [string, Content][] {
  if (folder === '') return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path)]);
}

/** Throws where something that is not to be kept goes by another name by now. */
export function keptOf(files: readonly string[]): string[] {
  const gone = NOT_KEPT.filter((start) => !files.some((name) => name.startsWith(start)));
  if (gone.length > 0) throw new Error(`The build has no ${gone.join(', ')}.`);
  return files.filter((name) => !NOT_KEPT.some((start) => name.startsWith(start)));
}

function versionOf(files: readonly [string, Content][]): string {
  const digest = createHash('sha256');
  for (const [name, content] of files) {
    digest.update(`${name}\0${createHash('sha256').update(content).digest('hex')}\0`);
  }
  return digest.digest('hex').slice(0, VERSION_CHARACTERS);
}

function withVersion(html: string, version: string): string {
  if (!html.includes(HEAD_END)) throw new Error(`The page has no ${HEAD_END}.`);
  return html.replace(HEAD_END, `  <meta name="version" content="${version}" />\n  ${HEAD_END}`);
}

/** The worker's script, behind what it knows as BUILD. */
async function serviceWorker(
  source: string,
  build: { readonly version: string; readonly files: readonly string[] },
): Promise<string> {
  const { code } = await transformWithOxc(source, SOURCE, { sourcemap: false });
  return `const BUILD = ${JSON.stringify(build)};\n${code}`;
}
