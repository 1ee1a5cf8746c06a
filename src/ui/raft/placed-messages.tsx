/** Messages of the ring whose places are given. */

import type { MessageKind, PlacedMessage } from './drawn.ts';
import { pointOnWay, type Places } from './ring-layout.ts';

interface Props {
  readonly messages: readonly PlacedMessage[];
  readonly places: Places;
  /** Null: they are not to be picked. By keyboard they are picked from a list of the caller's. */
  readonly onSelect: ((id: string) => void) | null;
}

const SMALLEST = 4;
const LARGEST = 9;

export function PlacedMessages({ messages, places, onSelect }: Props) {
  return (
    <g aria-hidden="true">
      {messages.map((message) => {
        const from = places.placeOf(message.from);
        const to = places.placeOf(message.to);
        if (from === undefined || to === undefined) return null;
        const { x, y } = pointOnWay(from, to, places.radius, message.position);
        return (
          <circle
            key={message.id}
            class={`message message-${message.kind} ${onSelect === null ? '' : 'message-button'}`}
            cx={x}
            cy={y}
            r={sizeOf(message)}
            onClick={onSelect === null ? undefined : () => onSelect(message.id)}
          />
        );
      })}
    </g>
  );
}

/** One that stands for many is larger, by their order of magnitude. */
export function sizeOf({
  kind,
  count,
}: {
  readonly kind: MessageKind;
  readonly count: number;
}): number {
  const least = kind === 'heartbeat' ? SMALLEST - 1 : SMALLEST;
  return Math.min(LARGEST, least + 1.4 * Math.log2(count));
}
