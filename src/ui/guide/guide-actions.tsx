/** The steps of the guide behind the first one. */

import type { ComponentChildren } from 'preact';
import { runInConsole } from '../console-requests.ts';
import { reloadPage } from '../leaving.ts';
import { openDialog } from '../open-dialog.ts';
import { SAMPLE_QUERY } from '../sample/music-shop.ts';
import { loadSample, sample } from '../sample/sample-store.ts';
import { database, nextTabAddress, status } from '../store.ts';
import { addressOfView, showView } from '../views.ts';
import { formatCount, shortId } from '../wording.ts';
import { closeGuide, sampleIsLoaded, skipStep } from './guide-store.ts';
import { isClusterWhole, type GuideStep } from './guide-steps.ts';
import { killLeader, killProblem } from './leader-kill.ts';

export function GuideAction({ step }: { readonly step: Exclude<GuideStep, 'tabs'> }) {
  switch (step) {
    case 'sample':
      return <SampleStep />;
    case 'query':
      return <QueryStep />;
    case 'kill':
      return <KillStep />;
    case 'reopen':
      return <ReopenStep />;
    case 'done':
      return <DoneStep />;
  }
}

interface StepProps {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly children: ComponentChildren;
}

function Step({ title, text, children }: StepProps) {
  return (
    <>
      <h2 id="guide-title">{title}</h2>
      <p class="guide-text">{text}</p>
      <div class="guide-do">{children}</div>
    </>
  );
}

function SkipButton() {
  return (
    <button type="button" class="link" onClick={skipStep}>
      Skip
    </button>
  );
}

async function loadIt(): Promise<void> {
  if (database.value === null) return;
  await loadSample(database.value);
  if (sample.value.type === 'loaded') sampleIsLoaded();
}

function SampleStep() {
  const { value: state } = sample;
  const isLoading = state.type === 'loading';

  return (
    <Step
      title={`All ${formatCount(status.value?.voters.length ?? 0)} are in: it is fault-tolerant now`}
      text="Every write goes to all tabs, and counts when a majority has it on disk. Give it something to keep: a music shop of 15,607 rows."
    >
      <button
        type="button"
        class="button button-main"
        disabled={isLoading || database.value === null}
        onClick={() => void loadIt()}
      >
        {isLoading ? 'Loading…' : 'Load the sample'}
      </button>
      {isLoading ? (
        <label class="guide-progress">
          <progress value={state.rows} max={state.allRows} />
          <span>
            {formatCount(state.rows)} of {formatCount(state.allRows)} rows
          </span>
        </label>
      ) : (
        <SkipButton />
      )}
      {state.type === 'failed' && (
        <p class="bad" role="alert">
          {state.message}
        </p>
      )}
    </Step>
  );
}

function QueryButton({ class: name, label }: { readonly class: string; readonly label: string }) {
  return (
    <button
      type="button"
      class={name}
      disabled={database.value === null}
      onClick={() => {
        showView('database');
        runInConsole(SAMPLE_QUERY);
      }}
    >
      {label}
    </button>
  );
}

function QueryStep() {
  return (
    <Step
      title="All of it is in every tab"
      text="Any tab answers, and never with stale rows: it first asks the leader how far the log is. Which genres earn most?"
    >
      <QueryButton class="button button-main" label="Run this query" />
      <SkipButton />
    </Step>
  );
}

function KillStep() {
  const { value: known } = status;
  const leader = known?.leaderId ?? null;
  const isThisTab = leader !== null && leader === known?.nodeId;
  return (
    <Step
      title="Now kill the leader"
      text={
        leader === null ? (
          'An election is under way.'
        ) : (
          <>
            <code>{shortId(leader)}</code> leads{isThisTab ? ': this tab' : ''}. Its node will die
            in the middle of whatever it does. The others notice that their links to it are gone,
            and elect one of themselves.
          </>
        )
      }
    >
      <button
        type="button"
        class="button button-danger"
        disabled={leader === null}
        onClick={killLeader}
      >
        Kill the leader
      </button>
      <SkipButton />
      {killProblem.value !== null && (
        <p class="bad" role="alert">
          {killProblem.value}
        </p>
      )}
    </Step>
  );
}

function ReopenStep() {
  const { value: known } = status;
  if (known?.state === 'stopped') {
    return (
      <Step
        title="This tab’s node is dead"
        text="The other tabs have elected a new leader, and go on: look at them. What this one had stored is still there. Start it again, and it catches up."
      >
        <button type="button" class="button button-main" onClick={reloadPage}>
          Start it again
        </button>
      </Step>
    );
  }
  const isWhole = known !== null && isClusterWhole(known);
  return (
    <Step
      title={leaderTitle(known?.leaderId ?? null, known?.nodeId ?? null)}
      text="Nothing that was acknowledged is lost: run the query again. But one more loss would stop writes, so open a tab in place of the dead one: it takes over what that had stored."
    >
      {!isWhole && (
        <a class="button button-main" href={nextTabAddress.value} target="_blank" rel="noopener">
          Open a tab in its place
        </a>
      )}
      <QueryButton class="button" label="Run the query again" />
      <SkipButton />
    </Step>
  );
}

function leaderTitle(leader: string | null, own: string | null): string {
  if (leader === null) return 'An election is under way';
  return leader === own ? 'This tab leads now' : `${shortId(leader)} leads now`;
}

function DoneStep() {
  return (
    <Step
      title="Whole again: you have killed a leader and lost nothing"
      text={
        <>
          See how it works in <a href={addressOfView('cluster')}>Cluster</a>, break it on purpose in
          the <a href={addressOfView('lab')}>Lab</a>, or let another device in.
        </>
      }
    >
      <button type="button" class="button button-main" onClick={closeGuide}>
        Close the guide
      </button>
      <button type="button" class="button" onClick={() => (openDialog.value = 'invites')}>
        Invite another browser…
      </button>
    </Step>
  );
}
