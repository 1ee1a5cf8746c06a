/** The ring of servers in this moment of virtual time, with every message where it is on its way. */

import { useComputed } from '@preact/signals';
import type { RingSelection } from '../raft/drawn.ts';
import { RingLegend } from '../raft/legend.tsx';
import { Ring } from '../raft/ring.tsx';
import { focus, picture, select, selection, still } from './lab-store.ts';
import { drawnLinks, drawnMembers, placedMessages, type LabSelection } from './scene.ts';
import { formatMoment } from './virtual-time.ts';

export function LabStage() {
  return (
    <section class="card lab-ring" aria-label="Stage">
      <Clock />
      <WorldRing />
      <RingLegend />
    </section>
  );
}

function Clock() {
  const { value: now } = picture;
  if (now === null) return null;
  return (
    <p class="lab-clock">
      <span class="sr-only">Virtual time </span>
      <time data-virtual-us={now.nowUs}>{formatMoment(now.nowUs)}</time>
    </p>
  );
}

function WorldRing() {
  const links = useComputed(() => (still.value === null ? [] : drawnLinks(still.value)));
  const { value: now } = picture;
  if (now === null) return null;
  return (
    <Ring
      label="Servers and their links"
      members={drawnMembers(now, focus.value)}
      links={links.value}
      selection={ringSelection(selection.value)}
      onSelect={(picked) => select(picked === null ? null : labSelection(picked))}
      messages={placedMessages(now, selection.value, focus.value)}
      onSelectMessage={(id) => select({ type: 'message', flight: Number(id) })}
    />
  );
}

function ringSelection(selected: LabSelection | null): RingSelection | null {
  switch (selected?.type) {
    case 'server':
      return { type: 'member', id: String(selected.server) };
    case 'link':
      return { type: 'link', one: String(selected.one), other: String(selected.other) };
    case 'message':
    case undefined:
      return null;
  }
}

function labSelection(picked: RingSelection): LabSelection {
  if (picked.type === 'member') return { type: 'server', server: Number(picked.id) };
  return { type: 'link', one: Number(picked.one), other: Number(picked.other) };
}
