/**
 * Corner cases of the protocol as transcripts: what is done to a few servers, and every message,
 * record and change of role that comes of it. A change of behaviour is a diff to be read.
 * UPDATE_TRANSCRIPTS=1 writes them anew.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { replay } from './transcript-commands.ts';

const DIRECTORY = new URL('./transcripts/', import.meta.url);

test.each(readdirSync(DIRECTORY).toSorted())('%s', (name) => {
  const file = new URL(name, DIRECTORY);
  const text = readFileSync(file, 'utf8');
  const replayed = replay(text);
  if (process.env['UPDATE_TRANSCRIPTS'] === '1') writeFileSync(file, replayed);
  else expect(replayed).toBe(text);
});
