/** Files that come while others are read, or are taken away meanwhile. */

import { afterEach, expect, test } from 'vitest';

import {
  addFiles,
  fileProblems,
  isReading,
  jobFiles,
  removeFile,
  removeFiles,
} from '../../../../src/ui/apps/mapreduce/file-store.ts';
import type { SourceFile } from '../../../../src/ui/apps/mapreduce/job-files.ts';

afterEach(removeFiles);

function slowSource(name: string): { source: SourceFile; come: (bytes: Uint8Array) => void } {
  let come: (bytes: Uint8Array) => void = () => undefined;
  const buffer = new Promise<ArrayBuffer>((resolve) => {
    come = (bytes) => resolve(bytes.slice().buffer as ArrayBuffer);
  });
  return { source: { name, size: 1, arrayBuffer: () => buffer }, come: (bytes) => come(bytes) };
}

const TEXT = Uint8Array.of(0x61);
const NO_TEXT = Uint8Array.of(0xff);

function names(): string[] {
  return jobFiles.value.map(({ name }) => name);
}

test('two batches that are read at once are both there, in their order', async () => {
  const [first, second] = [slowSource('first'), slowSource('second')];
  const taken = [addFiles([first.source]), addFiles([second.source])];
  expect(isReading.value).toBe(true);
  second.come(TEXT);
  first.come(TEXT);
  await Promise.all(taken);
  expect(names()).toEqual(['first', 'second']);
  expect(isReading.value).toBe(false);
});

test('what is removed while others are read stays so, and each batch’s problems are told', async () => {
  const early = slowSource('early');
  early.come(TEXT);
  await addFiles([early.source]);
  const [bad, late] = [slowSource('bad'), slowSource('late')];
  const taken = [addFiles([bad.source]), addFiles([late.source])];
  removeFile('early');
  bad.come(NO_TEXT);
  late.come(TEXT);
  await Promise.all(taken);
  expect(names()).toEqual(['late']);
  expect(fileProblems.value).toEqual(['bad is no text in UTF-8.']);
});
