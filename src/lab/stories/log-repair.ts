/** Entries that were never committed give way to the leader's (paper section 5.3). */

import type { Scene } from '../scene.ts';
import type { Story } from '../story.ts';

const OTHERS = [1, 2];
const LOST_WRITES = 3;

/** S2 or S3, whichever leads now. */
function leader(scene: Scene): number {
  return OTHERS.find((n) => scene.leads(n)) ?? 1;
}

export const LOG_REPAIR: Story = {
  id: 'log-repair',
  title: 'Log repair',
  text:
    'A leader appends entries, and crashes before anybody else has them. Its log and the next leader’s ' +
    'now have different entries at the same indexes. The leader’s log is right by definition; the ' +
    'follower’s is made like it.',
  seed: 1,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'Entries that nobody else gets',
      text:
        'Clients of S1 write three times. S1 appends the entries and writes them to its disk. The network ' +
        'loses every AppendEntries that has them, and then S1 crashes. The three entries are on one disk ' +
        'of three: they are not committed, and nobody was told that they are.',
      section: '§5.3',
      claim: 'S1 is down. Its disk has three entries of term 2 that nobody else has.',
      servers: [0],
      messages: ['append-entries'],
      *run(scene) {
        const first = scene.raft(0).lastIndex + 1;
        scene.note('first', first);
        for (let i = 0; i < LOST_WRITES; i += 1) scene.act({ type: 'write', server: 0 });
        const stored = (): boolean => scene.storedTerm(0, first + LOST_WRITES - 1) === 2;
        yield* scene.until('the entries', stored, [{ types: ['append-entries'], from: [0] }]);
        scene.act({ type: 'crash', server: 0 });
      },
      holds: (scene) => {
        const first = scene.noted('first');
        const indexes = Array.from({ length: LOST_WRITES }, (_, i) => first + i);
        return !scene.isUp(0) && indexes.every((index) => scene.copies(index, 2) === 1);
      },
    },
    {
      title: 'The others go on',
      text:
        'S2 and S3 elect one of them in term 3. Their logs lack S1’s entries. That is no harm, since ' +
        'nothing in them was ever promised to anybody. The new leader puts its own entries at the same ' +
        'indexes: a no-op, and then what its client writes.',
      section: '§5.2, §5.4.1',
      claim: 'Two entries of term 3 are committed where S1 has entries of term 2.',
      servers: [1, 2],
      messages: ['append-entries'],
      *run(scene) {
        yield* scene.until('a leader', () => OTHERS.some((n) => scene.leads(n, 3)));
        scene.act({ type: 'write', server: leader(scene) });
        const second = scene.noted('first') + 1;
        const knows = (n: number): boolean => scene.raft(n).commitIndex >= second;
        yield* scene.until('commitment', () => OTHERS.every(knows));
      },
      holds: (scene) => {
        const first = scene.noted('first');
        return [first, first + 1].every(
          (index) => scene.copies(index, 3) === 2 && scene.storedTerm(0, index) === 2,
        );
      },
    },
    {
      title: 'A leader that knows nothing of S1',
      text:
        'S1 starts again, and for the moment the network loses whatever entries it is sent. Meanwhile the ' +
        'leader hands over to the other server, which leads term 4. A new leader does not know what its ' +
        'followers have. It assumes that their logs are as long as its own was, and sets nextIndex ' +
        'accordingly. For S1 that is wrong.',
      section: '§5.3, figure 2',
      claim:
        'The other server leads term 4. S1 is up, and its log ends with its own entries of term 2.',
      servers: [1, 2],
      messages: ['timeout-now', 'append-entries'],
      *run(scene) {
        const before = leader(scene);
        const heir = before === 1 ? 2 : 1;
        const losses = [{ types: ['append-entries'], from: [before], to: [0] } as const];
        scene.note('heir', heir);
        scene.act({ type: 'restart', server: 0 });
        yield* scene.until('S1', () => scene.follows(0, before), losses);
        scene.act({ type: 'transfer', server: heir });
        yield* scene.until('the next leader', () => scene.leads(heir, 4), losses);
      },
      holds: (scene) => scene.leads(scene.noted('heir'), 4) && endsInTerm2(scene),
    },
    {
      title: 'The consistency check',
      text:
        'AppendEntries names the entry in front of the new ones by index and term. S1 has an entry of ' +
        'another term there, and refuses. Its answer tells where that term begins in its log, so that the ' +
        'leader can step back over a whole term at once.',
      section: '§5.3',
      claim: 'S1’s refusal is on its way. Its log still ends with its own entries of term 2.',
      servers: [0],
      messages: ['append-entries', 'heartbeat', 'append-entries-response'],
      *run(scene) {
        yield* scene.until('the refusal', () => refusals(scene) > 0);
      },
      holds: (scene) => refusals(scene) > 0 && endsInTerm2(scene),
    },
    {
      title: 'Overwritten',
      text:
        'The leader tries again behind its own last entry of that term. Now the entry in front is the ' +
        'same in both logs, and by the Log Matching Property so is everything before it. S1 removes its ' +
        'own entries from there on and takes the leader’s. A leader never changes what is in its own log.',
      section: '§5.3',
      claim: 'S1 has the leader’s log. The three entries of term 2 are gone.',
      servers: [0],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        yield* scene.calm();
      },
      holds: (scene) => {
        const first = scene.noted('first');
        const indexes = Array.from({ length: LOST_WRITES }, (_, i) => first + i);
        const isSame = scene.raft(0).lastIndex === scene.raft(leader(scene)).lastIndex;
        return isSame && indexes.every((index) => scene.copies(index, 2) === 0);
      },
    },
  ],
};

function endsInTerm2(scene: Scene): boolean {
  return scene.raft(0).termAt(scene.raft(0).lastIndex) === 2;
}

/** On their way from S1. */
function refusals(scene: Scene): number {
  const answers = scene.flights({ types: ['append-entries-response'], from: [0] });
  return answers.filter(
    ({ message }) => message.type === 'append-entries-response' && !message.success,
  ).length;
}
