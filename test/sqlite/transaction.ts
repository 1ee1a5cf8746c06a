/** Interactive transactions for the tests of sqlite/: run ahead on a node, as its tab does. */

import { SEED_BYTES } from '../../src/node/command.ts';
import type { Failure } from '../../src/node/errors.ts';
import type {
  Statement,
  StatementOutcome,
  StatementResult,
  TransactionRequest,
} from '../../src/node/sql.ts';
import { Speculation } from '../../src/sqlite/speculation.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { STAMP_MS } from './log.ts';
import type { TestNode } from './support.ts';

export const NEVER = Number.POSITIVE_INFINITY;

export function newSpeculation(seed = 1, stampMs = STAMP_MS): Speculation {
  return new Speculation({ stampMs, seed: new Uint8Array(SEED_BYTES).fill(seed) });
}

/** A transaction on a node whose state the test moves on; it gives way to nobody by itself. */
export class TestTransaction {
  readonly outcomes: StatementOutcome[] = [];
  readonly speculation: Speculation;
  readonly #node: TestNode;

  constructor(node: TestNode, seed?: number, stampMs?: number) {
    this.#node = node;
    this.speculation = newSpeculation(seed, stampMs);
  }

  run(statement: string | Statement, readsOnly = false): StatementOutcome {
    const full = typeof statement === 'string' ? { sql: statement } : statement;
    const outcome = this.speculation.run(this.#node.database, full, readsOnly, NEVER);
    this.outcomes.push(outcome);
    return outcome;
  }

  result(statement: string | Statement): StatementResult {
    const outcome = this.run(statement);
    if (outcome.type === 'result') return outcome.result;
    throw new Error(`a statement failed: ${outcome.error.message}`);
  }

  /** Gives way, as when somebody else uses the database. */
  park(): this {
    this.speculation.park();
    return this;
  }

  /** Ends it, and gives what is to be committed. */
  finish(): TransactionRequest {
    return this.speculation.finish(this.#node.database, NEVER);
  }
}

/** All statements one after the other; then what is to be committed. */
export function transact(
  node: TestNode,
  statements: readonly (string | Statement)[],
): TransactionRequest {
  const transaction = new TestTransaction(node);
  for (const statement of statements) transaction.run(statement);
  return transaction.finish();
}

/** What `work` fails with. */
export function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof SqlFailure) return error.failure;
    throw error;
  }
  throw new Error('no failure');
}
