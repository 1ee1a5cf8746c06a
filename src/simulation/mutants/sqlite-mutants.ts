/** Faults of the state machine on SQLite: determinism, sessions, batches. Its suites kill them. */

import type { Mutant, Suite } from './mutant.ts';

const ONE_TRANSACTION: Suite = { project: 'unit', file: 'test/sqlite/one-transaction.test.ts' };
const OWN_TROUBLE: Suite = { project: 'unit', file: 'test/sqlite/own-trouble.test.ts' };
const DETERMINISM: Suite = { project: 'unit', file: 'test/sqlite/determinism.test.ts' };
const MODES: Suite = { project: 'unit', file: 'test/sqlite/modes.test.ts' };
const SNAPSHOTS: Suite = { project: 'unit', file: 'test/sqlite/snapshots.test.ts' };
const IMPORT: Suite = { project: 'unit', file: 'test/sqlite/import.test.ts' };
const IMPORT_CRASH: Suite = { project: 'unit', file: 'test/sqlite/import-crash.test.ts' };
const STATEMENT_CACHE: Suite = { project: 'unit', file: 'test/sqlite/statement-cache.test.ts' };
const OPEN_TRANSACTION: Suite = { project: 'unit', file: 'test/sqlite/open-transaction.test.ts' };
const WRITE_BEHIND: Suite = { project: 'unit', file: 'test/sqlite/write-behind.test.ts' };
const SESSIONS: Suite = { project: 'unit', file: 'test/sqlite/sessions.test.ts' };

