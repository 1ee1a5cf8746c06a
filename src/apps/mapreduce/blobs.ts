/**
 * What was packed and cut into rows, read back from this tab's own copy of the data. It is read in pages
 * that an answer has room for; rows that are being read do not change, though they may all go.
 */

import type { Database } from '../../client/database.ts';
import type { SqlValue } from '../../node/sql.ts';
import { joined, unpack } from './packing.ts';

/** Times the largest part it is well below an answer's limit. */
const PAGE_ROWS = 64;

export interface BlobQuery {
  /** Gives a group's number, a part's number and its data, in that order; ends before `limit`. */
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** The last (group, part) already seen are bound behind `params`, then the limit. */
  readonly atLeast?: string | undefined;
  /** Of all that was packed together, as it was before it was deflated. */
  readonly bytesMax: number;
}

/** What was packed in each group, in the order of the groups. Rejects with a `RangeError` beyond `bytesMax`. */
export async function readPacked(db: Database, query: BlobQuery): Promise<unknown[]> {
  const values: unknown[] = [];
  let bytesLeft = query.bytesMax;
  let parts: Uint8Array[] = [];
  const take = async (): Promise<void> => {
    const { value, bytes } = await unpack(joined(parts), bytesLeft);
    values.push(value);
    bytesLeft -= bytes;
    parts = [];
  };
  let group: SqlValue = -1;
  let part: SqlValue = -1;
  for (;;) {
    const { rows } = await db.query(query.sql, [...query.params, group, part, PAGE_ROWS], {
      level: 'none',
      ...(query.atLeast === undefined ? {} : { atLeast: query.atLeast }),
    });
    for (const [nextGroup = -1, nextPart = -1, data] of rows) {
      if (nextGroup !== group && parts.length > 0) await take();
      [group, part] = [nextGroup, nextPart];
      parts.push(data as Uint8Array);
    }
    if (rows.length < PAGE_ROWS) break;
  }
  if (parts.length > 0) await take();
  return values;
}
