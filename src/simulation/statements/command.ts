/**
 * `npm run soak -- statements`: generated statements on three state machines that differ in everything
 * that must not matter. Rounds begin with an empty database and a seed of their own, so that whatever
 * is found is reproduced by one of them.
 *
 *   --statements N  how many (1000000)
 *   --seed N        of the first round (1); the others follow
 *   --round N       statements of a round (50000)
 *
 * Exit code 1: two machines differ, or one has failed. Exit code 2: the arguments make no sense.
 */

import { parseArgs } from 'node:util';
import { loadNodeRuntime } from '../sql/runtime.ts';
import { wholeNumber } from '../whole-number.ts';
import { runDifferential, type Checkpoint } from './differential.ts';

interface Wishes {
  readonly seed: number;
  readonly statements: number;
  readonly round: number;
}

const CHECKPOINT_STATEMENTS = 2_000;
/** Every so many of a round's checkpoints one is told. */
const TOLD_INTERVAL = 10;

function readWishes(): Wishes {
  const { values } = parseArgs({
    options: {
      statements: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      round: { type: 'string', default: '50000' },
    },
  });
  const wishes = {
    seed: wholeNumber(values.seed),
    statements: wholeNumber(values.statements),
    round: wholeNumber(values.round),
  };
  if (wishes.statements === 0 || wishes.round === 0) throw new Error('no statements');
  return wishes;
}

async function main(): Promise<number> {
  let wishes: Wishes;
  try {
    wishes = readWishes();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  const startedMs = Date.now();
  let done = 0;
  for (let seed = wishes.seed; done < wishes.statements; seed += 1) {
    const statements = Math.min(wishes.round, wishes.statements - done);
    const count = await runRound(seed, statements);
    if (count === null) return 1;
    done += count;
    const seconds = ((Date.now() - startedMs) / 1_000).toFixed(0);
    console.log(`${done} statements over 3 machines: equal everywhere (${seconds} s)`);
  }
  console.log('ok');
  return 0;
}

/** How many statements there were; null where it failed. */
async function runRound(seed: number, statements: number): Promise<number | null> {
  // Files in a module's memory stay until the module goes.
  const runtime = await loadNodeRuntime();
  let checkpoints = 0;
  const tell = (checkpoint: Checkpoint): void => {
    checkpoints += 1;
    if (checkpoints % TOLD_INTERVAL === 0) console.log(`seed ${seed}: ${describe(checkpoint)}`);
  };
  const options = { seed, statements, checkpointStatements: CHECKPOINT_STATEMENTS };
  try {
    const report = runDifferential(runtime, options, tell);
    const { restarts, reads, snapshots, installs, batches } = report;
    console.log(
      `seed ${seed}: ${checkpoints} checkpoints, ${batches} batches, ${restarts} restarts, ` +
        `${installs} installs, ${snapshots} snapshots, ${reads} reads\n` +
        `seed ${seed}: at the end ${describe(report)}`,
    );
    return report.statements;
  } catch (error) {
    console.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    console.log(`not ok: npm run soak -- statements --seed ${seed} --statements ${statements}`);
    return null;
  }
}

function describe({ statements, entries, failed, hash }: Checkpoint): string {
  return `${statements} statements in ${entries} entries, ${failed} failed, hash ${hash}`;
}

process.exitCode = await main();
