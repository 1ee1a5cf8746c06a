/** Who votes for a candidate, or voted for the leader, and how many votes it takes. */

import '../style/raft.css';
import { classOfTerm, type DrawnBallot } from './drawn.ts';

export function Ballot({ ballot }: { readonly ballot: DrawnBallot }) {
  const { name, term, votes } = ballot;
  return (
    <div class={`ballot ${classOfTerm(term)}`}>
      <p>
        <code>{name}</code> {describe(ballot)}
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

function describe({ term, isWon, votes, quorum }: DrawnBallot): string {
  const granted = votes.filter(({ isGranted }) => isGranted).length;
  // Who votes now may be others than then, and not all that voted may be heard.
  if (isWon && granted < quorum) return `leads term ${term}, elected by the voters of then.`;
  const counted = `${granted} of ${votes.length} votes, and ${quorum} are a majority`;
  return isWon ? `leads term ${term}: it got ${counted}.` : `stands for term ${term}: ${counted}.`;
}
