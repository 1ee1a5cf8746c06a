/**
 * Texts for MapReduce, made anew wherever they are needed: the same number gives the same text, in the
 * page and here. And what a plain count of them comes to.
 */

/** Imports and closes over nothing: its source is run in pages. About `bytes` long. */
export function makeText(number: number, bytes: number): string {
  let state = (number + 1) * 2_654_435_761;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const letters = 'etaoinshrdlucmfwypvbgkjqxzäöüéßñ';
  const words = 40_000;
  const wordOf = (rank: number): string => {
    let word = '';
    for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / 32)) word += letters[rest % 32];
    return rank % 7 === 0 ? word[0]?.toUpperCase() + word.slice(1) : word;
  };
  const parts: string[] = [];
  let length = 0;
  while (length < bytes) {
    // As in books: of rank n there are as many as of rank 1, divided by n.
    const word = wordOf(Math.floor(words ** random()) - 1);
    const end = random();
    const part = word + (end < 0.85 ? ' ' : end < 0.95 ? ', ' : end < 0.98 ? '. ' : '.\n');
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
}

/** Letter by letter, without what the job does it with. Lines as the job's are written. */
export function countPlainly(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    let word = '';
    for (const character of `${text} `) {
      if (/\p{L}/u.test(character)) {
        word += character;
      } else if (word !== '') {
        counts.set(word, (counts.get(word) ?? 0) + 1);
        word = '';
      }
    }
  }
  return [...counts]
    .map(([word, count]) => ({ bytes: Buffer.from(word), line: `${word}: ${count}\n` }))
    .toSorted((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ line }) => line)
    .join('');
}
