/** What is documented of the client is all of it. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const METHOD = /^ {2}(?:async )?(?:get )?(?<name>[a-z]\w*)(?:<[^(]*>)?\(/;

test('every method of the client says what it does', () => {
  const source = readFileSync('src/client/database.ts', 'utf8');
  // An overloaded method has its comment at its first signature.
  const lines = source.slice(source.indexOf('export class Database')).split('\n');
  const commented = new Set<string>();
  const methods = new Set<string>();
  for (const [at, line] of lines.entries()) {
    const name = METHOD.exec(line)?.groups?.['name'];
    if (name === undefined || name === 'constructor') continue;
    methods.add(name);
    if (lines[at - 1]?.trimEnd().endsWith('*/') === true) commented.add(name);
  }
  expect([...methods].filter((name) => !commented.has(name))).toEqual([]);
  expect(methods.size).toBeGreaterThan(30);
});
