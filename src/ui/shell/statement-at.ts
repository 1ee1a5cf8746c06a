/** Which statement of a script the cursor is in. Pure. */

import { beginsWith } from '../../client/script-gap.ts';
import { readShellScript, type SqlPart } from './shell-script.ts';
import { StatementEnds } from './statement-end.ts';

const ANYTHING = /[^]/y;

/**
 * The statement at `at`, without its semicolon; where none is, the one before it, else the first. Null:
 * there is a dot-command, or nothing.
 */
export function statementAt(script: string, at: number): string | null {
  let nearest: string | null = null;
  for (const part of readShellScript(script)) {
    if (part.start > at && nearest !== null) break;
    if (part.type === 'sql') {
      for (const { text, start } of statementsOf(part)) {
        if (start <= at || nearest === null) nearest = text;
      }
    } else if (at >= part.start && at <= part.start + part.text.length) {
      return null;
    }
  }
  return nearest;
}

interface PlacedStatement {
  readonly text: string;
  readonly start: number;
}

function* statementsOf({ text: sql, start }: SqlPart): Generator<PlacedStatement, void> {
  const ends = new StatementEnds();
  let from = 0;
  for (let at = 0; at < sql.length;) {
    const next = ends.read(sql, at);
    const isEnd = sql.charAt(at) === ';' && ends.isBetween;
    if (isEnd || next >= sql.length) {
      // White space before a statement is no part of it.
      const text = sql.slice(from, isEnd ? at : next).trimStart();
      const begins = start + (isEnd ? at : next) - text.length;
      if (beginsWith(text, ANYTHING)) yield { text: text.trimEnd(), start: begins };
      from = next;
    }
    at = next;
  }
}
