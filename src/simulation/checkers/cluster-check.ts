/**
 * Looks at a whole simulated cluster while it runs, after everything that any server does, and holds
 * it against the properties of the paper's Figure 3 and the rules that keep them. Each property has a
 * file of its own; here is only what is asked when. Throws `Violation`, or the core's own
 * `InvariantViolation`.
 */

import type { NodeMessage } from '../../node/messages.ts';
import { EMPTY_CONFIGURATION } from '../../raft/configuration.ts';
import { checkServer, checkTransition, summarize } from '../../raft/invariants.ts';
import type { ServerSummary } from '../../raft/invariants.ts';
import type { Raft } from '../../raft/raft.ts';
import type { Configuration, LogIndex, LogRecord, NodeId, Term } from '../../raft/types.ts';
import type { Disk } from '../disk.ts';
import type { History } from '../history.ts';
import type { Credentials } from '../link-access.ts';
import type { AppliedEntry } from '../model-state.ts';
import { Campaigns } from './campaigns.ts';
import { checkConfigurationInForce, checkConfigurationRule } from './configuration-rule.ts';
import { checkCommitDurable, checkMatchDurable, checkSentDurable } from './durability.ts';
import { ElectionRestriction } from './election-restriction.ts';
import { ElectionSafety } from './election-safety.ts';
import { Entitlement } from './entitlement.ts';
import { LeaderAppendOnly } from './leader-append-only.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { LogMatching } from './log-matching.ts';
import { LogMirror } from './log-mirror.ts';
import { MonotoneState } from './monotone-state.ts';
import { appliedInQuarantine } from './quarantine.ts';
import { SnapshotSafety } from './snapshot-safety.ts';
import { StampOrder } from './stamp-order.ts';
import { StateMachineSafety } from './state-machine-safety.ts';
import { Violation } from './violation.ts';

/** One running server as it was seen last. */
interface Observed {
  readonly mirror: LogMirror;
  summary: ServerSummary;
  configuration: Configuration;
  durableIndex: number;
  /** What it takes the others to have, as the leader of `matchTerm`. */
  readonly matchByPeer: Map<NodeId, LogIndex>;
  matchTerm: Term;
}

export class ClusterCheck {
  readonly #elections = new ElectionSafety();
  readonly #campaigns = new Campaigns();
  readonly #restriction = new ElectionRestriction();
  readonly #appendOnly = new LeaderAppendOnly();
  readonly #matching = new LogMatching();
  readonly #completeness = new LeaderCompleteness();
  readonly #machines = new StateMachineSafety();
  readonly #monotone = new MonotoneState();
  readonly #stamps = new StampOrder();
  /** The newest configuration that a leader has committed. */
  #members: Configuration = EMPTY_CONFIGURATION;
  #membersIndex = 0;
  readonly #snapshots = new SnapshotSafety(this.#machines);
  readonly entitlement: Entitlement;
  readonly #observedByNode = new Map<NodeId, Observed>();
  readonly #history: History;
  readonly #decodeResponse: (response: Uint8Array) => number;
  readonly #diskOf: (node: NodeId) => Disk | null;
  /** A leader was elected, or a commitment seen: for the trace and the counters. */
  onElected: (node: NodeId, raft: Raft) => void = () => {};
  /** Committed configurations, and commands that did not run since they had run or must not. */
  readonly counters = {
    configurations: 0,
    idleCommands: 0,
    evictedSessions: 0,
    stateChecks: 0,
    adoptions: 0,
  };

  constructor(
    history: History,
    diskOf: (node: NodeId) => Disk | null,
    decodeResponse: (response: Uint8Array) => number,
    credentialsOf: (node: NodeId) => Credentials | null,
  ) {
    this.entitlement = new Entitlement(credentialsOf);
    this.#decodeResponse = decodeResponse;
    this.#history = history;
    this.#diskOf = diskOf;
  }

  /** Terms in which a leader was elected. */
  get elections(): number {
    return this.#elections.elections;
  }

  /** Records by which logs were compacted, and by which snapshots were taken over. */
  get snapshots(): { readonly compactions: number; readonly installs: number } {
    return this.#snapshots;
  }

  /** The chained digest of the committed log up to `index`; null where nobody has applied it. */
  committedChain(index: LogIndex): number | null {
    return this.#machines.chainAt(index);
  }

  /** The highest index that any leader committed. */
  get committedIndex(): number {
    return this.#completeness.committedIndex;
  }

