/**
 * A plan for a world, as a generator that yields the moment until which time is to pass before it
 * goes on. It never lets time pass itself, so whoever plays it decides whether that happens in one go,
 * as on the command line, or event by event, as before somebody's eyes. Both are the same run.
 */

/** What a script needs of its world; `runFor` throws what the checkers found. */
interface Timed {
  readonly queue: { readonly nowUs: number };
  runFor(durationUs: number): void;
}

export type Script<Result = void> = Generator<number, Result, void>;

/** How often a condition that a script waits for is looked at. */
const CONDITION_INTERVAL_US = 10_000;

export function* pass(world: Timed, durationUs: number): Script {
  yield world.queue.nowUs + durationUs;
}

/** Until `condition` holds; false where it does not within `limitUs`. */
export function* until(world: Timed, condition: () => boolean, limitUs: number): Script<boolean> {
  const limitAtUs = world.queue.nowUs + limitUs;
  while (!condition()) {
    const { nowUs } = world.queue;
    if (nowUs >= limitAtUs) return false;
    yield Math.min(nowUs + CONDITION_INTERVAL_US, limitAtUs);
  }
  return true;
}

/** Plays it in one go. Throws what the script and the checkers throw. */
export function play<Result>(world: Timed, script: Script<Result>): Result {
  for (;;) {
    const step = script.next();
    if (step.done === true) return step.value;
    world.runFor(step.value - world.queue.nowUs);
  }
}
