/** The package, as `npm pack` makes it, in programs of others. */

import { expect } from 'vitest';

import { test } from './harness.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;

const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><link rel="icon" href="data:," /><title>Somebody's page</title></head>
  <body><script type="module" src="./main.js"></script></body>
</html>
`;
const PROGRAM = `
import { open } from 'resqlite';

const db = await open();
await db.execute('create table if not exists visit (at text default current_timestamp)');
await db.sql\`insert into visit default values\`;
const [{ visits }] = await db.sql\`select count(*) as visits from visit\`;
window.visits = visits;
`;

test('ten lines, built by vite without configuration', async ({ browser, consumers }) => {
  const consumer = await consumers.create({ 'index.html': PAGE, 'main.js': PROGRAM });
  const server = await consumers.serve(await consumer.build());
  const tab = await browser.open(server.url);
  const visits = await waitFor('the first visit', BOUND_MS, () =>
    tab.evaluate('window.visits ?? false'),
  );
  expect(visits).toBe(1);
});