  /** `node` crashed: what it starts with again is judged by its disk alone. */
  onCrash(node: NodeId): void {
    this.#observedByNode.delete(node);
    this.#monotone.onStart(node);
  }

  /** `node` has done something. */
  afterTask(node: NodeId, raft: Raft): void {
    const observed = this.#observe(node, raft);
    if (raft.role === 'leader') this.#checkMatches(node, raft, observed);
    const before = observed.summary;
    const same =
      before.term === raft.term &&
      before.role === raft.role &&
      before.commitIndex === raft.commitIndex &&
      before.appliedIndex === raft.appliedIndex &&
      before.lastIndex === raft.lastIndex &&
      before.votedFor === raft.votedFor &&
      observed.durableIndex === raft.durableIndex &&
      observed.configuration === raft.configuration;
    if (same && raft.entryAt(raft.lastIndex) === observed.mirror.lastEntry) return;
    const summary = summarize(raft);
    checkTransition(before, summary);
    checkServer(raft);
    checkConfigurationInForce(raft);
    this.#monotone.onView(node, raft);
    this.#campaigns.onView(summary);
    const { term, votedFor, lastIndex } = raft;
    if (votedFor !== null && (votedFor !== before.votedFor || term !== before.term)) {
      const lastTerm = raft.termAt(lastIndex) ?? (0 as Term);
      this.#restriction.onVote(node, votedFor, term, { lastIndex, lastTerm });
    }
    this.#followLog(node, raft, observed);
    // A leader that is not in the configuration that it commits goes in the same step.
    const led = before.role === 'leader' && before.term === raft.term;
    if (raft.role === 'leader' || led) this.#checkLeader(node, raft, observed);
    if (raft.commitIndex > before.commitIndex) {
      this.#completeness.onCommit(node, raft.commitIndex, (index) =>
        observed.mirror.chainAt(index),
      );
    }
    observed.summary = summary;
    observed.configuration = raft.configuration;
    observed.durableIndex = raft.durableIndex;
  }

  /** `message` leaves its server. */
  onSend(message: NodeMessage): void {
    const disk = this.#diskOf(message.from);
    if (disk !== null && 'term' in message && message.type !== 'announce') {
      checkSentDurable(message, disk);
    }
    if (message.type === 'request-vote') {
      const { from, term, lastLogIndex: lastIndex, lastLogTerm: lastTerm } = message;
      this.#restriction.onCandidacy(from, term, { lastIndex, lastTerm });
    }
    if (message.type === 'pre-vote-response' && message.voteGranted) {
      const sender = this.#observedByNode.get(message.from)?.summary;
      if (sender !== undefined) this.#campaigns.onPreVoteGranted(sender);
    }
    if (message.type !== 'append-entries') return;
    this.#campaigns.onLeads(message.from, message.term);
    this.#appendOnly.onSent(message.from, message.term, message.entries);
  }

  /** `record` became durable on the disk of `node`. */
  onDurable(node: NodeId, record: LogRecord): void {
    if (record.hardState !== null) this.#monotone.onHardState(node, record.hardState);
    if (record.snapshot !== null) this.#snapshots.onDurable(node, record.snapshot);
  }

  /** The database of `node` holds a state that came from its disk or from a snapshot. */
  onState(node: NodeId, index: LogIndex, digest: number): void {
    this.#machines.onState(node, index, digest);
  }

  /** `node` applied an entry; `trust`: whether its database is, and is held for, sound. */
  onApplied(
    node: NodeId,
    applied: AppliedEntry,
    trust: { readonly deviates: boolean; readonly quarantined: boolean },
  ): void {
    const { entry, outcome, digest } = applied;
    if (trust.quarantined) throw appliedInQuarantine(node, entry.index);
    if (entry.index > this.#completeness.committedIndex) {
      throw new Violation(
        'state machine safety',
        '5.3',
        `${node} applied ${entry.index} uncommitted`,
      );
    }
    if (this.#diskOf(node)?.entryAt(entry.index) !== entry) {
      throw new Violation(
        'durability',
        '5.3',
        `${node} applied ${entry.index} before it was durable`,
      );
    }
    const first = this.#machines.onApplied(node, entry, outcome, digest, trust.deviates);
    if (first) this.#onFirstApplied(applied);
  }

  /** `node` says that it is no member any more. */
  onRemoved(node: NodeId): void {
    if (!this.#members.voters.includes(node)) return;
    throw new Violation('removal', '6, thesis 4.2', `${node} goes away though it is a voter`);
  }

  #onFirstApplied({ entry, command, outcome, write }: AppliedEntry): void {
    if (entry.type === 'configuration') {
      this.counters.configurations += 1;
      this.entitlement.onConfiguration(entry.configuration);
    }
    if (command === null || !('stampMs' in command)) return;
    this.#stamps.onCommand(entry.index, command.stampMs);
    this.entitlement.onStamp(command.stampMs);
    if (command.type === 'check-state') this.counters.stateChecks += 1;
    if (command.type === 'adopt-build') this.counters.adoptions += 1;
    if (command.type !== 'execute') return;
    if (outcome?.type === 'unknown-session') this.counters.evictedSessions += 1;
    if (write === null || outcome?.type !== 'executed') {
      if (command.body.length > 0) this.counters.idleCommands += 1;
      return;
    }
    this.#history.onEffect(write, entry.index, this.#decodeResponse(outcome.response));
  }

  #observe(node: NodeId, raft: Raft): Observed {
    const known = this.#observedByNode.get(node);
    if (known !== undefined) return known;
    const observed: Observed = {
      mirror: new LogMirror((index) => this.committedChain(index)),
      summary: summarize(raft),
      configuration: raft.configuration,
      durableIndex: -1,
      matchByPeer: new Map(),
      matchTerm: raft.term,
    };
    this.#observedByNode.set(node, observed);
    return observed;
  }

  /** What the leader believes of the others, wherever it believes something new. */
  #checkMatches(node: NodeId, raft: Raft, observed: Observed): void {
    const { term, configuration } = raft;
    if (observed.matchTerm !== term) {
      observed.matchTerm = term;
      observed.matchByPeer.clear();
    }
    for (const peers of [configuration.voters, configuration.learners]) {
      for (const peer of peers) {
        const index = raft.progress(peer)?.matchIndex ?? (0 as LogIndex);
        if (observed.matchByPeer.get(peer) === index) continue;
        observed.matchByPeer.set(peer, index);
        const disk = this.#diskOf(peer);
        const chain = observed.mirror.chainAt(index);
        if (disk !== null) checkMatchDurable({ node, term }, peer, { index, chain }, disk);
      }
    }
  }

  #followLog(node: NodeId, raft: Raft, observed: Observed): void {
    const { mirror } = observed;
    const lastBefore = mirror.lastIndex;
    const { keptIndex, added } = mirror.sync(raft);
    for (const { index, term } of added) {
      this.#matching.onEntry(node, index, term, mirror.chainAt(index) ?? 0);
      if (raft.role === 'leader') checkConfigurationRule(raft, index);
    }
    const led = observed.summary.role === 'leader' && observed.summary.term === raft.term;
    if (led && keptIndex < lastBefore) {
      throw new Violation(
        'leader append-only',
        '5.3',
        `${node} changed its log at ${keptIndex + 1}`,
      );
    }
  }

  #checkLeader(node: NodeId, raft: Raft, observed: Observed): void {
    const { mirror, summary: before } = observed;
    const { term, commitIndex } = raft;
    if (this.#elections.onLeader(node, term)) {
      this.#completeness.onElected(node, term, (index) => mirror.chainAt(index));
      this.#campaigns.onElected(node, term, observed.configuration, (id) => {
        return this.#diskOf(id)?.hardState ?? null;
      });
      this.onElected(node, raft);
    }
    this.#appendOnly.onLeader(node, term, raft.lastIndex);
    if (commitIndex <= before.commitIndex) return;
    if (raft.termAt(commitIndex) !== term) {
      const evidence = `${node}, leading ${term}, commits ${commitIndex} of ${raft.termAt(commitIndex)}`;
      throw new Violation('commitment rule', '5.4.2', evidence);
    }
    const chain = mirror.chainAt(commitIndex);
    checkCommitDurable(
      { node, term, index: commitIndex },
      chain,
      // The one before: what is committed now may have been left, or followed, in this very step.
      [observed.configuration],
      this.#diskOf,
    );
    if (chain !== null) this.#completeness.onLeaderCommit(node, term, commitIndex, chain);
    for (let index = before.commitIndex + 1; index <= commitIndex; index += 1) {
      const entry = raft.entryAt(index as LogIndex);
      if (entry?.type !== 'configuration' || index <= this.#membersIndex) continue;
      this.#membersIndex = index;
      this.#members = entry.configuration;
    }
  }
}
