/**
 * Applies an interactive transaction: every statement runs again, with the time and the chance it had
 * on the node where it ran first, and must answer what it answered there; reads too, which is what
 * makes transactions serializable. At the first difference nothing of it remains, and the caller is
 * told 'Conflict'. The limits hold here as well, whoever made the entry. It is the same on every node,
 * since nothing but the state and the entry decide.
 *
 * Rows are not answered again: the caller has them.
 */

import type { StatementError, TransactionRequest } from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { MAX_TRANSACTION_SKEW_MS } from './limits.ts';
import { SQLITE_BUSY_SNAPSHOT } from './raw-api.ts';
import { encodeResponse } from './response-codec.ts';
import { statementError } from './statement-run.ts';
import { equalDigests, limitError, TransactionRun } from './transaction-run.ts';

/**
 * Within an open transaction; answers the response. `stampMs` is the log entry's. Throws
 * `TransactionLost`, and this node's own trouble.
 */
export function applyTransaction(
  database: SqlDatabase,
  request: TransactionRequest,
  stampMs: number,
): Uint8Array {
  if (!(Math.abs(stampMs - request.stampMs) <= MAX_TRANSACTION_SKEW_MS)) {
    return undone(conflictError(0, "the transaction's clock is not that of the cluster"));
  }
  const run = new TransactionRun(database, request);
  run.begin();
  const error = errorOf(run, request);
  run.end(error === null);
  return error === null ? encodeResponse({ outcomes: [], committed: true }) : undone(error);
}

/**
 * Of the first statement that does not come to what it came to where it ran first, or did not run
 * there; null: there is none.
 */
function errorOf(run: TransactionRun, request: TransactionRequest): StatementError | null {
  const { statements, digests } = request;
  for (const [number, statement] of statements.entries()) {
    const limit = run.limitMet;
    if (limit !== null) return limitError(limit, number);
    if (!equalDigests(run.run(statement).digest, digests[number])) return conflictError(number);
  }
  // It had none where it ran first.
  return run.errorAtEnd() === null ? null : conflictError(statements.length - 1);
}

/** The response where another run of the transaction than the first ends it. */
export function conflictResponse(statement: number): Uint8Array {
  return undone(conflictError(statement));
}

function undone(error: StatementError): Uint8Array {
  return encodeResponse({ outcomes: [{ type: 'error', error }], committed: false });
}

export function conflictError(statement: number, message?: string): StatementError {
  const text = message ?? `statement ${statement} no longer comes to what the transaction has seen`;
  return statementError('Conflict', text, SQLITE_BUSY_SNAPSHOT, statement);
}
