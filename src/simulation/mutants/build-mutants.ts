/** Faults of going over to a new build of the state machine. */

import type { Mutant } from './mutant.ts';

export const BUILD_MUTANTS: readonly Mutant[] = [
  {
    name: 'build-adopted-before-all-have-it',
    breaks: 'A build is adopted that some voter has not',
    file: 'src/node/build-watch.ts',
    find: 'return votersOf(raft.configuration).every(counts);',
    replace: 'return votersOf(raft.configuration).some(counts);',
    suite: { project: 'unit', file: 'test/simulation/builds.test.ts' },
  },
  {
    name: 'build-proposed-by-every-leader',
    breaks: 'A new leader proposes the adoption that is in its log already',
    file: 'src/node/build-watch.ts',
    find: '      build = this.#adoptedAt(at as LogIndex) ?? build;\n',
    replace: '',
    suite: { project: 'unit', file: 'test/node/build-watch.test.ts' },
  },
  {
    name: 'outdated-node-applies',
    breaks: 'A node of an older build applies what is meant for a newer one',
    file: 'src/node/build-watch.ts',
    find: "if (own === '' || own >= build) return true;",
    replace: 'if (own.length >= 0) return true;',
    suite: { project: 'unit', file: 'test/simulation/builds.test.ts' },
  },
  {
    name: 'outdated-node-stays-so',
    breaks: 'A build that was taken back stops everybody, though all have it again',
    file: 'src/node/build-watch.ts',
    find: 'this.#ahead.some((one) => one.index > index && one.build === own);',
    replace: 'this.#ahead.some((one) => one.index < 0);',
    suite: { project: 'unit', file: 'test/simulation/builds.test.ts' },
  },
  {
    name: 'adopted-build-not-compared',
    breaks: 'State checks behind an adoption wait for their interval',
    file: 'src/node/state-check.ts',
    find: 'if (nowMs < this.#nextMs && !isNextOfRound) return;',
    replace: 'if (nowMs < this.#nextMs) return;',
    suite: { project: 'unit', file: 'test/node/state-check.test.ts' },
  },
  {
    name: 'adoption-leaves-the-cursor',
    breaks: 'The checks behind an adoption leave out what was checked just before',
    file: 'src/sqlite/state-check.ts',
    find: '  deleteMeta(database, CURSOR);\n',
    replace: '',
    suite: { project: 'unit', file: 'test/sqlite/adoption.test.ts' },
  },
];
