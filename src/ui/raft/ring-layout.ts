/** Where members of the ring stand, and where a message is on its way between two. Pure. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface RingLayout {
  readonly width: number;
  readonly height: number;
  /** Of a member's circle. */
  readonly radius: number;
  readonly places: readonly Point[];
}

/** Where each member stands, and how large its circle is. */
export interface Places {
  readonly radius: number;
  readonly placeOf: (id: string) => Point | undefined;
}

const WIDTH = 360;
/** From the middle to where members stand. */
const REACH_X = 128;
const REACH_Y = 104;
/** Of a ring of many, which needs more room. */
const FULL_REACH_Y = 126;
const MANY = 5;
const LARGEST_RADIUS = 38;
const SMALLEST_RADIUS = 15;
/** Room above the circles, for what marks one outside, and below, for a note. */
const ROOM_ABOVE = 14;
const ROOM_BELOW = 32;
/** A circle's radius, as a part of the way along the ring to its neighbour. */
const FILLED = 0.24;
/** How far around a circle stands what marks it. */
export const MARKS = 9;
/** How far from a circle messages set out and arrive. */
const EDGE = 15;
/** How far beside the line messages of one direction go, so that the two do not meet. */
const LANE = 5;

/** The first member stands on top, the others clockwise; as high as they need. */
export function layoutRing(count: number): RingLayout {
  const radius = radiusOf(count);
  const points = Array.from({ length: count }, (_, at) => pointOnRing(at, count));
  const heights = points.map(({ y }) => y);
  const top = Math.min(0, ...heights);
  const bottom = Math.max(0, ...heights);
  const above = radius + ROOM_ABOVE - top;
  return {
    width: WIDTH,
    height: above + bottom + radius + ROOM_BELOW,
    radius,
    places: points.map(({ x, y }) => ({ x: x + WIDTH / 2, y: y + above })),
  };
}

/** Around (0, 0). */
function pointOnRing(at: number, count: number): Point {
  if (count === 1) return { x: 0, y: 0 };
  if (count === 2) return { x: at === 0 ? -REACH_X * 0.8 : REACH_X * 0.8, y: 0 };
  const angle = (2 * Math.PI * at) / count - Math.PI / 2;
  const reachY = count < MANY ? REACH_Y : FULL_REACH_Y;
  return { x: REACH_X * Math.cos(angle), y: reachY * Math.sin(angle) };
}

function radiusOf(count: number): number {
  const around = Math.PI * (REACH_X + FULL_REACH_Y);
  const fitting = (around / Math.max(1, count)) * FILLED;
  return Math.max(SMALLEST_RADIUS, Math.min(LARGEST_RADIUS, fitting));
}

/** From one end to the other of what is drawn between two members, clear of what marks their circles. */
export function spanBetween(one: Point, other: Point, radius: number): readonly [Point, Point] {
  const distance = Math.hypot(other.x - one.x, other.y - one.y);
  const part = distance === 0 ? 0 : Math.min(0.5, (radius + MARKS) / distance);
  const dx = (other.x - one.x) * part;
  const dy = (other.y - one.y) * part;
  return [
    { x: one.x + dx, y: one.y + dy },
    { x: other.x - dx, y: other.y - dy },
  ];
}

/** A place on the way from one circle to the other, clear of both, on the lane of its direction. */
export function pointOnWay(from: Point, to: Point, circle: number, position: number): Point {
  const radius = circle + EDGE;
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  if (distance === 0) return from;
  const along = { x: (to.x - from.x) / distance, y: (to.y - from.y) / distance };
  const free = Math.max(0, distance - 2 * radius);
  const travelled = radius + free * Math.min(1, Math.max(0, position));
  return {
    x: from.x + along.x * travelled - along.y * LANE,
    y: from.y + along.y * travelled + along.x * LANE,
  };
}
