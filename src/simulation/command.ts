/**
 * `npm run simulate`: simulates whole clusters, one for every seed, and says what they went through.
 *
 *   --seeds N      how many seeds (1000)
 *   --from N       the first one (1)
 *   --seed N       this one alone, twice: both runs must have the same trace hash
 *   --trace FILE   with --seed: the text of every event
 *
 * Exit code 1: a property was violated, a run was not reproducible, or the runs exercised too little.
 * Exit code 2: the arguments make no sense.
 * Seeds are shared among worker threads; the order of their results changes nothing that is printed.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Batch } from './batch.ts';
import { runSeed, type RunReport } from './run.ts';

/** Seeds that a worker is given at a time. */
const CHUNK = 16;
const WORKERS_MAX = 8;
/** Events shown of a failing run. */
const LAST_EVENTS = 30;
const PROGRESS_INTERVAL_MS = 5_000;

interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** What the command line asks for. */
type Task =
  | { readonly type: 'batch'; readonly from: number; readonly count: number }
  | { readonly type: 'repeat'; readonly seed: number; readonly traceFile: string | null };

function main(): void {
  let task: Task;
  try {
    task = readTask();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error('usage: npm run simulate -- [--seeds N] [--from N] [--seed N [--trace FILE]]');
    process.exitCode = 2;
    return;
  }
  if (task.type === 'batch') runBatch(task.from, task.count);
  else process.exitCode = repeatSeed(task.seed, task.traceFile) ? 0 : 1;
}

/** Throws where the arguments make no sense. */
function readTask(): Task {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'string' },
    },
  });
  if (values.seed !== undefined) {
    return { type: 'repeat', seed: integer(values.seed), traceFile: values.trace ?? null };
  }
  if (values.trace !== undefined) throw new Error('--trace goes with --seed');
  const count = integer(values.seeds);
  if (count === 0) throw new Error('no seeds');
  return { type: 'batch', from: integer(values.from), count };
}

function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`not a whole number: ${text}`);
  }
  return value;
}

/** True: nothing was violated, and the second run did what the first did. */
function repeatSeed(seed: number, traceFile: string | null): boolean {
  const file = traceFile === null ? null : openSync(traceFile, 'w');
  const first = runSeed(seed, file === null ? null : (line) => writeSync(file, `${line}\n`));
  if (file !== null) closeSync(file);
  const second = runSeed(seed, null);
  const same = first.traceHash === second.traceHash;
  console.log(`seed ${seed}: trace ${first.traceHash}, again ${second.traceHash}`);
  console.log(same ? 'the same trace twice' : 'TWO DIFFERENT TRACES: the run is not reproducible');
  const batch = new Batch();
  batch.add(first);
  for (const line of batch.summary()) console.log(line);
  if (first.failure !== null) printFailure(first);
  return same && first.failure === null;
}

function runBatch(from: number, count: number): void {
  const batch = new Batch();
  const startedMs = Date.now();
  let shownMs = startedMs;
  let next = from;
  const end = from + count;
  const workers = Math.min(availableParallelism(), WORKERS_MAX, Math.ceil(count / CHUNK));
  for (let i = 0; i < workers; i += 1) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const giveChunk = (): void => {
      const chunk: Chunk | null =
        next < end ? { from: next, to: Math.min(next + CHUNK, end) } : null;
      next = chunk?.to ?? end;
      worker.postMessage(chunk);
    };
    worker.on('message', (reports: RunReport[]) => {
      for (const report of reports) batch.add(report);
      if (Date.now() - shownMs >= PROGRESS_INTERVAL_MS) {
        shownMs = Date.now();
        console.log(`${batch.runs} of ${count} seeds, ${batch.failures.length} failed`);
      }
      if (batch.runs === count) finish(batch, from, (Date.now() - startedMs) / 1_000);
      giveChunk();
    });
    worker.on('error', (error) => {
      throw error;
    });
    giveChunk();
  }
}

function finish(batch: Batch, from: number, seconds: number): void {
  const { runs } = batch;
  console.log(`seeds ${from} to ${from + runs - 1}:`);
  for (const line of batch.summary()) console.log(line);
  const hours = batch.total('simulatedMs') / 3_600_000;
  console.log(
    `${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} seeds/s, ` +
      `${hours.toFixed(1)} simulated hours`,
  );
  const shortfalls = batch.shortfalls();
  for (const shortfall of shortfalls) console.log(`EXERCISED TOO LITTLE: ${shortfall}`);
  const failures = batch.failures.toSorted((a, b) => a.seed - b.seed);
  const [first] = failures;
  if (first !== undefined) {
    const all = failures.map(({ seed, failure }) => `${seed} (${failure?.property ?? ''})`);
    console.log(`FAILED: ${all.join(', ')}`);
    printFailure(first);
  }
  console.log(first === undefined && shortfalls.length === 0 ? 'ok' : 'not ok');
  process.exitCode = first === undefined && shortfalls.length === 0 ? 0 : 1;
}

/** The failure, and the last events before it: the run is done once more for their text. */
function printFailure(report: RunReport): void {
  const { seed, traceHash, failure } = report;
  const lines: string[] = [];
  runSeed(seed, (line) => {
    // What servers tell each other for display would bury the rest.
    if (!line.includes(' announce ')) lines.push(line);
    if (lines.length > 4 * LAST_EVENTS) lines.splice(0, 3 * LAST_EVENTS);
  });
  console.log(`\nseed ${seed}, trace ${traceHash}: ${failure?.property ?? ''}`);
  console.log(failure?.evidence ?? '');
  console.log(`the last events (in full: npm run simulate -- --seed ${seed} --trace FILE):`);
  for (const line of lines.slice(-LAST_EVENTS)) console.log(line);
}

/** A worker: runs what it is given until it is given nothing. */
function serve(port: NonNullable<typeof parentPort>): void {
  port.on('message', (chunk: Chunk | null) => {
    if (chunk === null) {
      port.close();
      return;
    }
    const reports: RunReport[] = [];
    for (let seed = chunk.from; seed < chunk.to; seed += 1) reports.push(runSeed(seed, null));
    port.postMessage(reports);
  });
}

if (isMainThread || parentPort === null) main();
else serve(parentPort);
