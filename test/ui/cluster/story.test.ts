/** One story out of what several tabs saw, in sentences. */

import { describe, expect, test } from 'vitest';
import type { Inspection, NodeEvent } from '../../../src/node/inspection.ts';
import { Story } from '../../../src/ui/cluster/story.ts';
import { A, B, C, event, index, inspection, term } from './inspections.ts';

function storyOf(...told: readonly Inspection[]): string[] {
  const story = new Story();
  for (const one of told) story.take(one);
  return textsOf(story);
}

function textsOf(story: Story): string[] {
  return story.items.map(({ text }) => text);
}

const told = (nodeId: typeof A, ...events: readonly NodeEvent[]): Inspection => {
  return inspection(nodeId, { events });
};

describe('an election', () => {
  const electionOfA = [
    told(
      A,
      event(100, 3, { type: 'leader-lost', leader: C }),
      event(101, 3, { type: 'pre-vote', reason: 'timeout', silentLeader: C, silentMs: 212 }),
      event(110, 4, { type: 'candidacy', reason: 'pre-votes' }),
      event(120, 4, { type: 'election-won', votes: [A, B] }),
    ),
    told(
      B,
      event(105, 3, { type: 'leader-lost', leader: C }),
      event(106, 3, { type: 'pre-vote', reason: 'timeout', silentLeader: C, silentMs: 230 }),
      event(112, 4, { type: 'vote', candidate: A }),
      event(122, 4, { type: 'leader-known', leader: A }),
    ),
    told(C, event(130, 4, { type: 'leader-known', leader: A })),
  ] as const;
  const sentence =
    'aaaaaa won term 4 with the vote of bbbbbb, after it heard nothing from cccccc for 212 ms.';

  test('that three members tell of is one item, with its votes and its cause', () => {
    expect(storyOf(...electionOfA)).toEqual([sentence]);
    expect(storyOf(...electionOfA.toReversed())).toEqual([sentence]);
  });

  test('tells of the paper, and that there is a new leader', () => {
    const story = new Story();
    for (const one of electionOfA) story.take(one);
    expect(story.items[0]).toMatchObject({ kind: 'election', isNewLeader: true });
    expect(story.items[0]?.sections.map(({ label }) => label)).toEqual(['§5.2']);
  });

  test('events that are told again change nothing', () => {
    const story = new Story();
    expect(electionOfA.map((one) => story.take(one))).toEqual([true, true, true]);
    expect(electionOfA.map((one) => story.take(one))).toEqual([false, false, false]);
    expect(textsOf(story)).toEqual([sentence]);
  });

  test('nobody but the others tell of is told by what they know', () => {
    const others = [
      told(B, event(1, 2, { type: 'vote', candidate: A })),
      told(C, event(2, 2, { type: 'leader-known', leader: A })),
    ];
    expect(storyOf(...others)).toEqual(['aaaaaa won term 2 with the vote of bbbbbb.']);
  });

  test('that nobody saw is not told as one: somebody follows the leader', () => {
    const story = new Story();
    story.take(told(B, event(9_000, 5, { type: 'leader-known', leader: A })));
    story.take(told(C, event(7_000, 5, { type: 'leader-known', leader: A })));
    expect(story.items).toMatchObject([
      { text: 'bbbbbb and cccccc follow aaaaaa in term 5.', isNewLeader: false, atMs: 7_000 },
    ]);
  });

  test('stands where it was won, whoever heard of it when', () => {
    const won = told(A, event(5_000, 5, { type: 'election-won', votes: [A, B] }));
    const heard = told(C, event(90_000, 5, { type: 'leader-known', leader: A }));
    const voted = told(B, event(4_990, 5, { type: 'vote', candidate: A }));
    for (const order of [
      [won, heard, voted],
      [heard, voted, won],
    ]) {
      const story = new Story();
      for (const one of order) story.take(one);
      expect(story.items).toMatchObject([{ isNewLeader: true, atMs: 5_000 }]);
    }
    const unseen = new Story();
    for (const one of [heard, voted]) unseen.take(one);
    expect(unseen.items).toMatchObject([{ isNewLeader: true, atMs: 4_990 }]);
  });

  test('behind a link that broke says so, however often it was asked for', () => {
    const [text] = storyOf(
      told(
        A,
        event(1, 3, { type: 'pre-vote', reason: 'link-lost', silentLeader: C, silentMs: 61 }),
        event(2, 3, { type: 'pre-vote', reason: 'link-lost', silentLeader: null, silentMs: 300 }),
        event(3, 4, { type: 'election-won', votes: [A, B] }),
      ),
    );
    expect(text).toBe(
      'aaaaaa won term 4 with the vote of bbbbbb, after it lost its link with cccccc.',
    );
  });

  test('by the only voter waits for nobody', () => {
    const [text] = storyOf(
      told(
        A,
        event(1, 0, { type: 'pre-vote', reason: 'alone', silentLeader: null, silentMs: 5 }),
        event(1, 1, { type: 'candidacy', reason: 'pre-votes' }),
        event(2, 1, { type: 'election-won', votes: [A] }),
      ),
    );
    expect(text).toBe(
      'aaaaaa won term 1 with its own vote alone, as the only voter: it waits for nobody.',
    );
  });

  test('by a hand-over says so', () => {
    const [text] = storyOf(
      told(
        B,
        event(1, 5, { type: 'candidacy', reason: 'asked' }),
        event(2, 5, { type: 'election-won', votes: [B, C] }),
      ),
    );
    expect(text).toContain(
      'bbbbbb won term 5 with the vote of cccccc: the leader before it handed over',
    );
  });

  test('of an only voter needs no other vote', () => {
    const won = told(A, event(1, 1, { type: 'election-won', votes: [A] }));
    expect(storyOf(won)).toEqual(['aaaaaa won term 1 with its own vote alone.']);
  });

  test('that is not won is told, also beside the one that is', () => {
    const stood = told(A, event(1, 3, { type: 'candidacy', reason: 'pre-votes' }));
    const won = told(B, event(2, 3, { type: 'election-won', votes: [B, C] }));
    expect(storyOf(stood, won)).toEqual([
      expect.stringContaining('bbbbbb won term 3'),
      expect.stringContaining('aaaaaa stood for election in term 3, and is not elected'),
    ]);
  });

  test('asking whether one would be elected is told as long as nobody else is', () => {
    const preVote = {
      type: 'pre-vote',
      reason: 'timeout',
      silentLeader: C,
      silentMs: 210,
    } as const;
    const asked = told(A, event(1, 2, preVote));
    const won = told(B, event(2, 3, { type: 'election-won', votes: [B, A] }));
    expect(storyOf(asked)).toEqual([expect.stringContaining('asked the others whether')]);
    expect(storyOf(asked, won)).toEqual([expect.stringContaining('bbbbbb won term 3')]);
  });

  test('asking in vain, again and again, is one item', () => {
    const asked = Array.from({ length: 12 }, (_, at) =>
      told(
        A,
        event(at * 300, 3, {
          type: 'pre-vote',
          reason: 'timeout',
          silentLeader: null,
          silentMs: at * 300,
        }),
      ),
    );
    const texts = storyOf(...asked);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toContain(
      'heard nothing of any leader for 3.30 s and asked the others 12 times',
    );
  });
});

