/**
 * The library's documentation: whole, and true. Its examples are checked as a user's compiler would check
 * them, and run against the package.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { readDocumentation } from '../../src/dev/documentation.ts';
import { declarationsOf } from './declarations.ts';
import { callablesWithout, examplesOf, readmeExamples, typesWithout } from './examples.ts';
import { exampleProgram, PACKAGES } from './example-program.ts';
import { ExampleTabs } from './example-tabs.ts';
import { test } from './harness.ts';

/** All of them; each has a bound of its own besides. */
const EXAMPLES_TIMEOUT_MS = 300_000;
const NOT_RUN = /^no-run\b\s*(?<why>.*)$/;

/** For the compiler alone: what keeps numbers apart, and whether it knows of `await using`. */
const UNNAMED: ReadonlySet<string> = new Set(['brand', 'Used']);

const documentation = await readDocumentation();
const { project } = documentation;
const found = [...examplesOf(project), ...readmeExamples()];
const examples = found.filter(({ words }) => !NOT_RUN.test(words));

test('everything public is documented, and every link leads somewhere', () => {
  expect(documentation.warnings).toEqual([]);
});

test('everything of the library has a topic', () => {
  const [library] = project.children ?? [];
  expect(library?.name).toBe('resqlite');
  const topics = library?.categories ?? [];
  expect(topics.length).toBeGreaterThan(5);
  const others = topics.find(({ title }) => title === 'Other')?.children ?? [];
  expect(others.map(({ name }) => name)).toEqual([]);
});

test('everything that is called has an example, and every type is in one', () => {
  expect(callablesWithout(project)).toEqual([]);
  expect(typesWithout(project, examples)).toEqual([]);
});

test('the package declares what it exports, and nothing of ours besides', async ({ consumers }) => {
  const consumer = await consumers.create({});
  const library = join(consumer.folder, 'node_modules/resqlite/lib');
  const files = (await readdir(library)).filter((file) => file.endsWith('.d.ts'));
  const internal: string[] = [];
  for (const file of files) {
    const { declared, exported } = declarationsOf(await readFile(join(library, file), 'utf8'));
    const hidden = declared.filter((name) => !exported.has(name) && !UNNAMED.has(name));
    internal.push(...hidden.map((name) => `${file}: ${name}`));
  }
  expect(internal).toEqual([]);
  expect(files).toContain('resqlite.d.ts');
});

test(
  'examples do what they say',
  { timeout: EXAMPLES_TIMEOUT_MS },
  async ({ browser, consumers }) => {
    const consumer = await consumers.create(exampleProgram(examples), PACKAGES);
    const [built] = await Promise.all([consumer.build(), consumer.checkTypes()]);
    const server = await consumers.serve(built);
    const tabs = await ExampleTabs.start(browser, server.url);
    const failures: string[] = [];
    try {
      for (const [at, example] of examples.entries()) {
        failures.push(...(await tabs.run(example, at)));
      }
    } finally {
      // Before their server ends.
      await tabs.close();
    }
    expect(failures).toEqual([]);
    const left = found.flatMap(({ name, words }) => {
      const why = NOT_RUN.exec(words)?.groups?.['why'];
      return why === undefined ? [] : [`${name} (${why})`];
    });
    console.log(`${examples.length} examples ran, ${left.length} not: ${left.join(', ')}`);
  },
);
