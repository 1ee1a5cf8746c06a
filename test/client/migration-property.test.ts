/**
 * Any number of callers, with any part of one list or of its rival, in any interleaving, with writes that get
 * lost, answers that do, and writes that come when nobody waits for them any more: every migration is applied
 * once, in order, and never on top of a rival's.
 */

import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ResqliteError } from '../../src/client/errors.ts';
import type { Migration } from '../../src/client/migration.ts';
import { CREATE_RECORDS, knownMigrations } from '../../src/client/migration-records.ts';
import { migrate } from '../../src/client/migration-run.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { loadTestRuntime } from '../sqlite/support.ts';
import { MigrationWorld, Turns, type Fate } from './migration-world.ts';

const LENGTH = 5;
const LONGEST_PAUSE_MS = 500;
/** From this version on there are two lists. */
const FORK = 3;

interface Page {
  /** How many migrations it knows. */
  readonly known: number;
  readonly isRival: boolean;
  readonly fates: readonly Fate[];
  readonly behind: readonly number[];
}

/** Each notes that it ran; the first makes the table for that. */
function listOf({ known, isRival }: Page): Migration[] {
  return Array.from({ length: known }, (_, at) => {
    const version = at + 1;
    const whose = isRival && version >= FORK ? 'rival' : 'own';
    const note = `INSERT INTO journal (step, whose) VALUES (${version}, '${whose}')`;
    const name = `${version}`;
    if (version === 1) return { name, up: `CREATE TABLE journal (step, whose); ${note}` };
    if (version % 2 === 1) return { name, up: [{ sql: note, params: [] }, 'SELECT 1'] };
    // Of a function the name is all that is compared.
    return { name: `${name} ${whose}`, up: async (tx) => void (await tx.execute(note)) };
  });
}

const page: fc.Arbitrary<Page> = fc.record({
  known: fc.nat(LENGTH),
  isRival: fc.boolean(),
  fates: fc.array(fc.constantFrom<Fate>('well', 'lost', 'answer-lost', 'late'), { maxLength: 4 }),
  behind: fc.array(fc.nat(4), { maxLength: 1 }),
});

/** After so many turns a file takes the place of everything that has been made with one of the lists. */
const imported = fc.record({ turns: fc.nat(20), version: fc.nat(LENGTH), isRival: fc.boolean() });

let runtime: Runtime;

beforeAll(async () => {
  runtime = await loadTestRuntime();
});

