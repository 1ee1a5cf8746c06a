/**
 * Three Chromiums and a Firefox, each with a profile of its own, are one cluster under faults drawn at
 * random, while every tab writes and reads: what was acknowledged is there, the histories are
 * linearizable, all copies are equal. `npm run soak -- nemesis` does the same for 30 minutes. The seed
 * is RESQLITE_SEED, else that of the day, and is printed.
 */

import { expect } from 'vitest';

import { Random } from '../../src/simulation/random.ts';
import { FAULT_KINDS } from '../nemesis/fault-kinds.ts';
import { Fleet } from '../nemesis/fleet.ts';
import { ListLoad, readLists } from '../nemesis/list-load.ts';
import { Nemesis } from '../nemesis/nemesis.ts';
import { hashesAtOneIndex, test } from './harness.ts';
import type { PuppetTab } from './puppet-tab.ts';
import { tellAbout } from './shared.ts';
import { waitFor } from './wait.ts';

const MINUTES = Number(process.env['RESQLITE_MINUTES'] ?? 0.6);
const SEED = Number(process.env['RESQLITE_SEED'] ?? Math.floor(Date.now() / 86_400_000));
const IS_LONG = MINUTES > 5;
/** Firefox is the last. */
const TABS_PER_BROWSER = IS_LONG ? [2, 2, 2, 2] : [2, 1, 1, 1];
/** A run with less proves nothing. */
const LEAST_ANSWERS_PER_MINUTE = 150;
const LEAST_KINDS = IS_LONG ? FAULT_KINDS.length : 4;
const LEAST_FAULTS_PER_MINUTE = 4;
const SETTLE_TIMEOUT_MS = 90_000;
/** Of what the console calls an error, that which no fault explains. */
const DEFECT = /^(uncaught|securitypolicyviolation|a request to another origin)/;
/** What Firefox says where the signalling server is down, as if it were an error of the page. */
const NO_SERVER = /establish a connection|was interrupted while/;

test(
  'faults of every kind, drawn at random, lose nothing and show nothing wrong',
  { timeout: MINUTES * 60_000 + 600_000 },
  async ({ server, onTestFinished }) => {
    console.log(`nemesis: ${MINUTES} minutes, seed ${SEED}`);
    const random = Random.fromSeed(SEED);
    const fleet = await Fleet.launch(server, TABS_PER_BROWSER);
    onTestFinished(() => fleet.dispose());
    const load = await ListLoad.start(fleet, random.stream('load'));
    const nemesis = new Nemesis(fleet, load, random.stream('nemesis'));
    const firstTerm = (await fleet.leader())?.term ?? 0;
    try {
      await nemesis.strikeFor(MINUTES * 60_000);
      await load.end();
      const tabs = await settle(fleet);
      const [first] = tabs;
      if (first === undefined) throw new Error('There are no tabs.');
      const verdict = load.history.judge(await readLists(first));
      const figures = load.history.figures();
      const elections = ((await fleet.leader())?.term ?? 0) - firstTerm;
      const { lost, invented, repeated, linearizable } = verdict;
      console.log(
        `operations: ${figures.acknowledged} writes acknowledged, ${figures.refused} refused, ` +
          `${figures.unknown} of unknown outcome; ${figures.reads} linearizable reads`,
      );
      console.log(`faults: ${[...nemesis.struck].map(([name, n]) => `${name} ${n}`).join(', ')}`);
      console.log(
        `elections: ${elections} terms passed; tabs opened a second time: ${fleet.openedAgain}; ` +
          `lost = ${lost.length}, linearizable = ${linearizable}`,
      );
      for (const value of invented) {
        console.error(`${value} is there, and was refused: ${load.history.refusalOf(value)}`);
      }
      expect({ linearizable, lost, invented, repeated }).toEqual({
        linearizable: 'yes',
        lost: [],
        invented: [],
        repeated: [],
      });
      expect(await hashesAtOneIndex(tabs, SETTLE_TIMEOUT_MS)).toHaveLength(1);
      expect(defects(fleet)).toEqual([]);
      expectLoad(figures.acknowledged + figures.reads, nemesis);
    } catch (error) {
      console.error(nemesis.account.join('\n'));
      await tellAbout(fleet.seats.flatMap(({ tab }) => tab ?? []));
      throw error;
    } finally {
      await load.end();
    }
  },
);

/** Too little load, or too few faults: the run is void. */
function expectLoad(answers: number, { struck }: Nemesis): void {
  const faults = [...struck.values()].reduce((sum, count) => sum + count, 0);
  expect(answers, 'void: too little load').toBeGreaterThan(MINUTES * LEAST_ANSWERS_PER_MINUTE);
  expect(faults, 'void: too few faults').toBeGreaterThanOrEqual(MINUTES * LEAST_FAULTS_PER_MINUTE);
  expect(struck.size, 'void: too few kinds of faults').toBeGreaterThanOrEqual(LEAST_KINDS);
}

/** Waits until every seat has a tab that runs under the same leader. */
async function settle(fleet: Fleet): Promise<PuppetTab[]> {
  await waitFor('one leader for all tabs', SETTLE_TIMEOUT_MS, async () => {
    const statuses = await fleet.statuses();
    const [first] = statuses;
    return (
      statuses.length === fleet.seats.length &&
      statuses.every(
        ({ state, leaderId, term, outgoingVoters }) =>
          state === 'running' &&
          leaderId !== null &&
          leaderId === first?.leaderId &&
          term === first.term &&
          outgoingVoters.length === 0,
      )
    );
  });
  return fleet.seats.flatMap(({ tab }) => tab ?? []);
}

function defects(fleet: Fleet): string[] {
  return fleet.homes
    .flatMap(({ browser }) => browser.tabs.flatMap((tab) => tab.unexpectedErrors()))
    .filter((error) => DEFECT.test(error) && !NO_SERVER.test(error));
}
