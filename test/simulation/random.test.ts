import { describe, expect, test } from 'vitest';
import { MILLION, Random } from '../../src/simulation/random.ts';

describe('Random', () => {
  test('is xoshiro128**: the reference outputs for a known state', () => {
    const random = new Random([0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0]);
    const first = [random.u32(), random.u32(), random.u32(), random.u32()];
    expect(first).toEqual([0xf1391922, 0x6fe53806, 0xa5be2840, 0xf510ee70]);
    // From the state (1, 2, 3, 4): rotl(2 * 5, 7) * 9 first.
    const small = new Random([1, 2, 3, 4]);
    expect([small.u32(), small.u32()]).toEqual([11_520, 0]);
  });

  test('the same seed gives the same numbers, another seed others', () => {
    const draw = (seed: number) => {
      const random = Random.fromSeed(seed);
      return Array.from({ length: 20 }, () => random.u32());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)).not.toEqual(draw(7 + 2 ** 32));
  });

  test('a stream depends on the names alone, not on what was drawn', () => {
    const fresh = Random.fromSeed(7);
    const used = Random.fromSeed(7);
    for (let i = 0; i < 100; i += 1) used.u32();
    const draw = (random: Random) => [random.u32(), random.u32(), random.u32()];
    expect(draw(used.stream('disk', 3))).toEqual(draw(fresh.stream('disk', 3)));
    expect(draw(fresh.stream('disk', 3))).not.toEqual(draw(fresh.stream('disk', 4)));
    expect(draw(fresh.stream('disk', 3))).not.toEqual(draw(fresh.stream('clock', 3)));
  });

  test.each([1, 2, 3, 1_000, 2 ** 32, 2 ** 32 + 1, 2 ** 53])('below %d is in range', (bound) => {
    const random = Random.fromSeed(1);
    for (let i = 0; i < 200; i += 1) {
      const value = random.below(bound);
      expect(Number.isSafeInteger(value)).toBe(true);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(bound);
    }
  });

  test('below is uniform: every value about as often', () => {
    const random = Random.fromSeed(2);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i += 1) {
      const value = random.below(6);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('between has both ends; chance never and always', () => {
    const random = Random.fromSeed(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.between(5, 7)));
    expect([...seen].toSorted()).toEqual([5, 6, 7]);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(MILLION)).toBe(true);
  });

  test('shuffle keeps the items and every order is possible', () => {
    const random = Random.fromSeed(4);
    const orders = new Set<string>();
    for (let i = 0; i < 200; i += 1) orders.add(random.shuffle([1, 2, 3]).join());
    expect(orders.size).toBe(6);
  });

  test('refuses what is no seed and no choice', () => {
    expect(() => Random.fromSeed(-1)).toThrow(RangeError);
    expect(() => Random.fromSeed(0.5)).toThrow(RangeError);
    expect(() => new Random([0, 0, 0, 0])).toThrow(RangeError);
    expect(() => Random.fromSeed(1).pick([])).toThrow(RangeError);
  });
});
