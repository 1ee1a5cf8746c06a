/**
 * Everything that a nemesis does to a cluster in real browsers, one kind each. `strike` does it and
 * answers how to make it good; it answers null where it cannot be done now. How long it lasts, and
 * what strikes together, is for `nemesis.ts` to say.
 */

import { PlainChromium } from '../e2e/plain-chromium.ts';
import type { PuppetTab } from '../e2e/puppet-tab.ts';
import { waitFor } from '../e2e/wait.ts';
import type { Fleet, Home, Seat } from './fleet.ts';
import { tearIndexedDb } from '../e2e/leveldb.ts';
import type { ListLoad } from './list-load.ts';
import { within } from './pause.ts';

export type FaultName =
  | 'browser killed'
  | 'renderer crashed'
  | 'tab reloaded'
  | 'tab closed'
  | 'page blocked'
  | 'tabs hidden'
  | 'page frozen'
  | 'site data cleared'
  | 'quota exhausted'
  | 'links cut'
  | 'signalling killed'
  | 'IndexedDB torn';

/** Where a fault strikes. */
export interface Place {
  readonly fleet: Fleet;
  readonly load: ListLoad;
  readonly home: Home;
  /** One of the home's. */
  readonly seat: Seat;
  /** The tab in it. */
  readonly tab: PuppetTab;
}

export type Heal = () => Promise<void>;

export interface FaultKind {
  readonly name: FaultName;
  /** 'any' browser, those that speak Chromium's protocol, or none. */
  readonly where: 'any' | 'chromium' | 'server';
  /** Storage is gone for good: it strikes while nothing else does. */
  readonly isDestructive: boolean;
  readonly strike: (place: Place) => Promise<Heal | null>;
}

const ANSWER_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 20_000;
const SPARE_TIMEOUT_MS = 15_000;
const BLOCK_MS = 5_000;
/** What a torn log needs behind the tear before the next start finds it. */
const ANSWERS_BEHIND_TEAR = 5;

export const FAULT_KINDS: readonly FaultKind[] = [
  { name: 'browser killed', where: 'any', isDestructive: false, strike: killBrowser },
  { name: 'renderer crashed', where: 'chromium', isDestructive: false, strike: crashRenderer },
  { name: 'tab reloaded', where: 'any', isDestructive: false, strike: reloadTab },
  { name: 'tab closed', where: 'any', isDestructive: false, strike: closeTab },
  { name: 'page blocked', where: 'any', isDestructive: false, strike: blockPage },
  { name: 'tabs hidden', where: 'chromium', isDestructive: false, strike: hideTabs },
  { name: 'page frozen', where: 'chromium', isDestructive: false, strike: freezePage },
  { name: 'site data cleared', where: 'chromium', isDestructive: true, strike: clearSiteData },
  { name: 'quota exhausted', where: 'chromium', isDestructive: false, strike: exhaustQuota },
  { name: 'links cut', where: 'any', isDestructive: false, strike: cutLinks },
  { name: 'signalling killed', where: 'server', isDestructive: false, strike: killSignalling },
  { name: 'IndexedDB torn', where: 'chromium', isDestructive: false, strike: tearStorage },
];

async function killBrowser({ fleet, home }: Place): Promise<Heal> {
  await fleet.kill(home);
  return () => fleet.start(home);
}

/** As of a bug: no event handler runs, nothing is said to anybody. */
async function crashRenderer({ fleet, home, seat, tab }: Place): Promise<Heal> {
  const crashed = new Promise((resolve) => tab.page.once('error', resolve));
  const session = await tab.devtools();
  // It is never answered: who would answer it is gone.
  session.send('Page.crash').catch(() => undefined);
  await within(CHANGE_TIMEOUT_MS, crashed);
  await fleet.close(seat);
  return () => fleet.open(home, seat);
}

async function reloadTab({ fleet, home, tab }: Place): Promise<Heal> {
  await within(CHANGE_TIMEOUT_MS, tab.reload());
  return () => fleet.mend(home);
}

