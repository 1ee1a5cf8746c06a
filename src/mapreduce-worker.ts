/**
 * The worker in which a tab runs the jobs of the page's own code, beside the page: it is told a job's name
 * once, and answers its calls one after the other (apps/mapreduce/runner-protocol.ts). Whoever has waited
 * enough ends it.
 */

import { openInlineRunner } from './apps/mapreduce/inline-runner.ts';
import type { JobRunner, KeyValues } from './apps/mapreduce/job.ts';
import { packTexts, unpackTexts } from './apps/mapreduce/packed-texts.ts';
import { PROTOCOL, type RunnerAnswer, type RunnerCall } from './apps/mapreduce/runner-protocol.ts';

declare const self: DedicatedWorkerGlobalScope;

/** What its start counts as, where that fails. */
const START = 0;
/** Nobody aborts a call in here. */
const { signal } = new AbortController();

let runner: Promise<JobRunner> | null = null;

self.addEventListener('message', ({ data }: MessageEvent<{ jobName: string } | RunnerCall>) => {
  void ('jobName' in data ? open(data.jobName) : answer(data));
});

async function open(name: string): Promise<void> {
  runner = openInlineRunner({ type: 'registered', name });
  try {
    await runner;
    send({ type: 'ready', protocol: PROTOCOL });
  } catch (error) {
    send({ type: 'failed', id: START, message: messageOf(error) });
  }
}

async function answer(call: RunnerCall): Promise<void> {
  try {
    if (runner === null) throw new Error('no job was named');
    const texts = await textsOf(await runner, call);
    send({ type: 'done', id: call.id, texts: packTexts(texts) });
  } catch (error) {
    send({ type: 'failed', id: call.id, message: messageOf(error) });
  }
}

async function textsOf(runner: JobRunner, call: RunnerCall): Promise<readonly string[]> {
  if (call.type === 'reduce') return runner.reduce(groupsOf(call), signal);
  const pairs = await runner.map(call, signal);
  return pairs.flatMap(({ key, value }) => [key, value]);
}

function groupsOf({ texts, sizes }: Extract<RunnerCall, { type: 'reduce' }>): KeyValues[] {
  // The page is trusted.
  const { MAX_SAFE_INTEGER: any } = Number;
  const unpacked = unpackTexts(texts, any, any) ?? [];
  let next = 0;
  return Array.from(sizes, (size) => {
    const [key = '', ...values] = unpacked.slice(next, next + 1 + size);
    next += 1 + size;
    return { key, values };
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function send(answer: RunnerAnswer): void {
  self.postMessage(answer);
}