test('a lost leader is told while there is no other', () => {
  const lost = [A, B].map((nodeId) =>
    told(nodeId, event(1, 3, { type: 'leader-lost', leader: C })),
  );
  expect(storyOf(...lost)).toEqual(['aaaaaa and bbbbbb lost the leader, cccccc.']);
});

test('members are told once, whoever applied the change', () => {
  const joined = [A, B, C].map((nodeId, at) =>
    told(nodeId, event(at, 2, { type: 'member-joined', member: C, voter: false })),
  );
  const promoted = told(A, event(50, 2, { type: 'member-promoted', member: C }));
  expect(storyOf(...joined, promoted)).toEqual([
    'cccccc has caught up, and votes from now on.',
    'cccccc joined as a learner: it gets the log first, and may vote once it has caught up and the number of voters stays odd.',
  ]);
});

describe('faults', () => {
  test('are seen by what has changed, from both ends as one', () => {
    const cut = [
      inspection(A),
      inspection(B),
      inspection(A, { cutLinks: [B] }),
      inspection(B, { cutLinks: [A] }),
    ];
    expect(storyOf(...cut)).toEqual(['The link between aaaaaa and bbbbbb was cut.']);
    expect(storyOf(inspection(A, { cutLinks: [B] }), inspection(A))).toEqual([
      'The link between aaaaaa and bbbbbb was healed.',
    ]);
    expect(storyOf(inspection(A), inspection(A, { isolated: true }))).toEqual([
      'aaaaaa was cut off from everybody.',
    ]);
  });

  test('a delay of all is one', () => {
    const all = [A, B, C];
    const [text] = storyOf(
      ...all.map((nodeId) => inspection(nodeId)),
      ...all.map((nodeId) => inspection(nodeId, { delayMs: 200 })),
    );
    expect(text).toContain('Messages of aaaaaa, bbbbbb and cccccc leave 200 ms later');
  });

  test('come before what they cause', () => {
    const broken = told(B, event(1_010, 2, { type: 'link-down', peer: A }));
    const texts = storyOf(
      inspection(A),
      inspection(A, { atMs: 1_125, isolated: true }),
      broken,
      told(C, event(1_011, 2, { type: 'link-down', peer: A })),
      inspection(A, { isolated: true, events: [event(1_012, 2, { type: 'link-down', peer: B })] }),
    );
    expect(texts).toEqual([
      'aaaaaa lost its links with bbbbbb and cccccc.',
      'aaaaaa was cut off from everybody.',
    ]);
  });

  test('a crash is told, and what the node tells of itself later is new', () => {
    const story = new Story();
    story.take(inspection(A, { isolated: true }));
    story.takeStop(A, 'crash', 2_000);
    story.take(inspection(A, { atMs: 9_000 }));
    expect(textsOf(story)).toEqual([expect.stringContaining('aaaaaa crashed')]);
  });

  test('a node that was removed, or lost its storage, did not crash', () => {
    const story = new Story();
    story.takeStop(A, 'removed', 2_000);
    story.takeStop(B, 'storage', 3_000);
    expect(textsOf(story)).toEqual([
      expect.stringContaining('bbbbbb has stopped: its storage failed'),
      expect.stringContaining('aaaaaa was removed'),
    ]);
  });
});

