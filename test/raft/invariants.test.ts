/** The checks themselves: each one can fail. */

import { describe, expect, it } from 'vitest';
import {
  InvariantViolation,
  checkServer,
  checkTransition,
  summarize,
} from '../../src/raft/invariants.ts';
import type { ProgressView, ServerView } from '../../src/raft/invariants.ts';
import type { Entry, NodeId } from '../../src/raft/types.ts';
import {
  A,
  B,
  C,
  THREE,
  command,
  configuration,
  configurationEntry,
  core,
  index,
  leader,
  logOf,
  snapshotAt,
  term,
} from './fixtures.ts';

const PROGRESS: ProgressView = {
  matchIndex: index(3),
  nextIndex: index(4),
  lastContactMs: 0,
  state: 'replicate',
  inflightMessages: 0,
};

/** A sound leader at term 2 with three entries, two of them committed. */
function view(
  fields: Partial<ServerView> = {},
  entries: readonly Entry[] = logOf([1, 2, 2], THREE),
  progressOf: (peer: NodeId) => ProgressView | null = () => PROGRESS,
): ServerView {
  return {
    nodeId: A,
    term: term(2),
    votedFor: A,
    role: 'leader',
    leaderId: A,
    commitIndex: index(2),
    appliedIndex: index(1),
    firstIndex: index(1),
    lastIndex: index(3),
    durableIndex: index(3),
    configuration: THREE,
    snapshot: null,
    isRestoring: false,
    entryAt: (at) => entries[at - 1] ?? null,
    termAt: (at) => (at === 0 ? term(0) : (entries[at - 1]?.term ?? null)),
    progress: progressOf,
    ...fields,
  };
}

/** The same server, with a snapshot in place of its first entry. */
function compacted(
  fields: Partial<ServerView> = {},
  progress: Partial<ProgressView> = {},
): ServerView {
  const entries = logOf([1, 2, 2], THREE);
  return view(
    {
      firstIndex: index(2),
      snapshot: snapshotAt(1, 1),
      entryAt: (at) => (at < 2 ? null : (entries[at - 1] ?? null)),
      termAt: (at) => entries[at - 1]?.term ?? null,
      ...fields,
    },
    entries,
    (peer) => (peer === A ? PROGRESS : { ...PROGRESS, ...progress }),
  );
}

const WAITING = { state: 'snapshot', matchIndex: index(0), nextIndex: index(2) } as const;

const FOLLOWER = { role: 'follower', leaderId: B, votedFor: null } as const;

