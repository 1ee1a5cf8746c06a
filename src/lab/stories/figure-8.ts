/**
 * The paper's Figure 8: why a leader must not count the copies of entries of older terms (section 5.4.2).
 * Two stories with one beginning: (d) in the first, (e) in the second.
 *
 * What differs from the figure. The terms and servers are the figure's. A leader of this core appends a
 * no-op at once, so S5's conflicting entry in (b), and S1's entry of term 4 in (c), are no-ops and not
 * writes. An AppendEntries holds one entry here, so that the old entry can travel without the new one.
 * Candidates other than the figure's are kept from standing: the network loses their pre-votes.
 */

import { RAFT_LIMITS } from '../../node/limits.ts';
import type { LogIndex } from '../../raft/types.ts';
import type { Loss, Scene } from '../scene.ts';
import type { Story, StoryStep } from '../story.ts';

/** Of S2, S3 and S4, which never stand for election in the figure. */
const OTHERS_SILENT: Loss = { types: ['pre-vote'], from: [1, 2, 3] };
const S5_UNHEARD: Loss = { types: ['append-entries'], from: [4] };
const S1_TO_S3_ALONE: Loss = { types: ['append-entries'], from: [0], to: [1, 3, 4] };
const WITHOUT_TERM_4: Loss = { types: ['append-entries'], from: [0], entryTerm: 4 };

const BEGINNING: readonly StoryStep[] = [
  {
    title: '(a) S1 replicates an entry to S2 alone',
    text:
      'S1 leads term 2. A client writes, and S1 appends the entry. The network loses its AppendEntries ' +
      'to S3, S4 and S5; only S2 gets the entry. Two copies of five are no majority.',
    section: '§5.4.2, figure 8 (a)',
    claim: 'The entry of term 2 is on the disks of S1 and S2 only. It is not committed.',
    servers: [0, 1],
    messages: ['append-entries'],
    *run(scene) {
      const index = scene.raft(0).lastIndex + 1;
      scene.note('entry', index);
      scene.act({ type: 'write', server: 0 });
      const losses = [{ types: ['append-entries'], from: [0], to: [2, 3, 4] } as const];
      yield* scene.until('two copies', () => scene.copies(index, 2) === 2, losses);
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const has = [0, 1, 2, 3, 4].map((n) => scene.storedTerm(n, index));
      const isCommitted = scene.world.check.committedIndex >= index;
      return has.join() === '2,2,,,' && !isCommitted;
    },
  },
  {
    title: '(b) S1 crashes, and S5 is elected',
    text:
      'S1 crashes. S5 stands in term 3. S3 and S4 lack the entry as S5 does, and vote for it; S2 has ' +
      'the longer log and refuses. Three votes of five are a majority. S5 appends an entry of its own at ' +
      'the same index: in the figure a client’s, here the no-op of a new leader. Nobody gets it.',
    section: '§5.4.2, figure 8 (b)',
    claim: 'S5 leads term 3. It has an entry of term 3 where S1 and S2 have one of term 2.',
    servers: [4],
    messages: ['request-vote', 'request-vote-response'],
    *run(scene) {
      const index = scene.noted('entry');
      scene.act({ type: 'crash', server: 0 });
      const stored = (): boolean => scene.leads(4, 3) && scene.storedTerm(4, index) === 3;
      yield* scene.until('S5', stored, [OTHERS_SILENT, S5_UNHEARD]);
      yield* scene.pass(30, [OTHERS_SILENT, S5_UNHEARD]);
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const has = [0, 1, 2, 3, 4].map((n) => scene.storedTerm(n, index));
      return scene.leads(4, 3) && has.join() === '2,2,,,3';
    },
  },
  {
    title: '(c) S1 leads again, and the old entry reaches a majority',
    text:
      'S5 crashes. S1 starts again, and is elected in term 4 by S2, S3 and S4. It goes on replicating the ' +
      'entry of term 2, and S3 takes it. Now it is on three disks of five, and S1 knows that. Yet it is ' +
      'of an older term, so S1 does not count it as committed. Its own entry of term 4 is on its way and ' +
      'reaches nobody yet.',
    section: '§5.4.2, figure 8 (c)',
    claim:
      'The entry of term 2 is on S1, S2 and S3: a majority. S1 leads term 4, and it is not committed.',
    servers: [0, 1, 2],
    messages: ['append-entries', 'append-entries-response'],
    *run(scene) {
      const index = scene.noted('entry');
      scene.act({ type: 'crash', server: 4 });
      scene.act({ type: 'restart', server: 0 });
      const losses = [OTHERS_SILENT, S1_TO_S3_ALONE, WITHOUT_TERM_4];
      yield* scene.until('S1', () => scene.leads(0, 4), losses);
      const knows = (): boolean => matchOf(scene, 2) >= index;
      yield* scene.until('the majority', knows, losses);
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const isKnown = matchOf(scene, 2) >= index && scene.copies(index, 2) === 3;
      return scene.leads(0, 4) && isKnown && scene.raft(0).commitIndex < index;
    },
  },
];

