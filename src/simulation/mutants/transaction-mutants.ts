/** Faults of interactive transactions. Their suites kill them. */

import type { Mutant, Suite } from './mutant.ts';

const APPLY: Suite = { project: 'unit', file: 'test/sqlite/transaction-apply.test.ts' };
const SPECULATION: Suite = { project: 'unit', file: 'test/sqlite/speculation.test.ts' };
const SPECULATIONS: Suite = { project: 'unit', file: 'test/sqlite/speculations.test.ts' };
const CALLER: Suite = { project: 'unit', file: 'test/client/transaction.test.ts' };

export const TRANSACTION_MUTANTS: readonly Mutant[] = [
  {
    name: 'reads-not-validated',
    breaks: 'A transaction is committed though what it read has changed: write skew, phantoms',
    file: 'src/sqlite/transaction-apply.ts',
    find: '    if (!equalDigests(run.run(statement).digest, digests[number])) return conflictError(number);',
    replace: `    const { outcome, digest } = run.run(statement);
    if (outcome.type === 'result' && outcome.result.columns.length > 0) continue;
    if (!equalDigests(digest, digests[number])) return conflictError(number);`,
    suite: APPLY,
  },
  {
    name: 'transaction-mixes-states',
    breaks: 'A transaction that gave way goes on without a look at what it has seen',
    file: 'src/sqlite/speculation.ts',
    find: '      if (equalDigests(this.#digests[number], digest)) continue;',
    replace: '      if (digest !== null || number >= 0) continue;',
    suite: APPLY,
  },
  {
    name: 'keys-unchecked-at-the-end',
    breaks: 'A deferred foreign key that others have broken meanwhile is committed',
    file: 'src/sqlite/transaction-apply.ts',
    find: '  return run.errorAtEnd() === null ? null : conflictError(statements.length - 1);',
    replace: '  return null;',
    suite: APPLY,
  },
  {
    name: 'refused-answer-keeps-its-effect',
    breaks: 'A statement whose answer is too large fails, and has an effect',
    file: 'src/sqlite/entry-run.ts',
    find: "      this.#database.undo('statement');",
    replace: "      this.#database.release('statement');",
    suite: SPECULATION,
  },
  {
    name: 'transaction-does-not-give-way',
    breaks: 'What an open transaction did shows to others, or is committed with their entries',
    file: 'src/sqlite/speculations.ts',
    find: 'giveWay: () => this.#park(), ',
    replace: '',
    suite: SPECULATIONS,
  },
  {
    name: 'swallowed-conflict-committed',
    breaks: 'A callback that catches a conflict commits what is left of its transaction',
    file: 'src/client/transaction.ts',
    find: '      if (this.#lost !== null) throw this.#lost;\n',
    replace: '',
    suite: CALLER,
  },
];
