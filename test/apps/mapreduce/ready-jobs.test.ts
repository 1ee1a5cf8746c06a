/** Word count and inverted index, by their rules. */

import { describe, expect, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import { linesOf, sequential } from '../../../src/apps/mapreduce/mapreduce.ts';

async function linesFrom(job: string, files: Record<string, string>): Promise<string> {
  const inputs = Object.entries(files).map(([name, contents]) => ({ name, contents }));
  return linesOf(await sequential(inputs, job, 3, openInlineRunner));
}

/** Of as many those come first whose bytes do. */
const TOP_TEN = [
  'the 15',
  'is 7',
  'leader 5',
  'log 5',
  'and 4',
  'of 3',
  'others 3',
  'The 2',
  'in 2',
  'most 2',
];

describe('word count', () => {
  test('words are longest runs of letters, and capitals are others', async () => {
    const files = { a: 'The cat. the cat’s café—the', b: 'x2y The\n\n  Straße; 東京 the' };
    expect(await linesFrom('word-count', files)).toBe(
      'Straße: 1\nThe: 2\ncafé: 1\ncat: 2\ns: 1\nthe: 3\nx: 1\ny: 1\n東京: 1\n',
    );
  });

  test('words that are names of JavaScript’s own are words', async () => {
    expect(await linesFrom('word-count', { a: 'constructor __proto__ constructor' })).toBe(
      'constructor: 2\nproto: 1\n',
    );
  });

  test('the ten most frequent of a text are those that were counted by hand', async () => {
    const files = {
      'one.txt': `A leader writes, and the others follow the leader. What the leader writes is in
the log; what is in the log of most is there to stay. The log is the truth, and the state is what
the log says.`,
      'two.txt': `If the leader is gone, the others wait a while, and one of the others asks for the
votes of most. The one with the votes is the leader, and the log goes on.`,
    };
    const counts = (await linesFrom('word-count', files)).trimEnd().split('\n');
    const sorted = counts
      .map((line) => line.split(': '))
      .toSorted(([, a], [, b]) => Number(b) - Number(a));
    expect(sorted.slice(0, 10).map((pair) => pair.join(' '))).toEqual(TOP_TEN);
    expect(sorted).toHaveLength(33);
  });

  test('there is no blank word, whatever the files', async () => {
    expect(await linesFrom('word-count', { a: '', b: ' \n', c: '12 34', d: 'a' })).toBe('a: 1\n');
  });
});

test('inverted index: how many files have a word, and which, in order', async () => {
  const files = { 'b.txt': 'one two two', 'a.txt': 'two three', 'c.txt': '' };
  expect(await linesFrom('inverted-index', files)).toBe(
    'one: 1 b.txt\nthree: 1 a.txt\ntwo: 2 a.txt,b.txt\n',
  );
});
