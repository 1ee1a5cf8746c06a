/**
 * The signalling of all nodes of a page, whose settings may change while they run (page only). Links do
 * not come about by a server that is left, and do not end with it either.
 */

import type { SignallingSettings } from '../node/signalling-settings.ts';
import type { PagePort } from './signalling-protocol.ts';
import { startSignalling, type Signalling } from './signalling.ts';

export class SignallingSource {
  readonly #running = new Set<Signalling>();
  #settings: SignallingSettings = {};

  /** Serves the mesh at the other end of `port`. */
  start(port: PagePort): { close(): void } {
    const signalling = startSignalling(port, this.#settings);
    this.#running.add(signalling);
    return {
      close: () => {
        this.#running.delete(signalling);
        signalling.close();
      },
    };
  }

  /** From now on, also for what runs. */
  use(settings: SignallingSettings): void {
    this.#settings = settings;
    for (const signalling of this.#running) signalling.use(settings);
  }
}
