/**
 * Hunts a mutant: builds the simulation with the fault in it and runs seeds, in their order, until a
 * checker objects; or runs the suite that is to notice it. Nothing but the bundle in the cache
 * differs from an ordinary run, so the first seed that kills a mutant is the same every time.
 */

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'vite';
import { runSeed, type RunReport } from '../run.ts';
import type { Kill, Mutant } from './mutant.ts';
import { mutation } from './mutation.ts';
import { runSuite } from './suite-run.ts';

export interface Verdict {
  readonly mutant: Mutant;
  /** Null: nothing noticed it. */
  readonly kill: Kill | null;
  /** Why it could not be hunted; null: it could. */
  readonly trouble: string | null;
}

export interface HuntOptions {
  /** The root of the repository. */
  readonly root: string;
  readonly from: number;
  readonly seeds: number;
}

/** From the root of the repository. */
const MUTANTS_CACHE = 'node_modules/.cache/resqlite/mutants';

/** A run takes a fraction of a second; one that takes this long does not end. */
const SEED_LIMIT_MS = 120_000;

export async function hunt(mutant: Mutant, options: HuntOptions): Promise<Verdict> {
  const kill =
    mutant.suite === null
      ? await huntBySeeds(mutant, options)
      : await runSuite(mutant, mutant.suite, options.root, MUTANTS_CACHE);
  return { mutant, kill, trouble: null };
}

async function huntBySeeds(mutant: Mutant, options: HuntOptions): Promise<Kill | null> {
  const { root, from, seeds } = options;
  const worker = new Worker(await buildMutated(mutant, root));
  try {
    for (let seed = from; seed < from + seeds; seed += 1) {
      const failure = await runSeedIn(worker, seed);
      if (failure === null) continue;
      // A run that fails without the mutant as well shows a defect of the product, and no mutant.
      const control = runSeed(seed, null).failure;
      if (control !== null) throw new Error(`seed ${seed} fails anyway: ${control.evidence}`);
      return { seed, by: failure.property, evidence: failure.evidence };
    }
    return null;
  } finally {
    await worker.terminate();
  }
}

/** The path of the bundle. */
async function buildMutated(mutant: Mutant, root: string): Promise<string> {
  const outDir = join(root, MUTANTS_CACHE, mutant.name);
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [mutation(mutant, root)],
    build: {
      ssr: 'src/simulation/mutants/seed-worker.ts',
      outDir,
      emptyOutDir: true,
      minify: false,
    },
  });
  return join(outDir, 'seed-worker.js');
}

function runSeedIn(worker: Worker, seed: number): Promise<RunReport['failure']> {
  return new Promise((resolve, reject) => {
    const onMessage = (failure: RunReport['failure']): void => {
      end();
      resolve(failure);
    };
    const onError = (error: unknown): void => {
      end();
      reject(error);
    };
    const timer = setTimeout(() => {
      end();
      const evidence = `seed ${seed} ran for ${SEED_LIMIT_MS} ms`;
      resolve({ property: 'a run ends', evidence });
    }, SEED_LIMIT_MS);
    const end = (): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onError);
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(seed);
  });
}
