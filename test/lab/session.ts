/** Sessions of the Lab for tests. */

import { Session } from '../../src/lab/session.ts';

export const SECOND_US = 1_000_000;

/** One that has no SQLite. */
export function newSession(): Session {
  return new Session(() => {
    throw new Error('no SQLite');
  });
}
