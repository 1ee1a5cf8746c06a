/** Hunts the mutants that a command asks for, several at a time, and says what became of each. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MUTANTS } from './catalogue.ts';
import { hunt, type HuntOptions, type Verdict } from './hunt.ts';
import type { Mutant } from './mutant.ts';
import { TABLE_FILE, tableOf } from './table.ts';

/**
 * `choice`: names with commas between them, or 'all', which writes the table too. Gives how many
 * survived. Throws where there is no such mutant.
 */
export async function huntAll(
  choice: string,
  lanes: number,
  options: HuntOptions,
  print: (line: string) => void,
): Promise<number> {
  const isAll = choice === 'all';
  const mutants = isAll ? MUTANTS : choice.split(',').map(mutantNamed);
  const verdicts = await huntInLanes(mutants, lanes, options, (verdict) => {
    print(describe(verdict, options));
    const { kill } = verdict;
    if (mutants.length === 1 && kill !== null) print(kill.evidence);
  });
  const survivors = verdicts.filter(({ kill }) => kill === null);
  const bySuite = verdicts.filter(({ kill }) => kill !== null && kill.seed === null);
  const bySeeds = verdicts.length - survivors.length - bySuite.length;
  print(`${bySeeds} killed by seeds, ${bySuite.length} by suites, ${survivors.length} survived`);
  for (const { mutant } of survivors) print(`SURVIVED: ${mutant.name}: ${mutant.breaks}`);
  if (isAll) await writeFile(join(options.root, TABLE_FILE), tableOf(verdicts));
  return survivors.length;
}

function mutantNamed(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found !== undefined) return found;
  const names = MUTANTS.map((mutant) => mutant.name).toSorted();
  throw new Error(`no mutant ${name}; there are: all, ${names.join(', ')}`);
}

/** Every lane takes the next mutant as soon as it has done with one. */
async function huntInLanes(
  mutants: readonly Mutant[],
  lanes: number,
  options: HuntOptions,
  onVerdict: (verdict: Verdict) => void,
): Promise<readonly Verdict[]> {
  const waiting = [...mutants];
  const verdicts: Verdict[] = [];
  const lane = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await huntOne(mutant, options);
      verdicts.push(verdict);
      onVerdict(verdict);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return verdicts;
}

/** What cannot be hunted (it does not build, or its suite does not run) is not killed either. */
async function huntOne(mutant: Mutant, options: HuntOptions): Promise<Verdict> {
  try {
    return await hunt(mutant, options);
  } catch (error) {
    return { mutant, kill: null, trouble: error instanceof Error ? error.message : String(error) };
  }
}

function describe({ mutant, kill, trouble }: Verdict, { from, seeds }: HuntOptions): string {
  const { name } = mutant;
  if (trouble !== null) return `${name}: COULD NOT BE HUNTED: ${trouble}`;
  if (kill === null) return `${name}: SURVIVED ${mutant.suite?.file ?? `${seeds} seeds`}`;
  if (kill.seed === null) return `${name}: killed by ${kill.by}`;
  return `${name}: killed by seed ${kill.seed} (number ${kill.seed - from + 1}): ${kill.by}`;
}
