/**
 * Makes one mutant's substitution in whatever Vite or Vitest builds or serves. For the mutant hunt
 * only: no configuration of the product names it.
 */

import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { mutate, type Mutant } from './mutant.ts';

/** `root`: the root of the repository. */
export function mutation(mutant: Mutant, root: string): Plugin {
  const target = resolve(root, mutant.file);
  return {
    name: 'mutation',
    // Before anything else has touched the source: `find` is what stands in the file.
    enforce: 'pre',
    transform(code, id) {
      const [path] = id.split('?');
      return path === target ? { code: mutate(mutant, code), map: null } : null;
    },
  };
}
