/** A run of the shell over a database and a page that the test plays. */

import { signal } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ReadLevel } from '../../../src/node/sql.ts';
import { changeSettings, DEFAULT_SETTINGS, settings } from '../../../src/ui/shell/settings.ts';
import type { ShellItem } from '../../../src/ui/shell/shell-items.ts';
import { MAX_ITEMS, ShellRun } from '../../../src/ui/shell/shell-run.ts';
import { FakeDatabase, FakeHost } from './fake-database.ts';

const level = signal<ReadLevel>('weak');
let database: FakeDatabase;
let host: FakeHost;
let abort: AbortController;
let shell: ShellRun;

beforeEach(() => {
  database = new FakeDatabase();
  host = new FakeHost();
  abort = new AbortController();
  changeSettings(DEFAULT_SETTINGS);
  shell = newRun();
});

afterEach(() => shell.close());

function newRun(
  onChange: () => void = () => undefined,
  queues = false,
  asTables = false,
): ShellRun {
  return new ShellRun({
    database: database.database,
    host,
    level,
    changes: { last: 0, total: 0 },
    queues,
    asTables,
    signal: abort.signal,
    onChange,
  });
}

async function run(text: string): Promise<string[]> {
  await shell.run({ name: '', text, base: 0 });
  return shell.items.map(wordsFor);
}

/** What a command comes to that asks first: nothing where the person declines, its words where not. */
async function runAgreed(text: string): Promise<string | undefined> {
  host.reply = null;
  expect(await run(text)).toEqual(['declined']);
  expect(database.calls).toEqual([]);
  host.reply = { file: null, text: '' };
  return (await run(text)).at(-1);
}

function wordsFor(item: ShellItem): string {
  if (item.type === 'command') {
    const { outcome } = item;
    if (outcome.type === 'error') return `error: ${outcome.error.message}`;
    if (outcome.type === 'declined') return 'declined';
    return outcome.type === 'text' ? outcome.text : `refused: ${outcome.message}`;
  }
  const { outcome } = item;
  if (outcome.type !== 'rows') return outcome.type;
  const { view } = outcome;
  return view.type === 'text' ? view.text : `${view.type} of ${outcome.rowCount}`;
}

