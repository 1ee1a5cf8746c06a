/** The dot-commands that change how results are shown and runs go on. */

import { atMost, CommandError, switchOf, usage } from './command-error.ts';
import type { Command } from './command-context.ts';
import { findName } from './command-list.ts';
import { changeSettings, MODES, settings, type Settings } from './settings.ts';
import { factsText } from './text-columns.ts';

export const bail = switchFor('bail');
export const changes = switchFor('changes');
export const headers = switchFor('headers');
export const queue = switchFor('queue');
export const timer = switchFor('timer');

function switchFor(name: 'bail' | 'changes' | 'headers' | 'queue' | 'timer'): Command {
  return (_, args) => {
    const flag: Partial<Record<typeof name, boolean>> = { [name]: switchOf(name, args) };
    changeSettings(flag);
    return null;
  };
}

/** A mode brings its own separators, as in sqlite3. */
export const mode: Command = (_, args) => {
  const [typed, table] = args;
  if (typed === undefined) return `current output mode: ${settings.value.mode}`;
  atMost('mode', args, 2);
  const match = findName(typed.toLowerCase(), MODES);
  if (match.type !== 'found') throw new CommandError(`mode should be one of: ${MODES.join(' ')}`);
  const separators = { columnSeparator: null, rowSeparator: null };
  const inserted = match.name === 'insert' ? { insertTable: table ?? 'table' } : {};
  changeSettings({ mode: match.name, ...separators, ...inserted });
  return null;
};

export const nullvalue: Command = (_, args) => {
  const [text] = args;
  if (text === undefined || args.length > 1) throw usage('nullvalue');
  changeSettings({ nullText: text });
  return null;
};

export const print: Command = (_, args) => args.join(' ');

export const separator: Command = (_, args) => {
  const [columnSeparator, rowSeparator] = args;
  if (columnSeparator === undefined || args.length > 2) throw usage('separator');
  const rows = rowSeparator === undefined ? {} : { rowSeparator: unescaped(rowSeparator) };
  changeSettings({ columnSeparator: unescaped(columnSeparator), ...rows });
  return null;
};

/** Without quotes around it `\t` is typed as two characters, and meant as one. */
function unescaped(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n').replaceAll('\\r', '\r');
}

export const width: Command = (_, args) => {
  const widths = args.map(Number);
  if (!widths.every((number) => Number.isSafeInteger(number))) throw usage('width');
  changeSettings({ widths });
  return null;
};

export const show: Command = ({ level }) => {
  const { value } = settings;
  const facts: readonly (readonly [string, string])[] = [
    ['bail', onOff(value.bail)],
    ['changes', onOff(value.changes)],
    ['headers', value.headers === null ? 'as the mode has it' : onOff(value.headers)],
    ['level', level.value],
    ['mode', modeOf(value)],
    ['queue', onOff(value.queue)],
    ['nullvalue', value.nullText === null ? 'as the mode has it' : JSON.stringify(value.nullText)],
    ['colseparator', separatorOf(value.columnSeparator)],
    ['rowseparator', separatorOf(value.rowSeparator)],
    ['timer', onOff(value.timer)],
    ['width', value.widths.join(' ')],
  ];
  return factsText(facts);
};

function onOff(flag: boolean): string {
  return flag ? 'on' : 'off';
}

function modeOf({ mode, insertTable }: Settings): string {
  return mode === 'insert' ? `insert ${insertTable}` : mode;
}

function separatorOf(text: string | null): string {
  return text === null ? 'as the mode has it' : JSON.stringify(text);
}
