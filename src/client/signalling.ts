/**
 * The signalling of a page's nodes, whose settings may change while they run. Links do not come about by a
 * server that is left, and do not end with it either.
 */

import type { SignallingSettings } from '../node/signalling-settings.ts';
import { checkSignalling } from './signalling-settings.ts';
import type { SignallingPort } from './tab-node.ts';

/** What runs on the page for one node. */
export interface RunningSignalling {
  use(settings: SignallingSettings): void;
  close(): void;
}

export type StartSignalling = (
  port: SignallingPort,
  settings: SignallingSettings,
) => RunningSignalling;

/** Serves the node at the other end of the port, until that ends. */
export let serveSignalling: (
  signalling: Signalling,
  port: SignallingPort,
  start: StartSignalling,
) => { close(): void };

/**
 * Signalling whose server a page changes while its database is open, such as by a settings dialog. Throws
 * `ResqliteError` 'InvalidArgument' for settings that cannot be.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, Signalling } from 'resqlite';
 *
 * const signalling = new Signalling();
 * const db = await open({ signalling });
 *
 * // Somebody has chosen another server; connections that are there stay.
 * signalling.use({ host: 'signalling.example.org' });
 * signalling.use({ port: -1 }); // throws 'InvalidArgument'
 * (await db.status()).state; // => 'running'
 * ```
 */
export class Signalling {
  readonly #running = new Set<RunningSignalling>();
  #settings: SignallingSettings;

  /**
   * Without settings it begins with the page's own origin.
   *
   * @example
   * ```ts
   * import { open, Signalling } from 'resqlite';
   *
   * const db = await open({ signalling: new Signalling({ host: 'signalling.example.org' }) });
   * (await db.status()).state; // => 'running'
   * ```
   */
  constructor(settings: SignallingSettings = {}) {
    this.#settings = checkSignalling(settings);
  }

  /**
   * From now on, also for what runs.
   *
   * @example
   * ```ts
   * import { Signalling } from 'resqlite';
   *
   * const signalling = new Signalling();
   * signalling.use({ host: 'signalling.example.org', path: '/' });
   * signalling.use({ path: 'no path' }); // throws 'InvalidArgument'
   * ```
   */
  use(settings: SignallingSettings): void {
    this.#settings = checkSignalling(settings);
    for (const running of this.#running) running.use(this.#settings);
  }

  static {
    serveSignalling = (signalling, port, start) => {
      const running = start(port, signalling.#settings);
      signalling.#running.add(running);
      return {
        close: () => {
          signalling.#running.delete(running);
          running.close();
        },
      };
    };
  }
}
