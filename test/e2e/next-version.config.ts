/**
 * Builds the page as a later version would be: its rules for entries have another number, and its log
 * another format; it reads the present one, too. Everything else is as it is.
 */

import { mergeConfig, type Plugin } from 'vite';

import config from '../../vite.config.ts';

interface Change {
  readonly file: string;
  /** What is to be counted up by one is the second part. */
  readonly find: RegExp;
}

const CHANGES: readonly Change[] = [
  { file: '/src/sqlite/build.ts', find: /(const RULES = )(\d+)/ },
  { file: '/src/storage/record-codec.ts', find: /(\{ kind: 'log', version: )(\d+)/ },
];

function nextVersion(): Plugin {
  return {
    name: 'resqlite:next-version',
    enforce: 'pre',
    transform: (code, id) => {
      const change = CHANGES.find(({ file }) => id.endsWith(file));
      if (change === undefined) return null;
      const { file, find } = change;
      if (!find.test(code)) throw new Error(`${file} has no ${String(find)}.`);
      const next = (_whole: string, before: string, number: string): string =>
        `${before}${Number(number) + 1}`;
      return { code: code.replace(find, next), map: null };
    },
  };
}

/** What is changed is in the workers alone. */
export default mergeConfig(config, {
  worker: { plugins: () => [nextVersion()] },
  build: { sourcemap: false },
});
