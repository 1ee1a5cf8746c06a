/**
 * Colours of the subjects in plots, here and in files: of middling lightness, so that lines of each stand
 * out on white and on dark grounds alike.
 */

import {
  ETCD,
  FLOOR,
  FOLLOWER,
  LEADER,
  ONE_TAB,
  RAW_DEFAULT,
  RAW_MEMORY,
  RAW_WAL_FULL,
  RAW_WAL_OFF,
} from './targets.ts';

const COLOURS: Readonly<Record<string, string>> = {
  [LEADER]: '#12897f',
  [FOLLOWER]: '#3f82c8',
  [ONE_TAB]: '#9a66cc',
  [RAW_DEFAULT]: '#c66a1c',
  [RAW_WAL_FULL]: '#b5791a',
  [RAW_WAL_OFF]: '#8a8520',
  [RAW_MEMORY]: '#c0589a',
  [ETCD]: '#d14f5c',
  [FLOOR]: '#7b868f',
};

/** Grey for whoever has none. */
const OTHER = '#7b868f';

export function colourOf(subject: string): string {
  return COLOURS[subject] ?? OTHER;
}
