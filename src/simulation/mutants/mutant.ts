/**
 * A mutant: one deliberate fault of the product, as a substitution in one source file. Mutants test
 * the tests: each is an error that somebody's implementation of Raft or of replicated SQL really had,
 * and the checkers, or a suite that it names, have to notice it.
 *
 * The substitution is made while a bundle is built for that purpose alone (mutation.ts), so the
 * product has no places where faults are switched on. Nothing here touches a file.
 */

/** The tests that notice a mutant which whole-cluster simulation cannot show. */
export interface Suite {
  readonly project: 'unit' | 'browser';
  /** From the root of the repository. */
  readonly file: string;
}

export interface Mutant {
  /** In kebab-case; unique. */
  readonly name: string;
  /** What is wrong, and the rule that it breaks. */
  readonly breaks: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Null: simulated clusters notice it. */
  readonly suite: Suite | null;
}

/** What noticed a mutant. */
export interface Kill {
  /** The first seed that shows the fault; null: a suite does. */
  readonly seed: number | null;
  /** The property that was violated, or the test that failed. */
  readonly by: string;
  readonly evidence: string;
}

/** The source with the fault. Throws where `find` does not occur exactly once. */
export function mutate(mutant: Mutant, source: string): string {
  const at = source.indexOf(mutant.find);
  if (at < 0 || source.includes(mutant.find, at + 1)) {
    const problem = at < 0 ? 'does not occur' : 'occurs more than once';
    throw new Error(`what ${mutant.name} replaces ${problem} in ${mutant.file}`);
  }
  return source.slice(0, at) + mutant.replace + source.slice(at + mutant.find.length);
}
