/**
 * Many short texts as one long text and where each ends. A hundred thousand strings cost a page tens of
 * milliseconds to receive one by one, and next to nothing so. Pure; what was packed elsewhere is not
 * trusted. public/sandbox.html has the same format.
 */

export interface PackedTexts {
  readonly text: string;
  /** The index behind each text, in UTF-16 units. */
  readonly ends: Uint32Array;
}

export function packTexts(texts: readonly string[]): PackedTexts {
  const ends = new Uint32Array(texts.length);
  let length = 0;
  for (const [at, text] of texts.entries()) {
    length += text.length;
    ends[at] = length;
  }
  return { text: texts.join(''), ends };
}

/** Null: this is nothing of the kind, longer than `lengthMax`, or more than `countMax` texts. */
export function unpackTexts(packed: unknown, lengthMax: number, countMax: number): string[] | null {
  if (typeof packed !== 'object' || packed === null) return null;
  const { text, ends } = packed as Partial<Record<keyof PackedTexts, unknown>>;
  if (typeof text !== 'string' || !(ends instanceof Uint32Array)) return null;
  if (text.length > lengthMax || ends.length > countMax) return null;
  if ((ends.at(-1) ?? 0) !== text.length) return null;
  const texts: string[] = [];
  let from = 0;
  for (const end of ends) {
    if (end < from) return null;
    texts.push(text.slice(from, end));
    from = end;
  }
  return texts;
}
