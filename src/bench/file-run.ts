/** A workload's file on the cluster, by the two ways that a page's shell has. */

import type { Database } from '../client/database.ts';
import { runClients } from './load.ts';
import type { FileLoad, FileTimings } from './tab-api.ts';
import { scriptOf, workload } from './workloads.ts';

/** As many rows as the shell asks for at once. */
const BATCH_ROWS = 1_000;

/** Rejects where a statement fails. */
export async function runFile(db: Database, load: FileLoad): Promise<FileTimings> {
  const statements = workload(load.workload, load);
  if (load.path === 'pipelined') {
    const script = scriptOf(statements);
    let rows = 0;
    const timings = await runClients(1, 1, async () => {
      rows = await runScript(db, script);
    });
    return { ...timings, operations: statements.length, rows };
  }
  let rows = 0;
  const timings = await runClients(1, statements.length, async (at) => {
    rows += await runScript(db, statements[at]?.sql ?? '');
  });
  return { ...timings, rows };
}

/** Answers how many rows came out of it, after all of them have arrived. */
async function runScript(db: Database, script: string): Promise<number> {
  let rows = 0;
  const reading: Promise<void>[] = [];
  const { errors, firstErrors } = await db.run(script, {
    reads: 'cursor',
    onResult: ({ outcome }) => {
      if (outcome.type === 'executed') rows += outcome.result.rows.length;
      if (outcome.type !== 'rows') return;
      const { answer } = outcome;
      const read = async (): Promise<void> => {
        for (let from = 0; from < answer.rowCount; from += BATCH_ROWS) {
          rows += (await answer.read(from, BATCH_ROWS)).length;
        }
        await answer.close();
      };
      reading.push(read());
    },
  });
  await Promise.all(reading);
  if (errors > 0) throw new Error(`${errors} statements failed: ${firstErrors[0]?.error.message}`);
  return rows;
}
