/** What happened, in sentences; each leads to its moment. Silent by itself: what is new is told elsewhere. */

import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { listEvents, type ListedEvent } from './event-list.ts';
import { events, goTo, isPlaying } from './lab-store.ts';
import { formatShortMoment } from './virtual-time.ts';

const SHOWN = 150;
/** While time flows nobody reads far back. */
const SHOWN_FLOWING = 40;
const AT_END_PX = 40;

export function EventPanel() {
  const isEverything = useSignal(false);
  const count = isPlaying.value ? SHOWN_FLOWING : SHOWN;
  const listed = listEvents(events.value, isEverything.value, count);
  return (
    <section class="card lab-events" aria-labelledby="lab-events">
      <div class="lab-events-head">
        <h3 id="lab-events">What happened</h3>
        <label class="check">
          <input
            type="checkbox"
            checked={isEverything.value}
            onChange={({ currentTarget }) => (isEverything.value = currentTarget.checked)}
          />
          everything
        </label>
      </div>
      {listed.length === 0 ? (
        <p class="hint">Nothing yet.</p>
      ) : (
        <Listed listed={listed} isEverything={isEverything.value} />
      )}
    </section>
  );
}

interface ListedProps {
  readonly listed: readonly ListedEvent[];
  readonly isEverything: boolean;
}

/** The newest stands last, and in sight, unless the person has scrolled back. */
function Listed({ listed, isEverything }: ListedProps) {
  const list = useRef<HTMLOListElement>(null);
  const isFollowing = useRef(true);
  const newest = listed.at(-1)?.event.number;
  useLayoutEffect(() => {
    const { current } = list;
    if (current !== null && isFollowing.current) current.scrollTop = current.scrollHeight;
  }, [newest, isEverything]);
  return (
    <ol
      ref={list}
      class="lab-event-list"
      tabIndex={0}
      aria-label="Events, oldest first"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isFollowing.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {listed.map(({ event: { number, atUs, type, text }, omitted }) => (
        <li key={number} class={`lab-event lab-event-${type}`}>
          {omitted > 0 && isEverything && <p class="hint">{omitted} events are left out.</p>}
          <button
            type="button"
            class="lab-moment"
            title="Go to this moment"
            onClick={() => void goTo(atUs)}
          >
            {formatShortMoment(atUs)}
          </button>
          <span>{type === 'hand' ? `By hand: ${text}` : text}</span>
        </li>
      ))}
    </ol>
  );
}
