/**
 * How much virtual time a frame of the screen stands for. Pure; knows no clock: whoever plays tells how
 * long the frame and the last slice took.
 */

export interface Speed {
  /** As on the slider. */
  readonly name: string;
  /** For those who hear it. */
  readonly words: string;
  /** Microseconds of virtual time in a millisecond; null: as many as the machine can do. */
  readonly usPerMs: number | null;
}

const FAST: Speed = { name: 'fastest', words: 'as fast as it goes', usPerMs: null };

/** Slowest first. */
export const SPEEDS: readonly Speed[] = [
  { name: '1:1000', words: 'a thousandth of real time', usPerMs: 1 },
  { name: '1:300', words: 'a three-hundredth of real time', usPerMs: 10 / 3 },
  { name: '1:100', words: 'a hundredth of real time', usPerMs: 10 },
  { name: '1:30', words: 'a thirtieth of real time', usPerMs: 100 / 3 },
  { name: '1:10', words: 'a tenth of real time', usPerMs: 100 },
  { name: '1:3', words: 'a third of real time', usPerMs: 1_000 / 3 },
  { name: '1:1', words: 'real time', usPerMs: 1_000 },
  { name: '10:1', words: 'ten times real time', usPerMs: 10_000 },
  { name: '100:1', words: 'a hundred times real time', usPerMs: 100_000 },
  FAST,
];

/** Messages take some milliseconds each way: here they take a second or so. */
export const FIRST_SPEED = 3;
export const FASTEST = SPEEDS.length - 1;

export function speedAt(place: number): Speed {
  return SPEEDS[place] ?? FAST;
}

/** A frame that took longer (a busy page, one in the background) stands for no more. */
const LONGEST_FRAME_MS = 100;
/** What the worker takes in one call. */
const LONGEST_SLICE_US = 60_000_000;
/** As fast as it goes: each call is to take about so long, so that the page stays quick. */
const WANTED_CALL_MS = 40;
const FIRST_FAST_SLICE_US = 50_000;
const LEAST_FAST_SLICE_US = 10_000;

export class Pacer {
  /** Of a microsecond, from frame to frame. */
  #rest = 0;
  #fastSliceUs = FIRST_FAST_SLICE_US;

  /** Whole microseconds for a frame that took `frameMs`. */
  sliceUs({ usPerMs }: Speed, frameMs: number): number {
    if (usPerMs === null) return this.#fastSliceUs;
    const exact = Math.min(Math.max(frameMs, 0), LONGEST_FRAME_MS) * usPerMs + this.#rest;
    const whole = Math.min(Math.floor(exact), LONGEST_SLICE_US);
    this.#rest = Math.min(exact - whole, 1);
    return whole;
  }

  /** How long the call for the last slice took: the next fast one is as large as it should be. */
  noteCall(callMs: number): void {
    const factor = Math.min(2, Math.max(0.25, WANTED_CALL_MS / Math.max(callMs, 1)));
    const slice = Math.round(this.#fastSliceUs * factor);
    this.#fastSliceUs = Math.min(LONGEST_SLICE_US, Math.max(LEAST_FAST_SLICE_US, slice));
  }
}
