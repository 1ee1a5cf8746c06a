/**
 * The members of a cluster in a ring, the links between them, and messages on their way. A picture to
 * act on: members, and behind them the links, are buttons, by pointer and by keyboard, each with its
 * state in words. Messages come either placed, or as `traffic` that the drawing moves by itself.
 */

import '../style/raft.css';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import {
  keyOfLink,
  type DrawnLink,
  type DrawnMember,
  type PlacedMessage,
  type RingSelection,
} from './drawn.ts';
import { MovingMessages } from './moving-messages.tsx';
import { PlacedMessages } from './placed-messages.tsx';
import { RingLink } from './ring-link.tsx';
import { RingMember, RingNote } from './ring-member.tsx';
import { layoutRing, type Places } from './ring-layout.ts';
import type { Traffic } from './traffic.ts';

interface Props {
  /** What the ring is of, for those who do not see it. */
  readonly label: string;
  /** In the order in which they stand, from the top clockwise. */
  readonly members: readonly DrawnMember[];
  /** Pairs that are not told have no line. */
  readonly links: readonly DrawnLink[];
  readonly selection: RingSelection | null;
  /** Null: what was selected is no longer. */
  readonly onSelect: (selection: RingSelection | null) => void;
  readonly traffic?: Traffic;
  readonly messages?: readonly PlacedMessage[];
  /** Makes placed messages buttons. */
  readonly onSelectMessage?: (id: string) => void;
}

export function Ring(props: Props) {
  const { label, members, links, selection, onSelect, traffic, messages, onSelectMessage } = props;
  const order = members.map(({ id }) => id).join(' ');
  const layout = useMemo(() => layoutRing(members.length), [members.length]);
  const places = useMemo((): Places => {
    const ids = order.split(' ');
    return { radius: layout.radius, placeOf: (id) => layout.places[ids.indexOf(id)] };
  }, [layout, order]);
  const toggle = (picked: RingSelection): void => {
    onSelect(isSame(picked, selection) ? null : picked);
  };
  return (
    <svg
      class="ring"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      role="group"
      aria-label={label}
    >
      {members.map((member, at) => (
        <RingMember
          key={member.id}
          member={member}
          place={layout.places[at]}
          radius={layout.radius}
          isSelected={isSame({ type: 'member', id: member.id }, selection)}
          onSelect={() => toggle({ type: 'member', id: member.id })}
        />
      ))}
      {links.map((link) => (
        <RingLink
          key={keyOfLink(link.one, link.other)}
          link={link}
          places={places}
          nameOf={(id) => members.find((member) => member.id === id)?.name ?? id}
          isSelected={isSame({ type: 'link', one: link.one, other: link.other }, selection)}
          onSelect={() => toggle({ type: 'link', one: link.one, other: link.other })}
        />
      ))}
      <Messages>
        {traffic !== undefined && (
          <MovingMessages traffic={traffic} places={places} links={links} />
        )}
        {messages !== undefined && (
          <PlacedMessages messages={messages} places={places} onSelect={onSelectMessage ?? null} />
        )}
      </Messages>
      <g class="ring-notes">
        {members.map(({ id, note }, at) => (
          <RingNote key={id} note={note} place={layout.places[at]} radius={layout.radius} />
        ))}
      </g>
    </svg>
  );
}

function Messages({ children }: { readonly children: ComponentChildren }) {
  return <g class="ring-messages">{children}</g>;
}

function isSame(one: RingSelection, other: RingSelection | null): boolean {
  if (one.type === 'member') return other?.type === 'member' && other.id === one.id;
  if (other?.type !== 'link') return false;
  return keyOfLink(one.one, one.other) === keyOfLink(other.one, other.other);
}
