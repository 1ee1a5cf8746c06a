/**
 * Makes the picture of a node's inside (inspection.ts) for whoever looks. Of its events the last ones
 * are always kept; messages and commit times are counted only while somebody looks. Reading changes
 * nothing that a node decides by, and nothing here walks the log.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import { Chronicle } from './chronicle.ts';
import { CommitWatch } from './commit-watch.ts';
import type { NodeEventDetail, ProgressReport, RuntimeInspection } from './inspection.ts';
import { MAX_TERM_RUNS } from './limits.ts';
import type { Clock } from './ports.ts';
import type { StateChecks } from './state-check.ts';
import type { Traffic } from './traffic.ts';

export interface InspectorOptions {
  readonly raft: Raft;
  readonly clock: Pick<Clock, 'now' | 'wallClock'>;
  readonly isQuarantined: () => boolean;
  readonly stateChecks: Pick<StateChecks, 'bestKnown'>;
  readonly writes: { readonly pending: number };
  readonly reads: { readonly pending: number };
}

export class Inspector {
  readonly traffic: Traffic;
  readonly #options: InspectorOptions;
  readonly #chronicle: Chronicle;
  readonly #commits: CommitWatch;
  #isOn = false;
  #toldNumber = 0;
  #toldAtMs = 0;

  constructor(traffic: Traffic, options: InspectorOptions) {
    this.traffic = traffic;
    this.#options = options;
    const { raft, clock, isQuarantined } = options;
    this.#chronicle = new Chronicle(raft, () => clock.wallClock(), isQuarantined());
    this.#commits = new CommitWatch(raft);
  }

  /** Whether somebody looks from now on; who begins to is told all events that are kept. */
  watch(on: boolean): void {
    if (on === this.#isOn) return;
    this.#isOn = on;
    this.traffic.watch(on);
    this.#commits.reset();
    this.#toldNumber = 0;
    this.#toldAtMs = this.#options.clock.now();
  }

  note(detail: NodeEventDetail): void {
    this.#chronicle.note(detail);
  }

  /** To be called after every input. */
  observe(nowMs: number): void {
    this.#chronicle.observe(this.#options.isQuarantined());
    if (this.#isOn) this.#commits.observe(nowMs);
  }

  /** The picture now, and what was counted since the one before. */
  take(): RuntimeInspection {
    const { raft, clock, isQuarantined, stateChecks, writes, reads } = this.#options;
    // Of a node that stops within an input, nothing has been looked at since.
    this.#chronicle.observe(isQuarantined());
    const { commitIndex, appliedIndex, lastIndex, snapshot } = raft;
    const nowMs = clock.now();
    const overMs = nowMs - this.#toldAtMs;
    this.#toldAtMs = nowMs;
    const events = this.#chronicle.since(this.#toldNumber);
    this.#toldNumber = this.#chronicle.lastNumber;
    return {
      nodeId: raft.nodeId,
      atMs: clock.wallClock(),
      overMs,
      role: raft.role,
      term: raft.term,
      leaderId: raft.leaderId,
      votedFor: raft.votedFor,
      votes: raft.votes,
      commitIndex,
      lastApplied: appliedIndex,
      durableIndex: raft.durableIndex,
      firstIndex: raft.firstIndex,
      lastIndex,
      snapshot: snapshot && { index: snapshot.index, term: snapshot.term },
      runs: raft.termRuns(MAX_TERM_RUNS),
      progress: this.#progress(),
      messages: this.traffic.take(),
      events,
      stateHashes: stateChecks.bestKnown,
      commitTimes: this.#commits.take(),
      queues: {
        pendingWrites: writes.pending,
        pendingReads: reads.pending,
        uncommitted: lastIndex - commitIndex,
        unapplied: commitIndex - appliedIndex,
      },
    };
  }

  #progress(): ProgressReport[] {
    const { raft } = this.#options;
    return membersOf(raft.configuration).flatMap((nodeId) => {
      const progress = nodeId === raft.nodeId ? null : raft.progress(nodeId);
      if (progress === null) return [];
      const { state, matchIndex, nextIndex, inflightMessages } = progress;
      return [{ nodeId, state, matchIndex, nextIndex, inflightMessages }];
    });
  }
}
