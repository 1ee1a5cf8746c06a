/** A worker of the mutant hunt: runs every seed that it is given and answers what failed, or null. */

import { parentPort } from 'node:worker_threads';
import { runSeed } from '../run.ts';

parentPort?.on('message', (seed: number) => {
  parentPort?.postMessage(runSeed(seed, null).failure);
});