/** Pauses between two looks are as short as can be; what is a time limit stays one. */
beforeEach(() => {
  const { setTimeout } = globalThis;
  vi.stubGlobal('setTimeout', (callback: () => void, ms: number) =>
    setTimeout(callback, ms > LONGEST_PAUSE_MS ? ms : 0),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

interface Outcome {
  readonly page: Page;
  readonly applied: readonly string[];
  /** Null: it resolved. */
  readonly code: string | null;
}

async function outcomeOf(
  world: MigrationWorld,
  page: Page,
  name: string,
  turns: Turns,
): Promise<Outcome> {
  const { fates, behind } = page;
  const ports = world.portsOf({ name, turns, fates: [...fates], behind: [...behind] });
  try {
    const { applied, version } = await migrate(ports, listOf(page), {});
    expect(version).toBe(page.known);
    return { page, applied, code: null };
  } catch (error) {
    if (!(error instanceof ResqliteError)) throw error;
    expect(error.applied).toBe('no');
    return { page, applied: [], code: error.code };
  }
}

/** One entry, as an import's last one is. */
async function importFile(
  world: MigrationWorld,
  { version, isRival }: { readonly version: number; readonly isRival: boolean },
): Promise<void> {
  const known = await knownMigrations(listOf({ known: version, isRival, fates: [], behind: [] }));
  const made = known.flatMap(({ version, name, hash }) => {
    const whose = isRival && version >= FORK ? 'rival' : 'own';
    return [
      `INSERT INTO journal VALUES (${version}, '${whose}')`,
      `INSERT INTO resqlite_migrations VALUES (${version}, '${name}', '${hash}', '')`,
    ];
  });
  const tables = ['CREATE TABLE journal (step, whose)', CREATE_RECORDS];
  await world.write(
    'DROP TABLE IF EXISTS journal',
    'DROP TABLE IF EXISTS resqlite_migrations',
    ...(version === 0 ? [] : tables),
    ...made,
  );
}

/** The versions that are applied, and whose they are; it throws where one ran twice, or out of order. */
async function schemaOf(world: MigrationWorld): Promise<readonly string[]> {
  const made = await world.rows("SELECT 1 FROM sqlite_schema WHERE name = 'journal'");
  if (made.length === 0) return [];
  const journal = await world.rows('SELECT step, whose FROM journal ORDER BY rowid');
  const records = await world.rows('SELECT version FROM resqlite_migrations ORDER BY version');
  expect(journal.map(([step]) => step)).toEqual(journal.map((_, at) => at + 1));
  expect(records.flat()).toEqual(journal.map(([step]) => step));
  const whose = journal.map((row) => String(row[1]));
  expect(new Set(whose.slice(FORK - 1)).size).toBeLessThan(2);
  return whose;
}

/** What has to come of it. */
function codeOf({ known, isRival }: Page, schema: readonly string[]): string | null {
  const whose = isRival ? 'rival' : 'own';
  if (known >= FORK && schema.length >= FORK && schema[FORK - 1] !== whose) {
    return 'ChangedMigration';
  }
  return schema.length > known ? 'NewerSchema' : null;
}

const choices = fc.array(fc.nat(1_000), { maxLength: 100 });

test('each is applied once, in order, whoever tries and whatever gets lost', async () => {
  const pages = fc.array(page, { minLength: 2, maxLength: 5 });
  const property = fc.asyncProperty(
    fc.context(),
    choices,
    pages,
    async (context, choices, pages) => {
      const turns = new Turns(choices, (line) => context.log(line));
      const world = await MigrationWorld.open(runtime);
      const outcomes = await Promise.all(
        pages.map((page, at) => turns.takePart(() => outcomeOf(world, page, `page ${at}`, turns))),
      );
      await world.settled();
      const schema = await schemaOf(world);
      for (const { page, code } of outcomes) {
        // What was newer, or a rival's, may have come behind it.
        if (code !== null) expect(code).toBe(codeOf(page, schema));
        else expect([null, 'NewerSchema']).toContain(codeOf(page, schema));
      }
      const applied = outcomes.flatMap((outcome) => outcome.applied);
      expect(new Set(applied).size).toBe(applied.length);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('what an import took away is applied again, once, by whoever looks next', async () => {
  const pages = fc.array(page, { minLength: 1, maxLength: 4 });
  const imports = fc.array(imported, { minLength: 1, maxLength: 2 });
  const property = fc.asyncProperty(
    fc.context(),
    choices,
    pages,
    imports,
    async (context, choices, pages, imports) => {
      const turns = new Turns(choices, (line) => context.log(line));
      const world = await MigrationWorld.open(runtime);
      const callers = pages.map((page, at) =>
        turns.takePart(() => outcomeOf(world, page, `page ${at}`, turns)),
      );
      const importing = imports.map((file) =>
        turns.takePart(async () => {
          for (let left = file.turns; left >= 0; left -= 1) await turns.next('a file is sent');
          await importFile(world, file);
        }),
      );
      await Promise.all([...callers, ...importing]);
      await world.settled();
      await schemaOf(world);
      for (const page of pages) {
        const alone = { ...page, fates: [], behind: [] };
        const { code } = await turns.takePart(() => outcomeOf(world, alone, 'again', turns));
        const schema = await schemaOf(world);
        expect(code).toBe(codeOf(page, schema));
        if (code === null) expect(schema.length).toBe(page.known);
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});
