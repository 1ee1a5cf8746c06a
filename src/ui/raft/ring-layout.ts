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
const HEIGHT = 320;
const TWO_HEIGHT = 190;
const LARGEST_RADIUS = 38;
const SMALLEST_RADIUS = 15;
/** Room around the circles: for names below, and for what marks a circle outside. */
const MARGIN = 24;
/** The part of the distance between two neighbours that their circles may take. */
const FILLED = 0.38;
/** How far beside the line messages of one direction go, so that the two do not meet. */
const LANE = 5;

/** The first member stands on top, the others clockwise. */
export function layoutRing(count: number): RingLayout {
  const height = count <= 2 ? TWO_HEIGHT : HEIGHT;
  const middle = { x: WIDTH / 2, y: (height - MARGIN / 2) / 2 };
  if (count <= 1) {
    return { width: WIDTH, height, radius: LARGEST_RADIUS, places: count === 1 ? [middle] : [] };
  }
  const radius = radiusOf(count);
  const reachX = middle.x - radius - MARGIN;
  const reachY = count === 2 ? 0 : middle.y - radius - MARGIN / 2;
  const startsAt = count === 2 ? Math.PI : -Math.PI / 2;
  const places = Array.from({ length: count }, (_, at) => {
    const angle = startsAt + (2 * Math.PI * at) / count;
    return { x: middle.x + reachX * Math.cos(angle), y: middle.y + reachY * Math.sin(angle) };
  });
  return { width: WIDTH, height, radius, places };
}

function radiusOf(count: number): number {
  const around = Math.PI * Math.min(WIDTH, HEIGHT) * 0.75;
  const fitting = (around / count) * FILLED;
  return Math.max(SMALLEST_RADIUS, Math.min(LARGEST_RADIUS, fitting));
}

/** A place on the way from one circle's edge to the other's, on the lane of its direction. */
export function pointOnWay(from: Point, to: Point, radius: number, position: number): Point {
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
