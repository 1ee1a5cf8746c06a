/**
 * Files that the SQL worker makes for the page, to be read piece by piece: opening one takes long, tells
 * how far it is, and can be aborted; whoever opened one closes it. At most one of a kind is open, so a
 * call that was refused must not close what belongs to another.
 */

import { withinLimits } from './call-limits.ts';
import { toReadError } from './errors.ts';
import type { TabNode } from './tab-node.ts';

export interface FilePorts {
  /** Rejects with `RpcFailure`. */
  readonly reader: TabNode['reader'];
}

interface Opening<Opened> {
  open(): Promise<Opened>;
  readonly progress: 'importProgress' | 'exportProgress';
  readonly close: 'closeImport' | 'closeExport';
}

/** For what takes as long as a disk takes for a large file. */
export const FILE_TIMEOUT_MS = 10 * 60_000;
const PROGRESS_INTERVAL_MS = 200;

/** Rejects with `ResqliteError`; nothing is open then. */
export async function openFile<Opened>(
  ports: FilePorts,
  { open, progress, close }: Opening<Opened>,
  signal: AbortSignal | undefined,
  tell: (fraction: number) => void,
): Promise<Opened> {
  let isPending = false;
  const ask = async (): Promise<void> => {
    const fraction = await ports.reader(progress, []);
    if (isPending) tell(fraction);
  };
  const timer = setInterval(() => void ask().catch(() => undefined), PROGRESS_INTERVAL_MS);
  const settled = (): void => {
    isPending = false;
  };
  const limits = {
    timeoutMs: FILE_TIMEOUT_MS,
    signal: signal ?? null,
    appliedIfSent: 'no',
  } as const;
  try {
    tell(0);
    const opened = await withinLimits(limits, () => {
      isPending = true;
      return open().finally(settled);
    });
    tell(1);
    return opened;
  } catch (error) {
    // What was given up here is still being made there.
    if (isPending) closeFile(ports, close);
    throw toReadError(error);
  } finally {
    settled();
    clearInterval(timer);
  }
}

/** Nobody waits for it. */
export function closeFile(ports: FilePorts, close: 'closeImport' | 'closeExport'): void {
  void ports.reader(close, []).catch(() => undefined);
}
