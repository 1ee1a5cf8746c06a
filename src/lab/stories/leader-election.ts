/** How a leader is elected when the one before has crashed (paper section 5.2, thesis section 9.6). */

import type { Scene } from '../scene.ts';
import type { Story } from '../story.ts';

const OTHERS = [1, 2];

/** Who campaigns, or has won; S2 where nobody does. */
function challenger(scene: Scene): number {
  const isRising = (n: number): boolean => !['follower', 'learner'].includes(scene.raft(n).role);
  return OTHERS.find(isRising) ?? 1;
}

export const LEADER_ELECTION: Story = {
  id: 'leader-election',
  title: 'Leader election',
  text:
    'S1 leads a cluster of three, and crashes. The others have to notice, agree on one of ' +
    'themselves, and go on. Until they have, nothing can be written.',
  seed: 1,
  servers: 3,
  limits: {},
  steps: [
    {
      title: 'The leader is heard',
      text:
        'S1 leads. Ten times a second it sends each follower a heartbeat: AppendEntries without ' +
        'entries. A follower that hears one starts its election timer afresh, with a new timeout drawn ' +
        'at random between one and two seconds. While the leader is heard no timer runs out.',
      section: '§5.2',
      claim: 'S1 leads term 2. S2 and S3 follow it.',
      servers: [0],
      messages: ['heartbeat'],
      *run(scene) {
        yield* scene.pass(400);
      },
      holds: (scene) => scene.leads(0, 2) && OTHERS.every((n) => scene.follows(n, 0)),
    },
    {
      title: 'The leader crashes',
      text:
        'S1 crashes. In the paper all that a follower can notice is silence, and it waits for its whole ' +
        'timeout. Here a broken link is noticed as well. A follower that loses its link to the leader ' +
        'does not wait any longer. It becomes a pre-candidate: it asks the others whether they would ' +
        'elect it, in the next term. Nobody’s term changes by that.',
      section: '§5.2, thesis 9.6',
      claim: 'S1 is down. A pre-candidate asks for pre-votes, and is still in term 2.',
      servers: [1, 2],
      messages: ['pre-vote'],
      *run(scene) {
        scene.act({ type: 'crash', server: 0 });
        const asks = (): boolean => OTHERS.some((n) => scene.raft(n).role === 'pre-candidate');
        yield* scene.until('a pre-candidate', asks);
      },
      holds: (scene) => {
        const raft = scene.raft(challenger(scene));
        return !scene.isUp(0) && raft.role === 'pre-candidate' && raft.term === 2;
      },
    },
    {
      title: 'It would be elected',
      text:
        'A server grants a pre-vote only if it hears no leader itself, and if the log of whoever asks is ' +
        'at least as up to date as its own. So a server that was merely cut off comes back without ' +
        'deposing anybody. Here two of three agree. The pre-candidate becomes a candidate: it begins ' +
        'term 3, votes for itself, writes both to its disk, and only then asks for votes.',
      section: '§5.2, thesis 9.6',
      claim: 'There is a candidate in term 3. Its vote for itself is on its disk.',
      servers: [1, 2],
      messages: ['pre-vote-response', 'request-vote'],
      *run(scene) {
        const stands = (): boolean => scene.flights({ types: ['request-vote'] }).length > 0;
        yield* scene.until('a candidate', stands);
      },
      holds: (scene) => {
        const { number, nodeId, disk } = scene.world.server(challenger(scene));
        const { role, term } = scene.raft(number);
        return role === 'candidate' && term === 3 && disk.hardState.votedFor === nodeId;
      },
    },
    {
      title: 'The vote',
      text:
        'Each server has one vote in a term, and gives it to the first candidate that asks, if the ' +
        'candidate’s log is at least as up to date as its own. The vote is on the disk before the answer ' +
        'leaves, since a server that crashed and forgot it could vote twice. Two votes are a majority of ' +
        'three, and no other candidate can have one in this term: at most one leader in a term.',
      section: '§5.2, §5.4.1',
      claim: 'One server leads term 3, with the other’s vote.',
      servers: [1, 2],
      messages: ['request-vote', 'request-vote-response'],
      *run(scene) {
        yield* scene.until('a leader', () => scene.leads(challenger(scene), 3));
      },
      holds: (scene) => {
        const winner = challenger(scene);
        const { nodeId } = scene.world.server(winner);
        return scene.leads(winner, 3) && OTHERS.every((n) => scene.raft(n).votedFor === nodeId);
      },
    },
    {
      title: 'The first entry of the term',
      text:
        'The new leader appends an entry that does nothing, and replicates it at once. Older entries may ' +
        'be committed only together with one of the leader’s own term, so it makes one without waiting ' +
        'for a client. Its AppendEntries also tell everybody who leads now.',
      section: '§8, §5.4.2',
      claim: 'The no-op of term 3 is committed, and both servers know it.',
      servers: [1, 2],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        const knows = (n: number): boolean => {
          const raft = scene.raft(n);
          return raft.termAt(raft.commitIndex) === 3;
        };
        yield* scene.until('the no-op', () => OTHERS.every(knows));
      },
      holds: (scene) => {
        const [a, b] = OTHERS.map((n) => scene.raft(n));
        const entry = a?.entryAt(a.commitIndex);
        return entry?.type === 'noop' && entry.term === 3 && a?.commitIndex === b?.commitIndex;
      },
    },
    {
      title: 'The old leader comes back',
      text:
        'S1 starts again. It knows from its disk that it was in term 2, not that it led: every server ' +
        'starts as a follower. The first message of term 3 tells it the newer term, and it follows.',
      section: '§5.1, §5.2',
      claim: 'S1 follows the new leader in term 3, and has the whole log.',
      servers: [0],
      messages: ['append-entries', 'heartbeat'],
      *run(scene) {
        scene.act({ type: 'restart', server: 0 });
        yield* scene.calm();
      },
      holds: (scene) => {
        const winner = challenger(scene);
        const isWhole = scene.raft(0).lastIndex === scene.raft(winner).lastIndex;
        return scene.follows(0, winner) && scene.raft(0).term === 3 && isWhole;
      },
    },
  ],
};
