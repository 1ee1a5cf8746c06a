/**
 * `npm run simulate`: simulates whole clusters, one for every seed, and says what they went through.
 *
 *   --seeds N      how many seeds (1000)
 *   --from N       the first one (1)
 *   --from-tree    the first one follows from the sources below src/; the kept seeds are run too
 *   --servers N    clusters of this size, 1 to 7, and no other
 *   --clients N    that many clients at work in each cluster
 *   --sql          on the SQLite that ships, instead of the model that stands for it
 *   --bank         tellers on SQLite, by interactive transactions; one seed after the other
 *   --seed N       this one alone, twice: both runs must have the same trace hash
 *   --trace FILE   with --seed: the text of every event
 *   --writes N     one long run of so many writes: what is kept stays bounded
 *   --mutant NAME  hunts this deliberate fault (mutants/), or all of them, in 500 seeds each
 *
 * Exit code 1: a property was violated, a run was not reproducible, the runs exercised too little, or
 * a mutant survived.
 * Exit code 2: the arguments make no sense.
 * Seeds are shared among worker threads; the order of their results changes nothing that is printed.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { formatLink, MAX_RUN_CLIENTS } from '../lab/link.ts';
import { Batch } from './batch.ts';
import { runLong } from './long-run.ts';
import { MODEL_DATABASES } from './model-database.ts';
import { REGRESSION_SEEDS } from './regression-seeds.ts';
import { runSeed, type RunReport } from './run.ts';
import { SERVERS_MAX, type ScenarioWishes } from './scenario.ts';
import type { Databases } from './simulated-database.ts';
import { seedOfTree } from './tree-seed.ts';
import { wholeNumber } from './whole-number.ts';
import { describeViolation } from './world.ts';

/** Seeds that a worker is given at a time. */
const CHUNK = 16;
const WORKERS_MAX = 8;
/** Events shown of a failing run. */
const LAST_EVENTS = 30;
const PROGRESS_INTERVAL_MS = 5_000;

const USAGE =
  'usage: npm run simulate -- [--seeds N] [--from N | --from-tree] [--servers N] [--clients N]\n' +
  '       [--sql | --bank] [--seed N [--trace FILE]] [--writes N] [--mutant NAME|all]';

/** What a worker is given: the seeds from `from` to before `to`. */
interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly wishes?: ScenarioWishes;
  readonly sql: boolean;
}

interface BatchTask {
  readonly type: 'batch';
  readonly from: number;
  readonly count: number;
  /** Seeds besides. */
  readonly others: readonly number[];
  readonly wishes: ScenarioWishes;
  readonly sql: boolean;
}

interface RepeatTask {
  readonly type: 'repeat';
  readonly seed: number;
  readonly traceFile: string | null;
  readonly wishes: ScenarioWishes;
  readonly sql: boolean;
}

/** What the command line asks for. */
type Task =
  | BatchTask
  | RepeatTask
  | { readonly type: 'bank'; readonly from: number; readonly count: number }
  | { readonly type: 'long'; readonly seed: number; readonly writes: number }
  | { readonly type: 'hunt'; readonly name: string; readonly from: number; readonly count: number };

