/** Single rows read by their ids: on the cluster at each level, and from SQLite alone. */

import { readingsOf, ROW_BYTES, scaled, WARM_UP_SHARE, type Context } from './context.ts';
import type { Subject } from './measurement.ts';
import { RawDatabase } from './raw-database.ts';
import { createTable, fillStatement, STATEMENT_END } from './rows.ts';
import type { CallTab, QueryLoad } from './tab-api.ts';
import { RAW_WAL_FULL, READ_LEVELS, readSubject } from './targets.ts';
import { RAW_SETTINGS } from './raw-names.ts';

const TABLE = 'benchmark_read_rows';
const ROWS = 1_000;

interface ReadPlan {
  readonly figure: string;
  readonly clients: number;
  /** In a round at full scale. */
  readonly calls: number;
}

/** Read where most tabs are: at a follower, where there is one. */
export async function readSubjects(context: Context, plan: ReadPlan): Promise<Subject[]> {
  const levels = READ_LEVELS.map((level) => inCluster(context, plan, level));
  return [rawReads(context, plan), ...levels];
}

function inCluster(context: Context, plan: ReadPlan, level: (typeof READ_LEVELS)[number]): Subject {
  const load = { ...loadOf(context, plan), table: `${TABLE}_${level}`, level };
  const tabNow = async (): Promise<CallTab> => {
    const { leader, followers } = await context.tabs.roles();
    return (followers[0] ?? leader).call;
  };
  const drop = `drop table if exists ${load.table}${STATEMENT_END}`;
  const fill = createTable(load.table) + fillStatement(load.table, ROWS, ROW_BYTES);
  return {
    name: readSubject(level),
    settings: `${context.tabs.all.length} tabs, read in a follower's, level ${level}`,
    warmUp: async () => {
      const call = await tabNow();
      await call('script', drop + fill);
      await call('queryRows', { ...load, calls: load.calls * WARM_UP_SHARE });
    },
    round: async () => readingsOf(plan.figure, await (await tabNow())('queryRows', load)),
    // Every single answer was looked at.
    verify: async () => undefined,
    close: async () => (await tabNow())('script', drop),
  };
}

function rawReads(context: Context, plan: ReadPlan): Subject {
  const load = loadOf(context, plan);
  let opened: RawDatabase | null = null;
  return {
    name: RAW_WAL_FULL,
    settings: RAW_SETTINGS['wal-full'],
    warmUp: async () => {
      opened = await openRaw();
      await opened.queryRows({ ...load, calls: load.calls * WARM_UP_SHARE });
    },
    round: async () => {
      opened ??= await openRaw();
      return readingsOf(plan.figure, await opened.queryRows(load));
    },
    verify: async () => undefined,
    close: async () => opened?.close(),
  };
}

async function openRaw(): Promise<RawDatabase> {
  const database = await RawDatabase.open('wal-full');
  await database.script(createTable(TABLE) + fillStatement(TABLE, ROWS, ROW_BYTES));
  return database;
}

function loadOf(context: Context, { clients, calls }: ReadPlan): Omit<QueryLoad, 'level'> {
  return { table: TABLE, clients, calls: scaled(context, calls), rows: ROWS };
}
