/**
 * Reads a script slice by slice. SQLite's own lexer, in the SQL worker, finds the statements of each
 * slice; the last one of a slice may have been cut short, so it is read again at the head of the
 * next. That way a large file neither blocks the worker nor is held in pieces, and later statements
 * are compiled when earlier ones have had time to run.
 *
 * It may assume that the statements come in order and word for word, with or without the comments
 * around them.
 */

import type { StatementKind } from '../node/sql.ts';
import { failure } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';
import { behindGap } from './script-gap.ts';

export interface ScriptStatement {
  /** Counted from 0. */
  readonly number: number;
  readonly sql: string;
  /** Where it begins in the script, in UTF-16 units. */
  readonly start: number;
  /** The line it begins in, counted from 1. */
  readonly line: number;
  readonly kind: StatementKind;
}

type Split = (part: string) => Promise<readonly { sql: string; kind: StatementKind }[]>;

const SLICE_CHARACTERS = 64 * 1024;
/** The statements, a slice's worth at a time. */
export async function* readScript(
  script: string,
  split: Split,
): AsyncGenerator<readonly ScriptStatement[], void> {
  const place = { number: 0, line: 1, at: 0 };
  let sliceCharacters = SLICE_CHARACTERS;
  while (place.at < script.length) {
    const end = sliceEnd(script, place.at + sliceCharacters);
    const found = await split(script.slice(place.at, end));
    // Of an unfinished slice the last statement is left for the next one.
    const whole = end === script.length ? found : found.slice(0, -1);
    if (whole.length === 0 && end < script.length) {
      sliceCharacters *= 2;
      continue;
    }
    yield whole.map(({ sql, kind }) => locate(script, sql, kind, place));
    if (end === script.length) return;
    sliceCharacters = SLICE_CHARACTERS;
  }
}

/** Finds the statement behind `place` and moves `place` behind it. */
function locate(
  script: string,
  sql: string,
  kind: StatementKind,
  place: { number: number; line: number; at: number },
): ScriptStatement {
  let start = place.at;
  while (!script.startsWith(sql, start)) {
    const next = behindGap(script, start);
    if (next === start) throw notFound(start);
    start = next;
  }
  const line = place.line + countLines(script, place.at, start);
  const statement = { number: place.number, sql, start, line, kind };
  place.number += 1;
  place.at = start + sql.length;
  place.line = line + countLines(script, start, place.at);
  return statement;
}

function notFound(at: number): ResqliteError {
  const message = `the script could not be taken apart at character ${at}`;
  return new ResqliteError(failure('Internal', 'no', message));
}

function countLines(script: string, from: number, to: number): number {
  let lines = 0;
  for (
    let at = script.indexOf('\n', from);
    at !== -1 && at < to;
    at = script.indexOf('\n', at + 1)
  ) {
    lines += 1;
  }
  return lines;
}

/** `end`, unless that would tear a surrogate pair apart. */
function sliceEnd(script: string, end: number): number {
  if (end >= script.length) return script.length;
  const last = script.charCodeAt(end - 1);
  return last >= 0xd8_00 && last <= 0xdb_ff ? end - 1 : end;
}