function main(): void {
  let task: Task;
  try {
    task = readTask();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  if (task.type === 'hunt') void huntMutants(task.name, task.from, task.count);
  else if (task.type === 'batch') runBatch(task);
  else if (task.type === 'bank') void runBanks(task.from, task.count);
  else if (task.type === 'long') process.exitCode = liveLong(task.seed, task.writes) ? 0 : 1;
  else void repeatSeed(task);
}

async function databasesFor(sql: boolean): Promise<Databases> {
  if (!sql) return MODEL_DATABASES;
  const { loadNodeRuntime } = await import('./sql/runtime.ts');
  const { SqlDatabases } = await import('./sql/sql-databases.ts');
  return new SqlDatabases(await loadNodeRuntime());
}

/** Throws where the arguments make no sense. */
function readTask(): Task {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      'from-tree': { type: 'boolean', default: false },
      servers: { type: 'string' },
      clients: { type: 'string' },
      sql: { type: 'boolean', default: false },
      bank: { type: 'boolean', default: false },
      seed: { type: 'string' },
      trace: { type: 'string' },
      writes: { type: 'string' },
      mutant: { type: 'string' },
    },
  });
  const wishes = readWishes(values.servers, values.clients);
  const { sql, bank } = values;
  if (bank && values.seed !== undefined) {
    return { type: 'bank', from: wholeNumber(values.seed), count: 1 };
  }
  if (sql && (values.writes !== undefined || values.mutant !== undefined)) {
    throw new Error('--sql goes with seeds');
  }
  if (values.writes !== undefined) {
    return {
      type: 'long',
      seed: wholeNumber(values.seed ?? '1'),
      writes: wholeNumber(values.writes),
    };
  }
  if (values.seed !== undefined) {
    const traceFile = values.trace ?? null;
    return { type: 'repeat', seed: wholeNumber(values.seed), traceFile, wishes, sql };
  }
  if (values.trace !== undefined) throw new Error('--trace goes with --seed');
  const fromTree = values['from-tree'];
  if (fromTree && values.from !== undefined) throw new Error('--from or --from-tree');
  const from = fromTree ? seedOfTree('src') : wholeNumber(values.from ?? '1');
  const { mutant } = values;
  const count = wholeNumber(values.seeds ?? (mutant === undefined ? '1000' : '500'));
  if (count === 0) throw new Error('no seeds');
  if (bank) return { type: 'bank', from, count };
  if (mutant !== undefined) return { type: 'hunt', name: mutant, from, count };
  const others = fromTree ? REGRESSION_SEEDS.map(({ seed }) => seed) : [];
  return { type: 'batch', from, count, others, wishes, sql };
}

function readWishes(servers: string | undefined, clients: string | undefined): ScenarioWishes {
  const wishes = {
    servers: servers === undefined ? null : wholeNumber(servers),
    clients: clients === undefined ? null : wholeNumber(clients),
  };
  if (wishes.servers !== null && (wishes.servers < 1 || wishes.servers > SERVERS_MAX)) {
    throw new Error(`1 to ${SERVERS_MAX} servers`);
  }
  if (wishes.clients === 0) throw new Error('no clients');
  return wishes;
}

/** Well: nothing was violated, and the second run did what the first did. */
async function repeatSeed(task: RepeatTask): Promise<void> {
  const { seed, traceFile, wishes, sql } = task;
  const databases = await databasesFor(sql);
  const file = traceFile === null ? null : openSync(traceFile, 'w');
  const write = file === null ? null : (line: string) => void writeSync(file, `${line}\n`);
  const first = runSeed(seed, write, wishes, databases);
  if (file !== null) closeSync(file);
  const second = runSeed(seed, null, wishes, databases);
  const same = first.traceHash === second.traceHash;
  console.log(`seed ${seed}: trace ${first.traceHash}, again ${second.traceHash}`);
  console.log(same ? 'the same trace twice' : 'TWO DIFFERENT TRACES: the run is not reproducible');
  const batch = new Batch();
  batch.add(first);
  for (const line of batch.summary()) console.log(line);
  if (first.failure !== null) printFailure(first, task, databases);
  process.exitCode = same && first.failure === null ? 0 : 1;
}

/** True: nothing was violated, and everything stayed bounded. */
function liveLong(seed: number, writes: number): boolean {
  const startedMs = Date.now();
  try {
    runLong(seed, writes, (line) => console.log(line));
  } catch (error) {
    const { property, evidence } = describeViolation(error);
    console.log(`${property}: ${evidence}\nnot ok`);
    return false;
  }
  console.log(`${((Date.now() - startedMs) / 1_000).toFixed(1)} s\nok`);
  return true;
}

async function runBanks(from: number, count: number): Promise<void> {
  const { loadNodeRuntime } = await import('./sql/runtime.ts');
  const { SqlDatabases } = await import('./sql/sql-databases.ts');
  const { runBank } = await import('./sql/bank-run.ts');
  const databases = new SqlDatabases(await loadNodeRuntime());
  let failures = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    try {
      console.log(JSON.stringify(runBank(seed, databases)));
    } catch (error) {
      const { property, evidence } = describeViolation(error);
      console.log(`seed ${seed}: ${property}: ${evidence}`);
      failures += 1;
    }
  }
  console.log(failures === 0 ? 'ok' : 'not ok');
  process.exitCode = failures === 0 ? 0 : 1;
}