async function closeTab({ fleet, home, seat }: Place): Promise<Heal> {
  await fleet.close(seat);
  return () => fleet.open(home, seat);
}

async function blockPage({ fleet, home, tab }: Place): Promise<Heal> {
  const blocked = tab.block(BLOCK_MS);
  return async () => {
    await within(BLOCK_MS + CHANGE_TIMEOUT_MS, blocked);
    await fleet.mend(home);
  };
}

/** Another tab is in front; it comes to be said to the page, which must make no difference. */
async function hideTabs({ fleet, home, tab }: Place): Promise<Heal> {
  const front = await home.browser.open('about:blank');
  await waitFor('the tab to be hidden', CHANGE_TIMEOUT_MS, () => tab.isHidden());
  return async () => {
    await front.close();
    await tab.bringToFront();
    await fleet.mend(home);
  };
}

async function freezePage({ fleet, home, tab }: Place): Promise<Heal> {
  const session = await tab.devtools();
  await tab.evaluate(`document.addEventListener('freeze', () => { window.isFrozen = true; })`);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await waitFor('the page to be frozen', CHANGE_TIMEOUT_MS, async () => {
    return (await tab.evaluate('window.isFrozen')) === true;
  });
  return async () => {
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await session.detach();
    await tab.bringToFront();
    await fleet.mend(home);
  };
}

/** Never more than the cluster survives by design. */
async function clearSiteData({ fleet, home, tab }: Place): Promise<Heal | null> {
  if (!(home.browser instanceof PlainChromium)) return null;
  const canLose = waitFor('storage to spare', SPARE_TIMEOUT_MS, () => fleet.canLose(home));
  if (!(await canLose.catch(() => false))) return null;
  fleet.noteLoss(home);
  await home.browser.clearSiteData(tab, fleet.origin);
  return async () => {
    for (const seat of home.seats) await fleet.close(seat);
    await fleet.openAll(home);
  };
}

/** Nothing may be written any more, as some node finds. The override ends with the session that made it. */
async function exhaustQuota({ fleet, home, tab }: Place): Promise<Heal | null> {
  const session = await tab.devtools();
  const { origin } = fleet;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  const heal = async (): Promise<void> => {
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await session.detach();
    await fleet.mend(home);
  };
  const isMet = waitFor('the quota to be met', CHANGE_TIMEOUT_MS, () => hasStopped(home));
  if (await isMet.catch(() => false)) return heal;
  await heal();
  return null;
}

/** The storage of one of its nodes has failed. */
async function hasStopped({ seats }: Home): Promise<boolean> {
  const tabs = seats.flatMap(({ tab }) => tab ?? []);
  const statuses = await Promise.allSettled(
    tabs.map((tab) => within(ANSWER_TIMEOUT_MS, tab.status())),
  );
  return statuses.some((each) => each.status === 'fulfilled' && each.value.storage.state !== 'ok');
}

async function cutLinks({ fleet, home, tab }: Place): Promise<Heal> {
  await within(
    CHANGE_TIMEOUT_MS,
    tab.db((db) => db.faults.isolate(true)),
  );
  return async () => {
    await within(
      CHANGE_TIMEOUT_MS,
      tab.db((db) => db.faults.isolate(false)),
    );
    await fleet.mend(home);
  };
}

async function killSignalling({ fleet }: Place): Promise<Heal> {
  await fleet.server.stop();
  return () => fleet.server.start();
}

/** The first start goes on writing behind the tear, and the second finds it in the middle. */
async function tearStorage({ fleet, load, home }: Place): Promise<Heal | null> {
  await fleet.kill(home);
  if (!(await tearIndexedDb(home.browser.profile, fleet.server.port))) {
    await fleet.start(home);
    return null;
  }
  return async () => {
    await fleet.start(home);
    for (const seat of home.seats) await load.progress(seat, ANSWERS_BEHIND_TEAR);
    await fleet.kill(home);
    await fleet.start(home);
  };
}
