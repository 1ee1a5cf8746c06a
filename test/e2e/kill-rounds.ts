/**
 * A whole browser with three tabs is killed while they write, and started twice: what a torn record
 * of IndexedDB's log does to it shows at the second start, when Chromium deletes everything. After
 * each start every acknowledged row has to be there, in every tab, once. A round may tear the log by
 * hand while no browser runs; else whatever the kill left behind is what the starts find.
 */

import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { openCluster, type Cluster } from './harness.ts';
import { tearIndexedDb } from './leveldb.ts';
import { Load } from './load.ts';
import type { PageServer } from './server.ts';
import type { Tab } from './tab.ts';

const WRITES_BEFORE_KILL = 100;

export interface KillFigures {
  readonly kills: number;
  /** Those behind which the log was torn by hand. */
  readonly torn: number;
  /** Starts at which IndexedDB was found wiped. */
  readonly wipes: number;
  /** Logs of nodes that were mended from their twin. */
  readonly repairedLogs: number;
  readonly acknowledged: number;
}

export class KillRounds {
  /** Those of the last start. */
  tabs: readonly Tab[];
  readonly #browser: Browser;
  readonly #server: PageServer;
  readonly #load: Load;
  #kills = 0;
  #torn = 0;
  #wipes = 0;
  #repairedLogs = 0;

  private constructor(
    browser: Browser,
    server: PageServer,
    { tabs, load }: { tabs: readonly Tab[]; load: Load },
  ) {
    this.#browser = browser;
    this.#server = server;
    this.tabs = tabs;
    this.#load = load;
  }

  static async begin({ browser, tabs }: Cluster, server: PageServer): Promise<KillRounds> {
    return new KillRounds(browser, server, { tabs, load: await Load.start(tabs) });
  }

  async strike(how: 'plain' | 'torn'): Promise<void> {
    if (this.#kills > 0) this.#load.resume(this.tabs);
    await this.#load.progress(WRITES_BEFORE_KILL);
    await this.#browser.kill();
    await this.#load.end();
    this.#kills += 1;
    if (how === 'torn') {
      expect(await tearIndexedDb(this.#browser.profile, this.#server.port)).toBe(true);
      this.#torn += 1;
    }
    // This start reads up to what is torn, and goes on writing behind it.
    await this.#restart();
    const key = `behind kill ${this.#kills}`;
    await this.tabs[0]?.db(
      (db, params) => db.execute({ sql: 'insert into load values (?)', params }),
      [key],
    );
    this.#load.wroteElsewhere(key);
    await this.#browser.quit();
    // This one finds it in the middle.
    await this.#restart();
  }

  figures(): KillFigures {
    return {
      kills: this.#kills,
      torn: this.#torn,
      wipes: this.#wipes,
      repairedLogs: this.#repairedLogs,
      acknowledged: this.#load.acknowledged,
    };
  }

  async #restart(): Promise<void> {
    await this.#browser.start();
    this.tabs = await openCluster(this.#browser, this.#server.url);
    let repaired = 0;
    for (const tab of this.tabs) {
      await this.#load.check(tab);
      const { storage } = await tab.status();
      expect(storage).toMatchObject({ state: 'ok', replacedNodeId: null });
      if (storage.repaired === 'indexeddb' || storage.repaired === 'both') repaired += 1;
    }
    this.#repairedLogs += repaired;
    if (repaired === this.tabs.length) this.#wipes += 1;
  }
}
