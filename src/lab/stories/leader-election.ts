/** How a leader is elected when the one before has crashed (paper section 5.2, thesis section 9.6). */

import type { Story } from '../story.ts';

export const LEADER_ELECTION: Story = {
  id: 'leader-election',
  title: 'Leader election',
  text:
    'A cluster of three servers has a leader, S1. It crashes, and the others have to notice, agree on ' +
    'one of them, and go on. No write is possible until they have.',
  seed: 11,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'The leader is heard',
      text:
        'S1 leads. Ten times a second it sends every follower AppendEntries without entries: a ' +
        'heartbeat. Each one sets the follower’s election timer back to its beginning, so no timer ever ' +
        'runs out while the leader is heard.',
      section: '§5.2',
      claim: 'S1 leads term 1, and S2 and S3 follow it.',
      servers: [0, 1, 2],
      messages: ['heartbeat'],
      *run(scene) {
        yield* scene.pass(500);
      },
      holds: (scene) =>
        scene.leads(0, 1) && [1, 2].every((n) => scene.raft(n).leaderId === scene.server(0).nodeId),
    },
  ],
};
