/**
 * The dot-commands there are, what they say of themselves, and how what was typed is matched with
 * them: in full, or by as much of a name as only one has. Pure.
 */

export const COMMANDS = [
  { name: 'backup', usage: '?FILE?', help: 'Download a snapshot of the database, as .save does' },
  { name: 'bail', usage: 'on|off', help: 'Stop at the first error' },
  { name: 'changes', usage: 'on|off', help: 'Show how many rows each statement changed' },
  { name: 'dump', usage: '?OBJECTS?', help: 'Download the database as SQL' },
  {
    name: 'faults',
    usage: 'isolate on|off, or crash',
    help: 'Cut this tab off, or crash its node',
  },
  { name: 'headers', usage: 'on|off', help: 'Show the names of columns in text modes' },
  { name: 'help', usage: '?PATTERN?', help: 'Show what commands there are' },
  { name: 'import', usage: '?--skip N? FILE TABLE', help: 'Import a CSV file into a table' },
  { name: 'indexes', usage: '?TABLE?', help: 'Show the names of indexes' },
  { name: 'invite', usage: '', help: 'Show the link that lets another browser in: a key' },
  { name: 'leader', usage: '', help: 'Show which node leads' },
  { name: 'level', usage: '?LEVEL?', help: 'Show or set the level of reads' },
  { name: 'mode', usage: 'MODE ?TABLE?', help: 'Set how results are shown' },
  { name: 'nodes', usage: '', help: 'List the nodes of the cluster' },
  { name: 'nullvalue', usage: 'TEXT', help: 'Show TEXT in place of NULL' },
  { name: 'open', usage: '?FILE?', help: 'Replace the database by a SQLite file' },
  { name: 'print', usage: 'TEXT…', help: 'Print TEXT' },
  { name: 'queue', usage: 'on|off', help: 'Queue writes where there is no quorum' },
  { name: 'read', usage: '?FILE?', help: 'Run the statements and commands of a file' },
  { name: 'remove', usage: 'NODE', help: 'Remove a node from the cluster and lock it out' },
  { name: 'restore', usage: '?FILE?', help: 'Replace the database by a snapshot, as .open does' },
  { name: 'save', usage: '?FILE?', help: 'Download the database as a SQLite file' },
  { name: 'schema', usage: '?PATTERN?', help: 'Show the CREATE statements' },
  { name: 'separator', usage: 'COLUMN ?ROW?', help: 'Set what stands between columns and rows' },
  { name: 'show', usage: '', help: 'Show the present settings' },
  { name: 'skip', usage: 'INDEX', help: 'Give up the log entry that no node can apply' },
  { name: 'stats', usage: '', help: 'Show figures about this node' },
  { name: 'status', usage: '', help: 'Show the state of this node and the cluster' },
  { name: 'tables', usage: '?PATTERN?', help: 'List tables and views' },
  { name: 'timer', usage: 'on|off', help: 'Show how long each statement took' },
  { name: 'transfer', usage: '?NODE?', help: 'Hand the leadership to another node' },
  { name: 'width', usage: 'NUMBERS…', help: 'Set the widths of columns in text modes' },
] as const;

/** What other shells and servers call it, and what does it here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  batch: 'Drop the file on the page, or .read it.',
  exit: 'Close the tab: its node stops, and comes back when the page is opened again.',
  interactive: 'Type on: the prompt is there during a .read and behind it.',
  join: 'Make a link by .invite: whoever opens it joins this cluster.',
  kill: '.faults crash ends the node of this tab, and a reload of the page starts it.',
  leave: 'Settings has it, at its end. .remove takes out another node.',
  load: '.read runs SQL, .import takes CSV, and .restore a SQLite file.',
  members: '.nodes lists them.',
  peers: '.nodes lists them.',
  quit: 'Close the tab: its node stops, and comes back when the page is opened again.',
  redirect: 'Any tab takes any statement, and finds the leader itself. .leader names it.',
  servers: '.nodes lists them.',
  snapshot: '.backup downloads one. Those of the log are made without being asked for.',
  start: 'Open the page in another tab, or reload one.',
  stop: 'Close the tab, or .faults crash.',
};

/** What does here what another shell calls so; null: nothing is known of it. */
export function knownElsewhere(typed: string): string | null {
  return Object.hasOwn(ELSEWHERE, typed) ? (ELSEWHERE[typed] ?? null) : null;
}

export type CommandName = (typeof COMMANDS)[number]['name'];

type Match<Name> =
  | { readonly type: 'found'; readonly name: Name }
  | { readonly type: 'ambiguous'; readonly names: readonly Name[] }
  | { readonly type: 'unknown'; readonly nearest: Name | null };

/** More letters than this to put right, and it was meant to be something else. */
const MAX_DISTANCE = 2;

export function findCommand(typed: string): Match<CommandName> {
  return findName(
    typed,
    COMMANDS.map(({ name }) => name),
  );
}

/** The one of `names` that `typed` is, or only that begins with it. */
export function findName<Name extends string>(typed: string, names: readonly Name[]): Match<Name> {
  const exact = names.find((name) => name === typed);
  if (exact !== undefined) return { type: 'found', name: exact };
  const begun = typed === '' ? [] : names.filter((name) => name.startsWith(typed));
  const [only] = begun;
  if (only !== undefined && begun.length === 1) return { type: 'found', name: only };
  if (begun.length > 1) return { type: 'ambiguous', names: begun };
  return { type: 'unknown', nearest: nearestName(typed, names) };
}

function nearestName<Name extends string>(typed: string, names: readonly Name[]): Name | null {
  const distances = names.map((name) => ({ name, distance: editDistance(typed, name) }));
  const [nearest] = distances.toSorted((a, b) => a.distance - b.distance);
  const isNear =
    nearest !== undefined &&
    nearest.distance <= MAX_DISTANCE &&
    nearest.distance < Math.max(typed.length, 2);
  return isNear ? nearest.name : null;
}

/** How many letters have to be put in, taken out, changed, or swapped with the next one. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const changed = (last[j - 1] ?? 0) + (isSame ? 0 : 1);
      const best = Math.min(changed, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(isSwap ? Math.min(best, (beforeLast[j - 2] ?? 0) + 1) : best);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

/**
 * A line for the command that `pattern` names, or for each that has it in its name or text; for a word of
 * other shells what does it here.
 */
export function helpText(pattern: string): string {
  const sought = pattern.replace(/^\./, '').toLowerCase();
  const named = findCommand(sought);
  const elsewhere = named.type === 'found' ? null : knownElsewhere(sought);
  if (elsewhere !== null) return elsewhere;
  const lines = COMMANDS.map(({ name, usage, help }) => {
    const call = `.${name} ${usage}`.trimEnd();
    return { name, call, help };
  }).filter(({ name, call, help }) =>
    named.type === 'found' ? name === named.name : `${call} ${help}`.toLowerCase().includes(sought),
  );
  const width = Math.max(0, ...lines.map(({ call }) => call.length));
  return lines.map(({ call, help }) => `${call.padEnd(width)}  ${help}`).join('\n');
}
