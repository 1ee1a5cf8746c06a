/** The cluster at a glance: a place for each of three members, and how each is taken. */

import type { Seat } from './guide-steps.ts';

const CENTRE = 50;
const RADIUS = 34;

const WORDS: Readonly<Record<Seat['state'], string>> = {
  free: 'free',
  joining: 'joining',
  there: 'here',
  gone: 'gone',
};

export function GuideRing({ seats }: { readonly seats: readonly Seat[] }) {
  const places = seats.map((seat, at) => ({ seat, ...placeOf(at, seats.length) }));
  return (
    <svg class="guide-ring" viewBox="0 0 100 100" role="img" aria-label={describe(seats)}>
      {places.flatMap((one, at) =>
        places
          .slice(at + 1)
          .map((other) => (
            <line
              key={`${one.x} ${other.x} ${other.y}`}
              class={isLinked(one.seat, other.seat) ? 'guide-link guide-link-up' : 'guide-link'}
              x1={one.x}
              y1={one.y}
              x2={other.x}
              y2={other.y}
            />
          )),
      )}
      {places.map(({ seat, x, y }) => (
        <g key={`${x} ${y}`} class={`guide-seat guide-seat-${seat.state}`}>
          <circle cx={x} cy={y} r="11" class={seat.isLeader ? 'guide-leader' : ''} />
          {seat.isThisTab && <circle cx={x} cy={y} r="4" class="guide-this" />}
        </g>
      ))}
    </svg>
  );
}

function placeOf(at: number, count: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * at) / count - Math.PI / 2;
  return {
    x: Math.round(CENTRE + RADIUS * Math.cos(angle)),
    y: Math.round(CENTRE + RADIUS * Math.sin(angle)) + 3,
  };
}

function isLinked(one: Seat, other: Seat): boolean {
  return one.state === 'there' && other.state === 'there';
}

function describe(seats: readonly Seat[]): string {
  return seats
    .map(({ state, isLeader, isThisTab }, at) => {
      const names = [isThisTab ? 'this tab' : '', isLeader ? 'leader' : ''].filter(Boolean);
      return `Place ${at + 1}: ${[WORDS[state], ...names].join(', ')}`;
    })
    .join('. ');
}
