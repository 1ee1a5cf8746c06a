/** A leader that has lost its majority (paper section 5.4, thesis section 6.2). */

import type { Scene } from '../scene.ts';
import type { Story } from '../story.ts';

const MINORITY = [0, 1];
const MAJORITY = [2, 3, 4];
const ALL = [...MINORITY, ...MAJORITY];

function newLeader(scene: Scene): number {
  return MAJORITY.find((n) => scene.leads(n)) ?? 2;
}

export const MINORITY_LEADER: Story = {
  id: 'minority-leader',
  title: 'A leader without a majority',
  text:
    'The network splits five servers into two and three, and the leader is among the two. It can commit ' +
    'nothing, and gives up leading. The three elect a leader of their own. When the network heals, what ' +
    'the old leader could not commit gives way.',
  seed: 1,
  servers: 5,
  limits: {},
  steps: [
    {
      title: 'The network splits',
      text:
        'S1 and S2 can reach each other, and so can S3, S4 and S5, but nothing gets from one side to the ' +
        'other. A client of S1 writes. S1 still leads as far as it knows: it appends the entry, and S2 ' +
        'takes it. Two copies of five are no majority, so the client gets no answer.',
      section: '§5.3',
      claim: 'The entry is on S1 and S2, and S1 has not committed it.',
      servers: [0, 1],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        const index = scene.raft(0).lastIndex + 1;
        scene.note('entry', index);
        scene.act({ type: 'partition', groups: [MINORITY, MAJORITY] });
        scene.act({ type: 'write', server: 0 });
        yield* scene.until('two copies', () => scene.copies(index, 2) === 2);
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        return (
          scene.leads(0, 2) && scene.copies(index, 2) === 2 && scene.raft(0).commitIndex < index
        );
      },
    },
    {
      title: 'The majority elects a leader',
      text:
        'S3, S4 and S5 no longer hear S1. Three of five are a majority: one of them is elected in term 3. ' +
        'For a while two servers lead, in different terms. That is safe, since only one of them can ' +
        'commit anything.',
      section: '§5.2, §5.4',
      claim: 'One of S3, S4 and S5 leads term 3.',
      servers: [2, 3, 4],
      messages: ['pre-vote', 'request-vote', 'request-vote-response'],
      *run(scene) {
        yield* scene.until('a leader', () => MAJORITY.some((n) => scene.leads(n, 3)));
      },
      holds: (scene) => scene.leads(newLeader(scene), 3),
    },
    {
      title: 'And goes on',
      text:
        'A client of the new leader writes. The new leader has its no-op and this write on three disks of ' +
        'five, at indexes where S1 and S2 may have something else. Both are committed.',
      section: '§5.3',
      claim:
        'Two entries of term 3 are committed among S3, S4 and S5. The first is where S1 has its own.',
      servers: [2, 3, 4],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        const index = scene.noted('entry');
        scene.act({ type: 'write', server: newLeader(scene) });
        const knows = (n: number): boolean => scene.raft(n).commitIndex > index;
        yield* scene.until('commitment', () => MAJORITY.every(knows));
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        return scene.copies(index, 3) === 3 && scene.copies(index, 2) === 2;
      },
    },
    {
      title: 'The old leader steps down',
      text:
        'In the paper S1 would go on believing that it leads. Here a leader that has heard from no ' +
        'majority for an election timeout steps down by itself (CheckQuorum). If that lasts, its clients ' +
        'are told that there is no quorum, and do not wait for ever. S1’s term stays 2, and PreVote keeps ' +
        'S1 and S2 from raising it: two of five would not elect anybody.',
      section: 'thesis 6.2, 9.6',
      claim: 'S1 leads no more. S1 and S2 are still in term 2.',
      servers: [0, 1],
      messages: ['pre-vote', 'pre-vote-response'],
      *run(scene) {
        yield* scene.until('the end', () => scene.raft(0).role !== 'leader');
      },
      holds: (scene) =>
        scene.raft(0).role !== 'leader' && MINORITY.every((n) => scene.raft(n).term === 2),
    },
    {
      title: 'The network heals',
      text:
        'S1 and S2 hear the leader of term 3, and follow it. Their entry of term 2 was never committed: ' +
        'they remove it and take the leader’s. The client’s request is not lost with it. S1 kept it, and ' +
        'sends it to the new leader; the session’s numbers see to it that it takes effect only once.',
      section: '§5.3, §8, thesis 6.3',
      claim:
        'All five have the same log. At the index of S1’s entry is one of term 3. All writes are answered.',
      servers: [0, 1],
      messages: ['append-entries', 'append-entries-response', 'propose'],
      *run(scene) {
        scene.act({ type: 'heal' });
        yield* scene.calm();
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        const ends = new Set(ALL.map((n) => scene.raft(n).lastIndex));
        const isOver = scene.copies(index, 3) === 5 && ends.size === 1;
        const { failedWrites } = scene.world.history.counters;
        return isOver && failedWrites === 0;
      },
    },
  ],
};
