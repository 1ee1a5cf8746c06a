/** What tests a file has, by its text. */

import { expect, test } from 'vitest';
import { matchTitle, titlesIn } from './test-titles.ts';

const SOURCE = `
import { test } from 'vitest';
test('plain', async () => { expect(/x/.test('not (this')).toBe(true); });
  it("with 'quotes'", () => {});
test.each([
  ['a (b', 1], // it('is a comment')
  ['c)', 2],
])('%s of %i', (text, count) => {});
test.for(SIZES.filter(({ width }) => width > 3))(
  'at $width px',
  { timeout: 1_000 },
  () => {},
);
test(
  \`writes \${COUNT} rows, \` +
    'in two lines',
  () => {},
);
test.skip('never', () => {});
test.runIf(process.env['LONG'] === '1')('sometimes', () => {});
test(name, () => {});
const pattern = /a/.test('no title');
`;

test('titles are found in every form that they have', () => {
  expect(titlesIn(SOURCE)).toEqual([
    { title: 'plain', isSkipped: false },
    { title: "with 'quotes'", isSkipped: false },
    { title: '%s of %i', isSkipped: false },
    { title: 'at $width px', isSkipped: false },
    { title: 'writes %s rows, in two lines', isSkipped: false },
    { title: 'never', isSkipped: true },
    { title: 'sometimes', isSkipped: true },
  ]);
});

test('a template fits what is made of it, and nothing else', () => {
  expect(matchTitle('%s of %i', 'one of 3')).toEqual(['one', '3']);
  expect(matchTitle('at $width px (.*)', 'at 360 px (.*)')).toEqual(['360']);
  expect(matchTitle('plain', 'plain')).toEqual([]);
  expect(matchTitle('plain', 'plainly')).toBeNull();
  expect(matchTitle('%s of %i', 'one for 3')).toBeNull();
});
