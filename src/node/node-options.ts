/** What a node is made from, how it ends, and what it tells of itself. Types only. */

import type { LogIndex, NodeId } from '../raft/types.ts';
import type { AdoptedBuild, BuildName } from './build.ts';
import type { RuntimeLimits } from './limits.ts';
import type { LoadedLog, NodePorts } from './ports.ts';
import type { NodeStatus } from './status.ts';

export interface NodeOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly loaded: LoadedLog;
  /**
   * The state machine's, when it was opened. Where it is behind the log's snapshot, its state is lost:
   * the node asks for a snapshot.
   */
  readonly appliedIndex: LogIndex;
  /** The state machine's, when it was opened (StateMachine.quarantine). */
  readonly quarantined: boolean;
  /** Absent: builds are not told apart, as in simulations of anything else. */
  readonly build?: {
    /** The state machine's, whatever it opened. */
    readonly own: BuildName;
    /** The state machine's, when it was opened. */
    readonly adopted: AdoptedBuild;
  };
  /** Members to ask for admission while this node is in no configuration. */
  readonly contacts: readonly NodeId[];
  /** The browser profile this node lives in: what is lost together. At most 64 ASCII characters. */
  readonly profileId: string;
  /** This node's public key (`Access.keys`); '' where nodes have none, as in simulations. */
  readonly key: string;
  readonly ports: NodePorts;
  /** Called once, when the node stops by itself. */
  readonly onStopped: (code: StopCode, reason: string) => void;
  /**
   * The configuration's members changed (they are the dial hints of the next start). `belongs`: this
   * node is a member by a configuration that is committed, and needs no invite any more.
   */
  readonly onMembers?: (members: readonly NodeId[], belongs: boolean) => void;
  /** Intervals and bounds; other than production's in simulations only. */
  readonly limits?: RuntimeLimits;
}

export type StopCode = 'StorageLost' | 'Internal' | 'Closed' | 'Removed';

export interface Stopped {
  readonly code: StopCode;
  readonly reason: string;
}

/** What the runtime can tell of itself; its adapters are told of by whoever opened them. */
export type RuntimeStatus = Omit<NodeStatus, 'storage' | 'transport'>;
