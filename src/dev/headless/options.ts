/** What the command of the headless node understands. */

import { parseArgs } from 'node:util';

import { CommandError, EXIT } from './exit.ts';

export interface HeadlessOptions {
  /** Null: the node that is stored already. */
  readonly link: string | null;
  /** Null: a folder of the cluster's own, below the user's data. */
  readonly profile: string | null;
  readonly sandbox: boolean;
  readonly json: boolean;
  readonly leave: boolean;
  readonly help: boolean;
}

export const USAGE = `usage: npm run node -- [invite link] [--profile DIR] [--json] [--no-sandbox] [--leave]

Keeps a member of a ReSqlite cluster alive in a headless Chromium, which opens the page that the link
names. The first time it takes an invite link; later the node that is stored is started again, and goes
on as the same member. It may be given the link again, or one of another cluster for another node.

  -              reads the link from standard input: arguments are seen by other users of the machine
  --profile DIR  where the node is stored, and found again; one node each
  --json         prints a JSON object a line
  --no-sandbox   starts Chromium without its sandbox (done by itself for root)
  --leave        takes the node out of the cluster for good, and deletes what it has stored
  --help         prints this

SIGINT and SIGTERM end it: it hands over the leadership and puts its data away. A second one ends it at
once. CHROMIUM_PATH names a Chromium where none is found, or another is wanted.

Exit codes: 0 ended as asked; 1 failed; 2 arguments or link not understood; 3 no Chromium, or it does not
start; 4 the page cannot be loaded, or opens no database of that cluster; 5 not let in, or removed; 6 the
profile is in use, or another node's. A member does not end for 4, nor for 3 once it has run: it tries again;
for 5 it ends when it has not been let in for five minutes, or was removed.`;

/** Throws `CommandError`. */
export function headlessOptionsOf(args: readonly string[]): HeadlessOptions {
  const { values, positionals } = parsed(args);
  const [link = null, ...more] = positionals;
  if (more.length > 0) throw new CommandError(EXIT.usage, 'There is more than one link.');
  return {
    link,
    profile: values.profile ?? null,
    sandbox: !values['no-sandbox'],
    json: values.json,
    leave: values.leave,
    help: values.help,
  };
}

function parsed(args: readonly string[]) {
  const isOn = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        profile: { type: 'string' },
        'no-sandbox': isOn,
        json: isOn,
        leave: isOn,
        help: isOn,
      },
    });
  } catch (error) {
    throw new CommandError(EXIT.usage, error instanceof Error ? error.message : String(error));
  }
}
