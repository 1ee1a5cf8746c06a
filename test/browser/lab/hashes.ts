/** What seeds come to in Node, for tests that run in a browser: computed once, before them. */

import type { TestProject } from 'vitest/node';

import { runSeed } from '../../../src/simulation/run.ts';

/** Short ones, and one that once found a defect. */
const SEEDS = [2, 5, 112];

declare module 'vitest' {
  interface ProvidedContext {
    /** Seeds with the hash of their trace. */
    readonly traceHashes: readonly (readonly [seed: number, traceHash: string])[];
  }
}

export function setup(project: TestProject): void {
  const hashes = SEEDS.map((seed) => [seed, runSeed(seed, null).traceHash] as const);
  project.provide('traceHashes', hashes);
}