describe('commits', () => {
  const leading = (commitIndex: number, atMs: number, more: Partial<Inspection> = {}): Inspection =>
    inspection(A, { role: 'leader', commitIndex: index(commitIndex), atMs, ...more });

  test('are one item while nothing else happens', () => {
    const texts = storyOf(
      leading(4, 0),
      leading(9, 100, { commitTimes: { count: 3, p50Ms: 80, p99Ms: 90 } }),
      leading(300, 900, { commitTimes: { count: 290, p50Ms: 4.2, p99Ms: 9 } }),
      leading(310, 1_000, { commitTimes: { count: 10, p50Ms: 50, p99Ms: 60 } }),
    );
    expect(texts).toEqual([
      'aaaaaa committed entries 5 to 310 on a majority, about half within 4.2 ms.',
    ]);
  });

  test('begin anew behind something else, and after a while', () => {
    const joined = event(150, 2, { type: 'member-joined', member: C, voter: true });
    expect(storyOf(leading(4, 0), leading(5, 100), told(B, joined), leading(6, 200))).toHaveLength(
      3,
    );
    expect(storyOf(leading(4, 0), leading(5, 100), leading(6, 20_000))).toHaveLength(2);
  });

  test('and faults while nobody watched are not told as of now', () => {
    const story = new Story();
    story.take(leading(4, 0));
    story.watchAnew();
    expect(story.take(leading(900, 3_600_000, { isolated: true }))).toBe(false);
    expect(story.items).toEqual([]);
  });

  test('of followers and of a new leader’s first look are none', () => {
    expect(storyOf(inspection(B), inspection(B, { commitIndex: index(9) }))).toEqual([]);
    expect(storyOf(inspection(A), leading(9, 100, { term: term(3) }))).toEqual([]);
  });
});

test('the log’s own events are told with their reason', () => {
  const texts = storyOf(
    told(
      B,
      event(1, 3, { type: 'log-truncated', fromIndex: index(105), toIndex: index(107) }),
      event(2, 3, { type: 'log-compacted', toIndex: index(4_000) }),
      event(3, 3, { type: 'snapshot-installed', index: index(5_000) }),
      event(4, 3, { type: 'stepped-down', reason: 'no-quorum' }),
      event(5, 3, { type: 'quarantined' }),
    ),
  ).toReversed();
  expect(texts).toEqual([
    'bbbbbb dropped entries 105 to 107: never committed, so they gave way to the leader’s.',
    expect.stringContaining('bbbbbb dropped the log up to entry 4,000'),
    expect.stringContaining('as of entry 5,000'),
    expect.stringContaining('heard no majority for an election timeout and stepped down'),
    expect.stringContaining('other data than the majority'),
  ]);
});

test.each([
  ['resigned', 'its data differ from the majority’s'],
  ['not-a-voter', 'by the committed configuration it votes no more'],
] as const)('a leader that steps down in its own term says why: %s', (reason, why) => {
  const texts = storyOf(told(B, event(1, 3, { type: 'stepped-down', reason })));
  expect(texts).toEqual([expect.stringContaining(why)]);
});

test('the story is bounded', () => {
  const story = new Story();
  for (let at = 0; at < 1_000; at += 1) {
    story.take(told(B, event(at * 10_000, 3, { type: 'log-compacted', toIndex: index(at) })));
  }
  expect(story.items.length).toBeLessThanOrEqual(300);
  expect(story.items[0]?.text).toContain('999');
});
