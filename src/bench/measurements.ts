/** What is measured in the page, by names that stay. */

import { COMMITS, INSERTS, readingsOf, type Context } from './context.ts';
import { fileSubjects } from './files.ts';
import { floorSubject } from './floor.ts';
import type { Subject } from './measurement.ts';
import { readSubjects } from './reads.ts';
import { CLIENTS, concurrentName, PATHS, READ_CLIENTS, WORKLOADS } from './targets.ts';
import { insertSubjects } from './writes.ts';

interface Measurement {
  readonly name: string;
  /** Where a round takes long, fewer will do. */
  readonly maxRounds: number;
  subjects(context: Context): Promise<Subject[]>;
}

const MANY_ROUNDS = 100;
const FILE_ROUNDS = 3;

const QUERIES = 2_000;
const BATCHES = 100;
const BATCH_ROWS = 100;

const commit: Measurement = {
  name: 'commit',
  maxRounds: MANY_ROUNDS,
  subjects: async (context) => [
    floorSubject(context),
    ...(await insertSubjects(context, {
      clients: 1,
      calls: COMMITS,
      batch: 1,
      readings: ({ latenciesMs }) => [{ figure: 'commit', unit: 'ms', values: latenciesMs }],
    })),
  ],
};

const concurrent = CLIENTS.map((clients): Measurement => {
  const name = concurrentName(clients);
  return {
    name,
    maxRounds: MANY_ROUNDS,
    subjects: (context) =>
      insertSubjects(context, {
        clients,
        calls: clients === 1 ? COMMITS : INSERTS,
        batch: 1,
        readings: (timings) => readingsOf(name, timings),
      }),
  };
});

const batches: Measurement = {
  name: 'batches',
  maxRounds: MANY_ROUNDS,
  subjects: (context) =>
    insertSubjects(context, {
      clients: 1,
      calls: BATCHES,
      batch: BATCH_ROWS,
      readings: (timings) => readingsOf('batches', timings),
    }),
};

const reads = READ_CLIENTS.map((clients): Measurement => {
  const figure = `reads-${clients}`;
  return {
    name: figure,
    maxRounds: MANY_ROUNDS,
    subjects: (context) => readSubjects(context, { figure, clients, calls: QUERIES }),
  };
});

const files = WORKLOADS.flatMap((workload) =>
  PATHS.map((path): Measurement => ({
    name: `${workload}-${path}`,
    maxRounds: FILE_ROUNDS,
    subjects: (context) => fileSubjects(context, { workload, path }),
  })),
);

export const MEASUREMENTS: readonly Measurement[] = [
  commit,
  ...concurrent,
  batches,
  ...reads,
  ...files,
];
