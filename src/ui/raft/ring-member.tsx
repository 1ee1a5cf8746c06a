/**
 * A member of the ring: a circle in the colour of its term, filled where it leads, dashed where it
 * stands for election; around it what keeps it from the others, and how far its election timeout is.
 */

import { classOfTerm, type DrawnMember } from './drawn.ts';
import { pressable } from './pressable.ts';
import { MARKS, type Point } from './ring-layout.ts';

interface Props {
  readonly member: DrawnMember;
  readonly place: Point | undefined;
  readonly radius: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

/** Smaller circles have no room for more than a name. */
const ROOMY_RADIUS = 28;
const LARGEST_NAME_PX = 13;
/** Six letters fit a circle then. */
const NAME_PART = 0.42;
const OUTER_GAP = 6;
const TIMER_GAP = 4;

export function RingMember({ member, place, radius, isSelected, onSelect }: Props) {
  if (place === undefined) return null;
  const { name, state, isIsolated, isHidden, timer, term, isMarked } = member;
  const classes = [
    'ring-member',
    classOfTerm(term),
    `ring-${member.role ?? 'unknown'}`,
    `ring-${state}`,
    isIsolated ? 'ring-isolated' : '',
    isHidden ? 'ring-hidden' : '',
    isSelected ? 'is-selected' : '',
    isMarked === true ? 'is-marked' : '',
  ];
  const nameSize = Math.min(LARGEST_NAME_PX, radius * NAME_PART);
  const isRoomy = radius >= ROOMY_RADIUS;
  return (
    <g
      class={classes.join(' ')}
      transform={`translate(${place.x} ${place.y})`}
      {...pressable(describeMember(member), isSelected, onSelect)}
    >
      <circle class="ring-ground" r={radius + MARKS} />
      {isMarked === true && <circle class="ring-mark" r={radius + OUTER_GAP + 4} />}
      {(isIsolated || isSelected) && <circle class="ring-outer" r={radius + OUTER_GAP} />}
      <circle class="ring-body" r={radius} />
      {timer !== null && state === 'running' && (
        <circle
          class="ring-timer"
          r={radius + TIMER_GAP}
          pathLength={1}
          stroke-dasharray={`${1 - timer} 1`}
          transform="rotate(-90)"
        />
      )}
      <text class="ring-name" y={isRoomy ? -9 : 4} style={{ fontSize: `${nameSize}px` }}>
        {name}
      </text>{' '}
      {isRoomy && (
        <>
          <text class="ring-role" y={7}>
            {state === 'running' ? (member.role ?? '') : state}
          </text>{' '}
          <text class="ring-term" y={21}>
            {term === null ? '' : `term ${term}`}
          </text>{' '}
        </>
      )}
    </g>
  );
}

interface NoteProps {
  readonly note: string | null;
  readonly place: Point | undefined;
  readonly radius: number;
}

/** Below a member, and above the links that begin there; the member says it, too. */
export function RingNote({ note, place, radius }: NoteProps) {
  if (place === undefined || note === null) return null;
  return (
    <text class="ring-note" x={place.x} y={place.y + radius + OUTER_GAP + 13} aria-hidden="true">
      {note}
    </text>
  );
}

/** All of what the circle shows, with what can be read in it as it stands there. */
function describeMember({
  name,
  role,
  term,
  state,
  isIsolated,
  isHidden,
  note,
}: DrawnMember): string {
  const parts = [
    `Member ${name}`,
    state === 'running' ? role : state,
    term === null ? null : `term ${term}`,
    note,
    isIsolated ? 'isolated' : null,
    isHidden ? 'in the background' : null,
  ];
  return parts.filter((part) => part !== null).join(' ');
}
