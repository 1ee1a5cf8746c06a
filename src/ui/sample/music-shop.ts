/**
 * The sample database: a music shop of the shape of the well-known Chinook (artists, albums, tracks,
 * playlists, customers, invoices; some 15,600 rows), with names and figures drawn from one seed, so
 * that it is the same in every browser and takes no download. Pure.
 *
 * Every statement may run again: tables are made where they are missing, rows keep their keys. A load
 * that broke off goes on with the next one.
 */

import { Draw } from './draw.ts';
import {
  ALBUM_WORDS,
  ARTIST_NOUNS,
  ARTIST_WORDS,
  CITIES,
  FAMILY_NAMES,
  GENRES,
  GIVEN_NAMES,
  MEDIA_TYPES,
  PLAYLISTS,
  TRACK_NOUNS,
  TRACK_WORDS,
} from './words.ts';

const SEED = 20_260_101;
/** Rows that one statement, and so one log entry, puts in. */
const ROWS_PER_STATEMENT = 400;

const ARTISTS = 275;
const ALBUMS = 347;
const TRACKS = 3_503;
const PLAYLIST_ROWS = 8_715;
const CUSTOMERS = 59;
const EMPLOYEES = 8;
const INVOICES = 412;
const INVOICE_ROWS = 2_240;

/** Tables by name, in an order in which each refers to those before it. */
export const SAMPLE_TABLES: Readonly<Record<string, string>> = {
  artist: 'artist_id integer primary key, name text not null',
  album: `album_id integer primary key, title text not null,
  artist_id integer not null references artist`,
  genre: 'genre_id integer primary key, name text not null',
  media_type: 'media_type_id integer primary key, name text not null',
  track: `track_id integer primary key, name text not null,
  album_id integer not null references album,
  media_type_id integer not null references media_type,
  genre_id integer not null references genre,
  composer text, milliseconds integer not null, bytes integer not null,
  unit_price real not null`,
  playlist: 'playlist_id integer primary key, name text not null',
  playlist_track: `playlist_id integer not null references playlist,
  track_id integer not null references track,
  primary key (playlist_id, track_id)`,
  employee: `employee_id integer primary key, first_name text not null, last_name text not null,
  title text not null, reports_to integer references employee, hired_on text not null`,
  customer: `customer_id integer primary key, first_name text not null, last_name text not null,
  email text not null, city text not null, country text not null,
  support_rep_id integer not null references employee`,
  invoice: `invoice_id integer primary key, customer_id integer not null references customer,
  invoice_date text not null, billing_city text not null, billing_country text not null,
  total real not null`,
  invoice_line: `invoice_line_id integer primary key,
  invoice_id integer not null references invoice,
  track_id integer not null references track,
  unit_price real not null, quantity integer not null`,
};

const INDEXES: readonly (readonly [string, string])[] = [
  ['album', 'artist_id'],
  ['track', 'album_id'],
  ['track', 'genre_id'],
  ['playlist_track', 'track_id'],
  ['invoice', 'customer_id'],
  ['invoice_line', 'invoice_id'],
  ['invoice_line', 'track_id'],
];

/** With it the sample is complete. */
export const LAST_INDEX = 'invoice_line_by_track_id';

/** What the guide suggests to ask of it. */
export const SAMPLE_QUERY = `-- Which genres earn most?
select genre.name as genre, count(*) as sold, round(sum(line.unit_price * line.quantity), 2) as earned
from invoice_line as line
join track using (track_id)
join genre using (genre_id)
group by genre.genre_id
order by earned desc
limit 10;`;

type Value = string | number | null;
type Row = readonly Value[];

export interface SampleStatement {
  readonly sql: string;
  /** How many rows it puts in. */
  readonly rows: number;
}

/** All of it, in order. */
export function sampleStatements(): SampleStatement[] {
  const tables = Object.entries(SAMPLE_TABLES).map(([name, columns]) => ({
    sql: tableSql(name, columns),
    rows: 0,
  }));
  const rows = Object.entries(sampleRows()).flatMap(([name, all]) => insertsOf(name, all));
  const indexes = INDEXES.map(([table, column]) => ({
    sql: `create index if not exists ${table}_by_${column} on ${table} (${column})`,
    rows: 0,
  }));
  return [...tables, ...rows, ...indexes];
}

function tableSql(name: string, columns: string): string {
  return `create table if not exists ${name} (\n  ${columns}\n)`;
}

/** As `sqlite_schema` has it once the table is there: SQLite leaves `if not exists` out. */
export function storedSql(name: string): string | null {
  const columns = SAMPLE_TABLES[name];
  return columns === undefined ? null : `CREATE TABLE ${name} (\n  ${columns}\n)`;
}

function insertsOf(table: string, rows: readonly Row[]): SampleStatement[] {
  const statements: SampleStatement[] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const some = rows.slice(from, from + ROWS_PER_STATEMENT);
    const values = some.map((row) => `(${row.map(literal).join(', ')})`).join(',\n');
    statements.push({ sql: `insert or ignore into ${table} values\n${values}`, rows: some.length });
  }
  return statements;
}

function literal(value: Value): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** Rows by table, in the order of `SAMPLE_TABLES`. */
function sampleRows(): Readonly<Record<string, readonly Row[]>> {
  const draw = new Draw(SEED);
  const artist = named(ARTISTS, () => artistName(draw));
  const album = albums(draw);
  const genre = GENRES.map((name, at) => [at + 1, name]);
  const media = MEDIA_TYPES.map((name, at) => [at + 1, name]);
  const track = tracks(draw, artist, album);
  const playlist = PLAYLISTS.map((name, at) => [at + 1, name]);
  const playlistTrack = playlistTracks(draw);
  const employee = employees(draw);
  const customer = customers(draw);
  const { invoice, line } = invoices(draw, customer, track);
  return {
    artist,
    album,
    genre,
    media_type: media,
    track,
    playlist,
    playlist_track: playlistTrack,
    employee,
    customer,
    invoice,
    invoice_line: line,
  };
}

