/** When the table of features is printed at the end of a run, and what fails it. */

import { resolve } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { TestModule, TestSpecification, Vitest } from 'vitest/node';
import { readFileSync } from 'node:fs';
import { FEATURE_TABLE, readFeatures } from './apps/feature-table.ts';
import { FeatureReport } from './feature-report.ts';

const features = readFeatures(readFileSync(FEATURE_TABLE, 'utf8'));
const proofs = features.flatMap((feature) => feature.proofs);
const FILES = [...new Set(proofs.map(({ file }) => file))];
const ALL = ['unit', 'e2e', 'browser (chromium)'];

let exitCode: typeof process.exitCode;

beforeEach(() => {
  exitCode = process.exitCode;
  return () => {
    process.exitCode = exitCode;
  };
});

interface Run {
  readonly files?: readonly string[];
  readonly projects?: readonly string[];
  readonly config?: object;
  /** Files that were to be run, and were not. */
  readonly lost?: readonly string[];
}

/** What it prints, and the exit code, of a run in which every test passes. */
async function reportOn({ files = FILES, projects = ALL, config = {}, lost = [] }: Run) {
  const printed: string[] = [];
  const specificationOf = (file: string) =>
    ({ moduleId: resolve(file) }) as unknown as TestSpecification;
  const vitest = {
    config: { root: process.cwd(), ...config },
    projects: projects.map((name) => ({ name })),
    globTestSpecifications: async () => FILES.map(specificationOf),
    logger: { log: (text: string) => printed.push(text) },
  } as unknown as Vitest;
  const modules = files.filter((file) => !lost.includes(file)).map(moduleOf);
  const report = new FeatureReport(vitest);
  process.exitCode = 0;
  await report.onTestRunStart(files.map(specificationOf));
  report.onTestRunEnd(modules, [], 'passed');
  return { text: printed.join(''), exitCode: process.exitCode };
}

function moduleOf(file: string): TestModule {
  const tests = proofs
    .filter((proof) => proof.file === file)
    .map(({ title }) => ({ name: title, result: () => ({ state: 'passed' }) }));
  const module = { moduleId: resolve(file), children: { allTests: () => tests } };
  return module as unknown as TestModule;
}

test('a whole run prints the table, with its count', async () => {
  const { text, exitCode } = await reportOn({});
  const count = features.length;
  expect(text).toContain(`\n${count} features, ${count} with a passing test\n`);
  expect(text.match(/^passed {2}/gm)).toHaveLength(count);
  expect(exitCode).toBe(0);
});

test('a file that was not run in a whole run fails its features', async () => {
  const [file = ''] = FILES;
  const { text, exitCode } = await reportOn({ lost: [file] });
  expect(text).toMatch(new RegExp(`^FAILED {2}.*\\(${file.replaceAll('.', '\\.')} ›`, 'm'));
  expect(exitCode).toBe(1);
});

test.each([
  ['some files', { files: FILES.slice(1) }],
  ['some projects', { projects: ['unit', 'e2e'] }],
  ['some tests', { config: { testNamePattern: /x/ } }],
  ['all but some files', { config: { cliExclude: ['x'] } }],
])('a run of %s says nothing', async (_, run) => {
  expect(await reportOn(run)).toEqual({ text: '', exitCode: 0 });
});
