/** What the last run gave: of the editor, statement by statement; of a file, progress and counts. */

import { MAX_REPORTS, run, type ConsoleRun, type RunEnd } from './console-store.ts';
import { ErrorDetail } from './error-detail.tsx';
import { ResultCard } from './result-card.tsx';
import { formatCount, formatCounted, formatDuration } from './wording.ts';

interface Props {
  readonly onGoTo: (index: number) => void;
  readonly onExample: (sql: string) => void;
}

const EXAMPLES: readonly string[] = [
  'create table note(id integer primary key, at text, text text);',
  "insert into note(at, text) values (datetime('now'), 'hello') returning *;",
  'select * from note;',
];

export function Results({ onGoTo, onExample }: Props) {
  const { value: last } = run;
  if (last === null) return <Examples onExample={onExample} />;
  return (
    <section class="results" aria-label="Results">
      <div aria-live="polite" class="run-summary">
        <Summary run={last} />
      </div>
      <Failures run={last} />
      {last.reports.length > 0 && (
        <ol class="result-list">
          {last.reports.map((report) => (
            <ResultCard
              key={report.statement}
              report={report}
              script={last.script}
              onGoTo={(index) => onGoTo(last.base + index)}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

/** Something to begin with. */
function Examples({ onExample }: Pick<Props, 'onExample'>) {
  return (
    <div class="examples">
      <span>For example</span>
      {EXAMPLES.map((sql) => (
        <button key={sql} type="button" class="example" onClick={() => onExample(sql)}>
          <code>{sql}</code>
        </button>
      ))}
    </div>
  );
}

function Summary({ run: { end, name, source, progress, reports } }: { readonly run: ConsoleRun }) {
  if (end === null) return <Progress name={name} progress={progress} />;
  const lead = source === 'file' ? <strong class="run-name">{name}</strong> : null;
  if (end.type === 'failed') return lead;
  const { statements, errors, rowsAffected, elapsedMs } = end.result;
  const facts = [
    formatCounted(statements, 'statement'),
    ...(errors > 0 ? [formatCounted(errors, 'error')] : []),
    ...(rowsAffected > 0 ? [`${formatCounted(rowsAffected, 'row')} changed`] : []),
    formatDuration(elapsedMs),
    ...(source === 'file' ? [`${formatCount(ratePerSecond(end))} statements/s`] : []),
  ];
  const isCut = source === 'editor' && statements > reports.length;
  return (
    <>
      {lead}
      <span>{facts.join(' · ')}</span>
      {errors > 0 && source === 'editor' && <span>Stopped at the first error.</span>}
      {isCut && <span>The first {formatCount(MAX_REPORTS)} are shown.</span>}
    </>
  );
}

function ratePerSecond(end: Extract<RunEnd, { type: 'done' }>): number {
  const { statements, elapsedMs } = end.result;
  return Math.round((statements * 1_000) / Math.max(elapsedMs, 1));
}

function Progress({ name, progress }: Pick<ConsoleRun, 'name' | 'progress'>) {
  const { statements = 0, errors = 0, fraction = 0 } = progress ?? {};
  return (
    <div class="run-progress" aria-live="off">
      <span>
        {name === '' ? 'Running' : name}: {formatCounted(statements, 'statement')}
        {errors > 0 && `, ${formatCounted(errors, 'error')}`}
      </span>
      <progress aria-label="How much of the script is done" value={fraction} max={1} />
    </div>
  );
}

/** Errors that no result card shows: of the whole run, or of a file's statements. */
function Failures({ run: { end, source, script } }: { readonly run: ConsoleRun }) {
  if (end === null) return null;
  if (end.type === 'failed') {
    return (
      <div class="result result-error result-body" role="alert">
        <ErrorDetail error={end.error} place={null} onGoTo={null} />
      </div>
    );
  }
  const { firstErrors, errors } = end.result;
  if (source === 'editor' || errors === 0) return null;
  return (
    <ol class="result-list" aria-label="First errors">
      {firstErrors.map(({ statement, start, sql, error }) => (
        <li key={statement} class="result result-error">
          <div class="result-head">
            <span class="result-number">{formatCount(statement + 1)}</span>
            <code class="result-sql">{sql}</code>
          </div>
          <div class="result-body">
            <ErrorDetail error={error} place={{ script, start }} onGoTo={null} />
          </div>
        </li>
      ))}
      {errors > firstErrors.length && (
        <li class="result-rest">and {formatCounted(errors - firstErrors.length, 'more error')}</li>
      )}
    </ol>
  );
}