/** How far S1, leading, knows the log of another to agree with its own. */
function matchOf(scene: Scene, number: number): number {
  const { nodeId } = scene.world.server(number);
  return scene.raft(0).progress(nodeId)?.matchIndex ?? 0;
}

const OVERWRITTEN: readonly StoryStep[] = [
  {
    title: '(d) S1 crashes, and S5 overwrites the entry',
    text:
      'S1 crashes before anybody has its entry of term 4. S5 starts again, and stands in term 5. Its last ' +
      'entry is of term 3, and that of S2 and S3 of term 2: S5’s log is the more up to date, so all three ' +
      'vote for it, although two of them have an entry that it lacks. S5 makes their logs like its own. ' +
      'The entry was on a majority, and is gone.',
    section: '§5.4.2, figure 8 (d)',
    claim:
      'S5 leads term 5. S2, S3 and S4 have its entry of term 3; the entry of term 2 is on S1 alone.',
    servers: [1, 2, 3, 4],
    messages: ['request-vote-response', 'append-entries'],
    *run(scene) {
      const index = scene.noted('entry');
      scene.act({ type: 'crash', server: 0 });
      scene.act({ type: 'restart', server: 4 });
      yield* scene.until('S5', () => scene.leads(4, 5), [OTHERS_SILENT]);
      yield* scene.until('its entry', () => scene.copies(index, 3) === 4);
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const has = [0, 1, 2, 3, 4].map((n) => scene.storedTerm(n, index));
      return scene.leads(4, 5) && has.join() === '2,3,3,3,3';
    },
  },
  {
    title: 'Nothing was broken',
    text:
      'Had S1 taken the entry for committed in (c) because it was on a majority, and told its client so, ' +
      'an acknowledged write would now be lost. It did not: a leader counts copies only of entries of its ' +
      'own term. S5’s entry of term 3 is committed by that rule as well, together with its no-op of term ' +
      '5. S1 comes back, and its log is repaired.',
    section: '§5.4.2',
    claim:
      'All five have the same log, and all of it is committed. The entry of term 2 is nowhere.',
    servers: [0],
    messages: ['append-entries'],
    *run(scene) {
      scene.act({ type: 'restart', server: 0 });
      yield* scene.calm();
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const isCommitted = scene.raft(0).commitIndex >= index;
      return isCommitted && scene.copies(index, 3) === 5 && scene.copies(index, 2) === 0;
    },
  },
];

