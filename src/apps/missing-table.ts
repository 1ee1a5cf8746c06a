/** An app's tables are made when it is first used: until then, that one is missing is no error. */

import { ResqliteError } from '../client/errors.ts';

/** SQLite misses a table; `told` is its message, as far as it names the app's. Nothing was done then. */
export function isMissingTable(error: unknown, told: RegExp): boolean {
  return (
    error instanceof ResqliteError &&
    error.code === 'Sql' &&
    error.applied === 'no' &&
    told.test(error.message)
  );
}
