/** What of SQLocal's interface cannot be, and what its callers are told to do instead. */

import { ResqliteError, type ErrorCode } from '../client/resqlite.ts';

/** Nothing has happened. */
export async function rejected(code: ErrorCode, message: string): Promise<never> {
  throw new ResqliteError({ code, applied: 'no', message, sqlite: null });
}

export function noFunction(instead: string): Promise<never> {
  return rejected(
    'NotReplicable',
    `a function in JavaScript is not there on every node, and would not be the same: ${instead}`,
  );
}