export const SQLITE_MUTANTS: readonly Mutant[] = [
  {
    name: 'applied-index-in-own-transaction',
    breaks: 'The data is committed before the applied index (SM1: one transaction)',
    file: 'src/sqlite/apply.ts',
    find: '    this.#database.setAppliedIndex(this.#appliedIndex);\n    this.#database.commit();',
    replace: `    this.#database.commit();
    this.#database.begin();
    this.#database.setAppliedIndex(this.#appliedIndex);
    this.#database.commit();`,
    suite: ONE_TRANSACTION,
  },
  {
    name: 'sessions-not-stored',
    breaks: 'The session table is not in the transaction of what it guards (thesis 6.3)',
    file: 'src/sqlite/apply.ts',
    find: '    this.#sessions.save();\n    this.#database.setAppliedIndex',
    replace: '    this.#database.setAppliedIndex',
    suite: SESSIONS,
  },
  {
    name: 'generator-not-reseeded',
    breaks: "SQLite's own generator goes on from the statement before",
    file: 'src/sqlite/statement-run.ts',
    find: '  database.runtime.reseed();\n',
    replace: '',
    suite: DETERMINISM,
  },
  {
    name: 'cached-statement-counts-on',
    breaks: 'A statement that stays compiled is interrupted elsewhere than one compiled anew',
    file: 'src/sqlite/statement.ts',
    find: '    api.sqlite3_stmt_status(this.pointer, STATUS_STEPS, 1);\n',
    replace: '',
    suite: STATEMENT_CACHE,
  },
  {
    name: 'cached-statement-has-drawn',
    breaks: 'A statement stays compiled with names of columns that an earlier entry drew',
    file: 'src/sqlite/statement-run.ts',
    find: ' && !run.context.hasSeeded;',
    replace: ';',
    suite: STATEMENT_CACHE,
  },
  {
    name: 'late-write-failure-forgotten',
    breaks: 'A write that fails behind its call is told to nobody',
    file: 'src/sqlite/write-behind.ts',
    find: '      this.#isOverdue = true;\n',
    replace: '      this.#forget();\n',
    suite: WRITE_BEHIND,
  },
  {
    name: 'uncommitted-lost-with-the-module',
    breaks: 'What was answered and not committed is gone when the module is made anew (SM9)',
    file: 'src/sqlite/service.ts',
    find: 'this.#state.apply(uncommitted);',
    replace: 'this.#state.apply([]);',
    suite: OPEN_TRANSACTION,
  },
  {
    name: 'random-not-from-the-entry',
    breaks: 'random() gives other numbers on every node',
    file: 'src/sqlite/runtime.ts',
    find: '      value = this.entry.randomInteger();',
    replace: `      crypto.getRandomValues(this.#random64);
      value = this.#random64[0] ?? 0n;`,
    suite: DETERMINISM,
  },
  {
    name: 'time-hook-missing',
    breaks: "'now' is the time of each node, not the entry's stamp",
    file: 'src/sqlite/runtime.ts',
    find: 'const nowMs = (): number => this.entry?.stampMs ?? Date.now();',
    replace: 'const nowMs = (): number => Date.now();',
    suite: DETERMINISM,
  },
  {
    name: 'nondeterministic-error-answered',
    breaks: "A node's own trouble (out of memory, I/O) is answered as the entry's result",
    file: 'src/sqlite/sql-error.ts',
    find: '  return DETERMINISTIC_CODES.has(resultCode & 0xff) || resultCode === SQLITE_CORRUPT_VTAB;',
    replace: '  return !DETERMINISTIC_CODES.has(resultCode) || resultCode !== SQLITE_CORRUPT_VTAB;',
    suite: OWN_TROUBLE,
  },
  {
    name: 'failed-entry-not-undone',
    breaks: 'What a failed entry had done remains in the batch',
    file: 'src/sqlite/entry-run.ts',
    find: "    else this.#database.undo('entry');",
    replace: "    else this.#database.release('entry');",
    suite: MODES,
  },
  {
    name: 'counters-show-batch-edge',
    breaks: 'changes() and last_insert_rowid() show the entry before, where it was in the batch',
    file: 'src/sqlite/entry-run.ts',
    find: '  database.resetCounters();\n',
    replace: '',
    suite: DETERMINISM,
  },
  {
    name: 'deferred-keys-checked-at-batch-end',
    breaks: 'A deferred foreign key is violated by one entry and mended by the next of its batch',
    file: 'src/sqlite/entry-run.ts',
    find: '    if (this.#database.hasDeferredViolations) return foreignKeyError(last);\n',
    replace: '',
    suite: MODES,
  },
  {
    name: 'lost-transaction-not-repeated',
    breaks: 'Where a statement ends the transaction, the entries before it in the batch are lost',
    file: 'src/sqlite/apply.ts',
    find: '    const before = this.#open ?? [];',
    replace: '    const before: Work[] = [];',
    suite: MODES,
  },
  {
    name: 'snapshot-hash-not-checked',
    breaks: 'A snapshot that was changed on the way is installed (SM7)',
    file: 'src/sqlite/snapshot-stage.ts',
    find: "      if (step.value !== hash) return this.#end('its bytes are not those that were sent');\n",
    replace: '',
    suite: SNAPSHOTS,
  },
  {
    name: 'other-files-kept-at-opening',
    breaks: 'What an interrupted install left is not deleted (SM8)',
    file: 'src/sqlite/sql-state.ts',
    find: '      files.removeOthers(file, twin ?? 0);\n      const isAnew',
    replace: '      const isAnew',
    suite: SNAPSHOTS,
  },
  {
    name: 'half-made-import-counts',
    breaks: 'After a crash the imported file counts though our tables are not in it',
    file: 'src/sqlite/sql-state.ts',
    find: '    if (!isUnusable(error)) throw error;\n    return -1;',
    replace: '    if (!isUnusable(error)) throw error;\n    return Infinity;',
    suite: IMPORT_CRASH,
  },
  {
    name: 'import-counts-unseen',
    breaks:
      'After a crash an imported file that nobody has looked at is taken for a database of ours',
    file: 'src/sqlite/sql-state.ts',
    find: '  if (!hasLogMode(files.head(file, twin, HEADER_BYTES))) return -1;\n',
    replace: '',
    suite: IMPORT_CRASH,
  },
  {
    name: 'chunk-of-an-import-skipped',
    breaks: 'A chunk is staged though the one before it is missing',
    file: 'src/sqlite/staging.ts',
    find: '  if (offset > stagedBytes) return refusal(`byte ${stagedBytes} comes next, not ${offset}`);\n',
    replace: '',
    suite: IMPORT,
  },
];
