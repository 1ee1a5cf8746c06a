/**
 * What drawings of logs share, whether they show runs or single entries: an axis of indexes, a line for
 * each log on it, and below a log how far its server has applied it and what the leader knows of it
 * (matchIndex and nextIndex, paper figure 2).
 */

import '../style/raft.css';
import type { ComponentChildren, RefObject } from 'preact';
import type { DrawnLog } from './drawn.ts';
import type { LogWindow } from './log-window.ts';

interface LogDrawingProps {
  readonly window: LogWindow;
  /** The element whose width says how many columns there is room for. */
  readonly axis: RefObject<HTMLDivElement | null>;
  /** Indexes that the axis names; null: nothing is drawn until it is laid out. */
  readonly named: readonly number[] | null;
  readonly children: ComponentChildren;
}

/** For those who see it: a table has to say the same. */
export function LogDrawing({ window, axis, named, children }: LogDrawingProps) {
  return (
    <div class="log-drawing" aria-hidden="true">
      <div class="log-line">
        <span />
        <div ref={axis} class="log-columns log-axis" style={columnsOf(window)}>
          {named?.map((index) => (
            <span key={index} style={spanOf(window, index, index)}>
              {index}
            </span>
          ))}
        </div>
      </div>
      {named !== null && children}
    </div>
  );
}

interface LogLineProps {
  readonly log: Pick<DrawnLog, 'name' | 'lastIndex' | 'appliedIndex' | 'progress'>;
  readonly window: LogWindow;
  readonly class?: string;
  /** The strip's parts, each in its columns (`spanOf`). */
  readonly children: ComponentChildren;
}

export function LogLine({ log, window, class: name = '', children }: LogLineProps) {
  const { lastIndex, appliedIndex, progress } = log;
  const isLeftBehind = lastIndex > 0 && lastIndex < window.firstIndex;
  return (
    <div class={`log-line ${name}`}>
      <code class="log-name">{log.name}</code>
      <div>
        <div class="log-columns log-strip" style={columnsOf(window)}>
          {children}
          {isLeftBehind && <span class="log-behind">ends at {lastIndex}, left of here</span>}
        </div>
        <div class="log-columns log-marks" style={columnsOf(window)}>
          <Mark name="applied" index={appliedIndex} window={window} />
          {progress !== null && (
            <>
              <Mark name="match" index={progress.matchIndex} window={window} />
              <Mark name="next" index={progress.nextIndex} window={window} />
            </>
          )}
        </div>
      </div>
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
      style={spanOf(window, shown, shown)}
    />
  );
}

function columnsOf({ firstIndex, lastIndex }: LogWindow): { gridTemplateColumns: string } {
  return { gridTemplateColumns: `repeat(${lastIndex - firstIndex + 1}, minmax(0, 1fr))` };
}

/** The columns from one index to another. */
export function spanOf(window: LogWindow, from: number, to: number): { gridColumn: string } {
  const column = (index: number): number => index - window.firstIndex + 1;
  return { gridColumn: `${column(from)} / ${column(to) + 1}` };
}