const COMMITTED: readonly StoryStep[] = [
  {
    title: '(e) S1 replicates an entry of its own term',
    text:
      'This time the network lets S1’s entry of term 4 through to S2 and S3 before S1 crashes. That entry ' +
      'is of S1’s own term and on a majority: it is committed. By the Log Matching Property everything ' +
      'before it in the same log is, too. So the old entry is committed indirectly.',
    section: '§5.4.2, figure 8 (e)',
    claim: 'S1 knows that the entries of term 2 and of term 4 are committed.',
    servers: [0, 1, 2],
    messages: ['append-entries', 'append-entries-response'],
    *run(scene) {
      const index = scene.noted('entry');
      const losses = [{ types: ['append-entries'], from: [0], to: [3, 4] } as const];
      yield* scene.until('commitment', () => scene.raft(0).commitIndex > index, losses);
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const { commitIndex } = scene.raft(0);
      return commitIndex === index + 1 && scene.raft(0).termAt(commitIndex as LogIndex) === 4;
    },
  },
  {
    title: 'S5 cannot win',
    text:
      'S1 crashes. S5 starts again, and asks whether it would be elected. It is refused, and learns that ' +
      'the term is 4 by now. Another term would not help: S5’s last entry is of term 3, a majority has an ' +
      'entry of term 4, and so every majority of voters has a server that refuses S5. Only S2 or S3 can ' +
      'be elected, and whoever is has both entries. That is Leader Completeness.',
    section: '§5.4.1, §5.4.3',
    claim: 'S2 or S3 leads. S5 follows it.',
    servers: [1, 2, 4],
    messages: ['pre-vote', 'pre-vote-response'],
    *run(scene) {
      scene.act({ type: 'crash', server: 0 });
      scene.act({ type: 'restart', server: 4 });
      const asks = (): boolean => scene.flights({ types: ['pre-vote'], from: [4] }).length > 0;
      yield* scene.until('S5', asks, [OTHERS_SILENT]);
      const leader = (): number | undefined => [1, 2].find((n) => scene.leads(n));
      yield* scene.until('a leader', () => {
        const number = leader();
        return number !== undefined && scene.follows(4, number);
      });
    },
    holds: (scene) => {
      const leader = [1, 2].find((n) => scene.leads(n));
      return leader !== undefined && scene.follows(4, leader);
    },
  },
  {
    title: 'S5 is repaired',
    text:
      'Now S5 gives up its entry of term 3, which was never committed, and takes the leader’s log. S1 ' +
      'comes back, and finds everything that it committed.',
    section: '§5.3, §5.4.3',
    claim:
      'All five have the entry of term 2 and the one of term 4. The entry of term 3 is nowhere.',
    servers: [0, 4],
    messages: ['append-entries'],
    *run(scene) {
      scene.act({ type: 'restart', server: 0 });
      yield* scene.calm();
    },
    holds: (scene) => {
      const index = scene.noted('entry');
      const both = scene.copies(index, 2) === 5 && scene.copies(index + 1, 4) === 5;
      return both && scene.copies(index, 3) === 0;
    },
  },
];

const ONE_ENTRY = { raft: { ...RAFT_LIMITS, maxAppendEntries: 1 } };
const DIFFERENCES =
  'The servers and terms are the figure’s. A leader here begins its term with a no-op, so the entries of ' +
  'terms 3, 4 and 5 are no-ops and not writes of clients. AppendEntries are limited to one entry, and the ' +
  'network loses the pre-votes of whoever does not stand in the figure.';

export const FIGURE_8: Story = {
  id: 'figure-8',
  title: 'Figure 8: an old entry on a majority',
  text:
    'An entry can be on a majority of servers and still be overwritten. So a leader may not commit an ' +
    `entry of an older term by counting its copies. This is the paper’s Figure 8, (a) to (d). ${DIFFERENCES}`,
  seed: 1,
  servers: 5,
  limits: ONE_ENTRY,
  steps: [...BEGINNING, ...OVERWRITTEN],
};

export const FIGURE_8_COMMITTED: Story = {
  id: 'figure-8-e',
  title: 'Figure 8 (e): what commits an old entry',
  text:
    'The same beginning, and another end: once an entry of the leader’s own term is on a majority, the ' +
    `older ones before it are committed with it, and S5 can no longer win. ${DIFFERENCES}`,
  seed: 1,
  servers: 5,
  limits: ONE_ENTRY,
  steps: [...BEGINNING, ...COMMITTED],
};
