/** Faults of membership changes (paper section 6, thesis chapter 4). */

import type { Mutant } from './mutant.ts';

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: 'two-configurations-in-flight',
    breaks: 'A change begins before the one before it is committed (thesis 4.1)',
    file: 'src/raft/membership.ts',
    find: 'const isBusy = isChanging || leadership.transfer !== null;',
    replace: 'const isBusy = (isChanging && isJoint(current)) || leadership.transfer !== null;',
    suite: { project: 'unit', file: 'test/raft/membership.test.ts' },
  },
  {
    name: 'configuration-before-own-term-commit',
    breaks: 'A leader that has committed nothing of its term changes the configuration',
    file: 'src/raft/membership.ts',
    find: 'if (isBusy || !state.hasCommittedInTerm) return',
    replace: 'if (isBusy) return',
    suite: null,
  },
  {
    name: 'configuration-in-force-at-commit',
    breaks: 'The old configuration decides until the new one is committed (6: in force on append)',
    file: 'src/raft/replication.ts',
    find: '  const index = quorumValue(log.configuration, matchIndexOf) as LogIndex;',
    replace: `  const isPending = log.configurationIndex > state.commitIndex;
  const decisive = isPending ? log.previousConfiguration : log.configuration;
  const index = quorumValue(decisive, matchIndexOf) as LogIndex;`,
    suite: null,
  },
  {
    name: 'configuration-not-rolled-back',
    breaks: 'A truncated configuration stays in force (6)',
    file: 'src/raft/log.ts',
    find: '    while ((this.#configurations.at(-1)?.index ?? 0) > last) this.#configurations.pop();\n',
    replace: '',
    suite: { project: 'unit', file: 'test/raft/compaction.test.ts' },
  },
  {
    name: 'joint-quorum-of-new-voters-alone',
    breaks: 'A joint configuration decides without a majority of the old voters (6)',
    file: 'src/raft/configuration.ts',
    find: '  return Math.min(value, majorityValue(configuration.outgoingVoters, valueOf));',
    replace: '  return value;',
    suite: { project: 'unit', file: 'test/raft/membership.test.ts' },
  },
  {
    name: 'learner-counted-in-quorum',
    breaks: 'What learners have counts for commitment (thesis 4.2.1)',
    file: 'src/raft/configuration.ts',
    find: '  const value = majorityValue(configuration.voters, valueOf);',
    replace: `  const { voters, learners } = configuration;
  const value = majorityValue([...voters, ...learners], valueOf);`,
    suite: null,
  },
  {
    name: 'joint-configuration-never-left',
    breaks: 'A committed joint configuration is not followed by the final one (6)',
    file: 'src/raft/replication.ts',
    find: '    appendConfiguration(state, leadership, leaveJoint(configuration));\n',
    replace: '',
    suite: null,
  },
  {
    name: 'removed-leader-counts-itself',
    breaks: 'A leader outside the new configuration is part of its majority (thesis 4.2.2)',
    file: 'src/raft/replication.ts',
    find: '  const index = quorumValue(log.configuration, matchIndexOf) as LogIndex;',
    replace: `  const { configuration } = log;
  const own = configuration.voters.includes(nodeId) ? [] : [nodeId];
  const voters = [...configuration.voters, ...own];
  const index = quorumValue({ ...configuration, voters }, matchIndexOf) as LogIndex;`,
    suite: { project: 'unit', file: 'test/raft/membership.test.ts' },
  },
  {
    name: 'removed-leader-stays',
    breaks: 'A leader outside the committed configuration leads on (thesis 4.2.2)',
    file: 'src/raft/replication.ts',
    find: "    sendAppendEntries(state, leadership);\n    stepDown(state, 'not-a-voter');",
    replace: '    sendAppendEntries(state, leadership);',
    suite: { project: 'unit', file: 'test/raft/membership.test.ts' },
  },
  {
    name: 'forgotten-learner-waits',
    breaks: 'A learner whose admission was never committed does not ask again',
    file: 'src/node/membership.ts',
    find: "return !this.belongs || (role === 'learner' && leaderId === null);",
    replace: 'return !this.belongs;',
    suite: { project: 'unit', file: 'test/simulation/directed.test.ts' },
  },
];
