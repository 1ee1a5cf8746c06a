/** What a person sets for this browser, and what is done with this tab's node. */

import '../style/settings.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { openGuide } from '../guide/guide-store.ts';
import { showView } from '../views.ts';
import { AutopilotForm } from './autopilot-form.tsx';
import { DangerSection } from './danger-section.tsx';
import { NodeSection } from './node-section.tsx';
import { SignallingForm } from './signalling-form.tsx';
import { StorageSection } from './storage-section.tsx';
import { ThemeChoice } from './theme-choice.tsx';

export function SettingsView() {
  return (
    <div class="settings">
      <div class="settings-column">
        <Section title="Connections">
          <SignallingForm />
        </Section>
        <Section title="Cluster size">
          <AutopilotForm />
        </Section>
      </div>
      <div class="settings-column">
        <Section title="Appearance">
          <ThemeChoice />
          <GuideAction />
        </Section>
        <Section title="Storage">
          <StorageSection />
        </Section>
        <Section title="This node">
          <NodeSection />
        </Section>
        <Section title="Danger zone" isDangerous>
          <DangerSection />
        </Section>
      </div>
    </div>
  );
}

/** For whoever has closed it, or shows the page to somebody. */
function GuideAction() {
  return (
    <div class="settings-actions">
      <button
        type="button"
        class="button"
        onClick={() => {
          openGuide();
          showView('database');
        }}
      >
        Show the guide from the beginning
      </button>
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
}

function Section({ title, isDangerous = false, children }: SectionProps) {
  const id = useId();
  return (
    <section class={`card settings-card ${isDangerous ? 'danger' : ''}`} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
