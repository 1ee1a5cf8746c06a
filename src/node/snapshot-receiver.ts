/**
 * Receives snapshots: the follower's side of InstallSnapshot (paper Figure 13), in chunks.
 *
 * Chunks are staged in order beside the present state, into a new file of the state machine. Every
 * answer says up to where everything is staged, so a sender that lost its place, or a connection that
 * was made anew, goes on from there; the same snapshot is known by its index and hash. When all of it
 * is there, checked and durable, the log takes note of it (raft/snapshot.ts), and then the file takes
 * the state's place.
 *
 * Only the leader's chunks come here. One snapshot is staged at a time: another one, from a newer
 * leader or of a newer state, replaces it.
 */

import type { Raft } from '../raft/raft.ts';
import type { InstallSnapshot } from '../raft/messages.ts';
import type { NodeId, Snapshot } from '../raft/types.ts';
import type { NodeMessage } from './messages.ts';
import type { SnapshotOutcome, StateMachine } from './ports.ts';

export interface SnapshotReceiverOptions {
  readonly raft: Raft;
  readonly stateMachine: StateMachine;
  /** Chunks that may wait to be staged. */
  readonly windowChunks: number;
  readonly send: (message: NodeMessage) => void;
  readonly onFailed: (reason: string) => void;
  readonly input: (step: (nowMs: number) => void) => void;
}

interface Stage {
  readonly snapshot: Snapshot;
  readonly sizeBytes: number;
  /** Where the last answer went, and the next goes. */
  source: NodeId;
  /** Everything before it is staged. */
  staged: number;
  /** Chunks that follow on `staged`, in order. */
  readonly waiting: Uint8Array[];
  waitingBytes: number;
  isWorking: boolean;
  /** All of it is there, checked and durable. */
  isComplete: boolean;
}

export class SnapshotReceiver {
  readonly #options: SnapshotReceiverOptions;
  #stage: Stage | null = null;

  constructor(options: SnapshotReceiverOptions) {
    this.#options = options;
  }

  /** The share of a snapshot under way that is here, 0 to 1; null where none is. */
  get progress(): number | null {
    const stage = this.#stage;
    return stage === null ? null : stage.staged / Math.max(stage.sizeBytes, 1);
  }

  /** A chunk from the leader of the present term. */
  onChunk(chunk: InstallSnapshot): void {
    const stage = this.#stageFor(chunk);
    if (stage === null) {
      this.#answer(chunk.from, chunk.lastIncludedIndex, chunk.hash, 0, true);
      return;
    }
    stage.source = chunk.from;
    const expected = stage.staged + stage.waitingBytes;
    const isNext = chunk.offset === expected && chunk.data.length > 0;
    if (isNext && stage.waiting.length < this.#options.windowChunks) {
      stage.waiting.push(chunk.data);
      stage.waitingBytes += chunk.data.length;
      this.#work(stage);
      return;
    }
    // A question, a copy, or something in between was lost: only an idle stage can say where it is.
    if (!stage.isWorking) this.#answerStaged(stage);
  }

  /** The complete snapshot that the log is to take note of, once nothing is being applied. */
  get complete(): Snapshot | null {
    return this.#stage?.isComplete === true ? this.#stage.snapshot : null;
  }

  /** The log took note of it, and the stage is the state machine's own business now. */
  handedOver(): void {
    this.#stage = null;
  }

  /** What is staged is given up where the log has gone beyond it, or this node leads. */
  discardStale(): void {
    const stage = this.#stage;
    if (stage !== null && !this.#options.raft.isSnapshotNews(stage.snapshot.index)) this.discard();
  }

  /** It is of no use any more. */
  discard(): void {
    if (this.#stage !== null) this.#options.stateMachine.discardStage();
    this.#stage = null;
  }

  #stageFor(chunk: InstallSnapshot): Stage | null {
    const { raft, stateMachine } = this.#options;
    const present = this.#stage;
    if (present !== null) {
      const { index, state } = present.snapshot;
      if (index === chunk.lastIncludedIndex && state.hash === chunk.hash) return present;
      // What is complete is about to be installed.
      if (present.isComplete) return null;
    }
    if (!raft.isSnapshotNews(chunk.lastIncludedIndex)) return null;
    const stage = newStage(chunk, (raft.snapshot?.state.file ?? 0) + 1);
    this.#stage = stage;
    const { snapshot, sizeBytes } = stage;
    const { file, hash } = snapshot.state;
    this.#run(
      stage,
      (done) => stateMachine.beginStage({ file, index: snapshot.index, sizeBytes, hash }, done),
      () => this.#advance(stage),
    );
    return stage;
  }

  /** Stages the next chunk, or finishes, or answers. */
  #advance(stage: Stage): void {
    if (stage.staged === stage.sizeBytes) this.#finish(stage);
    else {
      this.#answerStaged(stage);
      this.#work(stage);
    }
  }

  #work(stage: Stage): void {
    const { stateMachine } = this.#options;
    const data = stage.waiting[0];
    if (stage.isWorking || data === undefined) return;
    const { length } = data;
    this.#run(
      stage,
      (done) => stateMachine.writeStage(stage.staged, data, done),
      () => {
        stage.waiting.shift();
        stage.waitingBytes -= length;
        stage.staged += length;
        this.#advance(stage);
      },
    );
  }

  #finish(stage: Stage): void {
    this.#run(
      stage,
      (done) => this.#options.stateMachine.finishStage(done),
      () => {
        stage.isComplete = true;
        this.#answerStaged(stage);
      },
    );
  }

  /** Has the state machine work on the stage; `then` where it did and the stage still counts. */
  #run(
    stage: Stage,
    begin: (done: (outcome: SnapshotOutcome<null>) => void) => void,
    then: () => void,
  ): void {
    stage.isWorking = true;
    begin((outcome) => {
      if (outcome.type === 'failed') this.#options.onFailed(outcome.reason);
      this.#options.input(() => {
        stage.isWorking = false;
        if (this.#stage !== stage) return;
        if (outcome.type === 'done') then();
        else this.#giveUp(stage);
      });
    });
  }

  /** Wrong bytes, or no room: what is staged is of no use. */
  #giveUp(stage: Stage): void {
    const { snapshot, source } = stage;
    this.discard();
    this.#answer(source, snapshot.index, snapshot.state.hash, 0, true);
  }

  #answerStaged(stage: Stage): void {
    const { snapshot, source, staged } = stage;
    this.#answer(source, snapshot.index, snapshot.state.hash, staged, false);
  }

  #answer(
    to: NodeId,
    lastIncludedIndex: Snapshot['index'],
    hash: string,
    offset: number,
    isRefused: boolean,
  ): void {
    const { nodeId: from, term } = this.#options.raft;
    const type = 'install-snapshot-response';
    this.#options.send({ type, from, to, term, lastIncludedIndex, hash, offset, isRefused });
  }
}

function newStage(chunk: InstallSnapshot, file: number): Stage {
  const { hash, stampMs, sizeBytes } = chunk;
  return {
    snapshot: {
      index: chunk.lastIncludedIndex,
      term: chunk.lastIncludedTerm,
      configuration: chunk.configuration,
      state: { file, hash, stampMs },
    },
    sizeBytes,
    source: chunk.from,
    staged: 0,
    waiting: [],
    waitingBytes: 0,
    isWorking: false,
    isComplete: false,
  };
}
