/**
 * Draws faults from a seed and strikes with them, two at a time, until its time is up. Kinds come in
 * rounds, each round in an order of its own, so that every kind comes up; where each strikes and how
 * long it lasts is drawn as well. A browser has one fault at a time. A destructive one begins while
 * nothing else goes on, and only where `Fleet.canLose` allows it.
 *
 * The seed gives the draws. What they meet depends on the browsers, so a seed does not reproduce a run
 * to the letter; the account tells what struck when.
 */

import type { Random } from '../../src/simulation/random.ts';
import { FAULT_KINDS, type FaultKind, type FaultName, type Place } from './fault-kinds.ts';
import type { Fleet, Home } from './fleet.ts';
import type { ListLoad } from './list-load.ts';
import { pause } from './pause.ts';

const AT_ONCE = 2;
const SHORTEST_MS = 1_000;
const LONGEST_MS = 6_000;
/** Between two faults. */
const REST_MS = 1_500;
const PATIENCE_MS = 250;

export class Nemesis {
  /** How often each kind struck. */
  readonly struck = new Map<FaultName, number>();
  /** What happened when, a line each. */
  readonly account: string[] = [];
  readonly #fleet: Fleet;
  readonly #load: ListLoad;
  readonly #random: Random;
  readonly #beganAtMs = performance.now();
  /** Homes that have a fault; null: the server has one. */
  readonly #busy = new Map<Home | null, Promise<void>>();
  #round: FaultKind[] = [];
  #failure: unknown = null;

  constructor(fleet: Fleet, load: ListLoad, random: Random) {
    this.#fleet = fleet;
    this.#load = load;
    this.#random = random;
  }

  /** Ends when every fault is made good. Rejects with the first that could not be. */
  async strikeFor(lengthMs: number): Promise<void> {
    const deadlineMs = this.#beganAtMs + lengthMs;
    while (performance.now() < deadlineMs && this.#failure === null) {
      const kind = this.#nextKind();
      await this.#waitForTurn(kind);
      await this.#strike(kind);
      await pause(REST_MS);
    }
    await Promise.all(this.#busy.values());
    if (this.#failure !== null) throw this.#failure;
  }

  #nextKind(): FaultKind {
    if (this.#round.length === 0) this.#round = this.#shuffled(FAULT_KINDS);
    const kind = this.#round.pop();
    if (kind === undefined) throw new Error('There are no kinds of faults.');
    return kind;
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, rank: this.#random.u32() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }

  async #waitForTurn({ isDestructive }: FaultKind): Promise<void> {
    const most = isDestructive ? 0 : AT_ONCE - 1;
    while (this.#busy.size > most) await Promise.race(this.#busy.values());
  }

  async #strike(kind: FaultKind): Promise<void> {
    const place = this.#choosePlace(kind);
    if (place === null) {
      await pause(PATIENCE_MS);
      return;
    }
    const lengthMs = SHORTEST_MS + this.#random.below(LONGEST_MS - SHORTEST_MS);
    const key = kind.where === 'server' ? null : place.home;
    const where = key === null ? 'the server' : place.seat.name;
    this.#note(`${kind.name}: ${where}, for ${lengthMs} ms`);
    const begun = kind.strike(place);
    const over = this.#healAfter(kind, begun, lengthMs, where).finally(() => {
      this.#busy.delete(key);
    });
    this.#busy.set(key, over);
    // Nothing else strikes before it is known what this one has destroyed.
    if (kind.isDestructive) await begun.catch(() => undefined);
  }

  async #healAfter(
    kind: FaultKind,
    begun: ReturnType<FaultKind['strike']>,
    lengthMs: number,
    where: string,
  ): Promise<void> {
    try {
      const heal = await begun;
      if (heal === null) {
        this.#note(`${kind.name}: not now`);
        return;
      }
      this.struck.set(kind.name, (this.struck.get(kind.name) ?? 0) + 1);
      await pause(lengthMs);
      await heal();
      this.#note(`${kind.name}: ${where} is well again`);
    } catch (error) {
      this.#note(`${kind.name}: ${where}: ${String(error)}`);
      this.#failure ??= new Error(`${kind.name} at ${where}`, { cause: error });
    }
  }

  /** A seat with a tab in it, of a browser without a fault; null where there is none. */
  #choosePlace(kind: FaultKind): Place | null {
    const places = this.#fleet.homes
      .filter(({ browser }) => kind.where !== 'chromium' || browser.engine === 'chromium')
      .filter((home) => !this.#busy.has(home))
      .flatMap((home) => home.seats.map((seat) => ({ home, seat, tab: seat.tab })));
    const free = places.filter((place) => place.tab !== null);
    const place = free[this.#random.below(Math.max(1, free.length))];
    if (place === undefined || place.tab === null) return null;
    const { home, seat, tab } = place;
    return { fleet: this.#fleet, load: this.#load, home, seat, tab };
  }

  #note(line: string): void {
    const seconds = ((performance.now() - this.#beganAtMs) / 1000).toFixed(1);
    this.account.push(`${seconds.padStart(7)} s  ${line}`);
  }
}
