/** Two candidates of one term, neither of which can win (paper section 5.2). */

import type { Story } from '../story.ts';

const RIVALS = [1, 2];

export const SPLIT_VOTE: Story = {
  id: 'split-vote',
  title: 'Split vote',
  text:
    'Two followers time out in the same moment. Both stand for election in the same term, and each has ' +
    'given its only vote to itself. Nobody has a majority, and chance has to settle it.',
  seed: 1,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'The leader falls silent',
      text:
        'S1 freezes, as the tab of a suspended machine does. Its links stay up, so silence is all that ' +
        'the others notice. For a second after the last heartbeat they take it that S1 still leads, and ' +
        'would refuse anybody a pre-vote. Their own timeouts are drawn between one and two seconds. Here ' +
        'neither has run out by now.',
      section: '§5.2, §6',
      claim: 'S2 and S3 have heard nothing for a second, and still follow S1.',
      servers: [0],
      messages: [],
      *run(scene) {
        scene.act({ type: 'freeze', server: 0 });
        yield* scene.pass(1_030);
      },
      holds: (scene) =>
        RIVALS.every((n) => scene.follows(n, 0) && scene.raft(n).role === 'follower'),
    },
    {
      title: 'Two timers run out at once',
      text:
        'Now both timers run out in the same moment. We see to it by hand; randomised timeouts make it ' +
        'rare. Each asks the other for a pre-vote, and each says yes: a pre-vote is no promise, and may ' +
        'be given to any number. PreVote keeps a server that cannot win from disturbing the others. It ' +
        'cannot rule out a split vote.',
      section: '§5.2, thesis 9.6',
      claim: 'S2 and S3 are both candidates in term 3. Each has voted for itself.',
      servers: [1, 2],
      messages: ['pre-vote', 'pre-vote-response'],
      *run(scene) {
        for (const server of RIVALS) scene.act({ type: 'time-out', server });
        const stands = (n: number): boolean => scene.raft(n).role === 'candidate';
        yield* scene.until('two candidates', () => RIVALS.every(stands));
      },
      holds: (scene) =>
        RIVALS.every((n) => {
          const { role, term, votedFor, nodeId } = scene.raft(n);
          return role === 'candidate' && term === 3 && votedFor === nodeId;
        }),
    },
    {
      title: 'Nobody wins',
      text:
        'Each asks the other for its vote, and is refused: a server votes once in a term. One vote of ' +
        'three is no majority. Neither gives up, and neither can win, until a timer runs out again.',
      section: '§5.2',
      claim: 'Both candidates have one vote in term 3, their own. Nobody leads.',
      servers: [1, 2],
      messages: ['request-vote', 'request-vote-response'],
      *run(scene) {
        const votes = { types: ['request-vote', 'request-vote-response'], to: RIVALS } as const;
        const asked = (): boolean => scene.flights(votes).length > 0;
        yield* scene.until('the requests', asked);
        yield* scene.until('the refusals', () => !asked());
      },
      holds: (scene) =>
        RIVALS.every((n) => {
          const { role, term, votes, nodeId } = scene.raft(n);
          return role === 'candidate' && term === 3 && [...votes].join(' ') === nodeId;
        }),
    },
    {
      title: 'Chance settles it',
      text:
        'With the new term each drew a new timeout. Whoever drew the shorter one asks for pre-votes ' +
        'first, and stands in term 4 while the other still waits. The other has not voted in term 4, so ' +
        'it gives its vote. That both draw about the same again is unlikely, and less so each time.',
      section: '§5.2, §9.3',
      claim: 'One of the two leads term 4, elected by the other.',
      servers: [1, 2],
      messages: ['pre-vote', 'request-vote', 'request-vote-response'],
      *run(scene) {
        yield* scene.until('a leader', () => RIVALS.some((n) => scene.leads(n)));
      },
      holds: (scene) => {
        const winner = RIVALS.find((n) => scene.leads(n, 4));
        if (winner === undefined) return false;
        const { nodeId } = scene.world.server(winner);
        return RIVALS.every((n) => scene.raft(n).term === 4 && scene.raft(n).votedFor === nodeId);
      },
    },
    {
      title: 'The old leader thaws',
      text:
        'S1 goes on where it stopped: as the leader of term 2. Before it takes the first message it looks ' +
        'at its clock. It has heard from no majority for longer than an election timeout, so it steps ' +
        'down by itself (CheckQuorum). It answers the requests that lay in its queue, too late for anybody, ' +
        'hears of term 4, and follows.',
      section: '§5.1, thesis 6.2',
      claim: 'S1 follows the new leader in term 4.',
      servers: [0],
      messages: ['append-entries', 'heartbeat'],
      *run(scene) {
        scene.act({ type: 'thaw', server: 0 });
        yield* scene.calm();
      },
      holds: (scene) => {
        const winner = RIVALS.find((n) => scene.leads(n, 4));
        return winner !== undefined && scene.follows(0, winner) && scene.raft(0).term === 4;
      },
    },
  ],
};
