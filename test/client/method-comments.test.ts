/** What is documented of the client is all of it. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const METHOD = /^ {2}(?<name>[a-z]\w*)(?:<[^(]*>)?\(/;

test('every method of the client says what it does', () => {
  const sources = readdirSync('src/client').filter(
    (file) => /^database(?:-\w+)?\.ts$/.test(file) && file !== 'database-handle.ts',
  );
  const commented = new Set<string>();
  const methods = new Set<string>();
  for (const source of sources) {
    const lines = readFileSync(`src/client/${source}`, 'utf8').split('\n');
    for (const [at, line] of lines.entries()) {
      const name = METHOD.exec(line)?.groups?.['name'];
      if (name === undefined) continue;
      methods.add(name);
      // An overloaded method has its comment at its first signature.
      if (lines[at - 1]?.trimEnd().endsWith('*/') === true) commented.add(name);
    }
  }
  expect([...methods].filter((name) => !commented.has(name))).toEqual([]);
  expect(methods.size).toBeGreaterThan(30);
});
