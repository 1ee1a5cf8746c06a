/** Where this page runs a job's functions: its own jobs in a worker, functions that were typed in in a sandbox. */

import type { OpenRunner } from '../../../apps/mapreduce/job.ts';
import { openSandboxRunner, type SandboxOptions } from './sandbox-runner.ts';
import { openWorkerRunner } from './worker-runner.ts';

export function runnerOpener(sandbox: SandboxOptions): OpenRunner {
  return async (source) =>
    source.type === 'typed' ? openSandboxRunner(source, sandbox) : openWorkerRunner(source.name);
}
