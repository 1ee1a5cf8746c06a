/** All members' logs on one axis, and the votes by which the present leader came about. */

import { Ballot } from '../raft/ballot.tsx';
import { LogLegend } from '../raft/legend.tsx';
import { LogStrips } from '../raft/log-strips.tsx';
import { picture } from './cluster-live.ts';

const BALLOTS_SHOWN = 3;

export function LogsCard() {
  const logs = picture.value?.logs ?? [];
  const ballots = picture.value?.ballots ?? [];
  return (
    <section class="card cluster-logs" aria-labelledby="cluster-logs-title">
      <h2 id="cluster-logs-title">Logs</h2>
      {logs.length === 0 ? (
        <p class="hint">Nothing is known of a log yet.</p>
      ) : (
        <>
          <LogStrips label="Logs of the members" logs={logs} />
          <LogLegend />
        </>
      )}
      {ballots.length > 0 && (
        <>
          <h3>Votes</h3>
          {ballots.slice(0, BALLOTS_SHOWN).map((ballot) => (
            <Ballot key={`${ballot.id} ${ballot.term}`} ballot={ballot} />
          ))}
        </>
      )}
    </section>
  );
}
