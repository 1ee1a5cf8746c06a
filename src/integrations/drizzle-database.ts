/** The Drizzle database: a session, and what a session alone does. */

import { entityKind, type ExtractTablesWithRelations } from 'drizzle-orm';
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch';
import { BaseSQLiteDatabase, type SQLiteTransactionConfig } from 'drizzle-orm/sqlite-core';

import type { Database, TransactionOptions } from '../client/resqlite.ts';
import {
  ResqliteSession,
  type DrizzleRunResult,
  type SessionParts,
  type SessionTransaction,
} from './drizzle-session.ts';
import type { Target } from './targets.ts';

export class DrizzleDatabase<FullSchema extends Record<string, unknown>> extends BaseSQLiteDatabase<
  'async',
  DrizzleRunResult,
  FullSchema
> {
  static override readonly [entityKind]: string = 'ResqliteDatabase';
  readonly $client: Target | Promise<Database>;
  readonly #session: ResqliteSession<FullSchema, ExtractTablesWithRelations<FullSchema>>;

  constructor(
    client: Target | Promise<Database>,
    parts: SessionParts<ExtractTablesWithRelations<FullSchema>>,
  ) {
    const session = new ResqliteSession<FullSchema, ExtractTablesWithRelations<FullSchema>>(
      client,
      parts,
    );
    super('async', parts.dialect, session, parts.schema);
    this.$client = client;
    this.#session = session;
  }

  async batch<Item extends BatchItem<'sqlite'>, Items extends Readonly<[Item, ...Item[]]>>(
    queries: Items,
  ): Promise<BatchResponse<Items>> {
    return (await this.#session.batch(queries)) as BatchResponse<Items>;
  }

  override transaction<Value>(
    work: (
      tx: SessionTransaction<FullSchema, ExtractTablesWithRelations<FullSchema>>,
    ) => Promise<Value>,
    config: SQLiteTransactionConfig & TransactionOptions = {},
  ): Promise<Value> {
    return this.#session.transaction(work, config);
  }
}
