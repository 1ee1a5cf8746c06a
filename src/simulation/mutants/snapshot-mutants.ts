/** Faults of compaction, snapshots and the hand-over of leadership (paper section 7, thesis 3.10). */

import type { Mutant } from './mutant.ts';

export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    name: 'snapshot-keeps-conflicting-log',
    breaks:
      'An installed snapshot leaves a log behind it that does not follow (Figure 13, 6 and 7)',
    file: 'src/raft/log.ts',
    find: '    if (this.matches(index, term)) {\n      this.#cutTo(snapshot);',
    replace: '    if (index <= this.lastIndex) {\n      this.#cutTo(snapshot);',
    suite: { project: 'unit', file: 'test/raft/snapshot.test.ts' },
  },
  {
    name: 'snapshot-does-not-reset-log',
    breaks: 'What was durable of a log that a snapshot replaces counts as durable in the new one',
    file: 'src/raft/log.ts',
    find: '    this.#durableIndex = Math.min(this.#durableIndex, provenIndex) as LogIndex;\n',
    replace: '',
    suite: { project: 'unit', file: 'test/raft/snapshot.test.ts' },
  },
  {
    name: 'snapshot-configuration-ignored',
    breaks:
      'A log that begins with a snapshot has no configuration (7: the latest as of its index)',
    file: 'src/raft/log.ts',
    find: '    return this.#snapshot?.configuration ?? EMPTY_CONFIGURATION;',
    replace: '    return EMPTY_CONFIGURATION;',
    suite: null,
  },
  {
    name: 'snapshot-configuration-too-new',
    breaks: 'A snapshot names the latest configuration, which may never be committed (7)',
    file: 'src/raft/snapshot.ts',
    find: 'configuration: log.configurationAt(index) };',
    replace: 'configuration: log.configuration };',
    suite: { project: 'unit', file: 'test/raft/compaction.test.ts' },
  },
  {
    name: 'snapshot-older-than-applied',
    breaks: 'A late snapshot takes the state back (Figure 13)',
    file: 'src/raft/snapshot.ts',
    find: 'index >= state.appliedIndex : index > state.appliedIndex;',
    replace: 'index >= state.appliedIndex : index > state.log.baseIndex;',
    suite: { project: 'unit', file: 'test/raft/snapshot.test.ts' },
  },
  {
    name: 'snapshot-acknowledged-before-durable',
    breaks: 'The leader counts on a snapshot that no durable record names yet (Figure 2)',
    file: 'src/raft/snapshot.ts',
    find: '  state.outbox.sendWhenDurable(response, state.hardState, index);',
    replace: '  state.outbox.send(response);',
    suite: null,
  },
  {
    name: 'snapshot-restored-before-durable',
    breaks: 'The state is replaced before the record that names the new one is durable',
    file: 'src/raft/snapshot.ts',
    find: '  state.restoring = snapshot;\n',
    replace: '  state.restoring = snapshot;\n  state.isRestoreDue = true;\n',
    suite: null,
  },
  {
    name: 'stuck-in-snapshot-state',
    breaks: 'The acceptance that shows a snapshot to be installed does not end the wait for it',
    file: 'src/raft/progress.ts',
    find: "    if (this.#state !== 'replicate') {\n      this.#state = 'replicate';",
    replace:
      "    if (this.#state === 'snapshot') return isNews;\n    if (this.#state === 'probe') {\n      this.#state = 'replicate';",
    suite: null,
  },
  {
    name: 'need-of-snapshot-not-noticed',
    breaks: 'A follower in need of a compacted entry is never sent a snapshot (7)',
    file: 'src/node/snapshot-sender.ts',
    find: "raft.progress(id)?.state === 'snapshot' || this.#requested.has(id);",
    replace: 'this.#requested.has(id);',
    suite: null,
  },
  {
    name: 'compacted-without-checkpoint',
    breaks: 'The log is dropped though the state that stands in for it is not durable (7)',
    file: 'src/node/machine.ts',
    find: '(done: (outcome: SnapshotOutcome<LogIndex>) => void) => stateMachine.checkpoint(done),',
    replace: `(done: (outcome: SnapshotOutcome<LogIndex>) => void) => {
        if (stateMachine.checkpoint.length >= 0) done({ type: 'done', result: raft.appliedIndex });
      },`,
    suite: null,
  },
  {
    name: 'whole-record-without-vote',
    breaks: 'The record that makes all earlier ones superfluous lacks term and vote (LS7)',
    file: 'src/raft/outbox.ts',
    find: 'const isNeeded = isHardStateNew || snapshot !== null;',
    replace: 'const isNeeded = isHardStateNew;',
    suite: null,
  },
  {
    name: 'whole-record-without-tail',
    breaks: 'The record that makes all earlier ones superfluous lacks entries behind the snapshot',
    file: 'src/raft/log.ts',
    find: 'snapshot === null ? this.#handedIndex - this.baseIndex : 0;',
    replace: 'Math.max(this.#handedIndex - this.baseIndex, 0);',
    suite: null,
  },
  {
    name: 'chunk-out-of-order-staged',
    breaks: 'A chunk is staged wherever the last one ended, whatever its offset (Figure 13)',
    file: 'src/node/snapshot-receiver.ts',
    find: 'const isNext = chunk.offset === expected && chunk.data.length > 0;',
    replace: 'const isNext = expected >= 0 && chunk.data.length > 0;',
    suite: { project: 'unit', file: 'test/node/snapshot-exchange.test.ts' },
  },
  {
    name: 'stamps-not-in-snapshot',
    breaks: 'Who installs a snapshot stamps entries with a time before that of what it covers',
    file: 'src/node/proposals.ts',
    find: 'Math.max(this.#lastStampMs, snapshot?.state.stampMs ?? 0);',
    replace: 'Math.max(this.#lastStampMs, snapshot === null ? 0 : 1);',
    suite: { project: 'unit', file: 'test/node/proposals.test.ts' },
  },
  {
    name: 'transfer-never-given-up',
    breaks:
      'A leader that hands over to a server which is gone takes no writes any more (thesis 3.10)',
    file: 'src/raft/transfer.ts',
    find: 'if (transfer !== null && state.nowMs >= transfer.deadlineMs) leadership.transfer = null;',
    replace: 'if (transfer === null) leadership.transfer = null;',
    suite: { project: 'unit', file: 'test/raft/transfer.test.ts' },
  },
  {
    name: 'append-behind-base-truncates',
    breaks: 'Entries that are compacted here are taken for a log that begins anew',
    file: 'src/raft/append-entries.ts',
    find: '  const entries = message.entries.filter((entry) => entry.index > baseIndex);',
    replace: `  const entries = message.entries.filter((entry) => entry.index > baseIndex);
  const next = (baseIndex + 1) as LogIndex;
  if (state.log.lastIndex > baseIndex) state.log.truncateFrom(next);`,
    suite: null,
  },
  {
    name: 'quarantine-of-the-majority',
    breaks: 'A state counts as right when a minority has it',
    file: 'src/node/state-check.ts',
    find: '    if (own !== undefined && own !== told.verdict) onDeviant(index);',
    replace: '    if (own !== undefined && own === told.verdict) onDeviant(index);',
    suite: null,
  },
  {
    name: 'deviant-state-not-quarantined',
    breaks: "A node whose state differs from the majority's goes on serving it",
    file: 'src/node/state-check.ts',
    find: '    if (own !== undefined && own !== told.verdict) onDeviant(index);\n',
    replace: '    if (own !== undefined && own !== told.verdict) this.agreed += 0;\n',
    suite: null,
  },
  {
    name: 'quarantined-state-sent',
    breaks: 'A leader whose state is not to be trusted gives it to others',
    file: 'src/node/snapshot-sender.ts',
    find: '    if (!isTrusted()) return [];\n',
    replace: '    if (!isTrusted()) this.chunks += 0;\n',
    suite: { project: 'unit', file: 'test/node/snapshot-exchange.test.ts' },
  },
];
