/** Faults of linearizable reads and of leadership that is over (paper section 8, thesis 6.2, 6.4). */

import type { Mutant } from './mutant.ts';

export const READ_MUTANTS: readonly Mutant[] = [
  {
    name: 'read-without-own-term-commit',
    breaks: 'A new leader answers reads before it has committed an entry of its term (8)',
    file: 'src/raft/read-index.ts',
    find: 'if (leadership.waitingReads.length === 0 || !state.hasCommittedInTerm) return Infinity;',
    replace: 'if (leadership.waitingReads.length === 0) return Infinity;',
    suite: null,
  },
  {
    name: 'read-round-reused',
    breaks: 'An echo of an earlier round confirms a later read (thesis 6.4)',
    file: 'src/raft/read-index.ts',
    find: '  leadership.round += 1;\n',
    replace: '',
    suite: null,
  },
  {
    name: 'read-not-confirmed',
    breaks: 'A leader answers reads without asking whether it still leads (thesis 6.4)',
    file: 'src/raft/read-index.ts',
    find: `    voter === state.nodeId ? Infinity : (leadership.progressByNode.get(voter)?.echoedRound ?? 0),`,
    replace: `    leadership.progressByNode.has(voter) || voter === state.nodeId ? Infinity : 0,`,
    suite: null,
  },
  {
    name: 'one-voice-confirms-reads',
    breaks:
      'Whoever forwards a read confirms the leader thereby, also where others could elect one',
    file: 'src/raft/read-index.ts',
    find: '  return hasQuorum(state.log.configuration, (voter) => voter === state.nodeId || voter === from);',
    replace: '  return hasQuorum(state.log.configuration, () => from !== state.nodeId);',
    suite: null,
  },
  {
    name: 'deposed-leader-answers-reads',
    breaks: 'A leader that has stepped down, or any follower, answers reads from what it knows',
    file: 'src/raft/read-index.ts',
    find: 'if (state.leadership === null) failRead(state, read);',
    replace: 'if (state.leadership === null) answerRead(state, read, state.commitIndex);',
    suite: null,
  },
  {
    name: 'reads-answered-at-step-down',
    breaks: 'A leader that steps down answers the reads it could not confirm',
    file: 'src/raft/read-index.ts',
    find: `  for (const { requests } of leadership.readRounds) {
    for (const read of requests) failRead(state, read);
  }`,
    replace: `  for (const { requests, index } of leadership.readRounds) {
    for (const read of requests) answerRead(state, read, index);
  }`,
    suite: null,
  },
  {
    name: 'read-served-before-applied',
    breaks: 'A read does not wait until its index is applied (thesis 6.4)',
    file: 'src/node/reads.ts',
    find: `read.done({ type: 'ready', index: state.index });`,
    replace: `read.done({ type: 'ready', index: 0 as LogIndex });`,
    suite: null,
  },
  {
    name: 'query-served-before-applied',
    breaks: 'SQLite answers a read before the index it waits for is applied',
    file: 'src/sqlite/service.ts',
    find: 'return this.#state !== null && this.#state.appliedIndex >= index;',
    replace: 'return this.#state !== null && index >= 0;',
    suite: { project: 'unit', file: 'test/sqlite/service.test.ts' },
  },
  {
    name: 'leader-without-quorum-stays',
    breaks: 'A leader that hears no quorum goes on leading (thesis 6.2)',
    file: 'src/raft/replication.ts',
    find: "  if (state.nowMs >= quorumDeadlineMs(state, leadership)) stepDown(state, 'no-quorum');",
    replace: '  if (leadership.progressByNode.size === 0) quorumDeadlineMs(state, leadership);',
    suite: { project: 'unit', file: 'test/simulation/deposed-leader.test.ts' },
  },
];
