/**
 * The dot-commands that read and write files. A page cannot open a file by its name: one that was
 * dropped or picked before is known by it, any other is asked for. What is written is downloaded.
 */

import type { ExportOptions } from '../../client/export.ts';
import { formatCount, formatCounted, shortId } from '../wording.ts';
import { atMost, CommandError, Declined, usage } from './command-error.ts';
import type { Command, CommandContext } from './command-context.ts';
import { settings } from './settings.ts';
import type { Question } from './shell-ports.ts';

const SQL_FILES = '.sql,.txt,application/sql,text/plain';
const CSV_FILES = '.csv,.tsv,.txt,text/csv';
const SQLITE_FILES = '.sqlite,.sqlite3,.db,.db3,application/vnd.sqlite3';

const REPLACES =
  'Everything in this database is replaced by what is in the file, in all tabs. ' +
  'What is there now is lost.';

export const read: Command = async (context, args) => {
  atMost('read', args, 1);
  const [name = null] = args;
  const file = await fileFor(context, name, {
    title: name === null ? 'Run a file' : `Run ${name}`,
    text: 'Its statements and commands are run in order.',
    file: { accept: SQL_FILES },
    field: null,
    action: 'Run',
    isDangerous: false,
  });
  await context.runScript(file.name, await file.text());
  return null;
};

/** The first line of the file names the columns where the table is made by it, as in sqlite3. */
export const importFile: Command = async (context, args) => {
  const { skip, names } = importArguments(args);
  const [name = null, table = null] = names;
  const known = name === null ? null : context.host.fileNamed(name);
  const reply =
    known !== null && table !== null
      ? { file: known, text: table }
      : await context.host.ask({
          title: name === null ? 'Import a CSV file' : `Import ${name}`,
          text: 'Where there is no such table, it is made: the first line names its columns.',
          file: known === null ? { accept: CSV_FILES } : null,
          field: { label: 'Table', value: table ?? tableFor(name ?? ''), suggest: tableFor },
          action: 'Import',
          isDangerous: false,
        });
  const file = known ?? reply?.file ?? null;
  if (reply === null || file === null) throw new Declined();
  const target = reply.text.trim();
  if (target === '') throw new CommandError('A table has to be named.');
  const { signal, progress } = context;
  const { columnSeparator, bail } = settings.value;
  const imported = await context.database.importCsv(target, file, {
    signal,
    skip,
    separator: columnSeparator ?? (file.name.endsWith('.tsv') ? '\t' : ','),
    bail,
    onProgress: ({ fraction }) => progress(`Importing ${file.name}`, fraction),
  });
  const { rows, errors, firstErrors, created } = imported;
  const done = `${formatCounted(rows, 'row')} imported into ${target}${created ? ', a new table' : ''}`;
  if (errors === 0) return `${done}.`;
  const [first] = firstErrors;
  const reason = first === undefined ? '' : ` The first: ${inLine(first)}`;
  throw new CommandError(`${done}; ${formatCounted(errors, 'row')} refused.${reason}`);
};

/** Of a row that cannot be read the message says where it is; SQLite's does not. */
function inLine({ line, error: { message } }: { line: number; error: Error }): string {
  return message.startsWith(`line ${line}: `) ? message : `line ${line}: ${message}`;
}

function importArguments(args: readonly string[]) {
  const names: string[] = [];
  let skip = 0;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--skip' || arg === '-skip') {
      at += 1;
      skip = Number(args[at]);
    } else if (arg !== '--csv' && arg !== '-csv') {
      names.push(arg);
    }
  }
  const isSound = Number.isSafeInteger(skip) && skip >= 0 && names.length <= 2;
  if (!isSound || names.some((name) => name.startsWith('--'))) {
    throw usage('import');
  }
  return { skip, names };
}

/** What a file's rows are best called. */
function tableFor(name: string): string {
  const stem = name.replace(/\.[^.]*$/, '').replace(/[^\p{L}\p{N}_]+/gu, '_');
  return /^\p{N}/u.test(stem) ? `_${stem}` : stem;
}

export const open: Command = async (context, args) => {
  atMost('open', args, 1);
  const [name = null] = args;
  const known = name === null ? null : context.host.fileNamed(name);
  const reply = await context.host.ask({
    title: name === null ? 'Open a SQLite file' : `Open ${name}`,
    text: REPLACES,
    file: known === null ? { accept: SQLITE_FILES } : null,
    field: null,
    action: 'Replace everything',
    isDangerous: true,
  });
  const file = known ?? reply?.file ?? null;
  if (reply === null || file === null) throw new Declined();
  const { signal, progress } = context;
  const { index } = await context.database.import(file, {
    signal,
    onProgress: ({ phase, fraction }) => progress(`${PHASES[phase]} ${file.name}`, fraction),
  });
  return `${file.name} is the database now, as of index ${index}.`;
};

const PHASES = { check: 'Checking', send: 'Sending', apply: 'Taking over' } as const;

export const save: Command = (context, args) => {
  atMost('save', args, 1);
  const { database } = context;
  const name = args[0] ?? `resqlite-${shortId(database.clusterId)}.sqlite`;
  return downloadAs(context, name, (options) => database.export(options));
};

export const dump: Command = (context, args) => {
  const { database } = context;
  const name = `${args.length === 1 ? args[0] : `resqlite-${shortId(database.clusterId)}`}.sql`;
  const objects = args.length === 0 ? {} : { objects: [...args] };
  return downloadAs(context, name, (options) => database.dump({ ...objects, ...options }));
};

async function downloadAs(
  { host, signal, progress }: CommandContext,
  name: string,
  write: (options: ExportOptions) => Promise<Blob>,
): Promise<string> {
  const content = await write({
    signal,
    onProgress: ({ fraction }) => progress(`Writing ${name}`, fraction),
  });
  host.download(name, content);
  return `${name} is downloaded: ${formatCount(content.size)} bytes.`;
}

async function fileFor(
  { host }: CommandContext,
  name: string | null,
  question: Question,
): Promise<File> {
  const known = name === null ? null : host.fileNamed(name);
  const file = known ?? (await host.ask(question))?.file ?? null;
  if (file === null) throw new Declined();
  return file;
}
