/**
 * The table of features in src/apps/README.md, read: what the systems before this one could do, where it
 * is, and the tests that prove it. Pure. Throws where a row is not of the table's form.
 */

export const FEATURE_TABLE = 'src/apps/README.md';

export interface Proof {
  readonly file: string;
  readonly title: string;
}

export interface Feature {
  /** The heading that it stands under. */
  readonly system: string;
  /** In the table's words. */
  readonly name: string;
  readonly places: readonly string[];
  readonly proofs: readonly Proof[];
}

const CELLS = 3;
const PROOF = /^`(?<file>[^`]+)` › (?<title>.+)$/;

export function readFeatures(markdown: string): Feature[] {
  const features: Feature[] = [];
  let system = '';
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) system = line.slice('## '.length).trim();
    const isHead = /^\| (?:feature|-+) /.test(line);
    if (line.startsWith('|') && !isHead) features.push(readRow(system, line));
  }
  return features;
}

function readRow(system: string, line: string): Feature {
  const cells = line.split('|').slice(1, -1);
  const [name = '', where = '', proof = ''] = cells.map((cell) => cell.trim());
  if (cells.length !== CELLS || name === '') throw new Error(`no row of three cells: ${line}`);
  const places = Array.from(where.matchAll(/`([^`]+)`/g), ([, place = '']) => place);
  return { system, name, places, proofs: proof.split('<br>').map((text) => readProof(text)) };
}

function readProof(text: string): Proof {
  const { file = '', title = '' } = PROOF.exec(text.trim())?.groups ?? {};
  if (title === '') throw new Error(`no test is named by: ${text}`);
  return { file, title };
}
