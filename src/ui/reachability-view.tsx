/** Who reaches whom, as a small table; open, and with words, where somebody cannot reach somebody. */

import { Fragment } from 'preact';
import type { NodeStatus } from '../node/status.ts';
import { lastingCuts } from './reachability-store.ts';
import { describeCut, reachabilityOf, type PairState, type Reachability } from './reachability.ts';
import { shortId } from './wording.ts';
import { addressOfView } from './views.ts';

const CUTS_TOLD = 3;
/** A table of two says nothing that the list of members does not. */
const FEWEST_MEMBERS = 3;

export function ReachabilityView({ status }: { readonly status: NodeStatus }) {
  const { value: cuts } = lastingCuts;
  const reachability = reachabilityOf(status);
  const nameOf = (nodeId: string): string =>
    nodeId === status.nodeId ? 'this tab' : shortId(nodeId);
  if (cuts.length === 0) {
    if (reachability.members.length < FEWEST_MEMBERS) return null;
    return (
      <details class="reach">
        <summary>Who reaches whom</summary>
        <Matrix reachability={reachability} nameOf={nameOf} />
      </details>
    );
  }
  return (
    <section class="reach reach-cut" aria-label="Members that cannot reach each other">
      {cuts.slice(0, CUTS_TOLD).map((cut) => (
        <p key={`${cut.one} ${cut.other}`}>
          {describeCut(cut, status, reachability.stateOf, nameOf)}
        </p>
      ))}
      {cuts.length > CUTS_TOLD && <p>So it is with {cuts.length - CUTS_TOLD} more pairs.</p>}
      <Matrix reachability={reachability} nameOf={nameOf} />
      <p class="hint">
        Members pass nothing on for each other. The cluster goes on as long as its leader reaches a
        majority of the voters. Where networks keep members apart, a TURN server joins them; each of
        the two needs it in its{' '}
        <a class="link" href={addressOfView('settings')}>
          Settings
        </a>
        .
      </p>
    </section>
  );
}

interface MatrixProps {
  readonly reachability: Reachability;
  readonly nameOf: (nodeId: string) => string;
}

function Matrix({ reachability: { members, stateOf }, nameOf }: MatrixProps) {
  return (
    <div class="reach-scroll" tabIndex={members.length > 8 ? 0 : undefined}>
      <table class="reach-table">
        <caption class="sr-only">Who reaches whom</caption>
        <thead>
          <tr>
            <td />
            {members.map((member) => (
              <th key={member} scope="col">
                <span>{nameOf(member)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {members.map((row) => (
            <tr key={row}>
              <th scope="row">{nameOf(row)}</th>
              {members.map((column) => (
                <Fragment key={column}>
                  {row === column ? (
                    <td class="pair-self" />
                  ) : (
                    <PairCell state={stateOf(row, column)} />
                  )}
                </Fragment>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SIGNS: Readonly<Record<PairState, { sign: string; words: string }>> = {
  linked: { sign: '●', words: 'linked' },
  cut: { sign: '✕', words: 'cannot reach each other' },
  unknown: { sign: '·', words: 'not known' },
};

function PairCell({ state }: { readonly state: PairState }) {
  const { sign, words } = SIGNS[state];
  return (
    <td class={`pair-${state}`} title={words}>
      <span aria-hidden="true">{sign}</span>
      <span class="sr-only">{words}</span>
    </td>
  );
}
