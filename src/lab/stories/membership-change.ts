/** Servers join by joint consensus (paper section 6, thesis chapter 4). */

import type { Configuration } from '../../raft/types.ts';
import type { Scene } from '../scene.ts';
import type { Story } from '../story.ts';

const NEWCOMERS = [3, 4];
const ALL = [0, 1, 2, ...NEWCOMERS];

function configuration(scene: Scene, number = 0): Configuration {
  return scene.raft(number).configuration;
}

export const MEMBERSHIP_CHANGE: Story = {
  id: 'membership-change',
  title: 'Two servers join',
  text:
    'A cluster of three grows to five while it works. If each server switched to the new configuration on ' +
    'its own, there could for a moment be two majorities that know nothing of each other. Joint consensus ' +
    'rules that out.',
  seed: 1,
  servers: 3,
  limits: { maxVoters: 5 },
  steps: [
    {
      title: 'Learners first',
      text:
        'S4 and S5 ask to join. They have no log yet: as voters they would have to be waited for. So the ' +
        'leader takes them in as learners, which get every entry, have no vote, and are counted in no ' +
        'majority. Nobody’s majority changes by that.',
      section: 'thesis 4.2.1',
      claim: 'S4 and S5 are learners. S1, S2 and S3 are the voters.',
      servers: [3, 4],
      messages: ['join-request', 'append-entries'],
      *run(scene) {
        for (const _ of NEWCOMERS) scene.act({ type: 'join' });
        yield* scene.until('learners', () => configuration(scene).learners.length === 2);
      },
      holds: (scene) => {
        const { voters, outgoingVoters, learners } = configuration(scene);
        return voters.length === 3 && outgoingVoters.length === 0 && learners.length === 2;
      },
    },
    {
      title: 'The joint configuration',
      text:
        'The learners have caught up. The leader appends an entry with both configurations: the old one, ' +
        'S1 S2 S3, and the new one, S1 to S5. A server goes by the latest configuration in its log, ' +
        'committed or not. While it is joint, every decision needs a majority of the old voters and a ' +
        'majority of the new ones.',
      section: '§6',
      claim: 'S1 goes by the joint configuration, which is not committed yet.',
      servers: [0],
      messages: ['append-entries'],
      *run(scene) {
        const isJoint = (): boolean => configuration(scene).outgoingVoters.length > 0;
        yield* scene.until('the joint configuration', isJoint);
      },
      holds: (scene) => {
        const { voters, outgoingVoters } = configuration(scene);
        const isOpen = scene.raft(0).configurationIndex > scene.raft(0).commitIndex;
        return voters.length === 5 && outgoingVoters.length === 3 && isOpen;
      },
    },
    {
      title: 'The new configuration',
      text:
        'The joint configuration is committed by both majorities. From now on neither can decide without ' +
        'the other, so the leader may append the new configuration alone. It is in force at once, again ' +
        'before it is committed.',
      section: '§6',
      claim: 'S1 goes by the new configuration: five voters, and nothing besides.',
      servers: [0],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        const isFinal = (): boolean => {
          const { voters, outgoingVoters } = configuration(scene);
          return voters.length === 5 && outgoingVoters.length === 0;
        };
        yield* scene.until('the new configuration', isFinal);
      },
      holds: (scene) => {
        const { voters, outgoingVoters, learners } = configuration(scene);
        return voters.length === 5 && outgoingVoters.length === 0 && learners.length === 0;
      },
    },
    {
      title: 'Everybody knows',
      text:
        'The new configuration is committed by a majority of the five. The change is over, and the next ' +
        'one may begin: there is never more than one under way.',
      section: '§6',
      claim: 'All five go by the same configuration, and it is committed.',
      servers: ALL,
      messages: ['append-entries'],
      *run(scene) {
        yield* scene.calm();
      },
      holds: (scene) =>
        ALL.every((n) => {
          const { configurationIndex, commitIndex } = scene.raft(n);
          return configuration(scene, n).voters.length === 5 && configurationIndex <= commitIndex;
        }),
    },
    {
      title: 'Two may be lost now',
      text:
        'S2 and S3 crash. Of three voters that would have been too many. A majority of five is three: S1, ' +
        'S4 and S5. A client writes, and the write is committed.',
      section: '§6',
      claim: 'S2 and S3 are down. A write is committed on S1, S4 and S5.',
      servers: [0, 3, 4],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        for (const server of [1, 2]) scene.act({ type: 'crash', server });
        const index = scene.raft(0).lastIndex + 1;
        scene.note('entry', index);
        scene.act({ type: 'write', server: 0 });
        yield* scene.until('commitment', () => scene.raft(0).commitIndex >= index);
      },
      holds: (scene) => {
        const index = scene.noted('entry');
        const isThere = [0, ...NEWCOMERS].every((n) => scene.storedTerm(n, index) === 2);
        return !scene.isUp(1) && !scene.isUp(2) && isThere && scene.raft(0).commitIndex >= index;
      },
    },
  ],
};
