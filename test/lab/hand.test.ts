/** What a person does by hand is what a story does: with the same effect, to the last clock. */

import { expect, test } from 'vitest';
import { act } from '../../src/lab/hand.ts';
import { Scene } from '../../src/lab/scene.ts';
import { labWorld, startCluster } from '../../src/lab/set.ts';
import { nodeIdOf, type Server } from '../../src/simulation/server.ts';
import { World } from '../../src/simulation/world.ts';

function clockOf({ clock }: Server) {
  const { driftPpm, wallOffsetMs, timerLatenessUs } = clock;
  return { driftPpm, wallOffsetMs, timerLatenessUs };
}

function founded(): World {
  const world = labWorld(5, 1, {});
  startCluster(world, 1);
  return world;
}

test('who joins a world with clocks as they should be has one, be it by hand or in a story', () => {
  const [byHand, inStory] = [founded(), founded()];
  expect(act(byHand, { type: 'join' })).toBeNull();
  new Scene(inStory).act({ type: 'join' });
  for (const world of [byHand, inStory]) {
    expect(clockOf(world.server(1))).toEqual(clockOf(world.server(0)));
    expect(clockOf(world.server(1))).toMatchObject({ driftPpm: 0, wallOffsetMs: 0 });
  }
  expect(byHand.trace.hash).toBe(inStory.trace.hash);
});

test('who joins another world has a clock as any that is drawn there', () => {
  const [byHand, byItself] = [1, 2].map(() => {
    const world = new World({ seed: 5, text: null });
    world.addServer([]).start();
    return world;
  });
  if (byHand === undefined || byItself === undefined) throw new Error('two worlds');
  expect(act(byHand, { type: 'join' })).toBeNull();
  const drawn = byItself.addServer([nodeIdOf(0)]);
  expect(clockOf(byHand.server(1))).toEqual(clockOf(drawn));
  expect(clockOf(drawn)).not.toMatchObject({ driftPpm: 0, wallOffsetMs: 0 });
});
