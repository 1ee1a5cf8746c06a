/**
 * A database that is open while somebody subscribes, as a store. Each subscription has a handle of its own of
 * the page's one node; it is given back in a later task, so that who goes and comes back at once (React's
 * StrictMode, hot reload, another view) finds the node still running.
 */

import { open, type Database, type OpenOptions, type ResqliteError } from '../client/resqlite.ts';
import { ExternalStore } from './external-store.ts';

/**
 * A database that is being opened; at most one of both is there.
 *
 * @example
 * ```ts
 * import type { Opened } from 'resqlite/react';
 *
 * function describe({ database, error }: Opened): string {
 *   return error?.message ?? (database === undefined ? 'opening' : 'open');
 * }
 *
 * describe({ database: undefined, error: undefined }); // => 'opening'
 * ```
 */
export interface Opened {
  /** Undefined until it is open. */
  readonly database: Database | undefined;
  /** Why it cannot be opened: what `open` rejects with. */
  readonly error: ResqliteError | undefined;
}

const NOT_YET: Opened = { database: undefined, error: undefined };

export class Opening {
  readonly result: ExternalStore<Opened>;
  readonly #cluster: string | null;

  /** `openDatabase` is the library's. */
  constructor(
    options: OpenOptions,
    openDatabase: (options: OpenOptions) => Promise<Database> = open,
  ) {
    this.#cluster = nameOf(options);
    this.result = new ExternalStore(NOT_YET, (tell) => {
      let close = begin(options, openDatabase, tell);
      // The node of a page that the browser had put aside has ended.
      const onShow = ({ persisted }: PageTransitionEvent): void => {
        if (!persisted) return;
        close();
        close = begin(options, openDatabase, tell);
      };
      addEventListener('pageshow', onShow);
      return () => {
        removeEventListener('pageshow', onShow);
        close();
      };
    });
  }

  /** Whether it opens the cluster that these ask for. */
  opens(options: OpenOptions): boolean {
    return nameOf(options) === this.#cluster;
  }
}

function nameOf({ cluster = null }: OpenOptions): string | null {
  return cluster === null ? null : String(cluster);
}

/** The answer gives it back. */
function begin(
  options: OpenOptions,
  openDatabase: (options: OpenOptions) => Promise<Database>,
  tell: (opened: Opened) => void,
): () => void {
  let isOver = false;
  const opening = openDatabase(options);
  const tellUnlessOver = (opened: Opened): void => {
    if (!isOver) tell(opened);
  };
  opening.then(
    (database) => tellUnlessOver({ database, error: undefined }),
    (error: ResqliteError) => tellUnlessOver({ database: undefined, error }),
  );
  return () => {
    isOver = true;
    tell(NOT_YET);
    opening.then(closeLater, () => undefined);
  };
}

function closeLater(database: Database): void {
  setTimeout(() => database.close().catch((error: unknown) => reportError(error)), 0);
}
