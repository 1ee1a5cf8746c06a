/** What a host is told to send in the README is what the page is tested with. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { PAGE_HEADERS, SANDBOX_HEADERS, SANDBOX_POLICY } from '../../src/dev/content-policy.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE_FILE = '# resqlite-headers.conf';
const SANDBOX_FILE = '# resqlite-sandbox-headers.conf';

test('the README names every header as it is, those of the page and those of the sandbox', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(headersIn(readme, PAGE_FILE)).toEqual(PAGE_HEADERS);
  expect(headersIn(readme, SANDBOX_FILE)).toEqual(SANDBOX_HEADERS);
});

test('the sandbox states its policy ahead of its scripts', () => {
  const html = readFileSync(join(ROOT, 'public/sandbox.html'), 'utf8');
  const [head = '', ...scripts] = html.split('<script');
  expect(scripts).toHaveLength(2);
  expect(head).toMatch(/<meta\s+http-equiv="Content-Security-Policy"/);
  expect(head).toContain(`content="${SANDBOX_POLICY}"`);
});

/** Of the lines below that one, up to the next such or the end of the block. */
function headersIn(readme: string, file: string): Record<string, string> {
  const [, rest = ''] = readme.split(`${file}\n`);
  const [block = ''] = rest.split(/^[#`]/m);
  const named = [...block.matchAll(/^add_header (\S+) "?(.*?)"? always;$/gm)];
  return Object.fromEntries(named.map(([, name = '', value = '']) => [name, value]));
}
