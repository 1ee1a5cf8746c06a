/**
 * Every member's log as a strip of entries coloured by their terms, all on one axis of indexes. Solid:
 * committed; hatched: not yet. A table says the same to those who do not see it.
 */

import { useRef } from 'preact/hooks';
import { classOfTerm, type DrawnLog } from './drawn.ts';
import { LogDrawing, LogLine, spanOf } from './log-lines.tsx';
import { namedIndexes, segmentsOf, snapshotSpan, windowOf, type LogWindow } from './log-window.ts';
import { useWidth } from './media.ts';

interface Props {
  readonly label: string;
  readonly logs: readonly DrawnLog[];
}

const COLUMN_PX = 22;
const FEWEST_COLUMNS = 8;
const MOST_COLUMNS = 60;

export function LogStrips({ label, logs }: Props) {
  const axis = useRef<HTMLDivElement>(null);
  const width = useWidth(axis);
  const fitting = Math.floor(width / COLUMN_PX);
  const columns = Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, fitting));
  const window = windowOf(logs, columns);
  return (
    <div class="logs">
      <LogDrawing window={window} axis={axis} named={width > 0 ? namedIndexes(window) : null}>
        {logs.map((log) => (
          <Strip key={log.id} log={log} window={window} />
        ))}
      </LogDrawing>
      <LogTable label={label} logs={logs} />
    </div>
  );
}

function Strip({ log, window }: { readonly log: DrawnLog; readonly window: LogWindow }) {
  const snapshot = snapshotSpan(log, window);
  return (
    <LogLine log={log} window={window}>
      {snapshot !== null && (
        <span class="log-snapshot" style={spanOf(window, ...snapshot)}>
          {snapshot[1] - snapshot[0] > 3 ? 'snapshot' : ''}
        </span>
      )}
      {segmentsOf(log, window).map((segment) => (
        <span
          key={segment.firstIndex}
          class={`log-run ${classOfTerm(segment.term)} ${segment.isCommitted ? '' : 'log-open'}`}
          style={{
            ...spanOf(window, segment.firstIndex, segment.lastIndex),
            '--entries': segment.lastIndex - segment.firstIndex + 1,
          }}
        >
          <span>{segment.term}</span>
        </span>
      ))}
    </LogLine>
  );
}

function LogTable({ label, logs }: Props) {
  return (
    <div class="sr-only">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            {['Member', 'Last entry', 'Committed to', 'Applied to', 'Match', 'Next'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {logs.map((log) => (
            <tr key={log.id}>
              <th scope="row">{log.name}</th>
              <td>{log.isEndKnown ? log.lastIndex : 'not told'}</td>
              <td>{log.commitIndex}</td>
              <td>{log.appliedIndex}</td>
              <td>{log.progress?.matchIndex ?? ''}</td>
              <td>{log.progress?.nextIndex ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
