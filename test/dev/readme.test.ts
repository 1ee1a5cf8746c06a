/** What README points at is there, and its table of errors has all of them. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const prose = readme.replaceAll(/^```[\s\S]*?^```$/gm, '');

test('every link leads to a heading or a file', () => {
  const headings = [...prose.matchAll(/^#+ (?<heading>.+)$/gm)].map(({ groups }) =>
    anchorOf(groups?.['heading'] ?? ''),
  );
  const links = [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
    ({ groups }) => groups?.['target'] ?? '',
  );
  const own = links.filter((target) => !/^https?:/.test(target));
  expect(own.length).toBeGreaterThan(0);
  const isDead = (target: string): boolean =>
    target.startsWith('#') ? !headings.includes(target.slice(1)) : !existsSync(join(ROOT, target));
  expect(own.filter(isDead)).toEqual([]);
  expect(headings).toHaveLength(new Set(headings).size);
});

test('the table of errors has a row for every code', () => {
  const codes = readFileSync(join(ROOT, 'src/node/errors.ts'), 'utf8');
  const [, union = ''] = codes.split('export type ErrorCode');
  const [, section = ''] = readme.split('\n### Errors\n');
  const [rows = ''] = section.split('\n### ');
  expect(namesIn(rows, /^\| `(?<name>[A-Z]\w+)`/gm)).toEqual(
    namesIn(union.split(';\n\n', 1)[0] ?? '', /^ {2}\| '(?<name>\w+)'/gm),
  );
});

/** As code hosts make them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function namesIn(text: string, pattern: RegExp): string[] {
  const names = [...text.matchAll(pattern)].map(({ groups }) => groups?.['name'] ?? '');
  expect(names.length).toBeGreaterThan(0);
  return names.toSorted();
}
