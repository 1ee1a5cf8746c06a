/**
 * What a whole run says at its end: every feature of the table in src/apps/README.md, and whether its tests
 * have passed. A feature without a passing test fails the run, and so does one whose file was not run. A run of
 * some projects, of some files, or of some tests of each, says nothing.
 *
 * It is a plugin, since reporters named on the command line take the place of those in a configuration.
 */

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import type { Plugin } from 'vite';
import type {
  Reporter,
  TestModule,
  TestRunEndReason,
  TestSpecification,
  Vitest,
} from 'vitest/node';

import { FEATURE_TABLE, readFeatures, type Feature, type Proof } from './apps/feature-table.ts';
import { matchTitle } from './apps/test-titles.ts';

/** Whoever leaves one of these out has asked for less. */
const PROJECTS = ['unit', 'browser', 'e2e'];

/** Of each test of a file its title and what came of it. */
type Results = ReadonlyMap<string, readonly { readonly title: string; readonly state: string }[]>;

export function featureReport(): Plugin {
  return {
    name: 'feature-report',
    configureVitest({ vitest }) {
      vitest.config.reporters.push(new FeatureReport(vitest));
    },
  };
}

export class FeatureReport implements Reporter {
  readonly #vitest: Vitest;
  #isWhole = false;

  constructor(vitest: Vitest) {
    this.#vitest = vitest;
  }

  /** Whole is what runs every file that there is: names, shards and changes are filters of files. */
  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    const { config, projects } = this.#vitest;
    const { testNamePattern, tagsFilter, cliExclude, dir } = config;
    const narrowed = [testNamePattern, tagsFilter, cliExclude, dir];
    // A browser's project is named with its browsers behind.
    const names = new Set(projects.map(({ name }) => name.split(' ')[0]));
    const files = new Set(specifications.map(({ moduleId }) => moduleId));
    const all = await this.#vitest.globTestSpecifications();
    this.#isWhole =
      narrowed.every((filter) => filter === undefined) &&
      PROJECTS.every((name) => names.has(name)) &&
      all.every(({ moduleId }) => files.has(moduleId));
  }

  onTestRunEnd(modules: readonly TestModule[], _: unknown, reason: TestRunEndReason): void {
    if (reason === 'interrupted' || !this.#isWhole) return;
    const features = readFeatures(readFileSync(FEATURE_TABLE, 'utf8'));
    const results = resultsOf(modules, this.#vitest.config.root);
    const verdicts = features.map((feature) => verdictOn(feature, results));
    const passed = verdicts.filter(({ isProven }) => isProven).length;
    const lines = verdicts.map(({ line }) => line).join('\n');
    this.#vitest.logger.log(
      `\n${lines}\n${features.length} features, ${passed} with a passing test\n`,
    );
    if (passed < features.length) process.exitCode = 1;
  }
}

function resultsOf(modules: readonly TestModule[], root: string): Results {
  return new Map(
    modules.map((module) => [
      relative(root, module.moduleId).replaceAll('\\', '/'),
      Array.from(module.children.allTests(), (test) => ({
        title: test.name,
        state: test.result().state,
      })),
    ]),
  );
}

function verdictOn(feature: Feature, results: Results) {
  const { system, name, proofs } = feature;
  const missing = proofs.filter((proof) => !hasPassed(proof, results));
  const isProven = missing.length === 0;
  const proof = (isProven ? proofs : missing).map(({ file, title }) => `${file} › ${title}`);
  const line = `${isProven ? 'passed' : 'FAILED'}  ${system}: ${name}  (${proof.join('; ')})`;
  return { isProven, line };
}

/** All tests that are made of a template have to. */
function hasPassed({ file, title }: Proof, results: Results): boolean {
  const named = (results.get(file) ?? []).filter((test) => matchTitle(title, test.title) !== null);
  return named.length > 0 && named.every(({ state }) => state === 'passed');
}
