/**
 * Writes that take effect exactly once, also where an answer is lost, as hstore's Clerk does: it has an
 * id that nobody else has, numbers its requests, and has one of them under way at a time. Both go into
 * the log entry of the write (statements.ts), so that a request that is sent again, because nobody knows
 * what became of it, has no second effect and gets the first answer.
 *
 * A clerk is made known by an entry of its own before its first request, never again: one that is not
 * known any more, since 1,024 others have written after it, cannot be told from one whose request was
 * carried out and then forgotten. Where its request was never sent before, it goes on as another clerk;
 * else the caller is told that the outcome is unknown. What was forgotten is mended once in a call without a
 * pause.
 */

import type { Database } from '../../client/database.ts';
import { ResqliteError, restated, toResqliteError } from '../../client/errors.ts';
import type { Statement } from '../../node/sql.ts';
import { isMissingTable } from '../missing-table.ts';
import type { Patience } from './patience.ts';
import { registration, SCHEMA, writeStatements, type Condition, type Write } from './statements.ts';
import { MAX_VALUE_BYTES, tooLarge } from './texts.ts';

export interface WriteAnswer {
  /** 'unmet': the condition did not hold; 'missing': there was nothing to delete. Nothing changed then. */
  readonly outcome: 'created' | 'replaced' | 'deleted' | 'missing' | 'unmet';
  /** The key's version from then on; null: there is no such key. */
  readonly version: number | null;
  /** The length of its value in bytes of UTF-8; null: there is no such key. */
  readonly bytes: number | null;
}

/** Its name is another write's, with another value or condition: nothing was done. */
export class IdempotencyKeyReused extends ResqliteError {
  constructor() {
    const message = 'the idempotency key is that of a write with another value or condition';
    super({ code: 'InvalidArgument', applied: 'no', message, sqlite: null });
  }
}

/**
 * What became of one attempt. 'refused': it is known that the request did nothing, now and at any attempt
 * before. 'forgotten': the clerk has no row, or there are no tables, and nothing was done.
 */
type Attempt =
  | { readonly type: 'answer'; readonly answer: WriteAnswer }
  | { readonly type: 'refused'; readonly error: ResqliteError }
  | { readonly type: 'forgotten'; readonly error: ResqliteError }
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
    let isMended = false;
    for (;;) {
      this.#id ??= await this.#register(patience);
      const statements = writeStatements(this.#id, this.#request, write);
      const attempt = await attemptOf(this.#db, statements, { patience, digest: '' });
      switch (attempt.type) {
        case 'answer':
          return attempt.answer;
        case 'refused':
          throw attempt.error;
        case 'forgotten':
          this.#id = null;
          if (unknown !== null) throw forgotten(unknown);
          if (isMended) await patience.pause(attempt.error, 'no');
          isMended = true;
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
  const digest = await digestOf(write);
  const statements = [...registration(clerk, 'fetch', digest), ...writeStatements(clerk, 1, write)];
  let unknown = false;
  let needsSchema = false;
  for (;;) {
    const schema = needsSchema ? SCHEMA.map((sql) => ({ sql })) : [];
    const attempt = await attemptOf(db, [...schema, ...statements], { patience, digest });
    if (attempt.type === 'answer') return attempt.answer;
    if (attempt.type === 'refused') throw attempt.error;
    const isFirstMend = attempt.type === 'forgotten' && !needsSchema;
    needsSchema = true;
    if (isFirstMend) continue;
    unknown ||= attempt.error.applied !== 'no';
    await patience.pause(attempt.error, unknown ? 'unknown' : 'no');
  }
}

/** Of what a write's name does not say: SHA-256, in hexadecimal. */
async function digestOf({ value, condition }: Write): Promise<string> {
  const text = JSON.stringify([value, condition?.type ?? null, expectedBy(condition)]);
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function expectedBy(condition: Condition | null): unknown {
  switch (condition?.type) {
    case 'value':
      return condition.value;
    case 'version':
      return condition.versions;
    default:
      return null;
  }
}

async function attemptOf(
  db: Database,
  statements: readonly Statement[],
  { patience, digest }: { readonly patience: Patience; readonly digest: string },
): Promise<Attempt> {
  try {
    const { results } = await db.execute(statements, patience.attempt());
    const row = results.at(-1)?.rows[0];
    if (row === undefined) return { type: 'forgotten', error: crowdedOut() };
    const [outcome, version, bytes, firstDigest] = row;
    if (firstDigest !== digest) return { type: 'refused', error: new IdempotencyKeyReused() };
    if (outcome === 'too large') {
      return { type: 'refused', error: tooLarge('value', MAX_VALUE_BYTES) };
    }
    return { type: 'answer', answer: { outcome, version, bytes } as WriteAnswer };
  } catch (error) {
    const failed = toResqliteError(error);
    return { type: hasNoStore(failed) ? 'forgotten' : 'failed', error: failed };
  }
}

/** The store was never written, or somebody has dropped its tables. */
export function hasNoStore(error: ResqliteError): boolean {
  return isMissingTable(error, /no such table: (main\.)?kv_(entries|clerks)\b/u);
}

function crowdedOut(): ResqliteError {
  const message = 'so many others write to the store that this writer was forgotten';
  return new ResqliteError({ code: 'Overloaded', applied: 'no', message, sqlite: null });
}

function forgotten(failed: ResqliteError): ResqliteError {
  return restated(failed, 'unknown', '; whether it took effect is not remembered any more');
}
