/** What a host is told to send in the README is what the page is tested with. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { PAGE_HEADERS } from '../../src/dev/content-policy.ts';

test('the README names every header as it is', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const named = [...readme.matchAll(/^add_header (\S+) "?(.*?)"? always;$/gm)];
  expect(Object.fromEntries(named.map(([, name, value]) => [name, value]))).toEqual(PAGE_HEADERS);
});
