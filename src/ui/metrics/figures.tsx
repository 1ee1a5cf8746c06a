/** What the cluster does now, as a row of figures. */

import { status } from '../store.ts';
import { formatCount, nameOfRole, shortId } from '../wording.ts';
import { recording } from './metrics-store.ts';
import { PLOTS } from './plot-list.ts';
import { LAG_PREFIX } from './sampler.ts';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
}

export function Figures() {
  return (
    <dl class="card metrics-figures">
      {figures().map(({ name, value, unit }) => (
        <div key={name} class="metrics-figure">
          <dt>{name}</dt>
          <dd>
            {value} <span class="hint">{unit}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function figures(): readonly Figure[] {
  const { ring, leaderChanges } = recording.value;
  const { keys } = ring;
  const { series } = ring.read(keys, (ring.lastMs ?? 0) - 1);
  const now = (key: string): number | null => series[keys.indexOf(key)]?.at(-1) ?? null;
  const sum = (prefix: string): number | null => total(keys.filter(startsWith(prefix)).map(now));
  const lags = keys.filter(startsWith(LAG_PREFIX)).map(now).filter(isKnown);
  const { value: known } = status;
  const leaderId = known?.leaderId ?? null;
  return [
    { name: 'Commits', value: told('commits', now('commits')), unit: 'entries/s' },
    { name: 'Commit, median', value: told('latency', now('commit:p50')), unit: 'ms' },
    { name: 'Commit, p99', value: told('latency', now('commit:p99')), unit: 'ms' },
    {
      name: 'Largest lag',
      value: told('lag', lags.length === 0 ? null : Math.max(...lags)),
      unit: 'entries',
    },
    {
      name: 'Waiting here',
      value: told('queues', total([now('queue:pendingWrites'), now('queue:pendingReads')])),
      unit: 'calls',
    },
    { name: 'Messages', value: told('messages', sum('messages:')), unit: '/s' },
    { name: 'Database file', value: told('storage', now('bytes:database')), unit: '' },
    { name: 'This tab', value: known === null ? '–' : nameOfRole(known.role), unit: '' },
    {
      name: 'Leader',
      value: leaderId === null ? 'none' : shortId(leaderId),
      unit: known === null ? '' : `term ${formatCount(known.term)}`,
    },
    { name: 'Elections seen', value: formatCount(leaderChanges.length), unit: '' },
  ];
}

/** As the plot does. */
function told(plotId: string, value: number | null): string {
  const format = PLOTS.find(({ id }) => id === plotId)?.format ?? String;
  return value === null ? '–' : format(value);
}

function startsWith(prefix: string): (key: string) => boolean {
  return (key) => key.startsWith(prefix);
}

function isKnown(value: number | null): value is number {
  return value !== null;
}

/** Null: none is known. */
function total(values: readonly (number | null)[]): number | null {
  const known = values.filter(isKnown);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
