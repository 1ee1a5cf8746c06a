/**
 * Several browsers, each with a profile of its own, and the tabs in them: one cluster. A seat is a tab's
 * place in its browser; the tab in it comes and goes, and where it is gone, or not yet in the cluster,
 * nothing is asked of it. Nothing here decides what goes wrong: see `fault-kinds.ts`.
 */

import type { NodeStatus } from '../../src/node/status.ts';
import { Firefox } from '../e2e/firefox.ts';
import { PlainChromium } from '../e2e/plain-chromium.ts';
import type { PuppetTab } from '../e2e/puppet-tab.ts';
import type { PageServer } from '../e2e/server.ts';
import { waitFor } from '../e2e/wait.ts';
import { within } from './pause.ts';
import { survives } from './storage-budget.ts';

const OPEN_TIMEOUT_MS = 30_000;
/** How often a tab is opened anew before the run gives up. */
const OPEN_ATTEMPTS = 6;
const ANSWER_TIMEOUT_MS = 5_000;
const INVITE_TIMEOUT_MS = 90_000;
/** Longer than a tab takes to open; those that nobody used are over then. */
const INVITE_OPEN_MS = 600_000;
/** The server may be what is down. */
const SERVER_TIMEOUT_MS = 60_000;

export class Seat {
  readonly name: string;
  /** A tab that runs; null: nobody to ask. */
  tab: PuppetTab | null = null;

  constructor(name: string) {
    this.name = name;
  }
}

/** One browser with its profile: what is lost together. */
export interface Home {
  readonly name: string;
  readonly browser: PlainChromium | Firefox;
  readonly seats: readonly Seat[];
  /** Ids of nodes that are, or were, stored in this profile. */
  readonly stored: Set<string>;
  /** Nothing in this profile knows of the cluster. */
  isStranger: boolean;
}

export class Fleet {
  readonly homes: Home[] = [];
  /** Ids of nodes whose storage was destroyed. */
  readonly lost = new Set<string>();
  /** How often a tab that did not come to run was opened anew. */
  openedAgain = 0;
  readonly server: PageServer;

  private constructor(server: PageServer) {
    this.server = server;
  }

  /** Starts a Chromium for each number but the last, which is Firefox's, with so many tabs: one cluster. */
  static async launch(server: PageServer, tabsPerHome: readonly number[]): Promise<Fleet> {
    const fleet = new Fleet(server);
    try {
      for (const [at, tabs] of tabsPerHome.entries()) {
        const isLast = at === tabsPerHome.length - 1;
        const browser = await (isLast ? Firefox.launch() : PlainChromium.launch());
        const name = isLast ? 'Firefox' : `Chromium ${at + 1}`;
        const seats = Array.from({ length: tabs }, (_seat, no) => {
          return new Seat(`${name}, tab ${no + 1}`);
        });
        const home: Home = { name, browser, seats, stored: new Set(), isStranger: at > 0 };
        fleet.homes.push(home);
        await fleet.openAll(home);
      }
      return fleet;
    } catch (error) {
      await fleet.dispose();
      throw error;
    }
  }

  get seats(): Seat[] {
    return this.homes.flatMap(({ seats }) => seats);
  }

  get origin(): string {
    return new URL(this.server.url).origin;
  }

  /** The browser dies; its tabs are gone. */
  async kill(home: Home): Promise<void> {
    for (const seat of home.seats) seat.tab = null;
    await home.browser.kill();
  }

  async start(home: Home): Promise<void> {
    await home.browser.start();
    await this.openAll(home);
  }

  async openAll(home: Home): Promise<void> {
    for (const seat of home.seats) await this.open(home, seat);
  }

  /** Puts a new tab into the seat, and waits until it is in the cluster. */
  async open(home: Home, seat: Seat): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await waitFor('the page to be served', SERVER_TIMEOUT_MS, () => this.server.answers());
      const url = home.isStranger ? await this.#invite() : this.server.url;
      const next = home.browser.tabs.length;
      try {
        await this.#admit(home, seat, await within(OPEN_TIMEOUT_MS, home.browser.open(url)));
        return;
      } catch (error) {
        if (attempt === OPEN_ATTEMPTS) throw new Error(`${seat.name} stays out`, { cause: error });
        this.openedAgain += 1;
        await closeQuietly(home.browser.tabs[next]);
      }
    }
  }

  /** Closes the seat's tab, whatever it is doing. */
  async close(seat: Seat): Promise<void> {
    const { tab } = seat;
    seat.tab = null;
    await closeQuietly(tab);
  }

  /** Opens anew whatever does not run any more, or not yet. */
  async mend(home: Home): Promise<void> {
    for (const seat of home.seats) {
      const status = await answered(seat.tab);
      if (status?.state === 'running') continue;
      await this.close(seat);
      await this.open(home, seat);
    }
  }

  /** What the tabs say that answer. */
  async statuses(): Promise<NodeStatus[]> {
    const asked = await Promise.all(this.seats.map(({ tab }) => answered(tab)));
    return asked.filter((status) => status !== null);
  }

  /** The word of the leader with the highest term; null where none answers. */
  async leader(): Promise<NodeStatus | null> {
    const leaders = (await this.statuses()).filter(({ role }) => role === 'leader');
    return leaders.toSorted((a, b) => b.term - a.term)[0] ?? null;
  }

  /** Whether this profile's storage may be destroyed now: see `storage-budget.ts`. */
  async canLose(home: Home): Promise<boolean> {
    const leader = await this.leader();
    if (leader === null || leader.connectedVoters < leader.voters.length) return false;
    return survives(leader, this.lost, home.stored);
  }

  /** To be called as its storage is destroyed. */
  noteLoss(home: Home): void {
    for (const nodeId of home.stored) this.lost.add(nodeId);
    home.stored.clear();
    home.isStranger = true;
  }

  async dispose(): Promise<void> {
    for (const { browser } of this.homes) await browser.dispose();
  }

  /** Waits until the tab is in the cluster, and gives it the seat. */
  async #admit(home: Home, seat: Seat, tab: PuppetTab): Promise<void> {
    await within(OPEN_TIMEOUT_MS, tab.waitRunning());
    const { nodeId } = await within(ANSWER_TIMEOUT_MS, tab.status());
    home.stored.add(nodeId);
    home.isStranger = false;
    seat.tab = tab;
  }

  /** A link that lets one stranger in, from any member. */
  async #invite(): Promise<string> {
    let refusal: unknown = null;
    try {
      return await waitFor('an invite', INVITE_TIMEOUT_MS, async () => {
        for (const { tab } of this.seats) {
          if (tab === null) continue;
          // No cluster keeps open as many as strangers come in a long run.
          const terms = { uses: 1, expiresInMs: INVITE_OPEN_MS };
          const asked = tab.db((db, once) => db.invite(once), terms);
          const link = await within(2 * ANSWER_TIMEOUT_MS, asked).catch((error: unknown) => {
            refusal = error;
            return null;
          });
          if (link !== null) return link;
        }
        return false;
      });
    } catch (error) {
      throw new Error(`the last was refused: ${String(refusal)}`, { cause: error });
    }
  }
}

async function answered(tab: PuppetTab | null): Promise<NodeStatus | null> {
  if (tab === null) return null;
  return within(ANSWER_TIMEOUT_MS, tab.status()).catch(() => null);
}

/** A tab that is dead already, or does not answer, is closed as far as that goes. */
async function closeQuietly(tab: PuppetTab | null | undefined): Promise<void> {
  if (tab === null || tab === undefined) return;
  await within(ANSWER_TIMEOUT_MS, tab.close()).catch(() => undefined);
}
