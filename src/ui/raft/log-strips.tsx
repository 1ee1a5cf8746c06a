/**
 * Every member's log as a strip of entries coloured by their terms, all on one axis of indexes. Solid:
 * committed; hatched: not yet. Below a strip: how far its server has applied it, and what the leader
 * knows of it (matchIndex and nextIndex, paper figure 2). A table says the same to those who do not see it.
 */

import '../style/raft.css';
import { useRef } from 'preact/hooks';
import { classOfTerm, type DrawnLog } from './drawn.ts';
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
  const strips = useRef<HTMLDivElement>(null);
  const width = useWidth(strips);
  const fitting = Math.floor(width / COLUMN_PX);
  const columns = Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, fitting));
  const window = windowOf(logs, columns);
  return (
    <div class="logs">
      <div class="log-drawing" aria-hidden="true">
        <div class="log-line">
          <span />
          <div ref={strips} class="log-columns log-axis" style={columnsStyle(columns)}>
            {width > 0 &&
              namedIndexes(window).map((index) => (
                <span key={index} style={spanStyle(window, index, index)}>
                  {index}
                </span>
              ))}
          </div>
        </div>
        {width > 0 &&
          logs.map((log) => <Strip key={log.id} log={log} window={window} columns={columns} />)}
      </div>
      <LogTable label={label} logs={logs} />
    </div>
  );
}

interface StripProps {
  readonly log: DrawnLog;
  readonly window: LogWindow;
  readonly columns: number;
}

function Strip({ log, window, columns }: StripProps) {
  const snapshot = snapshotSpan(log, window);
  const isLeftBehind = log.lastIndex > 0 && log.lastIndex < window.firstIndex;
  return (
    <div class="log-line">
      <code class="log-name">{log.name}</code>
      <div>
        <div class="log-columns log-strip" style={columnsStyle(columns)}>
          {snapshot !== null && (
            <span class="log-snapshot" style={spanStyle(window, ...snapshot)}>
              {snapshot[1] - snapshot[0] > 3 ? 'snapshot' : ''}
            </span>
          )}
          {segmentsOf(log, window).map((segment) => (
            <span
              key={segment.firstIndex}
              class={`log-run ${classOfTerm(segment.term)} ${segment.isCommitted ? '' : 'log-open'}`}
              style={{
                ...spanStyle(window, segment.firstIndex, segment.lastIndex),
                '--entries': segment.lastIndex - segment.firstIndex + 1,
              }}
            >
              <span>{segment.term}</span>
            </span>
          ))}
          {isLeftBehind && <span class="log-behind">ends at {log.lastIndex}, left of here</span>}
        </div>
        <Marks log={log} window={window} columns={columns} />
      </div>
    </div>
  );
}

function Marks({ log, window, columns }: StripProps) {
  const { progress, appliedIndex } = log;
  return (
    <div class="log-columns log-marks" style={columnsStyle(columns)}>
      <Mark name="applied" index={appliedIndex} window={window} />
      {progress !== null && (
        <>
          <Mark name="match" index={progress.matchIndex} window={window} />
          <Mark name="next" index={progress.nextIndex} window={window} />
        </>
      )}
    </div>
  );
}

interface MarkProps {
  readonly name: 'applied' | 'match' | 'next';
  readonly index: number;
  readonly window: LogWindow;
}

function Mark({ name, index, window }: MarkProps) {
  const isInside = index >= window.firstIndex && index <= window.lastIndex + 1;
  if (!isInside) return null;
  const isBeyond = index > window.lastIndex;
  const shown = isBeyond ? window.lastIndex : index;
  return (
    <span
      class={`log-mark log-mark-${name} ${isBeyond ? 'log-mark-beyond' : ''}`}
      style={spanStyle(window, shown, shown)}
    />
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

function columnsStyle(columns: number): { gridTemplateColumns: string } {
  return { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` };
}

function spanStyle(window: LogWindow, from: number, to: number): { gridColumn: string } {
  const column = (index: number): number => index - window.firstIndex + 1;
  return { gridColumn: `${column(from)} / ${column(to) + 1}` };
}
