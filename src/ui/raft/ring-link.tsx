/** A link of the ring: a line that can be picked, dashed where nothing passes. */

import type { DrawnLink, LinkState } from './drawn.ts';
import { pressable } from './pressable.ts';
import { spanBetween, type Places, type Point } from './ring-layout.ts';

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
  'one-way': 'one way only',
  away: 'not connected',
};

export function RingLink({ link, places, nameOf, isSelected, onSelect }: Props) {
  const from = places.placeOf(link.one);
  const to = places.placeOf(link.other);
  if (from === undefined || to === undefined) return null;
  const [one, other] = spanBetween(from, to, places.radius);
  const angle = (Math.atan2(other.y - one.y, other.x - one.x) * 180) / Math.PI;
  // In a ring of many it must not reach the members that it passes by.
  const reach = Math.min(REACH, places.radius);
  const label = `Link ${nameOf(link.one)} – ${nameOf(link.other)}: ${describe(link, nameOf)}`;
  const cross = crossAt(link, one, other);
  return (
    <g
      class={`ring-link ring-link-${link.state} ${isSelected ? 'is-selected' : ''}`}
      {...pressable(label, isSelected, onSelect)}
    >
      <title>{label}</title>
      <rect
        class="ring-link-reach"
        y={-reach / 2}
        width={Math.hypot(other.x - one.x, other.y - one.y)}
        height={reach}
        transform={`translate(${one.x} ${one.y}) rotate(${angle})`}
      />
      <line class="ring-link-line" x1={one.x} y1={one.y} x2={other.x} y2={other.y} />
      {cross !== null && (
        <path
          class="ring-link-cross"
          d="M-6-6 6 6M6-6-6 6"
          transform={`translate(${cross.x} ${cross.y})`}
        />
      )}
    </g>
  );
}

function describe({ state, silent }: DrawnLink, nameOf: Props['nameOf']): string {
  return silent === undefined ? WORDS[state] : `nothing passes from ${nameOf(silent)}`;
}

/** In the middle; where one end's messages pass, at the other end. */
function crossAt(link: DrawnLink, one: Point, other: Point): Point | null {
  if (link.state !== 'cut' && link.state !== 'one-way') return null;
  const at = link.silent === link.one ? 0.25 : link.silent === link.other ? 0.75 : 0.5;
  return { x: one.x + (other.x - one.x) * at, y: one.y + (other.y - one.y) * at };
}
