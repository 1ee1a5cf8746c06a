/**
 * Runs a job of this page's code in a worker of its own, so that no function holds the page up, and an
 * abort ends one in the middle. The worker starts with the first call and goes with the runner.
 */

import { TaskError, type JobRunner } from '../../../apps/mapreduce/job.ts';
import { RemoteRunner, type Place } from '../../../apps/mapreduce/remote-runner.ts';
import { isReady, readAnswer } from '../../../apps/mapreduce/runner-protocol.ts';

/** What it answers its start with where it does not know the job. */
const START = 0;

export function openWorkerRunner(jobName: string): JobRunner {
  return new RemoteRunner({ start: () => startPlace(jobName), timeLimitMs: () => null });
}

async function startPlace(jobName: string): Promise<Place> {
  // The literal form is what bundlers look for.
  const worker = new Worker(new URL('../../../mapreduce-worker.ts', import.meta.url), {
    type: 'module',
  });
  const broken = new Promise<never>((_, reject) => {
    const onError = ({ message = '' }: { readonly message?: string }): void => {
      reject(new Error(`the worker for jobs broke${message === '' ? '' : `: ${message}`}`));
    };
    worker.addEventListener('error', onError);
    worker.addEventListener('messageerror', () => onError({}));
  });
  broken.catch(() => undefined);
  let hear: ((data: unknown) => void) | null = null;
  worker.addEventListener('message', ({ data }) => hear?.(data));
  const started = new Promise<void>((resolve, reject) => {
    hear = (data) => {
      if (isReady(data)) resolve();
      const answer = readAnswer(data, START, 0);
      if (answer?.type === 'failed') reject(new TaskError(answer.message));
    };
    worker.postMessage({ jobName });
  });
  try {
    await Promise.race([started, broken]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    post: (call) => worker.postMessage(call),
    listen: (listener, onBroken) => {
      hear = listener;
      broken.catch(onBroken);
    },
    end: () => worker.terminate(),
  };
}
