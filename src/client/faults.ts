/** Faults that are made on purpose, for demonstrations and tests. */

import type { NodeId } from '../raft/types.ts';
import { checkDelay } from './arguments.ts';
import type { Calls } from './calls.ts';

export interface Faults {
  /** This tab's node dies at once, in the middle of whatever it does. */
  readonly crash: () => void;
  /** Cuts all links of this tab's node, or lets them come back. */
  readonly isolate: (on: boolean) => Promise<void>;
  /** Cuts the link between this tab's node and another, or lets it come back. */
  readonly cutLink: (nodeId: NodeId, on: boolean) => Promise<void>;
  /**
   * Every message of this tab's node leaves `ms` milliseconds later, in order; 0 to 5,000, else
   * 'InvalidArgument'.
   */
  readonly delay: (ms: number) => Promise<void>;
}

export function faultsOf(calls: Calls): Faults {
  const { node } = calls;
  return {
    crash: () => node.terminate('Closed', 'this node was made to crash'),
    isolate: (on) => calls.reading(() => node.node('isolate', [on])),
    cutLink: (nodeId, on) => calls.reading(() => node.node('cutLink', [nodeId, on])),
    delay: async (ms) => {
      checkDelay(ms);
      await calls.reading(() => node.node('delay', [ms]));
    },
  };
}
