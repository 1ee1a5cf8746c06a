/** What a story tells, step by step, beside the stage: what happens, where the paper says so, and what was shown. */

import { useEffect, useRef } from 'preact/hooks';
import type { LabStory, StoryOutline, StoryStepOutline } from '../../lab/protocol.ts';
import { addressOfView } from '../views.ts';
import { act, backToStory, nextStep, previousStep, still, stories, story } from './lab-store.ts';
import { addressOfSection } from '../raft/paper.ts';
import { queryOfSource } from './session-text.ts';

export function StoryColumn() {
  const { value: outline } = story;
  const told = still.value?.story ?? null;
  if (outline === null || told === null) return null;
  const step = outline.steps[told.step];
  return (
    <article class="card lab-story" aria-label={`Story: ${outline.title}`}>
      <Progress outline={outline} told={told} />
      <div aria-live="polite">
        {step === undefined ? (
          <div class="lab-step">
            <h3>{outline.title}</h3>
            <p>{outline.text}</p>
          </div>
        ) : (
          <StepText key={told.step} step={step} />
        )}
      </div>
      <Claims outline={outline} told={told} />
      {told.isLeft && (
        <p class="hint">You took it into your own hands: the story is told no further.</p>
      )}
      {told.isOver && !told.isLeft && <WaysOn outline={outline} />}
      <StoryButtons told={told} />
    </article>
  );
}

function Progress({ outline, told }: { readonly outline: StoryOutline; readonly told: LabStory }) {
  const { steps } = outline;
  return (
    <p class="lab-progress">
      <span>
        {told.step < 0 ? `${steps.length} steps` : `Step ${told.step + 1} of ${steps.length}`}
      </span>
      <span class="lab-dots" aria-hidden="true">
        {steps.map((step, at) => (
          <span key={step.title} class={at <= told.step ? 'lab-dot lab-dot-on' : 'lab-dot'} />
        ))}
      </span>
    </p>
  );
}

function StepText({ step }: { readonly step: StoryStepOutline }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // On a phone the stage is above: what is told next is to be in sight.
  useEffect(() => heading.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <div class="lab-step">
      <h3 ref={heading}>{step.title}</h3>
      <p>{step.text}</p>
      <p>
        <a
          class="lab-section"
          href={addressOfSection(step.section)}
          target="_blank"
          rel="noreferrer"
        >
          {step.section.startsWith('thesis') ? step.section : `Raft paper ${step.section}`}
        </a>
      </p>
    </div>
  );
}

/** What the steps so far have shown, as it was checked. */
function Claims({ outline, told }: { readonly outline: StoryOutline; readonly told: LabStory }) {
  const shown = outline.steps.slice(0, told.step + 1);
  return (
    <ol class="lab-claims" aria-label="Checked facts" aria-live="polite">
      {shown.map((step, at) => {
        const isLast = at === told.step;
        const isKnown = !isLast || told.claimHolds !== null;
        const holds = !isLast || told.claimHolds === true;
        if (!isKnown) return null;
        return (
          <li key={step.title} class={holds ? 'lab-claim' : 'lab-claim lab-claim-false'}>
            <span class="lab-tick" aria-hidden="true">
              {holds ? '✓' : '✗'}
            </span>
            <span>
              <span class="sr-only">{holds ? 'Holds: ' : 'Does not hold: '}</span>
              {step.claim}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function WaysOn({ outline }: { readonly outline: StoryOutline }) {
  const { value: all } = stories;
  const at = all.findIndex(({ id }) => id === outline.id);
  const related = [all[at + 1], all[at - 1]].filter((other) => other !== undefined);
  const leader = still.value?.leader ?? null;
  return (
    <div class="lab-on">
      <h4>That was all of it. And now?</h4>
      <ul>
        {related.map(({ id, title }) => (
          <li key={id}>
            <a href={addressOfView('lab', queryOfSource({ type: 'story', id }))}>{title}</a>
          </li>
        ))}
        <li>
          {leader === null ? (
            'Pick a server, a link or a message, and go on by hand.'
          ) : (
            <button
              type="button"
              class="link"
              onClick={() => void act([{ type: 'write', server: leader }])}
            >
              Go on by hand from here: let a client write
            </button>
          )}
        </li>
      </ul>
    </div>
  );
}

function StoryButtons({ told }: { readonly told: LabStory }) {
  if (told.isLeft) {
    return (
      <div class="lab-story-buttons">
        <button type="button" class="button" onClick={() => void backToStory()}>
          Back to the story
        </button>
      </div>
    );
  }
  return (
    <div class="lab-story-buttons">
      <button
        type="button"
        class="button"
        disabled={told.step < 0}
        onClick={() => void previousStep()}
      >
        Back <kbd>B</kbd>
      </button>
      <button
        type="button"
        class="button button-main"
        disabled={told.isOver}
        onClick={() => void nextStep()}
      >
        {nextName(told)} <kbd>N</kbd>
      </button>
    </div>
  );
}

function nextName({ step, isStepOver, isOver }: LabStory): string {
  if (isOver) return 'The end';
  if (step < 0) return 'Begin';
  return isStepOver ? 'Next' : 'To its end';
}
