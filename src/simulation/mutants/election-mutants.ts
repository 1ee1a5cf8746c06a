/** Faults of elections: votes, terms, PreVote (paper sections 5.2 and 5.4.1, thesis section 9.6). */

import type { Mutant } from './mutant.ts';

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    name: 'vote-not-persisted',
    breaks: 'The record holds the term without the vote (Figure 2)',
    file: 'src/raft/outbox.ts',
    find: 'return { hardState: isNeeded ? hardState : null, snapshot, entries };',
    replace: `const forgetful = isNeeded ? { ...hardState, votedFor: null } : null;
    return { hardState: forgetful, snapshot, entries };`,
    suite: null,
  },
  {
    name: 'vote-cleared-in-same-term',
    breaks: 'A message of the present term takes the vote back (5.2)',
    file: 'src/raft/roles.ts',
    find: 'if (term > state.term) state.hardState = { term, votedFor: null };',
    replace: 'if (term >= state.term) state.hardState = { term, votedFor: null };',
    suite: null,
  },
  {
    name: 'second-vote-in-a-term',
    breaks: 'A server that has voted votes for another candidate too (5.2)',
    file: 'src/raft/election.ts',
    find: '    (votedFor === null || votedFor === message.from) &&\n',
    replace: '',
    suite: null,
  },
  {
    name: 'vote-for-a-shorter-log',
    breaks: 'A vote does not look at the logs (5.4.1)',
    file: 'src/raft/election.ts',
    find: `    (votedFor === null || votedFor === message.from) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm);`,
    replace: '    (votedFor === null || votedFor === message.from);',
    suite: null,
  },
  {
    name: 'up-to-date-by-length-alone',
    breaks: 'The longer log wins, whatever its last term (5.4.1)',
    file: 'src/raft/log.ts',
    find: 'return lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= this.lastIndex);',
    replace: 'return lastTerm >= 0 && lastLogTerm >= 0 && lastLogIndex >= this.lastIndex;',
    suite: null,
  },
  {
    name: 'own-vote-counted-early',
    breaks: "A candidate's own vote counts before it is durable (thesis 10.2.1)",
    file: 'src/raft/election.ts',
    find: '  becomeCandidate(state, isTransfer);\n',
    replace: `  becomeCandidate(state, isTransfer);
  state.votes.add(state.nodeId);
  if (hasWon(state)) return becomeLeader(state);
`,
    suite: null,
  },
  {
    name: 'vote-of-an-older-term-counted',
    breaks: 'A vote that was given in an earlier term counts in this one (5.2)',
    file: 'src/raft/election.ts',
    find: `if (state.role !== 'candidate' || message.term !== state.term || !message.voteGranted) return;`,
    replace: `if (state.role !== 'candidate' || !message.voteGranted) return;`,
    suite: { project: 'unit', file: 'test/raft/older-term.test.ts' },
  },
  {
    name: 'pre-vote-granted-beside-leader',
    breaks: 'A pre-vote is granted though the leader is alive (thesis 4.2.3)',
    file: 'src/raft/election.ts',
    find: '    message.term > state.term &&\n    !state.isLeaderAlive &&\n',
    replace: '    message.term > state.term &&\n',
    suite: null,
  },
  {
    name: 'term-bumped-by-pre-vote',
    breaks: 'A pre-vote raises the term of who is asked (thesis 9.6)',
    file: 'src/raft/election.ts',
    find: '  const isGranted =\n    message.term > state.term &&\n',
    replace: `  if (message.term > state.term) becomeFollower(state, message.term, null);
  const isGranted =
    message.term >= state.term &&
`,
    suite: null,
  },
  {
    name: 'term-not-adopted-from-refusal',
    breaks: 'A server that is behind ignores the newer term of who refuses it (5.1)',
    file: 'src/raft/election.ts',
    find: '    if (message.term > state.term) becomeFollower(state, message.term, null);\n    return;',
    replace: '    return;',
    suite: { project: 'unit', file: 'test/raft/pre-vote.test.ts' },
  },
];
