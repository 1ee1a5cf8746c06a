/** The way of an entry from a client to every state machine (paper section 5.3). */

import type { Story } from '../story.ts';

const ALL = [0, 1, 2];

export const LOG_REPLICATION: Story = {
  id: 'log-replication',
  title: 'Log replication and commitment',
  text:
    'A client writes. The entry goes into the leader’s log, from there into the followers’ logs, and is ' +
    'committed once a majority has it on disk. Then every server applies it. A server that is away holds ' +
    'up nobody.',
  seed: 1,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'Into the leader’s log',
      text:
        'A client of S1 writes. S1 leads, so it appends the write to its own log as one entry, under the ' +
        'next index and its term. Nothing is promised yet. The AppendEntries leave at once, while S1’s ' +
        'own disk is still writing.',
      section: '§5.3, thesis 10.2.1',
      claim: 'S1 has one entry more than the others, and it is not committed.',
      servers: [0],
      messages: ['append-entries'],
      *run(scene) {
        const index = scene.raft(0).lastIndex + 1;
        scene.note('entry', index);
        scene.act({ type: 'write', server: 0 });
        const sent = (): boolean => scene.flights({ types: ['append-entries'] }).length > 0;
        yield* scene.until('the entry', () => scene.raft(0).lastIndex === index && sent());
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        const { lastIndex, commitIndex } = scene.raft(0);
        const isAhead = [1, 2].every((n) => scene.raft(n).lastIndex === index - 1);
        return lastIndex === index && commitIndex === index - 1 && isAhead;
      },
    },
    {
      title: 'Onto a majority of disks',
      text:
        'AppendEntries names the entry before the new one by index and term. A follower that has that ' +
        'very entry appends the new one, writes it to its disk, and only then answers. So an answer is a ' +
        'promise that outlives a crash. The leader counts itself only when its own disk has the entry.',
      section: '§5.3',
      claim: 'The entry is on at least two disks of three, and S1 does not know it yet.',
      servers: [1, 2],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        const index = scene.noted('entry');
        yield* scene.until('two copies', () => scene.copies(index, 2) >= 2);
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        return scene.copies(index, 2) >= 2 && scene.raft(0).commitIndex < index;
      },
    },
    {
      title: 'Committed',
      text:
        'The first answer reaches S1. With its own copy that makes a majority, and the entry is of S1’s ' +
        'own term: it is committed. From now on no leader can be elected that does not have it, since ' +
        'every majority has a server that does. S1 applies it to its state machine and answers its client.',
      section: '§5.3, §5.4',
      claim: 'S1 knows that the entry is committed.',
      servers: [0],
      messages: ['append-entries-response'],
      *run(scene) {
        const index = scene.noted('entry');
        yield* scene.until('commitment', () => scene.raft(0).commitIndex >= index);
      },
      holds: (scene) => scene.raft(0).commitIndex === scene.noted('entry'),
    },
    {
      title: 'Applied everywhere',
      text:
        'Followers learn how far the log is committed from the next AppendEntries, which leaves here ' +
        'within ten milliseconds. They apply the entry in the order of the log. The same entries in the ' +
        'same order give the same state on every server.',
      section: '§5.3',
      claim: 'All three have applied the entry, and their states are equal.',
      servers: [0, 1, 2],
      messages: ['append-entries', 'heartbeat'],
      *run(scene) {
        yield* scene.calm();
      },
      holds: (scene) => {
        const states = scene.world.running.map(({ running }) => running.machine.hash());
        const index = scene.noted('entry');
        const isApplied = ALL.every((n) => scene.raft(n).appliedIndex === index);
        return isApplied && new Set(states).size === 1;
      },
    },
    {
      title: 'A follower is away',
      text:
        'Nothing gets to S3 any more, nor away from it. A client writes again. S1 and S2 are still a ' +
        'majority, so the entry is committed as before, without S3. This is why one of three may be lost.',
      section: '§5.3',
      claim: 'The second entry is committed. S3 does not have it.',
      servers: [2],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        scene.act({ type: 'partition', groups: [[0, 1], [2]] });
        const index = scene.raft(0).lastIndex + 1;
        scene.note('second', index);
        scene.act({ type: 'write', server: 0 });
        yield* scene.until('commitment', () => scene.raft(0).commitIndex >= index);
      },
      holds: (scene) => {
        const index = scene.noted('second');
        return scene.raft(0).commitIndex === index && scene.raft(2).lastIndex < index;
      },
    },
    {
      title: 'It catches up',
      text:
        'The network heals. The leader remembers how far each follower’s log agrees with its own, and ' +
        'sends S3 what is missing. While it was cut off S3 asked for pre-votes, and nobody answered. So ' +
        'its term is still 2, and it comes back without disturbing anybody.',
      section: '§5.3, thesis 9.6',
      claim: 'S3 has the second entry and has applied it. S1 still leads term 2.',
      servers: [2],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        yield* scene.pass(1_500);
        scene.act({ type: 'heal' });
        yield* scene.calm();
      },
      holds: (scene) => {
        const index = scene.noted('second');
        return scene.leads(0, 2) && scene.follows(2, 0) && scene.raft(2).appliedIndex === index;
      },
    },
  ],
};
