/** One statement or command of the last run, and what came of it. */

import { useMemo } from 'preact/hooks';
import { ErrorDetail } from './error-detail.tsx';
import { CopyText } from './copy-button.tsx';
import { ResultViewer, TextOutput } from './result-viewer.tsx';
import type { CommandItem, ShellItem, StatementItem } from './shell/shell-items.ts';
import { formatCounted, formatDuration, oneLine } from './wording.ts';

interface Props<Item> {
  readonly item: Item;
  /** Leads to a place in the editor. */
  readonly onGoTo: (index: number) => void;
}

const EXCERPT_CHARACTERS = 160;

/** Drawn once: a run that goes on redraws the list in every frame, and an item never changes. */
export function ResultCard({ item, onGoTo }: Props<ShellItem>) {
  return useMemo(
    () =>
      item.type === 'statement' ? (
        <StatementCard item={item} onGoTo={onGoTo} />
      ) : (
        <CommandCard item={item} />
      ),
    [item, onGoTo],
  );
}

function StatementCard({ item, onGoTo }: Props<StatementItem>) {
  const { outcome, number, sql, start, source, notes } = item;
  const label = `Statement ${number}`;
  const hasView = outcome.type === 'rows' || outcome.type === 'executed';
  return (
    <li class={`result result-${outcome.type}`}>
      <div class="result-head">
        <span class="result-number" aria-label={label}>
          {number}
        </span>
        <code class="result-sql">{excerpt(sql)}</code>
        <span class="result-facts">{factsOf(item).join(' · ')}</span>
      </div>
      {outcome.type === 'error' && (
        <div class="result-body">
          <ErrorDetail
            error={outcome.error}
            place={{ script: source.text, start }}
            onGoTo={goToIn(source, onGoTo)}
          />
        </div>
      )}
      {hasView && outcome.view !== null && (
        <ResultViewer
          label={label}
          view={outcome.view}
          sql={outcome.type === 'rows' ? sql : null}
        />
      )}
      {notes.length > 0 && <pre class="result-notes">{notes.join('\n')}</pre>}
    </li>
  );
}

function CommandCard({ item: { text, outcome } }: Pick<Props<CommandItem>, 'item'>) {
  const output = outcome.type === 'text' ? outcome.text : null;
  const isQuiet = output === '' || outcome.type === 'declined';
  const look = isQuiet ? 'result-quiet' : output === null ? 'result-error' : '';
  return (
    <li class={`result result-command ${look}`}>
      <div class="result-head">
        <code class="result-sql">{text}</code>
        <span class="result-facts">
          <CommandFacts outcome={outcome} />
        </span>
      </div>
      {output !== null && <TextOutput label={text} text={output} />}
      {outcome.type === 'refused' && (
        <div class="result-body">
          <p class="error-message">{outcome.message}</p>
        </div>
      )}
      {outcome.type === 'error' && (
        <div class="result-body">
          <ErrorDetail error={outcome.error} place={null} onGoTo={null} />
        </div>
      )}
    </li>
  );
}

function CommandFacts({ outcome }: Pick<CommandItem, 'outcome'>) {
  switch (outcome.type) {
    case 'text':
      return outcome.text === '' ? <>done</> : <CopyText label="Copy" text={outcome.text} />;
    case 'declined':
      return <>cancelled: nothing was done</>;
    case 'refused':
    case 'error':
      return <>failed</>;
  }
}

function goToIn({ base }: StatementItem['source'], onGoTo: (index: number) => void) {
  return base === null ? null : (index: number) => onGoTo(base + index);
}

function excerpt(sql: string): string {
  const line = oneLine(sql);
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line;
}

function factsOf({ outcome, elapsedMs }: StatementItem): string[] {
  const time = formatDuration(elapsedMs);
  switch (outcome.type) {
    case 'rows': {
      const { rowCount, level, appliedIndex } = outcome;
      const stale = level === 'none' || level === 'weak' ? ['may be stale'] : [];
      return [formatCounted(rowCount, 'row'), level, ...stale, `index ${appliedIndex}`, time];
    }
    case 'executed': {
      const { rowsAffected } = outcome;
      const changed = rowsAffected > 0 ? `${formatCounted(rowsAffected, 'row')} changed` : 'done';
      return [changed, `index ${outcome.index}`, time];
    }
    case 'queued':
      return ['queued: waits for a quorum'];
    case 'done':
      return ['done'];
    case 'dropped':
      return ['rolled back'];
    case 'error':
      return ['failed'];
  }
}
