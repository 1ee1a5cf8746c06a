/**
 * Writes what a database answers into a logic test's text, in place of what stood there: how the
 * expected values of new tests are made. Whoever does so has to read them.
 */

import type { LogicRecord } from './parser.ts';
import { hashValues, renderRows } from './result.ts';
import { holds, type LogicTarget } from './runner.ts';

/** The text with the results of its queries; throws where some of them fail. */
export async function completeLogicTest(
  target: LogicTarget,
  records: readonly LogicRecord[],
  text: string,
): Promise<string> {
  const lines = text.split('\n');
  const insertions: { readonly from: number; readonly to: number; readonly lines: string[] }[] = [];
  const failed: string[] = [];
  let threshold = 0;
  for (const record of records) {
    if (!record.conditions.every((condition) => holds(condition, target.engines))) continue;
    if (record.type === 'halt') break;
    if (record.type === 'hash-threshold') threshold = record.count;
    if (record.type === 'statement') await target.execute(record.sql);
    if (record.type !== 'query') continue;
    const outcome = await target.query(record.sql);
    if (outcome.type === 'error') {
      failed.push(`line ${record.line}: ${outcome.message}`);
      continue;
    }
    const values = renderRows(outcome.rows, record.types, record.sortMode);
    const isHashed = threshold > 0 && values.length > threshold;
    const result = isHashed ? [`${values.length} values hashing to ${hashValues(values)}`] : values;
    insertions.push({ ...record.resultLines, lines: ['----', ...result] });
  }
  if (failed.length > 0) throw new Error(failed.join('\n'));
  for (const { from, to, lines: result } of insertions.toReversed()) {
    lines.splice(from - 1, to - from, ...result);
  }
  return lines.join('\n');
}
