/**
 * `npm run soak -- kills`: a whole browser with three tabs is killed again and again under load, with
 * two starts after each kill; then as many times as told IndexedDB's tail is cut by hand besides. With
 * RESQLITE_KILLS and RESQLITE_ROUNDS.
 */

import { expect } from 'vitest';

import { hashesAtOneIndex, test } from '../e2e/harness.ts';
import { KillRounds } from '../e2e/kill-rounds.ts';

const KILLS = Number(process.env['RESQLITE_KILLS'] ?? 100);
const ROUNDS = Number(process.env['RESQLITE_ROUNDS'] ?? 20);
/** Of the rounds with a torn log so many have to end in a wipe; with fewer the run is void. */
const LEAST_WIPES_RATIO = 0.75;

test('a browser killed under load loses nothing, whatever its IndexedDB goes through', async ({
  cluster,
  server,
}) => {
  const rounds = await KillRounds.begin(cluster, server);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await rounds.strike('plain');
    if (kill % 10 === 0 || kill === KILLS) tell(rounds);
  }
  const { wipes: found } = rounds.figures();
  for (let round = 1; round <= ROUNDS; round += 1) await rounds.strike('torn');
  tell(rounds);
  expect(rounds.figures().kills, 'void: no kill').toBeGreaterThan(0);
  const wipes = rounds.figures().wipes - found;
  console.log(`${found} wipes by kills alone, ${wipes} of ${ROUNDS} behind a torn log; lost = 0`);
  expect(wipes, 'void: too few wipes').toBeGreaterThanOrEqual(ROUNDS * LEAST_WIPES_RATIO);
  expect(await hashesAtOneIndex(rounds.tabs)).toHaveLength(1);
});

function tell(rounds: KillRounds): void {
  const { kills, torn, wipes, repairedLogs, acknowledged } = rounds.figures();
  console.log(
    `${kills} kills, ${torn} with a torn log: ${acknowledged} writes acknowledged, lost = 0; ` +
      `${wipes} wipes met, ${repairedLogs} logs mended`,
  );
}
