/**
 * Messages of the ring that travel by themselves. Circles are moved without drawing anything else anew,
 * and only while something travels and the page is seen. Where the person asked for nothing to move,
 * each link says instead how many messages passed within the last second.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { keyOfLink, type DrawnLink, type PlacedMessage } from './drawn.ts';
import { isMotionReduced } from './media.ts';
import { sizeOf } from './placed-messages.tsx';
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
  const circles = new Circles(group);
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
      circles.of(message).setAttribute('transform', transform);
    }
    circles.release(new Set(placed.map(({ id }) => id)));
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

/** One for each message under way; those of messages that have arrived are used again. */
class Circles {
  readonly #group: SVGGElement;
  readonly #circleByMessage = new Map<string, SVGCircleElement>();
  readonly #free: SVGCircleElement[] = [];

  constructor(group: SVGGElement) {
    this.#group = group;
  }

  of(message: PlacedMessage): SVGCircleElement {
    const known = this.#circleByMessage.get(message.id);
    if (known !== undefined) return known;
    const circle = this.#free.pop() ?? document.createElementNS(SVG, 'circle');
    circle.setAttribute('class', `message message-${message.kind}`);
    circle.setAttribute('r', sizeOf(message).toFixed(1));
    this.#group.append(circle);
    this.#circleByMessage.set(message.id, circle);
    return circle;
  }

  release(kept: ReadonlySet<string>): void {
    for (const [id, circle] of this.#circleByMessage) {
      if (kept.has(id)) continue;
      circle.remove();
      this.#circleByMessage.delete(id);
      this.#free.push(circle);
    }
  }
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
