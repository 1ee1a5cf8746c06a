/**
 * A first seed that follows from the product's sources: every state of the tree tests seeds that no
 * other one did, and the same state the same ones, wherever and whenever it is tested.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Seeds are to be typed by people. */
const SEED_BITS = 32;

/** Of all files below `folder`: their names and what is in them. */
export function seedOfTree(folder: string): number {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .toSorted();
  for (const file of files) {
    const name = relative(folder, file).split(sep).join('/');
    const content = readFileSync(file);
    hash.update(`${name.length} ${name} ${content.length} `);
    hash.update(content);
  }
  return Number.parseInt(hash.digest('hex').slice(0, SEED_BITS / 4), 16);
}
