/** What a job came to: a table sorted by the bytes of the keys, a search in it, and the whole as a file. */

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { KeyValue } from '../../../apps/mapreduce/job.ts';
import { ResultTable } from '../../result-table.tsx';
import { formatCount, formatCounted } from '../../wording.ts';
import { downloadResults, shownResults } from './job-store.ts';
import { foundIn, tableOf } from './result-rows.ts';

export function JobResults() {
  const { value: shown } = shownResults;
  if (shown === null) return null;
  if (shown.problem !== null) return <p class="mapreduce-problem">{shown.problem}</p>;
  if (shown.results === null) return <p class="hint">Results are read…</p>;
  return <Found results={shown.results} onDownload={() => downloadResults(shown)} />;
}

interface FoundProps {
  readonly results: readonly KeyValue[];
  readonly onDownload: () => void;
}

function Found({ results, onDownload }: FoundProps) {
  const search = useSignal('');
  const found = useMemo(() => foundIn(results, search.value), [results, search.value]);
  const rows = useMemo(() => tableOf(found), [found]);
  return (
    <div class="mapreduce-results">
      <div class="mapreduce-line">
        <h3 aria-live="polite">{countWords(found.length, results.length)}</h3>
        <input
          type="search"
          class="text-input mapreduce-search"
          aria-label="Search keys"
          placeholder="Search keys"
          autocomplete="off"
          spellcheck={false}
          value={search.value}
          onInput={({ currentTarget }) => (search.value = currentTarget.value)}
        />
        <button type="button" class="button" onClick={onDownload}>
          Download
        </button>
      </div>
      <div class="result">
        <ResultTable
          label="Results"
          rows={rows}
          nullText={null}
          rowCount={found.length}
          order={null}
          onEdit={null}
        >
          {null}
        </ResultTable>
      </div>
    </div>
  );
}

function countWords(found: number, all: number): string {
  return found === all
    ? formatCounted(all, 'key')
    : `${formatCount(found)} of ${formatCounted(all, 'key')}`;
}
