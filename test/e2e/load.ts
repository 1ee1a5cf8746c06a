/**
 * Writers that go on until their tabs die, and remember what was acknowledged to them: the measure
 * of whether anything was lost. Remembering happens here, outside the browser.
 */

import { expect } from 'vitest';

import { pause } from '../nemesis/pause.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const WRITERS_PER_TAB = 4;
/** Between two writes of a writer: browsers, faults and other tests share the machine. */
const PACE_MS = 150;
/** Where it is enough that writes go on. */
export const SLOW_PACE_MS = 500;
const PROGRESS_TIMEOUT_MS = 30_000;

export class Load {
  readonly #attempted = new Set<string>();
  readonly #acknowledged = new Set<string>();
  #writers: Promise<void>[] = [];
  #ended = true;
  #names = 0;
  readonly #paceMs: number;

  private constructor(paceMs: number) {
    this.#paceMs = paceMs;
  }

  /** Makes the table and starts writing through every tab. */
  static async start(tabs: readonly Tab[], paceMs = PACE_MS): Promise<Load> {
    await tabs[0]?.db((db) => db.execute('create table load (key text)'));
    const load = new Load(paceMs);
    load.resume(tabs);
    return load;
  }

  /** Starts writing again, through tabs that came in place of the former. */
  resume(tabs: readonly Tab[]): void {
    if (!this.#ended) throw new Error('The former writers go on.');
    this.#ended = false;
    this.#writers = [];
    for (const tab of tabs) this.join(tab);
  }

  /** Writes through one more tab, or again through one whose page was loaded anew. */
  join(tab: Tab): void {
    for (let count = 0; count < WRITERS_PER_TAB; count += 1) {
      this.#names += 1;
      this.#writers.push(this.#write(tab, String(this.#names)));
    }
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** A row that the test itself wrote into the table, and that was acknowledged. */
  wroteElsewhere(key: string): void {
    this.#attempted.add(key);
    this.#acknowledged.add(key);
  }

  /** Waits until so many more writes were acknowledged. */
  async progress(count: number): Promise<void> {
    const target = this.#acknowledged.size + count;
    await waitFor(`${count} writes`, PROGRESS_TIMEOUT_MS, () => this.#acknowledged.size >= target);
  }

  /** Ends the writers, once each has had its answer or its tab's death. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#writers);
  }

  /** Every acknowledged row is there once, and none that nobody wrote. */
  async check(tab: Tab): Promise<void> {
    const found = (await tab.rows('select key from load')).map(([key]) => String(key));
    expect(this.#acknowledged.size).toBeGreaterThan(0);
    const there = new Set(found);
    expect([...this.#acknowledged].filter((key) => !there.has(key))).toEqual([]);
    expect(found.filter((key) => !this.#attempted.has(key))).toEqual([]);
    expect(there.size).toBe(found.length);
  }

  async #write(tab: Tab, name: string): Promise<void> {
    for (let count = 1; !this.#ended; count += 1) {
      const key = `${name}.${count}`;
      this.#attempted.add(key);
      try {
        await tab.db(
          (db, params) => db.execute({ sql: 'insert into load values (?)', params }),
          [key],
        );
      } catch {
        return; // The tab is gone, which is what such a test is about; `check` has the last word.
      }
      this.#acknowledged.add(key);
      await pause(this.#paceMs);
    }
  }
}
