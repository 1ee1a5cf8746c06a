/**
 * The four files of statements that are run by one client: a database of a network of weather stations
 * as a dump would make it, what is asked of it, and two mixtures. Counts are fixed: 15,637 statements
 * that write (11 tables, 15,613 rows, 10 indexes, ANALYZE and the two lines around a dump), 15,060 that
 * read 274, 346 and 1 rows in turn, 4,877 writes with 1,137 reads, and 602 writes with 4,518 reads, the
 * mixtures in alternating blocks.
 *
 * Everything is invented from a seed, and the same for all that is measured. The files that read and
 * the mixtures are for a database that the first one has made.
 */

import { Random } from './random.ts';
import { STATEMENT_END } from './rows.ts';
import {
  INDEXES,
  ROW_COUNTS,
  rowOf,
  TABLES,
  type RowCounts,
  type TableName,
} from './weather-network.ts';

export type WorkloadName = 'write-only' | 'read-only' | 'write-heavy' | 'read-heavy';

export interface WorkloadStatement {
  readonly sql: string;
  /** How many rows a read gives; null where it writes. */
  readonly rows: number | null;
}

/** `share` of the counts, above 0 and at most 1: less is for trying, and no benchmark. */
interface WorkloadOptions {
  readonly seed: number;
  readonly share: number;
}

const READS = { 'read-only': 15_060, 'write-heavy': 1_137, 'read-heavy': 4_518 } as const;
const WRITES = { 'write-heavy': 4_877, 'read-heavy': 602 } as const;
const BLOCKS = { 'write-heavy': 113, 'read-heavy': 43 } as const;

const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];
/** Reads need all of these to give as many rows as they are to. */
const WHOLE_TABLES: readonly TableName[] = ['station', 'instrument'];

export function workload(
  name: WorkloadName,
  options: WorkloadOptions,
): readonly WorkloadStatement[] {
  const random = new Random(options.seed);
  if (name === 'write-only') return writeOnly(random, options.share);
  const reads = scaled(READS[name], options.share);
  if (name === 'read-only') return Array.from({ length: reads }, (_, at) => readStatement(at));
  const writes = scaled(WRITES[name], options.share);
  const blocks = Math.min(BLOCKS[name], writes, reads);
  return alternating(random, { writes, reads, blocks });
}

/** How many rows the file that writes puts into all tables together. */
export function rowsWritten(share: number): number {
  return Object.values(tableCounts(share)).reduce((total, count) => total + count, 0);
}

/** Takes the database away again; does nothing where there is none. */
export function dropScript(): string {
  return TABLE_NAMES.toReversed()
    .map((table) => `drop table if exists benchmark_${table}${STATEMENT_END}`)
    .join('');
}

/** One number: the rows of all tables. */
export function countQuery(): string {
  const counts = TABLE_NAMES.map((table) => `(select count(*) from benchmark_${table})`);
  return `select ${counts.join(' + ')}`;
}

/** As a file. */
export function scriptOf(statements: readonly WorkloadStatement[]): string {
  return statements.map(({ sql }) => `${sql}${STATEMENT_END}`).join('');
}

function writeOnly(random: Random, share: number): WorkloadStatement[] {
  const counts = tableCounts(share);
  const inserts = TABLE_NAMES.flatMap((table) =>
    Array.from({ length: counts[table] }, (_, at) =>
      insertStatement(table, rowOf(table, at + 1, counts, random)),
    ),
  );
  return [
    'PRAGMA foreign_keys=OFF',
    ...Object.entries(TABLES).map(
      ([table, columns]) => `create table benchmark_${table} ${columns}`,
    ),
    ...inserts,
    ...INDEXES.map(([table, column]) => {
      return `create index benchmark_${table}_${column} on benchmark_${table} (${column})`;
    }),
    'ANALYZE',
    'PRAGMA foreign_keys=ON',
  ].map((sql) => ({ sql, rows: null }));
}

function tableCounts(share: number): RowCounts {
  const counts: Record<TableName, number> = { ...ROW_COUNTS };
  for (const table of TABLE_NAMES) {
    if (!WHOLE_TABLES.includes(table)) counts[table] = scaled(counts[table], share);
  }
  return counts;
}

function scaled(count: number, share: number): number {
  return Math.max(1, Math.round(count * share));
}

function insertStatement(table: TableName, row: string): string {
  return `insert into benchmark_${table} values (${row})`;
}

/** Three kinds in turn. They differ a little, so that no two neighbours of a kind are the same text. */
function readStatement(number: number): WorkloadStatement {
  const turn = Math.floor(number / 3);
  if (number % 3 === 0) {
    const sql = `select id, name, region, altitude from benchmark_station where altitude > ${-1 - (turn % 100)}`;
    return { sql, rows: ROW_COUNTS.station };
  }
  if (number % 3 === 1) {
    const sql =
      'select i.id, i.model, s.name from benchmark_instrument i' +
      ` join benchmark_station s on s.id = i.station where i.since > ${1_900 + (turn % 50)}`;
    return { sql, rows: ROW_COUNTS.instrument };
  }
  const instrument = 1 + (turn % ROW_COUNTS.instrument);
  const sql = `select count(*), avg(value) from benchmark_reading where instrument = ${instrument}`;
  return { sql, rows: 1 };
}

/** Leaves the tables alone whose rows the reads give. */
function writeStatement(number: number, random: Random): WorkloadStatement {
  const instrument = 1 + random.below(ROW_COUNTS.instrument);
  const value = random.below(1_000) / 10;
  const kinds = [
    `insert into benchmark_reading values (null, ${instrument}, 1, ${1_700_000_000 + number}, ${value})`,
    `update benchmark_instrument set model = 'model ${number}' where id = ${instrument}`,
    `insert into benchmark_remark values (null, ${1 + random.below(ROW_COUNTS.station)}, 'remark ${number}')`,
    `delete from benchmark_reading where id = ${1 + random.below(ROW_COUNTS.reading)}`,
  ] as const;
  return { sql: random.pick(kinds), rows: null };
}

function alternating(
  random: Random,
  { writes, reads, blocks }: { writes: number; reads: number; blocks: number },
): WorkloadStatement[] {
  const statements: WorkloadStatement[] = [];
  let written = 0;
  let read = 0;
  for (let block = 1; block <= blocks; block += 1) {
    for (; written < Math.floor((writes * block) / blocks); written += 1) {
      statements.push(writeStatement(written, random));
    }
    for (; read < Math.floor((reads * block) / blocks); read += 1) {
      statements.push(readStatement(read));
    }
  }
  return statements;
}
