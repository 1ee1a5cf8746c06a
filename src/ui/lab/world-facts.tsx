/** What of the world can be told in one line. */

import { Fact } from '../fact.tsx';
import { formatCount } from '../wording.ts';
import { still } from './lab-store.ts';

export function WorldFacts() {
  const { value: now } = still;
  if (now === null) return null;
  const leader = now.leader === null ? null : (now.servers[now.leader] ?? null);
  const { acknowledged, pending, failed, unknown } = now.writes;
  return (
    <dl class="lab-facts">
      <Fact name="Leader">
        {leader === null ? 'none' : `${leader.name} of term ${leader.term}`}
      </Fact>
      <Fact name="Committed to">{now.committedIndex}</Fact>
      <Fact name="Writes">
        {acknowledged} done, {pending} waiting
        {failed + unknown > 0 ? `, ${failed} failed, ${unknown} unknown` : ''}
      </Fact>
      <Fact name="Events">{formatCount(now.steps)}</Fact>
      <Fact name="Trace hash">
        <code class="lab-hash">{now.traceHash}</code>
      </Fact>
    </dl>
  );
}
