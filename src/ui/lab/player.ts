/**
 * Lets virtual time flow: once a frame a slice of it, as the speed has it. Where the person asked for
 * nothing to move it goes in steps instead, from one notable event to the next.
 */

import { effect, signal } from '@preact/signals';
import { isMotionReduced } from '../raft/media.ts';
import { canFlow, isPlaying, passTime, pause, step, told } from './lab-store.ts';
import { FASTEST, FIRST_SPEED, Pacer, speedAt } from './pacing.ts';

/** Its place in `SPEEDS`. */
export const speed = signal(FIRST_SPEED);

/** From one step to the next, where nothing is to move; at the highest speed there is no pause. */
const STEP_INTERVAL_MS = 1_200;
const FAST_STEP_US = 200_000;

function play(): void {
  if (!canFlow.value) return;
  told.value = '';
  isPlaying.value = true;
}

export function togglePlaying(): void {
  if (isPlaying.value) pause();
  else play();
}

/** As fast as it goes, to the end of the run or of the step. */
export function playToEnd(): void {
  speed.value = FASTEST;
  play();
}

export function changeSpeed(by: number): void {
  speed.value = Math.min(FASTEST, Math.max(0, speed.value + by));
}

/** Until the answer is called. */
export function runPlayer(): () => void {
  return effect(() => {
    if (!isPlaying.value) return undefined;
    const isByStep = isMotionReduced.value;
    let isOver = false;
    void (isByStep ? playSteps(() => isOver) : playFrames(() => isOver));
    return () => (isOver = true);
  });
}

async function playFrames(isOver: () => boolean): Promise<void> {
  const pacer = new Pacer();
  let lastMs = await nextFrame();
  while (!isOver()) {
    const nowMs = await nextFrame();
    if (isOver()) return;
    const slice = pacer.sliceUs(speedAt(speed.peek()), nowMs - lastMs);
    lastMs = nowMs;
    const askedMs = performance.now();
    await passTime(slice);
    pacer.noteCall(performance.now() - askedMs);
  }
}

async function playSteps(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (speed.peek() === FASTEST) await passTime(FAST_STEP_US);
    else {
      await step('notable');
      await wait(STEP_INTERVAL_MS);
    }
  }
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
