/** Asks whether this browser shall become part of a list that is news to it. */

import { Page } from './page.tsx';

interface QuestionProps {
  readonly onJoin: () => void;
  readonly onDecline: () => void;
}

export function Question({ onJoin, onDecline }: QuestionProps) {
  return (
    <Page badge="Invited">
      <section className="card question" aria-labelledby="asked">
        <h2 id="asked">Join this list?</h2>
        <p>
          The link that you have opened invites this browser to a list of somebody else. Whoever is
          in it sees and changes all that is written there, and so will you. If nobody you know has
          sent you the link, open a list of your own instead.
        </p>
        <div className="row">
          <button className="main" type="button" onClick={onJoin}>
            Join
          </button>
          <button type="button" onClick={onDecline}>
            Open my own list
          </button>
        </div>
      </section>
    </Page>
  );
}
