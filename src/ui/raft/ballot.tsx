/** Who votes for a candidate, or voted for the leader, and how many votes it takes. */

import '../style/raft.css';
import { describeBallot } from './ballot-words.ts';
import { classOfTerm, type DrawnBallot } from './drawn.ts';

export function Ballot({ ballot }: { readonly ballot: DrawnBallot }) {
  const { name, term, votes } = ballot;
  return (
    <div class={`ballot ${classOfTerm(term)}`}>
      <p>
        <code>{name}</code> {describeBallot(ballot)}
      </p>
      <ul class="ballot-votes" aria-label={`Votes for ${name}`}>
        {votes.map((vote) => (
          <li key={vote.id} class={vote.isGranted ? 'ballot-granted' : ''}>
            <span aria-hidden="true">{vote.isGranted ? '✓' : '·'}</span> <code>{vote.name}</code>
            <span class="sr-only">{vote.isGranted ? ' voted for it' : ' has not'}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
