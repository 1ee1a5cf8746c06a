/** A server of a seeded world: the core, its disk and state machine, and what the checks remember. */

import { summarize } from '../../src/raft/invariants.ts';
import type { ServerSummary } from '../../src/raft/invariants.ts';
import type { Raft, Ready } from '../../src/raft/raft.ts';
import type { Entry, NodeId, Snapshot } from '../../src/raft/types.ts';
import type { Disk } from './cluster.ts';
import { ModelStateMachine } from './model-state.ts';
import type { CheckedServer } from './safety.ts';

/** A read that waits for its answer, and the least index that is not stale for it. */
interface OpenRead {
  readonly committedAtStart: number;
  readonly confirm: boolean;
}

export class WorldServer implements CheckedServer {
  readonly nodeId: NodeId;
  readonly disk: Disk;
  readonly machine = new ModelStateMachine();
  readonly openReads = new Map<number, OpenRead>();
  readonly checkedLog: Entry[] = [];
  checkedSnapshot: Snapshot | null = null;
  raft: Raft;
  before: ServerSummary;
  /** The work whose record is in flight. */
  writing: Ready | null = null;
  applying: readonly Entry[] = [];
  restoring: Snapshot | null = null;
  /** Received whole, and not yet given to the core. */
  staged: Snapshot | null = null;
  /** Its own clock, and how fast that runs. Safety must not rest on clocks (paper section 5.6). */
  clockMs = 0;
  clockRate = 1;

  constructor(disk: Disk, raft: Raft) {
    this.nodeId = raft.nodeId;
    this.disk = disk;
    this.raft = raft;
    this.before = summarize(raft);
  }

  /** A new life with what the disk holds: what was under way is forgotten. */
  restart(raft: Raft): void {
    this.raft = raft;
    this.before = summarize(raft);
    this.checkedSnapshot = null;
    this.writing = null;
    this.applying = [];
    this.restoring = null;
    this.staged = null;
    this.openReads.clear();
  }

  get isStateWorkDue(): boolean {
    return this.applying.length > 0 || this.restoring !== null || this.staged !== null;
  }
}