/** Rows of a number from 1 and a name that none before it has. */
function named(count: number, name: () => string): Row[] {
  const names = new Set<string>();
  while (names.size < count) names.add(name());
  return [...names].map((each, at) => [at + 1, each]);
}

function artistName(draw: Draw): string {
  const noun = draw.pick(ARTIST_NOUNS);
  switch (draw.below(4)) {
    case 0:
      return `The ${draw.pick(ARTIST_WORDS)} ${noun}s`;
    case 1:
      return `${draw.pick(GIVEN_NAMES)} ${draw.pick(FAMILY_NAMES)}`;
    case 2:
      return `${draw.pick(GIVEN_NAMES)} & the ${noun}s`;
    default:
      return `${draw.pick(ARTIST_WORDS)} ${noun}`;
  }
}

/** Everybody has one; the rest have the luckier ones. */
function albums(draw: Draw): Row[] {
  return Array.from({ length: ALBUMS }, (_, at) => {
    const artistId = at < ARTISTS ? at + 1 : 1 + draw.small(ARTISTS);
    const title = `${draw.pick(ALBUM_WORDS)} ${draw.pick(TRACK_NOUNS)}`;
    return [at + 1, title, artistId];
  });
}

function tracks(draw: Draw, artist: readonly Row[], album: readonly Row[]): Row[] {
  return Array.from({ length: TRACKS }, (_, at) => {
    const albumAt = Math.floor((at * ALBUMS) / TRACKS);
    const artistId = Number(album[albumAt]?.[2]);
    const isVideo = draw.below(16) === 0;
    const milliseconds = isVideo
      ? draw.between(1_200_000, 2_900_000)
      : draw.between(95_000, 480_000);
    const genreId = 1 + ((artistId * 7 + draw.small(6)) % GENRES.length);
    const composer = draw.below(3) === 0 ? null : String(artist[artistId - 1]?.[1]);
    return [
      at + 1,
      trackName(draw),
      albumAt + 1,
      isVideo ? 3 : 1 + draw.small(2),
      genreId,
      composer,
      milliseconds,
      milliseconds * (isVideo ? 180 : 33) + draw.below(9_000),
      isVideo ? 1.99 : 0.99,
    ];
  });
}

function trackName(draw: Draw): string {
  const [word, noun] = [draw.pick(TRACK_WORDS), draw.pick(TRACK_NOUNS)];
  return draw.below(3) === 0 ? `${noun} of ${draw.pick(TRACK_NOUNS)}` : `${word} ${noun}`;
}

/** The first list has nearly everything; the others share the rest. */
function playlistTracks(draw: Draw): Row[] {
  const rows: Row[] = [];
  const seen = new Set<number>();
  while (rows.length < PLAYLIST_ROWS) {
    const playlistId = rows.length < TRACKS ? 1 : 2 + draw.small(PLAYLISTS.length - 1);
    const trackId = rows.length < TRACKS ? rows.length + 1 : 1 + draw.below(TRACKS);
    const key = playlistId * 10_000 + trackId;
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push([playlistId, trackId]);
  }
  return rows;
}

function employees(draw: Draw): Row[] {
  const titles = ['General Manager', 'Sales Manager', 'IT Manager'];
  return Array.from({ length: EMPLOYEES }, (_, at) => {
    const title = titles[at] ?? (at < 6 ? 'Sales Support Agent' : 'IT Staff');
    const boss = at === 0 ? null : at < 3 ? 1 : at < 6 ? 2 : 3;
    const hired = isoDay(2002 + (at >> 1), draw.below(365));
    return [at + 1, draw.pick(GIVEN_NAMES), draw.pick(FAMILY_NAMES), title, boss, hired];
  });
}

function customers(draw: Draw): Row[] {
  return Array.from({ length: CUSTOMERS }, (_, at) => {
    const [given, family] = [draw.pick(GIVEN_NAMES), draw.pick(FAMILY_NAMES)];
    const [city, country] = draw.pick(CITIES);
    const email = `${given}.${family}${at + 1}@example.com`.toLowerCase();
    return [at + 1, given, family, email, city, country, 4 + draw.below(3)];
  });
}

/** Five years of them, evenly; how many lines each has differs, and adds up to what is to be. */
function invoices(
  draw: Draw,
  customer: readonly Row[],
  track: readonly Row[],
): { readonly invoice: Row[]; readonly line: Row[] } {
  const invoice: Row[] = [];
  const line: Row[] = [];
  for (let at = 0; at < INVOICES; at += 1) {
    const lastLine = Math.round(((at + 1) * INVOICE_ROWS) / INVOICES);
    const until = at === INVOICES - 1 ? lastLine : lastLine + draw.between(-2, 2);
    let cents = 0;
    while (line.length < until) {
      const trackId = 1 + draw.below(TRACKS);
      const price = Number(track[trackId - 1]?.[8]);
      line.push([line.length + 1, at + 1, trackId, price, 1]);
      cents += Math.round(price * 100);
    }
    const by = customer[at % CUSTOMERS];
    const date = isoDay(
      2021 + Math.floor((at * 5) / INVOICES),
      Math.floor((at * 5 * 365) / INVOICES) % 365,
    );
    invoice.push([at + 1, by?.[0] ?? 1, date, by?.[4] ?? '', by?.[5] ?? '', cents / 100]);
  }
  return { invoice, line };
}

function isoDay(year: number, day: number): string {
  return new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10);
}
