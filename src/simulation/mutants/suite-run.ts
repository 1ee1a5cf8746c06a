/**
 * Runs one test file against a mutated source: Vitest with the configuration of the ordinary tests,
 * and the mutation before every other plugin. The configuration for that is made in the cache, so
 * that the ordinary one knows nothing of mutants.
 */

import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kill, Mutant, Suite } from './mutant.ts';

/** What is read of Vitest's report in JSON. */
interface SuiteReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const SUITE_LIMIT_MS = 900_000;

/**
 * What the suite says to the mutant; null: it passes. Throws where it could not be run, or fails
 * without the mutant too: then it shows nothing.
 */
export async function runSuite(
  mutant: Mutant,
  suite: Suite,
  root: string,
  cache: string,
): Promise<Kill | null> {
  const kill = await runOnce(mutant, suite, root, join(cache, mutant.name));
  if (kill === null) return null;
  const control = join(cache, 'control');
  const failure = await controlFailure(suite, root, control);
  if (failure === null) return kill;
  throw new Error(`${failure.by}: it fails without the mutant as well`);
}

const controlsByFile = new Map<string, Promise<Kill | null>>();

/** The suite against the product as it is, once. */
function controlFailure(suite: Suite, root: string, cache: string): Promise<Kill | null> {
  let control = controlsByFile.get(suite.file);
  if (control === undefined) {
    control = runOnce(null, suite, root, join(cache, suite.file));
    controlsByFile.set(suite.file, control);
  }
  return control;
}

async function runOnce(
  mutant: Mutant | null,
  suite: Suite,
  root: string,
  cache: string,
): Promise<Kill | null> {
  const directory = join(root, cache);
  await mkdir(directory, { recursive: true });
  const configuration = join(directory, 'vitest.config.mjs');
  const reportFile = join(directory, 'report.json');
  await rm(reportFile, { force: true });
  await writeFile(configuration, configurationText(mutant, root));
  const where = ['--project', suite.project, '--root', root, '--config', configuration];
  const report = ['--reporter', 'json', '--outputFile', reportFile, '--testTimeout', '300000'];
  const output = await runVitest(root, ['run', suite.file, ...where, ...report]);
  let text: string;
  try {
    text = await readFile(reportFile, 'utf8');
  } catch {
    throw new Error(`${suite.file} could not be run:\n${output}`);
  }
  return killOf(suite, JSON.parse(text) as SuiteReport, output);
}

function configurationText(mutant: Mutant | null, root: string): string {
  const from = (file: string): string => JSON.stringify(join(root, file));
  const plugin =
    mutant === null ? 'null' : `mutation(${JSON.stringify(mutant)}, ${JSON.stringify(root)})`;
  return [
    `import configuration from ${from('vite.config.ts')};`,
    `import { mutation } from ${from('src/simulation/mutants/mutation.ts')};`,
    `const plugins = [${plugin}, ...configuration.plugins];`,
    'export default { ...configuration, plugins };',
    '',
  ].join('\n');
}

function killOf(suite: Suite, report: SuiteReport, output: string): Kill | null {
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  // A file in which no test ran shows nothing, and must not pass for a kill.
  if (!tests.some(({ status }) => status === 'passed' || status === 'failed')) {
    const messages = report.testResults.map(({ message }) => message).join('\n');
    throw new Error(`no test of ${suite.file} ran: ${messages}\n${output}`);
  }
  const failures = tests.filter(({ status }) => status === 'failed');
  // A busy machine makes tests late; rather name one that failed by what it saw.
  const isLate = ({ failureMessages }: (typeof failures)[number]): boolean =>
    failureMessages.some((message) => message.includes('timed out'));
  const failed = failures.find((failure) => !isLate(failure)) ?? failures[0];
  if (failed === undefined) return null;
  const by = `${suite.file}: ${failed.title}`;
  return { seed: null, by, evidence: failed.failureMessages.join('\n') };
}

/** Waits for the end and gives what was printed. */
function runVitest(root: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = join(root, 'node_modules/vitest/vitest.mjs');
    const child = spawn(process.execPath, [program, ...args], { cwd: root });
    let output = '';
    const timer = setTimeout(() => child.kill(), SUITE_LIMIT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}
