/** The database of the workloads: a network of weather stations. Its rows are invented by chance. */

import type { Random } from './random.ts';

/** What stands behind the name in `CREATE TABLE`; referenced tables come first. */
export const TABLES = {
  region: '(id integer primary key, name text not null)',
  operator: '(id integer primary key, name text not null, mail text)',
  quantity: '(id integer primary key, name text not null, unit text not null)',
  station:
    '(id integer primary key, name text not null, region integer references benchmark_region (id),' +
    ' operator integer references benchmark_operator (id), altitude integer not null)',
  instrument:
    '(id integer primary key, station integer references benchmark_station (id), model text not null,' +
    ' since integer not null)',
  reading:
    '(id integer primary key, instrument integer references benchmark_instrument (id),' +
    ' quantity integer references benchmark_quantity (id), at integer not null, value real not null)',
  visit:
    '(id integer primary key, station integer references benchmark_station (id), at integer not null,' +
    ' hours real not null, purpose text)',
  fault:
    '(id integer primary key, instrument integer references benchmark_instrument (id),' +
    ' at integer not null, kind text not null)',
  part: '(id integer primary key, name text not null, price integer not null)',
  replacement:
    '(id integer primary key, fault integer references benchmark_fault (id),' +
    ' part integer references benchmark_part (id), count integer not null)',
  remark:
    '(id integer primary key, station integer references benchmark_station (id), text text not null)',
} as const;

export type TableName = keyof typeof TABLES;

export type RowCounts = Readonly<Record<TableName, number>>;

export const ROW_COUNTS = {
  region: 12,
  operator: 9,
  quantity: 8,
  station: 274,
  instrument: 346,
  reading: 11_000,
  visit: 1_600,
  fault: 700,
  part: 64,
  replacement: 900,
  remark: 700,
} as const satisfies RowCounts;

export const INDEXES: readonly (readonly [TableName, string])[] = [
  ['station', 'region'],
  ['station', 'name'],
  ['instrument', 'station'],
  ['reading', 'instrument'],
  ['reading', 'at'],
  ['visit', 'station'],
  ['fault', 'instrument'],
  ['replacement', 'fault'],
  ['replacement', 'part'],
  ['remark', 'station'],
];

const PLACES = ['Alder', 'Birch', 'Cliff', 'Dune', 'Ember', 'Fell', 'Grove', 'Harbour'] as const;
const KINDS = ['hill', 'ridge', 'bay', 'field', 'pass', 'mill', 'point'] as const;
const FAULTS = ['no power', 'no signal', 'drift', 'ice', 'broken cup'] as const;
const FIRST_SECOND = 1_600_000_000;
const SECONDS = 100_000_000;

/**
 * A row as the inside of `VALUES (…)`; it refers to rows of other tables that hold as many as `counts`
 * says.
 */
export function rowOf(table: TableName, id: number, counts: RowCounts, random: Random): string {
  return [id, ...columnsOf(table, id, counts, random)]
    .map((value) => (typeof value === 'string' ? `'${value}'` : String(value)))
    .join(', ');
}

function columnsOf(
  table: TableName,
  id: number,
  counts: RowCounts,
  random: Random,
): (string | number)[] {
  const place = `${random.pick(PLACES)} ${random.pick(KINDS)} ${id}`;
  const someOf = (other: TableName): number => 1 + random.below(counts[other]);
  const second = FIRST_SECOND + random.below(SECONDS);
  switch (table) {
    case 'region':
      return [place];
    case 'operator':
      return [`operator of ${place}`, `operator${id}@weather.example`];
    case 'quantity':
      return [`quantity ${id}`, random.pick(['K', 'hPa', 'm/s', 'mm'])];
    case 'station':
      return [place, someOf('region'), someOf('operator'), random.below(3_000)];
    case 'instrument':
      return [someOf('station'), `model ${random.below(40)}`, 1_960 + random.below(60)];
    case 'reading':
      return [someOf('instrument'), someOf('quantity'), second, random.below(10_000) / 10];
    case 'visit':
      return [someOf('station'), second, random.below(80) / 10, `seeing to ${place}`];
    case 'fault':
      return [someOf('instrument'), second, random.pick(FAULTS)];
    case 'part':
      return [`part ${id} for ${place}`, 100 + random.below(9_900)];
    case 'replacement':
      return [someOf('fault'), someOf('part'), 1 + random.below(4)];
    case 'remark':
      return [someOf('station'), `seen at ${place}: ${random.pick(FAULTS)}`];
  }
}
