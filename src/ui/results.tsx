/** What the last run gave: statement by statement and command by command, with progress and counts. */

import './style/results.css';
import type { ComponentChildren } from 'preact';
import type { ResqliteError } from '../client/errors.ts';
import { canBeQueued, type ConsoleRun, type QueryConsole } from './console-store.ts';
import { ErrorDetail } from './error-detail.tsx';
import { ResultCard } from './result-card.tsx';
import { settings } from './shell/settings.ts';
import { MAX_ITEMS } from './shell/shell-run.ts';
import { formatCount, formatCounted, formatDuration } from './wording.ts';

interface Props {
  readonly console: QueryConsole;
  readonly onGoTo: (index: number) => void;
  /** Runs it once more, so that what finds no quorum waits for one. */
  readonly onQueue: (source: ConsoleRun['source']) => void;
}

export function Results({ console, onGoTo, onQueue }: Props) {
  const { value: last } = console.run;
  if (last === null) return null;
  return (
    <section class="results" aria-label="Results">
      <div aria-live="polite" class="run-summary">
        <Summary run={last} />
      </div>
      {last.end !== null && last.reports.length > 0 && (
        <details class="run-reports">
          <summary>Progress on the way</summary>
          <pre>{last.reports.join('\n')}</pre>
        </details>
      )}
      {last.end?.type === 'failed' && (
        <Failure error={last.end.error}>
          {canBeQueued(last) && (
            <p class="queue-offer">
              <button type="button" class="button" onClick={() => onQueue(last.source)}>
                Queue it
              </button>
              <span class="hint">
                It is kept in this browser and sent once a majority is there again.
              </span>
            </p>
          )}
        </Failure>
      )}
      {last.items.length > 0 && (
        <ol class="result-list">
          {last.items.map((item) => (
            <ResultCard key={`${last.number}-${item.place}`} item={item} onGoTo={onGoTo} />
          ))}
        </ol>
      )}
    </section>
  );
}

interface FailureProps {
  readonly error: ResqliteError;
  readonly children?: ComponentChildren;
}

/** Why a run ended early. What the person stopped is no error. */
function Failure({ error, children }: FailureProps) {
  if (error.code === 'Aborted') {
    const rest =
      error.applied === 'no'
        ? 'What was under way changed nothing.'
        : 'Whether all that was under way took effect is not known.';
    return (
      <div class="result result-stopped" role="status">
        <strong>Stopped.</strong> {rest}
      </div>
    );
  }
  return (
    <div class="result result-error result-body" role="alert">
      <ErrorDetail error={error} place={null} onGoTo={null} />
      {children}
    </div>
  );
}

function Summary({ run: last }: { readonly run: ConsoleRun }) {
  const { end, title, isCut, hasHalted, counts } = last;
  if (end === null) return <Progress run={last} />;
  const lead = title === '' ? null : <strong class="run-name">{title}</strong>;
  const { statements, commands, errors, rowsAffected, elapsedMs } = counts;
  const typedCommands = title === '' ? commands : 0;
  const facts = [
    ...(statements > 0 || commands === 0 ? [formatCounted(statements, 'statement')] : []),
    ...(typedCommands > 0 ? [formatCounted(typedCommands, 'command')] : []),
    ...(errors > 0 ? [formatCounted(errors, 'error')] : []),
    ...(rowsAffected > 0 ? [`${formatCounted(rowsAffected, 'row')} changed`] : []),
    formatDuration(elapsedMs),
    ...(title === '' || statements === 0 ? [] : [`${ratePerSecond(counts)} statements/s`]),
  ];
  return (
    <>
      {lead}
      <span>{facts.join(' · ')}</span>
      {errors > 0 && settings.value.bail ? (
        <span>Stopped at the first error.</span>
      ) : (
        hasHalted && <span>What was left of the line was not run.</span>
      )}
      {isCut && <span>The first {formatCount(MAX_ITEMS)} results are shown.</span>}
    </>
  );
}

function ratePerSecond({ statements, elapsedMs }: ConsoleRun['counts']): string {
  return formatCount(Math.round((statements * 1_000) / Math.max(elapsedMs, 1)));
}

function Progress({ run: { progress, reports } }: { readonly run: ConsoleRun }) {
  const { label, statements, errors, fraction } = progress;
  return (
    <div class="run-progress" aria-live="off">
      <span>
        {label === '' ? 'Running' : label}
        {statements > 0 && `: ${formatCounted(statements, 'statement')}`}
        {errors > 0 && `, ${formatCounted(errors, 'error')}`}
      </span>
      <progress
        aria-label="How much is done"
        // Of a single statement nothing is known until it is done.
        value={fraction > 0 ? fraction : undefined}
        max={1}
      />
      <span role="status">{reports.at(-1)}</span>
    </div>
  );
}
