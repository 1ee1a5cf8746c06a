/**
 * The order of test files: those that take longest begin first, so that none of them is what everybody
 * waits for at the end. Vitest goes by what it remembers of the last run, which a fresh checkout lacks.
 */

import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG_NAMES = [
  'chat',
  'cluster-view',
  'database-view',
  'documentation',
  'headless-node',
  'kv',
  'lab-view',
  'nemesis',
  'package',
  'recover',
  'storage-faults',
  'to-do',
];
const LONG = new RegExp(`/e2e/(?:${LONG_NAMES.join('|')})\\.test\\.ts$`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- This is no array, but who orders files.
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    // Groups of projects follow each other whatever the order is here.
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
