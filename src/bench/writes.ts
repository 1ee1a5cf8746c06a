/** Inserts of single rows and of batches: on the cluster by its leader and by a follower, and elsewhere. */

import { ROW_BYTES, scaled, WARM_UP_SHARE, type Context } from './context.ts';
import type { Timings } from './load.ts';
import type { Subject } from './measurement.ts';
import { RawDatabase } from './raw-database.ts';
import type { Reading } from './report.ts';
import { countQuery, createTable, STATEMENT_END } from './rows.ts';
import type { CallTab, InsertLoad } from './tab-api.ts';
import { RAW_NAMES, RAW_SETTINGS } from './raw-names.ts';
import { FOLLOWER, LEADER, ONE_TAB } from './targets.ts';
import type { RawMode } from './worker-apis.ts';

const TABLE = 'benchmark_rows';

export interface InsertPlan {
  readonly clients: number;
  /** In a round at full scale. */
  readonly calls: number;
  readonly batch: number;
  readonly readings: (timings: Timings) => readonly Reading[];
}

const DURABLE = 'log strictly durable in IndexedDB and flushed in OPFS before an answer';

export function clusterSettings({ tabs }: Context): string {
  return `${tabs.all.length} tabs, ${DURABLE}, on a majority of them`;
}

export const ONE_TAB_SETTINGS = `one tab, ${DURABLE}`;

/** The cluster by both roles, one tab alone, and SQLite in every mode. */
export async function insertSubjects(context: Context, plan: InsertPlan): Promise<Subject[]> {
  const { tabs, oneTab } = context;
  const { followers } = await tabs.roles();
  const leader = inCluster(context, plan, LEADER, async () => (await tabs.roles()).leader.call);
  const follower = inCluster(context, plan, FOLLOWER, async () => {
    const [first] = (await tabs.roles()).followers;
    if (first === undefined) throw new Error('there is no follower any more');
    return first.call;
  });
  return [
    rawInserts(context, plan, 'default'),
    leader,
    ...(followers.length === 0 ? [] : [follower]),
    rawInserts(context, plan, 'wal-full'),
    ...(oneTab === null ? [] : [inCluster(context, plan, ONE_TAB, async () => oneTab)]),
    rawInserts(context, plan, 'wal-off'),
    rawInserts(context, plan, 'memory'),
  ];
}

/** `tabNow` finds the tab anew in every round: leaders change. */
function inCluster(
  context: Context,
  plan: InsertPlan,
  name: string,
  tabNow: () => Promise<CallTab>,
): Subject {
  const table = `${TABLE}_${name.replaceAll(/\W+/g, '_')}`;
  const load = loadOf(context, plan, table);
  let rows = 0;
  const insert = async (calls: number): Promise<Timings> => {
    rows += calls * plan.batch;
    return (await tabNow())('insertRows', { ...load, calls });
  };
  const drop = `drop table if exists ${table}${STATEMENT_END}`;
  return {
    name,
    settings: name === ONE_TAB ? ONE_TAB_SETTINGS : clusterSettings(context),
    warmUp: async () => {
      await (
        await tabNow()
      )('script', drop + createTable(table));
      await insert(load.calls * WARM_UP_SHARE);
    },
    round: async () => plan.readings(await insert(load.calls)),
    verify: async () => {
      const told = await (await tabNow())('rows', countQuery(table));
      expectRows(name, Number(told[0]?.[0]), rows);
    },
    close: async () => (await tabNow())('script', drop),
  };
}

function rawInserts(context: Context, plan: InsertPlan, mode: RawMode): Subject {
  const load = loadOf(context, plan, TABLE);
  let opened: RawDatabase | null = null;
  let rows = 0;
  const insert = async (calls: number): Promise<Timings> => {
    opened ??= await createRaw(mode);
    rows += calls * plan.batch;
    return opened.insertRows({ ...load, calls });
  };
  return {
    name: RAW_NAMES[mode],
    settings: RAW_SETTINGS[mode],
    warmUp: () => insert(load.calls * WARM_UP_SHARE),
    round: async () => plan.readings(await insert(load.calls)),
    verify: async () => {
      expectRows(RAW_NAMES[mode], await opened?.count(countQuery(TABLE)), rows);
    },
    close: async () => opened?.close(),
  };
}

async function createRaw(mode: RawMode): Promise<RawDatabase> {
  const database = await RawDatabase.open(mode);
  await database.script(createTable(TABLE));
  return database;
}

function loadOf(
  context: Context,
  { clients, calls, batch }: InsertPlan,
  table: string,
): InsertLoad {
  return { table, clients, calls: scaled(context, calls), batch, bytes: ROW_BYTES };
}

export function expectRows(subject: string, rows: number | undefined, expected: number): void {
  if (rows !== expected) throw new Error(`${subject}: ${rows} rows where ${expected} should be`);
}
