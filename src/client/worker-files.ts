/**
 * The files that a node runs besides the page's own scripts: two workers and SQLite's WebAssembly. Bundlers
 * know where they have put them, and otherwise they lie beside the script that holds the library; whoever
 * has them elsewhere says so. Here it is made out where, and told why a worker is not there.
 */

import { failure } from '../node/errors.ts';
import { invalidArgument, ResqliteError } from './errors.ts';

/**
 * Where the library's files are, for a page whose bundler does not see to that.
 *
 * @category Opening
 */
export interface AssetOptions {
  /**
   * The folder that holds `node-worker.js`, `sql-worker.js` and `sqlite3.wasm` of the package, by an address
   * of the page's own origin, as browsers start workers from no other; relative to the page. Only for builds
   * that have no `import.meta.url`, or keep the files elsewhere than beside their script. Of the page's node,
   * by whoever opens it first.
   *
   * @example
   * ```ts no-run needs the files in that folder of the host
   * import { open } from 'resqlite';
   *
   * const db = await open({ assets: '/vendor/resqlite/' });
   * ```
   */
  readonly assets?: string | URL;
}

const FILES = ['node-worker.js', 'sql-worker.js', 'sqlite3.wasm'] as const;
type FileName = (typeof FILES)[number];

/** A folder that was told. */
export class AssetFolder {
  /** Its address. */
  readonly href: string;

  /** Throws `ResqliteError` 'InvalidArgument'. */
  constructor(assets: string | URL, pageUrl: string) {
    const text = String(assets);
    const folder = text.endsWith('/') ? text : `${text}/`;
    if (
      (typeof assets !== 'string' && !(assets instanceof URL)) ||
      !URL.canParse(folder, pageUrl)
    ) {
      throw invalidArgument('assets must be the address of a folder');
    }
    this.href = new URL(folder, pageUrl).href;
  }

  file(name: FileName): URL {
    return new URL(name, this.href);
  }
}

/** Starts workers; throws `ResqliteError` 'Internal' where the browser refuses. */
export function startedWorkers<Workers>(start: () => Workers): Workers {
  try {
    return start();
  } catch (error) {
    if (error instanceof ResqliteError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the workers of this tab could not be started: ${reason}. ${WHAT_TO_DO}`;
    throw new ResqliteError(failure('Internal', 'no', message));
  }
}

const WHAT_TO_DO =
  `The library needs ${FILES.join(', ')} of its package, from the page's own origin, beside the script ` +
  "that holds it or in the folder that open's option `assets` names; and where the page's policy demands " +
  'trusted types, one that admits them.';

/** Of a worker that told nothing when it failed: it was not even begun. */
export function notLoaded(file: FileName, folder: string): string {
  return `${file} could not be loaded from ${folder}. ${WHAT_TO_DO}`;
}
