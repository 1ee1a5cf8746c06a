/**
 * Generated requests as a user of a tab makes them: an array of statements is one atomic entry, and
 * everything else is a script. Arguments cross into a page as JSON, so values that JSON lacks are
 * written out.
 */

import type { Database } from '../../src/client/database.ts';
import type { ExecuteRequest, SqlValue, Statement } from '../../src/node/sql.ts';

type WrittenValue = null | boolean | number | string | Readonly<Record<string, unknown>>;

interface WrittenStatement {
  readonly sql: string;
  readonly params: Readonly<Record<string, WrittenValue>> | readonly WrittenValue[];
}

export type TabRequest =
  | { readonly type: 'execute'; readonly statements: readonly WrittenStatement[] }
  | { readonly type: 'run'; readonly script: string };

/** What a tab says of the requests it was given. */
export interface TabAccount {
  readonly failed: number;
  /** Errors that were no statement's fault. */
  readonly troubles: readonly string[];
}

export function toTabRequest(request: ExecuteRequest): TabRequest {
  const { statements, mode, foreignKeys } = request;
  if (mode === 'atomic' || statements.some(({ params }) => params !== undefined)) {
    return { type: 'execute', statements: statements.map(writeStatement) };
  }
  const texts = statements.map(({ sql }) => `${sql};`);
  const block = mode === 'script' ? ['BEGIN;', ...texts, 'COMMIT;'] : texts;
  const pragma = foreignKeys ? [] : ['PRAGMA foreign_keys = off;'];
  return { type: 'run', script: [...pragma, ...block].join('\n') };
}

function writeStatement({ sql, params = [] }: Statement): WrittenStatement {
  if (Array.isArray(params)) return { sql, params: params.map(writeValue) };
  const named = Object.entries(params as Readonly<Record<string, SqlValue | boolean>>);
  return { sql, params: Object.fromEntries(named.map(([key, value]) => [key, writeValue(value)])) };
}

function writeValue(value: SqlValue | boolean): WrittenValue {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (typeof value !== 'number') return value;
  const isPlain = Number.isFinite(value) && !Object.is(value, -0);
  return isPlain ? value : { number: Object.is(value, -0) ? '-0' : String(value) };
}

/** Runs in the page, so that nothing outside of it may be named. */
export async function runInTab(db: Database, requests: readonly TabRequest[]): Promise<TabAccount> {
  const read = (written: unknown): never => {
    const tagged = (written ?? {}) as { bigint?: string; bytes?: number[]; number?: string };
    if (tagged.bigint !== undefined) return BigInt(tagged.bigint) as never;
    if (tagged.bytes !== undefined) return Uint8Array.from(tagged.bytes) as never;
    return (tagged.number === undefined ? written : Number(tagged.number)) as never;
  };
  const readAll = (params: object): never =>
    (Array.isArray(params)
      ? params.map(read)
      : Object.fromEntries(
          Object.entries(params).map(([key, value]) => [key, read(value)]),
        )) as never;
  let failed = 0;
  const troubles: string[] = [];
  for (const request of requests) {
    try {
      if (request.type === 'run') {
        failed += (await db.run(request.script)).errors;
      } else {
        const statements = request.statements.map(({ sql, params }) => ({
          sql,
          params: readAll(params),
        }));
        await db.execute(statements, { timeoutMs: 60_000 });
      }
    } catch (error) {
      const { code = '', message = '' } = error as { code?: string; message?: string };
      failed += 1;
      const ownFault = ['Sql', 'NotReplicable', 'TooLarge', 'InvalidArgument'].includes(code);
      if (!ownFault) troubles.push(`${code}: ${message}`);
    }
  }
  return { failed, troubles };
}
