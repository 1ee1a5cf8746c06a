/** What happened, the newest first, in groups of a minute, each with where the paper tells of it. */

import { computed, signal } from '@preact/signals';
import { storyItems } from './cluster-live.ts';
import type { Section } from './event-sections.ts';
import { STORY_KINDS, type StoryItem, type StoryKind } from './story.ts';
import { groupByMinute } from './story-groups.ts';

const MOST_SHOWN = 120;

const NAMES: Readonly<Record<StoryKind, string>> = {
  election: 'Elections',
  member: 'Members',
  fault: 'Faults',
  link: 'Links',
  log: 'Logs',
  commit: 'Commits',
};

const hidden = signal<ReadonlySet<StoryKind>>(new Set());

const shown = computed(() => {
  const items = storyItems.value.filter(({ kind }) => !hidden.value.has(kind));
  return groupByMinute(items.slice(0, MOST_SHOWN));
});

/** What is read out: not every event, which would never end. */
const lastElection = computed(
  () => storyItems.value.find(({ isNewLeader }) => isNewLeader) ?? null,
);

export function TimelineCard() {
  return (
    <section class="card cluster-timeline" aria-labelledby="cluster-timeline-title">
      <h2 id="cluster-timeline-title">What happened</h2>
      <div class="timeline-kinds" role="group" aria-label="Kinds of events shown">
        {STORY_KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            class="chip"
            aria-pressed={!hidden.value.has(kind)}
            onClick={() => toggle(kind)}
          >
            <span class={`story-sign story-${kind}`} aria-hidden="true" />
            {NAMES[kind]}
          </button>
        ))}
      </div>
      <p class="sr-only" aria-live="polite">
        {lastElection.value?.text}
      </p>
      <Groups />
    </section>
  );
}

function Groups() {
  if (shown.value.length === 0) return <p class="hint">Nothing yet that is shown.</p>;
  return (
    <div class="timeline-events">
      <div class="timeline-scroll" role="region" aria-label="Events" tabIndex={0}>
        {shown.value.map(({ key, title, items }) => (
          <section key={key}>
            <h3>{title}</h3>
            <ol class="timeline">
              {items.map((item) => (
                <Item key={item.id} item={item} />
              ))}
            </ol>
          </section>
        ))}
      </div>
    </div>
  );
}

function Item({ item }: { readonly item: StoryItem }) {
  const date = new Date(item.atMs);
  return (
    <li class={`story ${item.isNewLeader ? 'story-new-leader' : ''}`}>
      <span class={`story-sign story-${item.kind}`} aria-hidden="true" />
      <p>
        {item.text} <Sections sections={item.sections} />
      </p>
      <time dateTime={date.toISOString()}>:{String(date.getSeconds()).padStart(2, '0')}</time>
    </li>
  );
}

function Sections({ sections }: { readonly sections: readonly Section[] }) {
  return (
    <>
      {sections.map(({ label, href }) => (
        <a key={label} class="story-section" href={href} target="_blank" rel="noopener">
          {label}
        </a>
      ))}
    </>
  );
}

function toggle(kind: StoryKind): void {
  const next = new Set(hidden.value);
  if (!next.delete(kind)) next.add(kind);
  hidden.value = next;
}
