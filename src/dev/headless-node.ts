/**
 * `npm run node -- <invite link>`: keeps one member of a cluster alive in a headless Chromium, with the same
 * code as any tab, since it opens the same page. Prints a line whenever something has changed.
 */

import { text as textOf } from 'node:stream/consumers';

import type { Line } from './headless/chronicle.ts';
import { CommandError, EXIT } from './headless/exit.ts';
import { headlessOptionsOf, USAGE, type HeadlessOptions } from './headless/options.ts';
import { findPlace, type Place } from './headless/place.ts';
import { Supervisor } from './headless/supervisor.ts';

const FROM_INPUT = '-';
/** What a shell says of a program that a signal has ended. */
const ENDED_AT_ONCE = 130;

async function main(args: readonly string[]): Promise<void> {
  const options = headlessOptionsOf(args);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const { link, profile } = options;
  const given = link === FROM_INPUT ? (await textOf(process.stdin)).trim() : link;
  const place = await findPlace(given, profile);
  await place.hold();
  try {
    await runFrom(place, options);
  } finally {
    await place.release();
  }
}

async function runFrom(place: Place, options: HeadlessOptions): Promise<void> {
  const { leave } = options;
  if (leave && place.nodeId === null) {
    throw new CommandError(
      EXIT.usage,
      `The node in ${place.folder} is no member: nothing to leave.`,
    );
  }
  try {
    await new Supervisor(place, options, (line) => print(line, options)).run(endedBySignal());
  } catch (error) {
    await forgetUnlessJoined(place);
    throw error;
  }
  if (leave) await place.remove();
  else await forgetUnlessJoined(place);
}

/** A node that never was a member leaves nothing behind. */
async function forgetUnlessJoined(place: Place): Promise<void> {
  if (place.isNew && place.nodeId === null) await place.remove();
}

/** The first signal asks it to end; the second one does not ask. */
function endedBySignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The browser goes with the process.
      if (stop.signal.aborted) process.exit(ENDED_AT_ONCE);
      stop.abort();
    });
  }
  return stop.signal;
}

function print({ event, text, ...fields }: Line, { json }: Pick<HeadlessOptions, 'json'>): void {
  const time = new Date().toISOString();
  console.log(json ? JSON.stringify({ time, event, ...fields, text }) : `${time} ${text}`);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const isForeseen = error instanceof CommandError;
    console.error(isForeseen ? error.message : error);
    if (isForeseen && error.exitCode === EXIT.usage) console.error('See npm run node -- --help.');
    process.exit(isForeseen ? error.exitCode : EXIT.failed);
  },
);
