/** A leader hands over, without anybody waiting for a timeout (thesis section 3.10). */

import type { Story } from '../story.ts';

export const LEADERSHIP_TRANSFER: Story = {
  id: 'leadership-transfer',
  title: 'Leadership transfer',
  text:
    'The leader’s tab is about to be closed. Instead of letting the others find out by silence, it hands ' +
    'over to one of them. That takes a few messages, and no timeout.',
  seed: 1,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'The log first',
      text:
        'A client has just written, and somebody asks that S3 lead. From now on S1 takes no new writes. ' +
        'The entry that it has goes to S3 first: without the whole log S3 might not be elected. Only when ' +
        'S3 has it S1 sends TimeoutNow.',
      section: 'thesis 3.10',
      claim: 'TimeoutNow is on its way to S3, whose log is as long as S1’s. S1 still leads term 2.',
      servers: [0, 2],
      messages: ['append-entries', 'timeout-now'],
      *run(scene) {
        scene.note('began', scene.world.queue.nowUs);
        const index = scene.raft(0).lastIndex + 1;
        scene.act({ type: 'write', server: 0 });
        yield* scene.until('the entry', () => scene.raft(0).lastIndex === index);
        scene.act({ type: 'transfer', server: 2 });
        const isSent = (): boolean => scene.flights({ types: ['timeout-now'] }).length > 0;
        yield* scene.until('TimeoutNow', isSent);
      },
      holds: (scene) => {
        const isSent = scene.flights({ types: ['timeout-now'], to: [2] }).length === 1;
        const isWhole = scene.raft(2).lastIndex === scene.raft(0).lastIndex;
        return scene.leads(0, 2) && isSent && isWhole;
      },
    },
    {
      title: 'An election without waiting',
      text:
        'For S3 it is as if its election timeout were over. It asks for no pre-votes, since everybody ' +
        'hears a leader and would refuse. It becomes a candidate in term 3 at once, and its RequestVote ' +
        'says that the leader asked for this election. So the others do not protect the leader from it.',
      section: 'thesis 3.10, 4.2.3',
      claim: 'S3 is a candidate in term 3, and asks for votes. It never asked for pre-votes.',
      servers: [2],
      messages: ['request-vote'],
      *run(scene) {
        const asks = (): boolean =>
          scene.flights({ types: ['request-vote'], from: [2] }).length > 0;
        yield* scene.until('the candidate', asks);
      },
      holds: (scene) => {
        const { role, term } = scene.raft(2);
        const isAsked = scene.flights({ types: ['pre-vote'] }).length === 0;
        return role === 'candidate' && term === 3 && isAsked;
      },
    },
    {
      title: 'S3 leads',
      text:
        'S1 and S2 vote for S3. S1 learns from the newer term that it leads no more, and follows. S3 ' +
        'commits its no-op. The cluster was without a leader for about as long as two messages and two ' +
        'disk writes take.',
      section: 'thesis 3.10',
      claim: 'S3 leads term 3. S1 and S2 follow it. All of it took less than a fifth of a second.',
      servers: [0, 1, 2],
      messages: ['request-vote-response', 'append-entries'],
      *run(scene) {
        const follow = (): boolean => [0, 1].every((n) => scene.follows(n, 2));
        yield* scene.until('S3', () => scene.leads(2, 3) && follow());
        scene.note('ended', scene.world.queue.nowUs);
        yield* scene.calm();
      },
      holds: (scene) => {
        const tookUs = scene.noted('ended') - scene.noted('began');
        return scene.leads(2, 3) && [0, 1].every((n) => scene.follows(n, 2)) && tookUs < 200_000;
      },
    },
  ],
};
