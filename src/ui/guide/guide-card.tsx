/** The guide: what this page is, who is here, and the one thing to do next. */

import { Late } from '../late.tsx';
import { guideActions } from '../late-parts.ts';
import { status } from '../store.ts';
import { GuideRing } from './guide-ring.tsx';
import { closeGuide, guideStep } from './guide-store.ts';
import { GUIDE_STEPS, seatsOf, type GuideStep } from './guide-steps.ts';
import { TabsStep } from './tabs-step.tsx';

const STEP_NAMES: Readonly<Record<GuideStep, string>> = {
  tabs: 'Open three tabs',
  sample: 'Fill it',
  query: 'Ask it something',
  kill: 'Kill the leader',
  reopen: 'Bring it back',
  done: 'That was it',
};

export function GuideCard() {
  const { value: step } = guideStep;
  if (step === null) return null;
  return (
    <section class="card guide" aria-labelledby="guide-title">
      <GuideRing seats={seatsOf(status.value)} />
      <div class="guide-words">
        <p class="guide-place">
          {GUIDE_STEPS.indexOf(step) + 1} of {GUIDE_STEPS.length} · {STEP_NAMES[step]}
        </p>
        {step === 'tabs' ? (
          <TabsStep />
        ) : (
          <Late part={guideActions}>{({ GuideAction }) => <GuideAction step={step} />}</Late>
        )}
      </div>
      <button
        type="button"
        class="icon-button guide-close"
        title="Close the guide"
        onClick={closeGuide}
      >
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
          <path d="m6 6 12 12M18 6 6 18" />
        </svg>
        <span class="sr-only">Close the guide</span>
      </button>
    </section>
  );
}