describe('a script', () => {
  test('runs its parts in order, each with the settings of its moment', async () => {
    const items = await run(
      'select 2;\n.mode csv\nselect 2;\ninsert 3;\n.mode table\nfail;\nselect 1;',
    );
    expect(items).toEqual(['table of 2', '', '1\n2', 'executed', '', 'error', 'table of 1']);
    expect(database.scripts.map((script) => script.trim())).toEqual([
      'select 2;',
      'select 2;\ninsert 3;',
      'fail;\nselect 1;',
    ]);
    const { statements, commands, errors, rowsAffected } = shell.counts;
    expect({ statements, commands, errors, rowsAffected }).toEqual({
      statements: 5,
      commands: 2,
      errors: 1,
      rowsAffected: 3,
    });
  });

  test('numbers statements, and knows where each begins', async () => {
    const text = 'select 1;\n.print  x y\ninsert 1;  select 2;';
    expect((await run(text))[1]).toBe('x y');
    const statements = shell.items.filter((item) => item.type === 'statement');
    expect(statements.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(statements.map(({ sql, start }) => text.slice(start, start + sql.length))).toEqual(
      statements.map(({ sql }) => sql),
    );
  });

  test('goes on behind an error, or stops there with .bail', async () => {
    expect(await run('fail;\nselect 1;\n.nonsense\nselect 1;')).toHaveLength(4);
    shell = newRun();
    expect(await run('.bail on\nfail; select 1;\n.print no')).toEqual(['', 'error']);
    shell = newRun();
    expect(await run('.nonsense\nselect 1;')).toHaveLength(1);
  });

  test('of lines leaves out what is left of one that fails, and goes on with the next', async () => {
    expect(await run('insert 1; fail; insert 2; select 1;')).toEqual(['executed', 'error']);
    expect(shell.hasHalted).toBe(true);
    shell = newRun();
    expect(await run('insert 1; fail;')).toEqual(['executed', 'error']);
    expect(shell.hasHalted).toBe(false);
    shell = newRun();
    const lines =
      'insert 1;\nfail; insert 2;\nselect\n2; fail; select 3;\ninsert 4;\nfail;\nselect 5;';
    expect(await run(lines)).toEqual([
      'executed',
      'error',
      'table of 2',
      'error',
      'executed',
      'error',
      'table of 5',
    ]);
    expect(shell.hasHalted).toBe(true);
    const statements = shell.items.filter((item) => item.type === 'statement');
    expect(statements.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(statements.map(({ sql, start }) => lines.slice(start, start + sql.length))).toEqual(
      statements.map(({ sql }) => sql),
    );
  });

  test('of a file, or with a transaction of several lines, runs everything', async () => {
    host.files.set('a.sql', new File(['fail; select 2;\nfail; select 3;'], 'a.sql'));
    expect(await run('.read a.sql')).toEqual(['error', 'table of 2', 'error', 'table of 3', '']);
    expect(shell.hasHalted).toBe(false);
    const transaction = 'begin; insert 1;\nfail; insert 2;\ncommit;';
    database.scripts.length = 0;
    await run(transaction);
    expect(database.scripts).toEqual([transaction]);
  });

  test('whose cluster fails behind a line that was run may have had an effect', async () => {
    const lines = 'insert 1; insert 2;\nlost; select 1;';
    await expect(run(lines)).rejects.toMatchObject({ code: 'NoQuorum', applied: 'unknown' });
    shell = newRun();
    const first = 'lost; select 1;\ninsert 1; insert 2;';
    await expect(run(first)).rejects.toMatchObject({ applied: 'no' });
  });

  test('says at every thousandth statement how far it is', async () => {
    const seen: number[] = [];
    shell = newRun(() => seen.push(shell.reports.length));
    const statements = `${'insert 1;\n'.repeat(1_500)}fail;\n${'insert 1;\n'.repeat(999)}`;
    host.files.set('large.sql', new File([statements], 'large.sql'));
    await run('.read large.sql');
    expect(shell.reports).toEqual([
      expect.stringMatching(/^1,000 statements after [\d.]+ m?s$/),
      expect.stringMatching(/^2,000 statements \(1 error\) after [\d.]+ m?s$/),
    ]);
    expect(seen).toContain(1);
  });

  test('ends where the cluster fails, with what came before', async () => {
    await expect(run('select 1; lost; select 2;')).rejects.toMatchObject({ code: 'NoQuorum' });
    expect(shell.items.map(wordsFor)).toEqual(['table of 1']);
  });

  test('that is stopped while it asks something runs nothing more', async () => {
    host.ask = async () => {
      abort.abort();
      return null;
    };
    await expect(run('.open\n.print no\nselect 1;')).rejects.toMatchObject({ code: 'Aborted' });
    expect(shell.items.map(wordsFor)).toEqual(['declined']);
  });

  test('prints times and changes behind each statement', async () => {
    await run('.timer on\n.changes on\ninsert 3; insert 2; select 1;');
    const notes = shell.items.flatMap((item) => (item.type === 'statement' ? [item.notes] : []));
    expect(notes).toEqual([
      ['Run Time: real 0.012', 'changes: 3   total_changes: 3'],
      ['Run Time: real 0.012', 'changes: 2   total_changes: 5'],
      ['Run Time: real 0.012', 'changes: 2   total_changes: 5'],
    ]);
  });
});

describe('without a quorum', () => {
  test('a run fails, unless what it writes may be queued: by a setting, or for this run', async () => {
    await expect(run('lost;')).rejects.toMatchObject({ code: 'NoQuorum', applied: 'no' });
    shell = newRun();
    expect(await run('.queue on\nlost;\n.queue off')).toEqual(['', 'queued', '']);
    shell = newRun(() => undefined, true);
    expect(await run('lost;')).toEqual(['queued']);
    expect(shell.hasSucceeded).toBe(true);
  });
});

describe('results', () => {
  test('small ones are taken over, large ones kept until the run is shown no more', async () => {
    expect(await run('select 200; select 1000000;')).toEqual(['table of 200', 'blocks of 1000000']);
    expect(database.openCursors).toBe(1);
    shell.close();
    await Promise.resolve();
    expect(database.openCursors).toBe(0);
  });

  test('only so many are kept; of the others the first rows are shown', async () => {
    const views = await run('select 1000;'.repeat(12));
    expect(views.filter((view) => view === 'blocks of 1000')).toHaveLength(8);
    expect(views.filter((view) => view === 'table of 1000')).toHaveLength(4);
    expect(database.openCursors).toBe(8);
  });

  test('only so many are kept of all runs that are shown', async () => {
    const many = 'select 1000;'.repeat(12);
    const kept = async (): Promise<number> =>
      (await run(many)).filter((view) => view === 'blocks of 1000').length;
    const others: ShellRun[] = [];
    const counts: number[] = [];
    for (let tab = 0; tab < 3; tab += 1) {
      counts.push(await kept());
      others.push(shell);
      shell = newRun();
    }
    expect(counts).toEqual([8, 8, 4]);
    for (const other of others) {
      other.close();
      other.close();
    }
    expect(await kept()).toBe(8);
  });

  test('are tables and trees in every mode, where that is asked for', async () => {
    shell = newRun(() => undefined, false, true);
    expect((await run('.mode list\nselect 2;'))[1]).toBe('table of 2');
  });

  test('as text have their first rows only', async () => {
    await run('.mode list\nselect 5000;');
    const [, item] = shell.items;
    const view = item?.type === 'statement' && item.outcome.type === 'rows' && item.outcome.view;
    expect(view).toMatchObject({ type: 'text', shownRows: 1_000, rowCount: 5_000 });
    expect(database.openCursors).toBe(0);
  });

  test('of large rows fewer are read at once', async () => {
    expect(await run('select 30 wide; select 100 wide;')).toEqual(['table of 30', 'blocks of 100']);
    const [, item] = shell.items;
    const view = item?.type === 'statement' && item.outcome.type === 'rows' && item.outcome.view;
    const blocks = view !== false && view?.type === 'blocks' ? view.blocks : null;
    expect([blocks?.rowAt(38)?.length, blocks?.rowAt(41)]).toEqual([1, null]);
  });

  test('of RETURNING are drawn like any others: of many only those in sight', async () => {
    await run('insert 3 returning; insert 1000 returning;');
    const views = shell.items.map((item) =>
      item.type === 'statement' && item.outcome.type === 'executed' ? item.outcome.view : null,
    );
    expect(views).toMatchObject([{ type: 'table', rowCount: 3 }, { type: 'blocks' }]);
    const blocks = views[1]?.type === 'blocks' ? views[1].blocks : null;
    expect([blocks?.rowCount, blocks?.rowAt(0), blocks?.rowAt(999)]).toEqual([1_000, [1], null]);
    blocks?.show(990, 1_000);
    await vi.waitFor(() => expect(blocks?.rowAt(999)).toEqual([1_000]));
  });

  test('that come late do not move the items that were there before them', async () => {
    const places: (readonly number[])[] = [];
    shell = newRun(() => places.push(shell.items.map(({ place }) => place)));
    await run('select 5; insert 1;');
    expect(places).toContainEqual([1]);
    expect(places.at(-1)).toEqual([0, 1]);
  });

  test('are all shown up to a bound', async () => {
    expect(await run('select 1;'.repeat(MAX_ITEMS))).toHaveLength(MAX_ITEMS);
    expect(shell.isCut).toBe(false);
  });

  test('beyond a bound are not shown, but closed and counted; errors are, for a while', async () => {
    const items = await run('select 1;'.repeat(MAX_ITEMS + 50) + 'fail;\n'.repeat(30));
    expect(items).toHaveLength(MAX_ITEMS + 20);
    expect([shell.isCut, shell.counts.statements, database.openCursors]).toEqual([
      true,
      MAX_ITEMS + 80,
      0,
    ]);
  });

  test('a query plan is a tree in a table, and drawn in text', async () => {
    expect(await run('explain query plan select 2;')).toEqual(['plan of 2']);
    shell = newRun();
    expect((await run('.mode box\nexplain query plan select 1;'))[1]).toMatch(/^QUERY PLAN\n/);
  });
});

describe('files', () => {
  const script = new File(['insert 1;\nselect 3;\n.print read\n.mode box\nfail;'], 'a b.sql');

  test('.read runs a file that is known, and shows what has something to say', async () => {
    host.files.set(script.name, script);
    expect(await run('.read "a b.sql"')).toEqual(['table of 3', 'read', 'error', '']);
    expect([host.questions.length, shell.counts.statements]).toEqual([0, 3]);
    expect(shell.items[0]).toMatchObject({ source: { name: 'a b.sql' } });
  });

  test('.read asks for one that is not, and takes no for an answer', async () => {
    expect(await run('.read x.sql')).toEqual(['declined']);
    host.reply = { file: script, text: '' };
    shell = newRun();
    expect(await run('.read')).toHaveLength(4);
    expect(host.questions.map(({ title }) => title)).toEqual(['Run x.sql', 'Run a file']);
  });

  test('a file that reads itself comes to an end', async () => {
    host.files.set('loop.sql', new File(['.read loop.sql'], 'loop.sql'));
    expect(await run('.read loop.sql')).toContain('refused: Files read files too deeply.');
  });

  test('.import asks for the table, .open always for consent', async () => {
    host.files.set('my data.csv', new File(['a\n1'], 'my data.csv'));
    host.files.set('db.sqlite', new File(['x'], 'db.sqlite'));
    host.reply = { file: null, text: 'mine' };
    expect(await run('.import --skip 1 "my data.csv"\n.open db.sqlite')).toEqual([
      '3 rows imported into mine, a new table.',
      'db.sqlite is the database now, as of index 7.',
    ]);
    expect(host.questions.map(({ field, isDangerous }) => [field?.value, isDangerous])).toEqual([
      ['my_data', false],
      [undefined, true],
    ]);
    expect(database.calls[0]).toMatchObject(['mine', { name: 'my data.csv' }, { skip: 1 }]);
    host.reply = null;
    shell = newRun();
    expect(await run('.open db.sqlite\n.print on')).toEqual(['declined', 'on']);
    expect(shell.counts.errors).toBe(0);
    shell = newRun();
    expect(await run('.bail on\n.open db.sqlite\n.print no')).toEqual(['', 'declined']);
    expect(database.calls).toHaveLength(2);
  });

  test('.import tells of rows that are not in', async () => {
    host.files.set('a.tsv', new File(['1'], 'a.tsv'));
    database.refusedRows = 2;
    expect(await run('.import a.tsv t')).toEqual([
      'refused: 3 rows imported into t, a new table; 2 rows refused. The first: line 4: no',
    ]);
    expect(database.calls[0]).toMatchObject(['t', {}, { separator: '\t', skip: 0, bail: false }]);
  });

  test('.backup downloads a snapshot, and .restore puts one in the place of everything', async () => {
    expect(await run('.backup today.sqlite')).toEqual(['today.sqlite is downloaded: 8 bytes.']);
    expect(host.downloads).toEqual(['today.sqlite']);
    expect(await host.downloaded?.text()).toBe('exported');
    const file = new File(['kept'], 'today.sqlite');
    host.files.set('today.sqlite', file);
    database.calls.length = 0;
    shell = newRun();
    expect(await runAgreed('.restore today.sqlite')).toBe(
      'today.sqlite is the database now, as of index 7.',
    );
    expect(database.calls).toHaveLength(1);
    expect(database.calls[0]?.[0]).toBe(file);
    expect(host.questions.at(-1)).toMatchObject({ isDangerous: true });
  });

  test('.dump is downloaded', async () => {
    expect(await run('.dump note')).toEqual(['note.sql is downloaded: 6 bytes.']);
    expect([host.downloads, database.calls[0]]).toMatchObject([
      ['note.sql'],
      [{ objects: ['note'] }],
    ]);
  });
});

describe('commands', () => {
  test('read the schema at the level of reads', async () => {
    expect(await run('.tables no%')).toEqual(['note    number']);
    expect(database.calls[0]).toMatchObject([/sqlite_schema/, ['no%'], { level: 'weak' }]);
  });

  test('change the settings, which last', async () => {
    await run('.mode col\n.headers off\n.nullvalue "-"\n.separator , "\\n"\n.width 3 -4');
    expect(settings.value).toMatchObject({
      mode: 'column',
      headers: false,
      nullText: '-',
      columnSeparator: ',',
      rowSeparator: '\n',
      widths: [3, -4],
    });
    shell = newRun();
    expect((await run('.mode insert t\n.show\n.level none'))[1]).toContain('mode: insert t');
    expect([settings.value.columnSeparator, level.value]).toEqual([null, 'none']);
  });

  test.each([
    ['.mode nothing', 'mode should be one of: table box'],
    ['.headers maybe', 'Usage: .headers on|off'],
    ['.level high', 'Usage: .level none|weak|linearizable|strong'],
    ['.tabels', 'There is no command .tabels. Did you mean .tables?'],
    ['.stat', '.stat may be .stats, .status.'],
    ['.transfer a', 'Several nodes begin with a.'],
    ['.transfer x', "No voter's id begins with x."],
    ['.remove', 'Usage: .remove NODE'],
    ['.remove x', "No node's id begins with x."],
    ['.skip', 'Usage: .skip INDEX'],
    ['.skip 0', 'Usage: .skip INDEX'],
    ['.skip 1.5', 'Usage: .skip INDEX'],
    ['.skip 1 2', 'Usage: .skip INDEX'],
    ['.faults', 'Usage: .faults isolate on|off'],
    ['.import a b c', 'Usage: .import'],
  ])('%s is refused: %s', async (line, message) => {
    expect((await run(line))[0]).toContain(`refused: ${message}`);
  });

  test('.nodes lists the members, .leader and .status tell about the cluster', async () => {
    const [nodes = '', leader, status = ''] = await run('.nodes\n.leader\n.status');
    expect(nodes.split('\n')).toEqual([
      expect.stringMatching(/^node +role +vote +link +term +applied +last heard$/),
      expect.stringMatching(/^[- ]+$/),
      expect.stringMatching(/^aaaa \(this tab\) +follower +yes +connected +4 +9 +- *$/),
      expect.stringMatching(/^abcd +leader +yes +connected +4 +9 +31 ms ago *$/),
      expect.stringMatching(/^cdef +let go +no/),
    ]);
    expect(leader).toBe('There is no leader at present.');
    expect(status).toMatch(/^ +leader: none$/m);
    expect(status).toMatch(/^ +term: \d+$/m);
    expect(status).toMatch(/^ +build: abc1$/m);
  });

  test.each(['join', 'snapshot', 'peers', 'exit', 'batch', 'interactive', 'redirect'])(
    '.%s is no command, but help says what does it here',
    async (word) => {
      const [told = '', refused = ''] = await run(`.help ${word}\n.${word}`);
      expect(told).not.toBe('');
      expect(refused).toBe(`refused: There is no command .${word}. ${told}`);
    },
  );

  test('.transfer takes the beginning of an id', async () => {
    await run('.transfer b');
    expect(database.calls[0]?.[0]).toBe('bcde');
  });

  test('.invite gives the link alone, which names the server that was chosen', async () => {
    expect((await run('.invite')).at(-1)).toContain('https://example.org/#c');
    expect(database.calls).toEqual([[{ signalling: { host: 'example.org' } }]]);
  });

  test('.remove takes a node out where a person agrees, also one that was let go', async () => {
    expect(await runAgreed('.remove c')).toContain('cdef is removed. Only two are left.');
    expect(database.calls[0]?.[0]).toBe('cdef');
    expect(host.questions[1]).toMatchObject({ isDangerous: true, title: 'Remove node cdef' });
  });

  test('.skip gives an entry up where a person agrees', async () => {
    expect(await runAgreed('.skip 17')).toContain('Entry 17 is skipped.');
    expect(database.calls[0]?.[0]).toBe(17);
    expect(host.questions).toMatchObject([{ isDangerous: true }, { title: 'Skip log entry 17' }]);
  });
});
