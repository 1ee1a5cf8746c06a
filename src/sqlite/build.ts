/**
 * The name of this build of the state machine (node/build.ts): the number of our own rules, and SQLite's
 * mark of its sources, which begins with their date. Later ones have greater names.
 */

import type { BuildName } from '../node/build.ts';
import type { Runtime } from './runtime.ts';

/**
 * The number of the rules by which an entry has its effect. It is raised by one with every change after
 * which any entry could leave other data, or another answer, than before:
 * - of settings.ts, of what in limits.ts or node/limits.ts decides about entries, of authorizer.ts;
 * - of how entries are read, run, answered or hashed (apply.ts and what it uses, the session table);
 * - of the WebAssembly module where its SQLite stays the same (the package's `-build` number), since its
 *   C library and its compiler decide about floating-point functions; or where its SQLite gets older.
 * The log that the tests have pinned shows some such changes, but not all.
 */
const RULES = 3;
const RULES_DIGITS = 4;

export function ownBuild({ sourceId }: Runtime): BuildName {
  return `${String(RULES).padStart(RULES_DIGITS, '0')} ${sourceId}`;
}
