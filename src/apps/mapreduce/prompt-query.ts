/**
 * A live query for who must not wait for the page to be drawn: what a live query has to tell takes a
 * second and more where the page is hidden. So it is read as well when the node says that it has applied
 * something, which it does a few times a second at most.
 */

import type { Database } from '../../client/database.ts';
import type { ResqliteError } from '../../client/errors.ts';
import { asObjects } from '../../client/row.ts';
import type { SqlValue } from '../../node/sql.ts';

export interface PromptListener<Row> {
  /** May be called with what it knows already, but never with what is older. */
  rows(rows: Row[]): void;
  /** As of `Database.live`. */
  error(error: ResqliteError): void;
  /** False: the live query will do. */
  isUrgent(): boolean;
}

/** The answer unsubscribes. */
export function watchPromptly<Row extends object>(
  db: Database,
  sql: string,
  params: readonly SqlValue[],
  listener: PromptListener<Row>,
): () => void {
  let isReading = false;
  let isEnded = false;
  /** What the node had applied when it was last asked, and at the newest rows there were. */
  let askedAt = -1;
  let shown = -1;
  const show = (rows: Row[], appliedIndex: number): void => {
    if (isEnded || appliedIndex < shown) return;
    shown = appliedIndex;
    listener.rows(rows);
  };
  const read = async (): Promise<void> => {
    isReading = true;
    try {
      const answer = await db.query(sql, params, { level: 'none' });
      show(asObjects<Row>(answer), answer.appliedIndex);
    } catch {
      // The live query tells of whatever lasts.
    } finally {
      isReading = false;
    }
  };
  const endLive = db.live<Row>(
    sql,
    params,
    (rows, { appliedIndex }) => show(rows, appliedIndex),
    (error) => listener.error(error),
  );
  const endStatus = db.onStatus(({ lastApplied }) => {
    if (isReading || lastApplied === askedAt || !listener.isUrgent()) return;
    askedAt = lastApplied;
    void read();
  });
  return () => {
    isEnded = true;
    endLive();
    endStatus();
  };
}
