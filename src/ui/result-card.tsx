/** One statement of the last run, and what came of it. */

import type { Report } from './console-store.ts';
import { ErrorDetail } from './error-detail.tsx';
import { ResultTable } from './result-table.tsx';
import { formatCounted, formatDuration } from './wording.ts';

interface Props {
  readonly report: Report;
  /** The script the statement is of. */
  readonly script: string;
  readonly onGoTo: (index: number) => void;
}

const EXCERPT_CHARACTERS = 160;

export function ResultCard({ report, script, onGoTo }: Props) {
  const { outcome, statement, sql, start } = report;
  const label = `Statement ${statement + 1}`;
  return (
    <li class={`result result-${outcome.type}`}>
      <div class="result-head">
        <span class="result-number" aria-label={label}>
          {statement + 1}
        </span>
        <code class="result-sql">{excerpt(sql)}</code>
        <span class="result-facts">{factsOf(report).join(' · ')}</span>
      </div>
      {outcome.type === 'error' && (
        <div class="result-body">
          <ErrorDetail error={outcome.error} place={{ script, start }} onGoTo={onGoTo} />
        </div>
      )}
      {outcome.type === 'rows' && (
        <ResultTable label={label} columns={outcome.answer.columns} rows={outcome.answer.rows} />
      )}
      {outcome.type === 'executed' && outcome.result.columns.length > 0 && (
        <ResultTable label={label} columns={outcome.result.columns} rows={outcome.result.rows} />
      )}
    </li>
  );
}

function excerpt(sql: string): string {
  const line = sql.trim().replace(/\s+/g, ' ');
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line;
}

function factsOf({ outcome, elapsedMs }: Report): string[] {
  const time = formatDuration(elapsedMs);
  switch (outcome.type) {
    case 'rows': {
      const { rows, level, appliedIndex, mayBeStale } = outcome.answer;
      const stale = mayBeStale ? ['may be stale'] : [];
      return [formatCounted(rows.length, 'row'), level, ...stale, `index ${appliedIndex}`, time];
    }
    case 'executed': {
      const { rowsAffected } = outcome.result;
      const changed = rowsAffected > 0 ? `${formatCounted(rowsAffected, 'row')} changed` : 'done';
      return [changed, `index ${outcome.index}`, time];
    }
    case 'done':
      return ['done'];
    case 'dropped':
      return ['rolled back'];
    case 'error':
      return ['failed'];
  }
}
