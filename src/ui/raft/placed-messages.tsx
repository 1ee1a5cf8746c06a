/** Messages of the ring whose places are given. */

import type { MessageKind, PlacedMessage } from './drawn.ts';
import { pointOnWay, type Places, type Point } from './ring-layout.ts';

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
        return (
          <PlacedCircle
            key={message.id}
            message={message}
            place={pointOnWay(from, to, places.radius, message.position)}
            onSelect={onSelect}
          />
        );
      })}
    </g>
  );
}

interface CircleProps {
  readonly message: PlacedMessage;
  readonly place: Point;
  readonly onSelect: ((id: string) => void) | null;
}

function PlacedCircle({ message, place, onSelect }: CircleProps) {
  const { id, kind, isLost, isSelected, isMarked, answer } = message;
  const radius = sizeOf(message) + (isMarked === true ? MARKED_MORE : 0);
  const classes = [
    `message message-${kind}`,
    isLost === true ? LOST : '',
    isMarked === true ? 'message-marked' : '',
  ];
  return (
    <g
      class={onSelect === null ? '' : 'message-button'}
      transform={`translate(${place.x.toFixed(2)} ${place.y.toFixed(2)})`}
      onClick={onSelect === null ? undefined : () => onSelect(id)}
    >
      {onSelect !== null && <circle class="message-reach" r={REACH} />}
      {isSelected === true && <circle class="message-outer" r={radius + 4} />}
      <circle class={classes.join(' ')} r={radius} />
      {isLost === true && <path class="message-cross" d={CROSS} />}
      {answer !== undefined && answer !== null && isLost !== true && (
        <path class="message-answer-sign" d={answer === 'yes' ? 'M-3 0H3M0-3V3' : 'M-3 0H3'} />
      )}
    </g>
  );
}

/** Of a message that will not arrive: its class, and what is drawn upon it. */
export const LOST = 'message-lost';
export const CROSS = 'M-4-4 4 4M4-4-4 4';
/** For fingers. */
const REACH = 13;
const MARKED_MORE = 1.5;

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
