/**
 * Messages of the ring that travel by themselves. Circles are moved without drawing anything else anew,
 * and only while something travels and the page is seen. Where the person asked for nothing to move,
 * each link says instead how many messages passed within the last second.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { keyOfLink, type DrawnLink, type PlacedMessage } from './drawn.ts';
import { isMotionReduced } from './media.ts';
import { CROSS, LOST, sizeOf } from './placed-messages.tsx';
import { pointOnWay, type Places } from './ring-layout.ts';
import type { Traffic } from './traffic.ts';

interface Props {
  readonly traffic: Traffic;
  readonly places: Places;
  readonly links: readonly DrawnLink[];
}

const COUNT_INTERVAL_MS = 1_000;
const SVG = 'http://www.w3.org/2000/svg';

export function MovingMessages(props: Props) {
  return isMotionReduced.value ? <Counts {...props} /> : <Travelling {...props} />;
}

function Travelling({ traffic, places }: Props) {
  const group = useRef<SVGGElement>(null);
  useEffect(() => {
    const { current } = group;
    return current === null ? undefined : animate(current, traffic, places);
  }, [traffic, places]);
  return <g ref={group} aria-hidden="true" />;
}

/** Until the answer is called. */
function animate(group: SVGGElement, traffic: Traffic, places: Places): () => void {
  const drawn = new Moving(group);
  let frame: number | null = null;

  function wake(): void {
    if (document.visibilityState === 'visible') frame ??= requestAnimationFrame(draw);
  }

  function draw(): void {
    frame = null;
    const placed = traffic.at(performance.now());
    for (const message of placed) {
      const from = places.placeOf(message.from);
      const to = places.placeOf(message.to);
      if (from === undefined || to === undefined) continue;
      const { x, y } = pointOnWay(from, to, places.radius, message.position);
      const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
      drawn.of(message).setAttribute('transform', transform);
    }
    drawn.release(new Set(placed.map(({ id }) => id)));
    if (traffic.isMoving) wake();
  }

  const unsubscribe = traffic.onDeparture(wake);
  document.addEventListener('visibilitychange', wake);
  wake();
  return () => {
    unsubscribe();
    document.removeEventListener('visibilitychange', wake);
    if (frame !== null) cancelAnimationFrame(frame);
    group.replaceChildren();
  };
}

interface DrawnMessage {
  readonly group: SVGGElement;
  readonly circle: SVGCircleElement;
  readonly cross: SVGPathElement;
}

/** A circle for each message under way; those of messages that have arrived are used again. */
class Moving {
  readonly #parent: SVGGElement;
  readonly #drawnByMessage = new Map<string, DrawnMessage>();
  readonly #free: DrawnMessage[] = [];

  constructor(parent: SVGGElement) {
    this.#parent = parent;
  }

  of(message: PlacedMessage): SVGGElement {
    const { id, kind, isLost } = message;
    const known = this.#drawnByMessage.get(id);
    if (known !== undefined) return known.group;
    const drawn = this.#free.pop() ?? newMessage();
    const { group, circle, cross } = drawn;
    circle.setAttribute('class', `message message-${kind} ${isLost === true ? LOST : ''}`);
    circle.setAttribute('r', sizeOf(message).toFixed(1));
    cross.setAttribute('d', isLost === true ? CROSS : '');
    this.#parent.append(group);
    this.#drawnByMessage.set(id, drawn);
    return group;
  }

  release(kept: ReadonlySet<string>): void {
    for (const [id, drawn] of this.#drawnByMessage) {
      if (kept.has(id)) continue;
      drawn.group.remove();
      this.#drawnByMessage.delete(id);
      this.#free.push(drawn);
    }
  }
}

function newMessage(): DrawnMessage {
  const group = document.createElementNS(SVG, 'g');
  const circle = document.createElementNS(SVG, 'circle');
  const cross = document.createElementNS(SVG, 'path');
  cross.setAttribute('class', 'message-cross');
  group.append(circle, cross);
  return { group, circle, cross };
}

function Counts({ traffic, places, links }: Props) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((times) => times + 1), COUNT_INTERVAL_MS);
    return () => clearInterval(timer);
  }, []);
  const now = performance.now();
  return (
    <g aria-hidden="true">
      {links.map(({ one, other }) => {
        const from = places.placeOf(one);
        const to = places.placeOf(other);
        const rate = traffic.rateOf(one, other, now) + traffic.rateOf(other, one, now);
        if (from === undefined || to === undefined || rate === 0) return null;
        return (
          <text
            key={keyOfLink(one, other)}
            class="ring-count"
            x={(from.x + to.x) / 2}
            y={(from.y + to.y) / 2 + 4}
          >
            {rate}/s
          </text>
        );
      })}
    </g>
  );
}
