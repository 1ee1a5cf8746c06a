/** What every server's log holds, entry by entry, on one axis of indexes. */

import { useRef } from 'preact/hooks';
import type { LabPicture, LabServer } from '../../lab/protocol.ts';
import { classOfTerm } from '../raft/drawn.ts';
import { LogLegend } from '../raft/legend.tsx';
import { LogDrawing, LogLine, spanOf } from '../raft/log-lines.tsx';
import type { LogWindow } from '../raft/log-window.ts';
import { useWidth } from '../raft/media.ts';
import { still } from './lab-store.ts';
import { cellsOf, windowOfServers, type LogCell } from './log-cells.ts';

const COLUMN_PX = 74;
/** On a phone words are cut short rather than columns left out. */
const NARROW_COLUMN_PX = 50;
const NARROW_PX = 480;
const FEWEST_COLUMNS = 3;
/** So many entries have their words. */
const MOST_COLUMNS = 24;

export function LogPanel() {
  const { value: now } = still;
  return (
    <section class="card lab-logs" aria-labelledby="lab-logs">
      <h3 id="lab-logs">Logs</h3>
      {now !== null && <Strips now={now} />}
      <LogLegend />
    </section>
  );
}

function Strips({ now }: { readonly now: LabPicture }) {
  const axis = useRef<HTMLDivElement>(null);
  const width = useWidth(axis);
  const fitting = Math.floor(width / (width < NARROW_PX ? NARROW_COLUMN_PX : COLUMN_PX));
  const columns = Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, fitting));
  const servers = now.servers.filter(({ state }) => state !== 'lost');
  const window = windowOfServers(servers, columns);
  const indexes = Array.from({ length: columns }, (_, at) => window.firstIndex + at);
  return (
    <>
      <LogDrawing window={window} axis={axis} named={width > 0 ? indexes : null}>
        {servers.map((server) => (
          <Strip key={server.number} server={server} now={now} window={window} />
        ))}
      </LogDrawing>
      <div class="sr-only">
        <LogTable servers={servers} />
      </div>
    </>
  );
}

interface StripProps {
  readonly server: LabServer;
  readonly now: LabPicture;
  readonly window: LogWindow;
}

function Strip({ server, now, window }: StripProps) {
  const { name, number, lastIndex, lastApplied: appliedIndex, state } = server;
  const leader = now.leader === null ? null : (now.servers[now.leader] ?? null);
  const progress = leader?.progress.find((known) => known.server === number) ?? null;
  return (
    <LogLine
      log={{ name, lastIndex, appliedIndex, progress }}
      window={window}
      class={`lab-log ${state === 'up' ? '' : 'lab-log-down'}`}
    >
      {cellsOf(server, window).map((cell) => (
        <Cell key={cell.index} cell={cell} style={spanOf(window, cell.index, cell.index)} />
      ))}
    </LogLine>
  );
}

function Cell({ cell, style }: { readonly cell: LogCell; readonly style: { gridColumn: string } }) {
  const { term, label, isCommitted, isDurable, index } = cell;
  if (term === null) return <span class="log-snapshot" style={style} />;
  const classes = [
    'log-run',
    'lab-entry',
    classOfTerm(term),
    isCommitted ? '' : 'log-open',
    isDurable ? '' : 'lab-entry-unsaved',
  ];
  const state = isCommitted ? 'committed' : isDurable ? 'not committed' : 'not yet on its disk';
  return (
    <span
      class={classes.join(' ')}
      style={style}
      title={`${index}: ${label}, term ${term}, ${state}`}
    >
      <span class="lab-entry-term">{term}</span>
      <span class="lab-entry-label">{label}</span>
    </span>
  );
}

const TOLD_ENTRIES = 6;

function LogTable({ servers }: { readonly servers: readonly LabServer[] }) {
  return (
    <table>
      <caption>The logs of the servers</caption>
      <thead>
        <tr>
          {['Server', 'Last entry', 'Committed to', 'Applied to', 'Newest entries'].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {servers.map(({ number, name, lastIndex, commitIndex, lastApplied, entries }) => (
          <tr key={number}>
            <th scope="row">{name}</th>
            <td>{lastIndex}</td>
            <td>{commitIndex}</td>
            <td>{lastApplied}</td>
            <td>
              {entries
                .slice(-TOLD_ENTRIES)
                .map(({ index, term, label }) => `${index}: ${label} of term ${term}`)
                .join('; ')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
