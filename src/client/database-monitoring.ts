/** What a tab tells of its node and of the cluster. Types only. */

import type { Inspection } from '../node/inspection.ts';
import type { NodeStatus } from '../node/status.ts';
import type { LogIndex } from '../raft/types.ts';

/** What `hash` tells. */
export interface DatabaseHash {
  /** The log entry that the hashed data are as of. */
  readonly index: LogIndex;
  /** Hexadecimal digits. */
  readonly hash: string;
}

/** How the node and its cluster fare. */
export interface DatabaseMonitoring {
  /** What this tab's node knows of itself and of the cluster; of a node that has stopped, the last of it. */
  status(): Promise<NodeStatus>;

  /**
   * Calls back with every status, at once with the last one; the answer unsubscribes. It ends with this
   * handle; if the node closes with it, that is the last status. Throws 'InvalidArgument' and 'Closed'.
   */
  onStatus(listener: (status: NodeStatus) => void): () => void;

  /**
   * Calls back with what this tab's node tells of its inside, at once and then at most 8 times a second;
   * the first time with the events that it still keeps, later with new ones. The answer unsubscribes;
   * it ends with this handle. Throws 'InvalidArgument' and 'Closed'.
   */
  inspect(listener: (inspection: Inspection) => void): () => void;

  /** Calls back with the milliseconds that each write of this page took from call to answer, as `onStatus` does. */
  onWriteAnswered(listener: (elapsedMs: number) => void): () => void;

  /** A logical hash of the whole database: equal on every node at the same index. */
  hash(): Promise<DatabaseHash>;
}
