import { describe, expect, it } from 'vitest';
import { PAUSE_MS } from '../../src/node/limits.ts';
import { SteadyTime } from '../../src/node/steady-time.ts';

class Clocks {
  monotoneMs = 1_000;
  wallMs = 1_700_000_000_000;
  readonly now = (): number => this.monotoneMs;
  readonly wallClock = (): number => this.wallMs;
  readonly time = new SteadyTime(this);

  pass(monotoneMs: number, wallMs: number): number {
    this.monotoneMs += monotoneMs;
    this.wallMs += wallMs;
    return this.time.now();
  }
}

describe('the runtime goes by the larger of both clocks’ gaps', () => {
  it('which agree as long as nobody sleeps and nobody sets a clock', () => {
    const clocks = new Clocks();
    expect(clocks.pass(70, 71)).toBe(1_070);
    expect(clocks.pass(5_000, 5_000)).toBe(6_070);
    expect(clocks.time.sleeps).toBe(0);
  });

  it('a sleep that the monotone clock missed counts, once', () => {
    const clocks = new Clocks();
    expect(clocks.pass(10, 3_600_010)).toBe(3_601_010);
    expect(clocks.pass(10, 10)).toBe(3_601_020);
    expect(clocks.time.sleeps).toBe(1);
  });

  it('a wall clock that is set back, or drifts a little, changes nothing', () => {
    const clocks = new Clocks();
    expect(clocks.pass(10, -3_600_000)).toBe(1_010);
    expect(clocks.pass(10, 10 + PAUSE_MS - 1)).toBe(1_020);
    expect(clocks.pass(10, 10)).toBe(1_030);
  });

  it('time never goes back', () => {
    const clocks = new Clocks();
    let last = clocks.time.now();
    for (const wallMs of [0, -5_000, 9_000, -9_000, 600, 499, 0]) {
      const now = clocks.pass(1, wallMs);
      expect(now).toBeGreaterThan(last);
      last = now;
    }
  });
});
