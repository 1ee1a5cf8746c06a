/** The table of all mutants and what kills them, as Markdown: no times, so that it can be kept. */

import type { Verdict } from './hunt.ts';

/** From the root of the repository. */
export const TABLE_FILE = 'test/simulation/mutants.md';

const INTRODUCTION = `# Mutants

Deliberate faults, and what notices each of them: the first seed of the simulation (from 1) whose run
violates a property, or a test. Made by \`npm run simulate -- --mutant all\`; the faults themselves are
in \`src/simulation/mutants\`.
`;

export function tableOf(verdicts: readonly Verdict[]): string {
  const sorted = verdicts.toSorted((a, b) => (a.mutant.name < b.mutant.name ? -1 : 1));
  const rows = sorted.map(({ mutant, kill }) => [
    mutant.name,
    mutant.breaks,
    kill === null ? '' : kill.seed === null ? 'suite' : String(kill.seed),
    kill === null ? '**survives**' : kill.by,
  ]);
  const lines = [['Mutant', 'What is wrong', 'Seed', 'Noticed by'], ...rows];
  const killed = verdicts.filter(({ kill }) => kill !== null).length;
  return `${INTRODUCTION}\n${killed} of ${verdicts.length} are killed.\n\n${aligned(lines)}`;
}

function aligned(lines: readonly (readonly string[])[]): string {
  const [head = [], ...rows] = lines.map((cells) =>
    cells.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return line(head) + rule + rows.map(line).join('');
}
