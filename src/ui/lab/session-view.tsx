/** An open session: the stage, what is told beside it, and what the servers hold. */

import { useEffect, useRef } from 'preact/hooks';
import type { LabPicture } from '../../lab/protocol.ts';
import { addressOfView } from '../views.ts';
import { formatCounted } from '../wording.ts';
import { Controls } from './controls.tsx';
import { copyLink, copyOutcome } from './copy-link.ts';
import { EventPanel } from './event-panel.tsx';
import { Inspector } from './inspector.tsx';
import { LabIcon } from './lab-icons.tsx';
import { isBusy, still, story, told } from './lab-store.ts';
import { LogPanel } from './log-panel.tsx';
import { listenToKeys } from './shortcuts.ts';
import { LabStage } from './stage.tsx';
import { StoryColumn } from './story-column.tsx';
import { VerdictCard } from './verdict-card.tsx';
import { WorldFacts } from './world-facts.tsx';

export function SessionView() {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const { current } = section;
    if (current === null) return undefined;
    // What led here is gone, and the focus with it.
    current.focus({ preventScroll: true });
    return listenToKeys(current);
  }, []);
  const { value: now } = still;
  if (now === null) return null;
  return (
    <section
      ref={section}
      class="lab-session"
      tabIndex={-1}
      aria-labelledby="lab-session"
      aria-busy={isBusy}
    >
      <SessionHead now={now} />
      <div class="lab-stage">
        <LabStage />
        <Controls />
      </div>
      <div class="lab-side">
        {now.story !== null && <StoryColumn />}
        {now.verdict !== null && <VerdictCard verdict={now.verdict} />}
        <Inspector />
        <EventPanel />
      </div>
      <WorldFacts />
      <LogPanel />
      <p class="sr-only" role="status">
        {told.value}
      </p>
    </section>
  );
}

function SessionHead({ now }: { readonly now: LabPicture }) {
  return (
    <div class="lab-head">
      <a class="lab-home" href={addressOfView('lab')}>
        Lab
      </a>
      <span aria-hidden="true">/</span>
      <h2 id="lab-session">{titleOf(now)}</h2>
      {isBusy.value && <span class="hint">Running it again…</span>}
      <CopyLink />
    </div>
  );
}

function titleOf({ source, phase }: LabPicture): string {
  switch (source.type) {
    case 'story':
      return story.value?.title ?? 'A story';
    case 'free':
      return `${formatCounted(source.servers, 'server')}, seed ${source.seed}`;
    case 'run':
      return `Run of seed ${source.seed}${phase === '' ? '' : `: ${phase}`}`;
  }
}

function CopyLink() {
  return (
    <button type="button" class="button lab-copy" onClick={() => void copyLink()}>
      <LabIcon name="link" />
      <span aria-live="polite">{copyOutcome.value === '' ? 'Copy link' : copyOutcome.value}</span>
      <kbd>C</kbd>
    </button>
  );
}
