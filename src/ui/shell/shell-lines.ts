/**
 * The lines of what a person has entered, as sqlite3 takes them: a line ends where no statement is unfinished
 * at a line break, so one may be several lines of text. Of a line, nothing is run behind what fails.
 *
 * A transaction of several lines is one log entry, and so it is with all its lines a single part, of which
 * everything is run; and so is what stands behind a PRAGMA, which holds for the rest of its part. Pure.
 */

import { StatementEnds } from './statement-end.ts';

export interface LinesPart {
  readonly text: string;
  /** Where it begins, in UTF-16 units. */
  readonly start: number;
  /** A failing statement ends it. False: everything is run. */
  readonly halts: boolean;
}

/** A text without any such line need not be looked at closely. */
const MAYBE_SEVERAL = /;[^\S\n]*[^\s;]/;
const ENDS_OF_TRANSACTIONS = new Set(['commit', 'end', 'rollback']);

/** In order; lines of one statement are not told apart, and what means nothing is in none of them. */
export function* readLines(sql: string): Generator<LinesPart, void> {
  let plainStart = 0;
  for (const line of severalOf(sql)) {
    const plain = partOf(sql, plainStart, line.start, false);
    if (plain.text.trim() !== '') yield plain;
    yield line;
    plainStart = line.start + line.text.length;
  }
  const rest = partOf(sql, plainStart, sql.length, false);
  if (rest.text.trim() !== '') yield rest;
}

/** Lines of several statements, within no transaction that others are in as well. */
function* severalOf(sql: string): Generator<LinesPart, void> {
  if (!MAYBE_SEVERAL.test(sql)) return;
  const ends = new StatementEnds();
  let isInTransaction = false;
  let wasInTransaction = false;
  let hasPragma = false;
  let start = 0;
  let before = 0;
  let seen = 0;
  for (let at = 0; at < sql.length;) {
    at = ends.read(sql, at);
    if (ends.statements > seen) {
      seen = ends.statements;
      if (ends.firstWord === 'pragma') hasPragma = true;
      else if (ends.firstWord === 'begin') isInTransaction = true;
      else if (ENDS_OF_TRANSACTIONS.has(ends.firstWord)) isInTransaction = false;
    }
    const isEnd = at === sql.length || (ends.isBetween && sql.charAt(at - 1) === '\n');
    if (!isEnd) continue;
    if (hasPragma && sql.slice(at).trim() !== '') return;
    const isSeveral = seen - before > 1 && !wasInTransaction && !isInTransaction;
    if (isSeveral) yield partOf(sql, start, at, true);
    start = at;
    before = seen;
    wasInTransaction = isInTransaction;
  }
}

function partOf(sql: string, start: number, end: number, halts: boolean): LinesPart {
  return { text: sql.slice(start, end), start, halts };
}
