import { expect, test } from 'vitest';
import { runLong } from '../../src/simulation/long-run.ts';

test('a long life: 60,000 writes, logs compacted and snapshots installed on the way', () => {
  const lines: string[] = [];
  runLong(2, 60_000, (line) => lines.push(line));
  expect(lines[0]).toContain('before: ');
  expect(lines.filter((line) => line.startsWith('during: ')).length).toBeGreaterThan(10);
  const summary = lines.at(-2) ?? '';
  expect(summary).toMatch(/^6\d{4} writes acknowledged, .* [1-9]\d* compactions, /);
});
