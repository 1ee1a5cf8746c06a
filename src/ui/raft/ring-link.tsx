/** A link of the ring: a line that can be picked, dashed where nothing passes. */

import type { DrawnLink, LinkState } from './drawn.ts';
import { pressable } from './pressable.ts';
import type { Places } from './ring-layout.ts';

interface Props {
  readonly link: DrawnLink;
  readonly places: Places;
  readonly nameOf: (id: string) => string;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

/** How broad the part is that can be hit. */
const REACH = 30;

const WORDS: Readonly<Record<LinkState, string>> = {
  open: 'open',
  cut: 'cut',
  away: 'not connected',
};

export function RingLink({ link, places, nameOf, isSelected, onSelect }: Props) {
  const one = places.placeOf(link.one);
  const other = places.placeOf(link.other);
  if (one === undefined || other === undefined) return null;
  const ends = { x1: one.x, y1: one.y, x2: other.x, y2: other.y };
  const angle = (Math.atan2(other.y - one.y, other.x - one.x) * 180) / Math.PI;
  const label = `Link ${nameOf(link.one)} – ${nameOf(link.other)}: ${WORDS[link.state]}`;
  return (
    <g
      class={`ring-link ring-link-${link.state} ${isSelected ? 'is-selected' : ''}`}
      {...pressable(label, isSelected, onSelect)}
    >
      <title>{label}</title>
      <rect
        class="ring-link-reach"
        y={-REACH / 2}
        width={Math.hypot(other.x - one.x, other.y - one.y)}
        height={REACH}
        transform={`translate(${one.x} ${one.y}) rotate(${angle})`}
      />
      <line class="ring-link-line" {...ends} />
      {link.state === 'cut' && (
        <path
          class="ring-link-cross"
          d="M-6-6 6 6M6-6-6 6"
          transform={`translate(${(one.x + other.x) / 2} ${(one.y + other.y) / 2})`}
        />
      )}
    </g>
  );
}
