/** Faults of replication: the log, progress, commitment (paper sections 5.3 and 5.4.2). */

import type { Mutant } from './mutant.ts';

export const REPLICATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'commit-by-counting-older-term',
    breaks: 'An entry of an earlier term is committed by counting its copies (5.4.2, Figure 8)',
    file: 'src/raft/replication.ts',
    find: 'if (index <= state.commitIndex || !log.matches(index, state.term)) return;',
    replace: 'if (index <= state.commitIndex) return;',
    suite: null,
  },
  {
    name: 'truncated-by-stale-append',
    breaks: 'An AppendEntries that comes late cuts off entries that do not conflict (5.3)',
    file: 'src/raft/append-entries.ts',
    find: '  appendNewEntries(state, message.entries);\n',
    replace: `  appendNewEntries(state, message.entries);
  const last = message.entries.at(-1);
  if (last !== undefined && last.index < state.log.lastIndex) {
    state.log.truncateFrom((last.index + 1) as LogIndex);
  }
`,
    suite: null,
  },
  {
    name: 'conflict-not-truncated',
    breaks: 'Entries that conflict with the leader stay in the log (5.3)',
    file: 'src/raft/append-entries.ts',
    find: 'if (log.matches(entry.index, entry.term)) continue;',
    replace: 'continue;',
    suite: null,
  },
  {
    name: 'previous-entry-not-checked',
    breaks: 'Entries are taken whatever stands before them (5.3, the consistency check)',
    file: 'src/raft/append-entries.ts',
    find: 'if (!state.log.matches(message.prevLogIndex, message.prevLogTerm)) {',
    replace: 'if (message.prevLogIndex > state.log.lastIndex) {',
    suite: null,
  },
  {
    name: 'response-of-older-term-counted',
    breaks: 'An answer given in an earlier term counts in this one (5.3)',
    file: 'src/raft/raft.ts',
    find: 'if (state.leadership !== null && message.term === state.term) {',
    replace: 'if (state.leadership !== null) {',
    suite: { project: 'unit', file: 'test/raft/older-term.test.ts' },
  },
  {
    name: 'next-index-below-match',
    breaks: 'nextIndex goes back behind what is known to match (Figure 2)',
    file: 'src/raft/progress.ts',
    find: 'Math.max(nextIndex, this.#matchIndex + 1) as LogIndex;\n    this.#inflights',
    replace: 'Math.min(nextIndex, this.#matchIndex) as LogIndex;\n    this.#inflights',
    suite: null,
  },
  {
    name: 'match-is-own-last-index',
    breaks: 'A follower claims its whole log, not what the message vouched for (Figure 2)',
    file: 'src/raft/append-entries.ts',
    find: 'const matchIndex = (message.prevLogIndex + message.entries.length) as LogIndex;',
    replace: 'const matchIndex = state.log.lastIndex;',
    suite: null,
  },
  {
    name: 'match-advanced-by-stale-response',
    breaks: 'Any acceptance, an old copy too, counts for everything sent so far (5.3)',
    file: 'src/raft/replication.ts',
    find: 'if (progress.accepted(message.matchIndex)) advanceCommitIndex(state, leadership);',
    replace: `const sentIndex = (progress.nextIndex - 1) as LogIndex;
    if (progress.accepted(sentIndex)) advanceCommitIndex(state, leadership);`,
    suite: null,
  },
  {
    name: 'own-match-counted-early',
    breaks: "The leader's own entries count before they are durable (thesis 10.2.1)",
    file: 'src/raft/replication.ts',
    find: 'voter === nodeId ? log.durableIndex :',
    replace: 'voter === nodeId ? log.lastIndex :',
    suite: null,
  },
  {
    name: 'durable-index-kept-over-truncation',
    breaks: 'Entries that replace durable ones count as durable at once (the ABA problem)',
    file: 'src/raft/log.ts',
    find: '    if (this.#durableIndex > last) this.#durableIndex = last;\n',
    replace: '',
    suite: null,
  },
  {
    name: 'commit-beyond-the-message',
    breaks: 'A follower commits entries that no message of this leader vouched for (Figure 2)',
    file: 'src/raft/append-entries.ts',
    find: 'const commitIndex = Math.min(message.leaderCommit, matchIndex) as LogIndex;',
    replace: 'const commitIndex = Math.min(message.leaderCommit, state.log.lastIndex) as LogIndex;',
    suite: null,
  },
  {
    name: 'applied-beyond-durable',
    breaks: 'Committed entries are applied before they are durable here (SM1)',
    file: 'src/raft/apply.ts',
    find: 'const to = Math.min(state.commitIndex, log.durableIndex) as LogIndex;',
    replace: 'const to = state.commitIndex;',
    suite: null,
  },
  {
    name: 'inflight-window-never-reopened',
    breaks: 'Acceptances do not free the window: a follower starves slowly (thesis 10.2.1)',
    file: 'src/raft/progress.ts',
    find: '      this.#inflights.freeUpTo(matchIndex);\n',
    replace: '',
    suite: null,
  },
  {
    name: 'probe-never-resumed',
    breaks: 'A follower that answers a probe is sent nothing more (thesis 10.2.1)',
    file: 'src/raft/progress.ts',
    find: `      this.#state = 'replicate';\n`,
    replace: '',
    suite: null,
  },
  {
    name: 'refusal-ignored',
    breaks: 'nextIndex does not go back where logs part (5.3)',
    file: 'src/raft/replication.ts',
    find: '    progress.probeFrom(nextIndexAfterRefusal(state, message));\n',
    replace: '',
    suite: null,
  },
  {
    name: 'no-entry-at-election',
    breaks: 'A new leader waits for a client before it may commit (8)',
    file: 'src/raft/roles.ts',
    find: `  state.log.append({ type: 'noop', index: nextIndex(state), term: state.term });\n`,
    replace: '',
    suite: null,
  },
];
