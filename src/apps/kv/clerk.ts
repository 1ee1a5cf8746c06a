/**
 * Writes that take effect exactly once, also where an answer is lost, as hstore's Clerk does: it has an
 * id that nobody else has, numbers its requests, and has one of them under way at a time. Both go into
 * the log entry of the write (statements.ts), so that a request that is sent again, because nobody knows
 * what became of it, has no second effect and gets the first answer.
 *
 * A clerk is made known by an entry of its own before its first request, never again: one that is not
 * known any more, since 1,024 others have written after it, cannot be told from one whose request was
 * carried out and then forgotten. Where its request was never sent before, it goes on as another clerk;
 * else the caller is told that the outcome is unknown.
 */

import type { Database } from '../../client/database.ts';
import { ResqliteError, toResqliteError } from '../../client/errors.ts';
import type { Statement } from '../../node/sql.ts';
import type { Patience } from './patience.ts';
import { registration, SCHEMA, writeStatements, type Write } from './statements.ts';
import { MAX_VALUE_BYTES, tooLarge } from './texts.ts';

export interface WriteAnswer {
  /** 'unmet': the condition did not hold; 'missing': there was nothing to delete. Nothing changed then. */
  readonly outcome: 'created' | 'replaced' | 'deleted' | 'missing' | 'unmet';
  /** The key's version from then on; null: there is no such key. */
  readonly version: number | null;
  /** The length of its value in bytes of UTF-8; null: there is no such key. */
  readonly bytes: number | null;
}

/** What became of one attempt. 'forgotten': the clerk has no row, and nothing was done. */
type Attempt =
  | { readonly type: 'answer'; readonly answer: WriteAnswer }
  | { readonly type: 'forgotten' }
  | { readonly type: 'failed'; readonly error: ResqliteError };

export class Clerk {
  readonly #db: Database;
  /** Null: not known yet, or no more. */
  #id: string | null = null;
  #request = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Settled when every write that was called before has been answered. */
  get idle(): Promise<unknown> {
    return this.#queue;
  }

  /** Rejects with `ResqliteError`. The time that it waits for the writes before it counts. */
  write(write: Write, patience: Patience): Promise<WriteAnswer> {
    const before = this.#queue;
    const answer = patience.waitFor(before).then(() => this.#carryOut(write, patience));
    // Who gives up waiting for its turn does not let the next one overtake those before it.
    this.#queue = Promise.allSettled([before, answer]);
    return answer;
  }

  async #carryOut(write: Write, patience: Patience): Promise<WriteAnswer> {
    this.#request += 1;
    /** The last failure behind which this request may have taken effect. */
    let unknown: ResqliteError | null = null;
    for (;;) {
      this.#id ??= await this.#register(patience);
      const statements = writeStatements(this.#id, this.#request, write);
      const attempt = await attemptOf(this.#db, statements, patience);
      switch (attempt.type) {
        case 'answer':
          return attempt.answer;
        case 'forgotten':
          this.#id = null;
          if (unknown !== null) throw forgotten(unknown);
          break;
        case 'failed':
          if (attempt.error.applied !== 'no') unknown = attempt.error;
          await patience.pause(attempt.error, unknown === null ? 'no' : 'unknown');
      }
    }
  }

  /** Where the answer is lost the name is used by nobody, and forgotten in its time. */
  async #register(patience: Patience): Promise<string> {
    for (;;) {
      const id = crypto.randomUUID();
      try {
        await this.#db.execute([...SCHEMA, ...registration(id, 'handle')], patience.attempt());
        return id;
      } catch (error) {
        // Nothing of what the caller asked for has been sent.
        await patience.pause(toResqliteError(error), 'no');
      }
    }
  }
}

/**
 * A write whose identity its caller has chosen, so that another page may repeat it: `name`, for this kind
 * of write of this key. It has the first one's answer while it is among the last 4,096 of its kind.
 */
export async function writeOnce(
  db: Database,
  name: string,
  write: Write,
  patience: Patience,
): Promise<WriteAnswer> {
  const clerk = JSON.stringify([write.kind, write.key, name]);
  const statements = [...registration(clerk, 'fetch'), ...writeStatements(clerk, 1, write)];
  let unknown = false;
  let needsSchema = false;
  for (;;) {
    const schema = needsSchema ? SCHEMA.map((sql) => ({ sql })) : [];
    const attempt = await attemptOf(db, [...schema, ...statements], patience);
    if (attempt.type === 'answer') return attempt.answer;
    needsSchema = true;
    if (attempt.type === 'forgotten') continue;
    unknown ||= attempt.error.applied !== 'no';
    await patience.pause(attempt.error, unknown ? 'unknown' : 'no');
  }
}

async function attemptOf(
  db: Database,
  statements: readonly Statement[],
  patience: Patience,
): Promise<Attempt> {
  try {
    const { results } = await db.execute(statements, patience.attempt());
    const row = results.at(-1)?.rows[0];
    if (row === undefined) return { type: 'forgotten' };
    const [outcome, version, bytes] = row;
    if (outcome === 'too large') throw tooLarge('value', MAX_VALUE_BYTES);
    return { type: 'answer', answer: { outcome, version, bytes } as WriteAnswer };
  } catch (error) {
    const failed = toResqliteError(error);
    return isMissingTable(failed) ? { type: 'forgotten' } : { type: 'failed', error: failed };
  }
}

/** The store was never written, or somebody has dropped its tables. */
export function isMissingTable({ code, applied, message }: ResqliteError): boolean {
  return code === 'Sql' && applied === 'no' && /no such table: (main\.)?kv_/u.test(message);
}

function forgotten({ code, message }: ResqliteError): ResqliteError {
  const note = 'whether it took effect is not remembered any more';
  return new ResqliteError({
    code,
    applied: 'unknown',
    message: `${message}; ${note}`,
    sqlite: null,
  });
}