function runBatch(task: BatchTask): void {
  const { from, others } = task;
  const batch = new Batch();
  const startedMs = Date.now();
  let shownMs = startedMs;
  console.log(`seeds ${from} to ${from + task.count - 1} (--from ${from})`);
  const chunks = chunksOf(task);
  const count = task.count + others.length;
  const workers = Math.min(availableParallelism(), WORKERS_MAX, chunks.length);
  for (let i = 0; i < workers; i += 1) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const giveChunk = (): void => worker.postMessage(chunks.shift() ?? null);
    worker.on('message', (reports: RunReport[]) => {
      for (const report of reports) batch.add(report);
      if (Date.now() - shownMs >= PROGRESS_INTERVAL_MS) {
        shownMs = Date.now();
        console.log(`${batch.runs} of ${count} seeds, ${batch.failures.length} failed`);
      }
      if (batch.runs === count) void finish(batch, task, (Date.now() - startedMs) / 1_000);
      giveChunk();
    });
    worker.on('error', (error) => {
      throw error;
    });
    giveChunk();
  }
}

function chunksOf({ from, count, others, wishes, sql }: BatchTask): Chunk[] {
  const chunks: Chunk[] = others.map((seed) => ({ from: seed, to: seed + 1, wishes, sql }));
  const end = from + count;
  for (let next = from; next < end; next += CHUNK) {
    chunks.push({ from: next, to: Math.min(next + CHUNK, end), wishes, sql });
  }
  return chunks;
}

async function finish(batch: Batch, task: BatchTask, seconds: number): Promise<void> {
  const { runs } = batch;
  console.log(`${runs} runs:`);
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
    printFailure(first, task, await databasesFor(task.sql));
  }
  console.log(first === undefined && shortfalls.length === 0 ? 'ok' : 'not ok');
  process.exitCode = first === undefined && shortfalls.length === 0 ? 0 : 1;
}

/** Building and testing the product takes tools that ordinary runs do without. */
async function huntMutants(name: string, from: number, seeds: number): Promise<void> {
  const { huntAll } = await import('./mutants/hunt-all.ts');
  const lanes = Math.min(availableParallelism(), WORKERS_MAX);
  const options = { root: process.cwd(), from, seeds };
  try {
    const survivors = await huntAll(name, lanes, options, (line) => console.log(line));
    process.exitCode = survivors === 0 ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}

/** The failure, and the last events before it: the run is done once more for their text. */
function printFailure(
  report: RunReport,
  { wishes, sql }: BatchTask | RepeatTask,
  databases: Databases,
): void {
  const { seed, traceHash, failure } = report;
  const lines: string[] = [];
  const keep = (line: string): void => {
    // What servers tell each other for display would bury the rest.
    if (!line.includes(' announce ')) lines.push(line);
    if (lines.length > 4 * LAST_EVENTS) lines.splice(0, 3 * LAST_EVENTS);
  };
  runSeed(seed, keep, wishes, databases);
  console.log(`\nseed ${seed}, trace ${traceHash}: ${failure?.property ?? ''}`);
  console.log(failure?.evidence ?? '');
  const { servers, clients } = wishes;
  const options = `${servers === null ? '' : ` --servers ${servers}`}${
    clients === null ? '' : ` --clients ${clients}`
  }${sql ? ' --sql' : ''}`;
  console.log(
    `the last events (in full: npm run simulate -- --seed ${seed}${options} --trace FILE):`,
  );
  for (const line of lines.slice(-LAST_EVENTS)) console.log(line);
  if ((clients ?? 0) > MAX_RUN_CLIENTS) return;
  const engine = sql ? 'sql' : 'model';
  const link = formatLink({
    source: { type: 'run', seed, ...wishes, engine },
    actions: [],
    atUs: null,
  });
  console.log(`to watch it, event by event, in the page's Lab: ${link} behind the page's address`);
}

/** A worker: runs what it is given until it is given nothing. */
function serve(port: NonNullable<typeof parentPort>): void {
  let loaded: Promise<Databases> | null = null;
  const run = async ({ from, to, wishes, sql }: Chunk): Promise<void> => {
    loaded ??= databasesFor(sql);
    const databases = await loaded;
    const seeds = Array.from({ length: to - from }, (_, i) => from + i);
    port.postMessage(seeds.map((seed) => runSeed(seed, null, wishes, databases)));
  };
  port.on('message', (chunk: Chunk | null) => {
    if (chunk === null) port.close();
    else void run(chunk);
  });
}

if (isMainThread || parentPort === null) main();
else serve(parentPort);
