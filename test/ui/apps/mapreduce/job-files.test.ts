/** Which files become inputs, and what is said of the others. */

import { expect, test } from 'vitest';

import {
  bytesOf,
  FILE_BYTES_MAX,
  FILES_MAX,
  readFile,
  TOTAL_BYTES_MAX,
  type JobFile,
  type SourceFile,
  withFile,
} from '../../../../src/ui/apps/mapreduce/job-files.ts';
import { sampleFiles } from '../../../../src/ui/apps/mapreduce/sample-files.ts';

function source(name: string, bytes: Uint8Array<ArrayBuffer>, size = bytes.length): SourceFile {
  return { name, size, arrayBuffer: () => Promise.resolve(bytes.buffer) };
}

function textSource(name: string, text: string): SourceFile {
  return source(name, new TextEncoder().encode(text));
}

function there(count: number, bytes = 1): JobFile[] {
  return Array.from({ length: count }, (_, at) => ({ name: `there-${at}`, contents: '', bytes }));
}

/** One after the other. */
async function takeFiles(first: readonly JobFile[], sources: readonly SourceFile[]) {
  let files = first;
  const problems: string[] = [];
  for (const one of sources) {
    const taken = withFile(files, one.name, await readFile(one));
    files = taken.files;
    if (taken.problem !== null) problems.push(taken.problem);
  }
  return { files, problems };
}

test('texts in UTF-8 are taken in their order, with their sizes in bytes', async () => {
  const taken = await takeFiles(there(1), [textSource('a', 'Ärger'), textSource('b', '')]);
  expect(taken).toEqual({
    files: [
      ...there(1),
      { name: 'a', contents: 'Ärger', bytes: 6 },
      { name: 'b', contents: '', bytes: 0 },
    ],
    problems: [],
  });
});

test('a file takes the place of one of its name', async () => {
  const { files } = await takeFiles(there(2), [textSource('there-0', 'new')]);
  expect(files.map(({ name, contents }) => [name, contents])).toEqual([
    ['there-0', 'new'],
    ['there-1', ''],
  ]);
});

test('what is no text, too large, too much or cannot be read is told by its name, and the rest is taken', async () => {
  const unreadable = { ...textSource('gone', ''), arrayBuffer: () => Promise.reject(new Error()) };
  const { files, problems } = await takeFiles(
    [],
    [
      source('image.png', Uint8Array.of(0x89, 0xff)),
      source('book', new Uint8Array(), FILE_BYTES_MAX + 1),
      unreadable,
      textSource('fine', 'text'),
    ],
  );
  expect(files.map(({ name }) => name)).toEqual(['fine']);
  expect(problems).toEqual([
    'image.png is no text in UTF-8.',
    'book is larger than 16.0 MiB.',
    'gone cannot be read.',
  ]);
  const full = there(1, TOTAL_BYTES_MAX);
  expect(await takeFiles(full, [textSource('more', 'x')])).toEqual({
    files: full,
    problems: ['more makes it more than 64.0 MiB together.'],
  });
  const many = there(FILES_MAX);
  expect((await takeFiles(many, [textSource('more', 'x')])).problems).toEqual([
    'more is one more than 1,000 files.',
  ]);
  expect((await takeFiles(many, [textSource('there-7', 'x')])).problems).toEqual([]);
});

test('the samples are always the same texts, of words and in ASCII', () => {
  const samples = sampleFiles();
  expect(samples).toEqual(sampleFiles());
  expect(new Set(samples.map(({ contents }) => contents)).size).toBe(samples.length);
  for (const { contents, bytes } of samples) {
    expect(contents).toMatch(/^[A-Za-z .\n]+$/);
    expect(bytes).toBe(contents.length);
  }
  expect(bytesOf(samples)).toBeGreaterThan(400_000);
});
