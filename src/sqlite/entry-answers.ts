/** Answers of log entries that are not made statement by statement, as the session table keeps them. */

import type { ExecuteRequest, StatementError, StatementOutcome } from '../node/sql.ts';
import { SQLITE_MISUSE } from './raw-api.ts';
import { ResponseBuilder } from './response-builder.ts';
import { statementError } from './statement-run.ts';

/** Of a request that makes no sense to any node. */
export function unreadable(): Uint8Array {
  const error = statementError('Sql', 'the request cannot be read', SQLITE_MISUSE, 0);
  return answerOf({ type: 'error', error });
}

/** The response of a request that has one outcome. */
export function answerOf(outcome: StatementOutcome): Uint8Array {
  const response = new ResponseBuilder();
  response.add(outcome);
  return response.finish(outcome.type === 'result');
}

/** The response of an entry of which nothing remains, on account of one statement. */
export function undone(
  request: ExecuteRequest,
  cause: StatementError,
  response: ResponseBuilder,
): Uint8Array {
  if (request.mode !== 'each') {
    response.add({ type: 'error', error: cause });
    return response.finish(false);
  }
  // The statements are each other's strangers: every one is told that it did not happen.
  const strangers = new ResponseBuilder();
  const guilty = cause.sqlite.statement;
  const message = `undone together with statement ${guilty} of the same log entry: ${cause.message}`;
  for (const number of request.statements.keys()) {
    const { code, sqlite } = cause;
    const error =
      number === guilty ? cause : { code, message, sqlite: { ...sqlite, statement: number } };
    strangers.add({ type: 'error', error });
  }
  return strangers.finish(false);
}
