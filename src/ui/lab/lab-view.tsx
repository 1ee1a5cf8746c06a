/** The simulator, to be watched and touched: the production core in virtual time, in a worker beside the page. */

import '../style/lab.css';
import '../style/lab-side.css';
import { useEffect } from 'preact/hooks';
import { addressOfView, viewQuery } from '../views.ts';
import { enterLab, picture, problem } from './lab-store.ts';
import { LabStart } from './lab-start.tsx';
import { runPlayer } from './player.ts';
import { SessionView } from './session-view.tsx';

export function LabView() {
  useEffect(() => {
    const leave = enterLab();
    const stop = runPlayer();
    return () => {
      stop();
      leave();
    };
  }, []);
  if (problem.value !== null) return <Problem text={problem.value} />;
  if (viewQuery.value === '') return <LabStart />;
  return picture.value === null ? <p class="hint">The simulator is starting…</p> : <SessionView />;
}

function Problem({ text }: { readonly text: string }) {
  return (
    <section class="card lab-problem" aria-labelledby="lab-problem">
      <h2 id="lab-problem">This cannot be shown</h2>
      <p class="bad" role="alert">
        {text}
      </p>
      {viewQuery.value !== '' && (
        <p class="lab-asked">
          Asked for: <code>{viewQuery.value}</code>
        </p>
      )}
      <p class="lab-ways">
        <a
          class="button button-main"
          href={addressOfView('lab')}
          onClick={() => (problem.value = null)}
        >
          All stories
        </a>
        <a class="button" href={addressOfView('lab', FREE)} onClick={() => (problem.value = null)}>
          A world of five servers
        </a>
      </p>
    </section>
  );
}

const FREE = 'seed=1&servers=5&clients=1';
