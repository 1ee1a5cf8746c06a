/** The part of a server's log that is drawn, one cell an index. Pure. */

import type { LabServer } from '../../lab/protocol.ts';
import type { DrawnLog } from '../raft/drawn.ts';
import { windowOf, type LogWindow } from '../raft/log-window.ts';

export interface LogCell {
  readonly index: number;
  /** Null: the snapshot stands for it. */
  readonly term: number | null;
  readonly label: string;
  readonly isCommitted: boolean;
  readonly isDurable: boolean;
}

/** The end of the longest log, and a column for what comes next. */
export function windowOfServers(servers: readonly LabServer[], columns: number): LogWindow {
  const { lastIndex } = windowOf(drawnLogs(servers), columns - 1);
  return { firstIndex: Math.max(1, lastIndex - columns + 2), lastIndex: lastIndex + 1 };
}

function drawnLogs(servers: readonly LabServer[]): readonly DrawnLog[] {
  return servers.map((server) => ({
    id: String(server.number),
    name: server.name,
    snapshotIndex: server.firstIndex > 1 ? server.firstIndex - 1 : null,
    lastIndex: server.lastIndex,
    isEndKnown: true,
    commitIndex: server.commitIndex,
    appliedIndex: server.lastApplied,
    runs: server.runs,
    progress: null,
  }));
}

/** In order; indexes that its log does not have are left out. */
export function cellsOf(server: LabServer, window: LogWindow): readonly LogCell[] {
  const { firstIndex, lastIndex, commitIndex, durableIndex } = server;
  const entries = new Map(server.entries.map((entry) => [entry.index, entry]));
  const cells: LogCell[] = [];
  const from = Math.max(1, window.firstIndex);
  for (let index = from; index <= Math.min(lastIndex, window.lastIndex); index += 1) {
    const isInLog = index >= firstIndex;
    cells.push({
      index,
      term: isInLog ? termAt(server, index) : null,
      label: entries.get(index)?.label ?? '',
      isCommitted: index <= commitIndex,
      isDurable: index <= durableIndex,
    });
  }
  return cells;
}

function termAt({ runs }: LabServer, index: number): number | null {
  return runs.findLast(({ firstIndex }) => firstIndex <= index)?.term ?? null;
}
