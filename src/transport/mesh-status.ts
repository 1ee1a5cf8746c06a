/** What a mesh tells of itself. Plain data. */

import type { NodeId } from '../raft/types.ts';
import type { Carrier } from './channel.ts';
import type { ToldReason } from './offer-refusal.ts';
import type { SignallingState } from './signalling-protocol.ts';

export interface LinkStatus {
  readonly nodeId: NodeId;
  readonly carrier: Carrier;
  /** Whether snapshots have a channel of their own. */
  readonly hasBulkChannel: boolean;
}

export interface MeshStatus {
  readonly signalling: SignallingState;
  readonly isolated: boolean;
  /** What the nodes dialled last said of this one; null: nothing, or it has a link meanwhile. */
  readonly refusal: ToldReason | null;
  readonly links: readonly LinkStatus[];
  /** Messages that wait for room in a link, or are late on purpose, all links together. */
  readonly unsent: number;
  readonly counters: Readonly<Record<string, number>>;
}