describe('checkServer', () => {
  it('sound servers pass', () => {
    expect(() => checkServer(view())).not.toThrow();
    expect(() => checkServer(view(FOLLOWER))).not.toThrow();
    expect(() => checkServer(compacted())).not.toThrow();
    expect(() => checkServer(compacted({}, WAITING))).not.toThrow();
    const restoring = { appliedIndex: index(0), durableIndex: index(0), isRestoring: true };
    expect(() => checkServer(compacted({ ...FOLLOWER, ...restoring }))).not.toThrow();
    expect(() => checkServer(core({ terms: [1, 1, 2] }))).not.toThrow();
    expect(() => checkServer(leader())).not.toThrow();
  });

  const impossible: [string, ServerView][] = [
    ['applied below zero', view({ appliedIndex: index(-1) })],
    ['applied beyond the commit index', view({ appliedIndex: index(3) })],
    ['applied before it was durable', view({ appliedIndex: index(2), durableIndex: index(1) })],
    ['committed beyond the log', view({ commitIndex: index(4) })],
    ['durable beyond the log', view({ durableIndex: index(4) })],
    ['a hole in the log', view({}, [...logOf([1, 2], THREE), command(4, 2)])],
    ['a term that falls', view({ commitIndex: index(1) }, logOf([1, 2, 1], THREE))],
    ['an entry newer than the term', view({}, logOf([1, 2, 3], THREE))],
    [
      'two uncommitted configurations of a leader that knows what is committed',
      view({ lastIndex: index(4), commitIndex: index(2) }, [
        ...logOf([1, 2], THREE),
        configurationEntry(3, 2, THREE),
        configurationEntry(4, 2, THREE),
      ]),
    ],
    ['unsorted ids', view({ configuration: configuration([B, A, C]) })],
    ['an id twice', view({ configuration: configuration([A, B, B]) })],
    ['a voter that learns', view({ configuration: configuration([A, B], [], [B]) })],
    ['a change to nobody', view({ configuration: configuration([], [A]) })],
    ['a leader that follows another', view({ leaderId: B })],
    ['a leader that voted for another', view({ votedFor: B })],
    ['a leader whose own match is not its disk', view({ durableIndex: index(2) })],
    ['a member that is not tracked', view({}, undefined, (id) => (id === C ? null : PROGRESS))],
    [
      'matchIndex not below nextIndex',
      view({}, undefined, () => ({ ...PROGRESS, nextIndex: index(3) })),
    ],
    ['nextIndex beyond the log', view({}, undefined, () => ({ ...PROGRESS, nextIndex: index(5) }))],
    ['a voter as learner', view({ ...FOLLOWER, role: 'learner' })],
    [
      'a stranger as follower',
      view({ ...FOLLOWER, commitIndex: index(3), configuration: configuration([B, C]) }),
    ],
    ['a follower of itself', view({ ...FOLLOWER, leaderId: A })],
    [
      'a candidate that voted for another',
      view({ role: 'candidate', leaderId: null, votedFor: B }),
    ],
    ['a candidate that knows a leader', view({ role: 'candidate', leaderId: B })],
    ['a log that begins elsewhere than behind its snapshot', view({ snapshot: snapshotAt(1, 1) })],
    ['a compacted log without a snapshot', compacted({ snapshot: null })],
    ['an entry that is compacted and there', compacted({ entryAt: view().entryAt })],
    ['a snapshot of another term than the log knows', compacted({ snapshot: snapshotAt(1, 2) })],
    ['compacted before it was committed', compacted({ commitIndex: index(0) })],
    ['compacted before it was applied', compacted({ appliedIndex: index(0) })],
    [
      'compacted before it was durable',
      compacted({ ...FOLLOWER, appliedIndex: index(0), durableIndex: index(0) }),
    ],
    ['a snapshot for nobody', compacted({ snapshot: snapshotAt(1, 1, configuration([], [A])) })],
    [
      'a member that has the base and awaits a snapshot',
      compacted({}, { ...WAITING, matchIndex: index(1) }),
    ],
    [
      'a member that awaits a snapshot and is sent entries',
      compacted({}, { ...WAITING, nextIndex: index(3) }),
    ],
    ['a pre-candidate that knows a leader', view({ ...FOLLOWER, role: 'pre-candidate' })],
  ];

  it.each(impossible)('%s does not', (_, server) => {
    expect(() => checkServer(server)).toThrow(InvariantViolation);
  });
});

describe('checkTransition', () => {
  it('standing still and moving forward pass', () => {
    const before = summarize(view());
    expect(() => checkTransition(before, view())).not.toThrow();
    const later = { term: term(3), votedFor: B, commitIndex: index(3) };
    expect(() => checkTransition(before, view(later))).not.toThrow();
  });

  const impossible: [string, Partial<ServerView>][] = [
    ['another id', { nodeId: B }],
    ['an older term', { term: term(1) }],
    ['a lower commit index', { commitIndex: index(1) }],
    ['a lower applied index', { appliedIndex: index(0) }],
    ['a log that grows backwards', { firstIndex: index(0) }],
    ['a second vote in a term', { votedFor: B }],
    ['a vote taken back', { votedFor: null }],
    ['a leader that shortens its log', { lastIndex: index(2) }],
    ['a leader that campaigns in its own term', { role: 'candidate' }],
  ];

  it.each(impossible)('%s does not', (_, after) => {
    expect(() => checkTransition(summarize(view()), view(after))).toThrow(InvariantViolation);
  });
});
