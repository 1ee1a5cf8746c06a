/**
 * The four workloads as files, run by one client: statement by statement, or all at once. Without
 * replication each statement is a transaction of its own, as it is on the cluster.
 */

import { readingsOf, shareOf, type Context } from './context.ts';
import type { Subject } from './measurement.ts';
import { RAW_NAMES, RAW_SETTINGS } from './raw-names.ts';
import { RawDatabase } from './raw-database.ts';
import type { Reading } from './report.ts';
import type { CallTab, FileLoad, FileTimings } from './tab-api.ts';
import { LEADER, ONE_TAB } from './targets.ts';
import type { RawMode } from './worker-apis.ts';
import { countQuery, dropScript, rowsWritten, workload, type WorkloadName } from './workloads.ts';
import { clusterSettings, expectRows, ONE_TAB_SETTINGS } from './writes.ts';

const SEED = 1;
/** The first part of what a full run measures, by which everything gets warm that can. */
const WARM_UP_SHARE = 0.02;
const MODES: readonly RawMode[] = ['default', 'wal-full', 'memory'];

interface FilePlan {
  readonly workload: WorkloadName;
  readonly path: FileLoad['path'];
}

/** Where a file can be run. */
interface Place {
  script(sql: string): Promise<unknown>;
  count(query: string): Promise<number>;
  runFile(load: FileLoad): Promise<FileTimings>;
  /** The database that the file which writes makes, as fast as it can be had. */
  prepare(load: FileLoad): Promise<unknown>;
  close(): Promise<void>;
}

/** The cluster by its leader, one tab alone, and SQLite in every mode. */
export async function fileSubjects(context: Context, plan: FilePlan): Promise<Subject[]> {
  const { tabs, oneTab } = context;
  const leader = fileSubject(context, plan, {
    name: LEADER,
    settings: clusterSettings(context),
    open: async () => placeIn((await tabs.roles()).leader.call),
  });
  const alone = (call: CallTab): Subject =>
    fileSubject(context, plan, {
      name: ONE_TAB,
      settings: ONE_TAB_SETTINGS,
      open: async () => placeIn(call),
    });
  return [
    rawSubject(context, plan, 'wal-off'),
    leader,
    ...MODES.map((mode) => rawSubject(context, plan, mode)),
    ...(oneTab === null ? [] : [alone(oneTab)]),
  ];
}

function rawSubject(context: Context, plan: FilePlan, mode: RawMode): Subject {
  const open = (): Promise<Place> => RawDatabase.open(mode);
  return fileSubject(context, plan, { name: RAW_NAMES[mode], settings: RAW_SETTINGS[mode], open });
}

function placeIn(call: CallTab): Place {
  return {
    script: (sql) => call('script', sql),
    count: async (query) => Number((await call('rows', query))[0]?.[0]),
    runFile: (load) => call('runFile', load),
    prepare: (load) => call('runFile', { ...load, workload: 'write-only', path: 'pipelined' }),
    close: async () => call('script', dropScript()),
  };
}

interface FilePlace {
  readonly name: string;
  readonly settings: string;
  readonly open: () => Promise<Place>;
}

function fileSubject(context: Context, plan: FilePlan, place: FilePlace): Subject {
  const { name, settings } = place;
  const share = shareOf(context);
  const load: FileLoad = { ...plan, seed: SEED, share };
  let opened: Place | null = null;
  return {
    name,
    settings,
    warmUp: async () => {
      opened = await place.open();
      await opened.script(dropScript());
      if (plan.workload !== 'write-only') await opened.prepare(load);
      await opened.runFile({ ...load, share: Math.min(share, WARM_UP_SHARE) });
    },
    round: async () => {
      opened ??= await place.open();
      return round(name, opened, load);
    },
    // Every round counts what it wrote and what it read.
    verify: async () => undefined,
    close: async () => opened?.close(),
  };
}

async function round(name: string, place: Place, load: FileLoad): Promise<readonly Reading[]> {
  const isWriteOnly = load.workload === 'write-only';
  if (isWriteOnly) await place.script(dropScript());
  const timings = await place.runFile(load);
  const rows = isWriteOnly ? await place.count(countQuery()) : timings.rows;
  expectRows(name, rows, isWriteOnly ? rowsWritten(load.share) : rowsRead(load));
  return readingsOf(`${load.workload}-${load.path}`, timings);
}

function rowsRead(load: FileLoad): number {
  return workload(load.workload, load).reduce((total, { rows }) => total + (rows ?? 0), 0);
}
