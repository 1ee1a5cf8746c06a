/**
 * What operators ask of the cluster: the leader's side. Takes their requests, carries out one change
 * at a time, and answers when it is committed or cannot be.
 *
 * Nothing is remembered beyond a leadership: whoever asked asks the next leader, which finds the
 * change made, under way, or still to be made. A leader that is to leave hands over first, so that
 * writes go on without an election timeout; where nobody takes over it leaves as leader and steps down
 * when that is committed (thesis section 4.2.2).
 *
 * A request that was answered is answered the same way again: a copy that was still on its way must
 * not do what its caller was told did not happen.
 */

import { isJoint, membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Access, LogIndex, NodeId } from '../raft/types.ts';
import { standingIn, tidied, withRemoved } from './access.ts';
import type { AutopilotLimits, ClusterView } from './autopilot.ts';
import { chooseSuccessor, planDeparture, remainingWarning } from './departure.ts';
import type { ErrorCode } from './errors.ts';
import { planInvites, type InviteAdministration } from './invites.ts';
import {
  ADMINISTRATION_TIMEOUT_MS,
  MAX_ADMINISTRATION_REQUESTS,
  RESEND_INTERVAL_MS,
} from './limits.ts';
import type { Administration, AdministrationRequest, AdministrationResponse } from './messages.ts';
import type { SkipVerdict } from './stall.ts';

export type DeskRaft = Pick<
  Raft,
  | 'nodeId'
  | 'role'
  | 'configuration'
  | 'committedConfiguration'
  | 'proposeConfiguration'
  | 'transferLeadership'
  | 'transferTarget'
>;

export interface DeskOptions {
  readonly raft: DeskRaft;
  readonly limits: AutopilotLimits;
  /** Also takes answers to this node itself. */
  readonly send: (response: AdministrationResponse) => void;
  readonly skip: (index: LogIndex) => SkipVerdict;
  /** The cluster's time, in milliseconds since 1970. */
  readonly wallClockMs: (nowMs: number) => number;
}

type Departing = Extract<Administration, { readonly type: 'remove' | 'leave' }>;

interface HeldRequest {
  readonly key: string;
  readonly from: NodeId;
  readonly requestId: number;
  readonly administration: Administration;
  readonly sinceMs: number;
  /** Leadership was to be handed over for it, and still is or could not be. */
  isHandedOver: boolean;
  /** A change for it was appended, with this to be told when it is committed. */
  warning: string | null;
}

/** How long a request may take: its caller is to hear of it before its own time is up. */
const HOLD_MS = ADMINISTRATION_TIMEOUT_MS - RESEND_INTERVAL_MS;
/**
 * A new leader has heard nobody yet. Before it refuses, or leaves fewer voters, it waits for everybody
 * who is there to have answered.
 */
const HEARING_MS = 1_000;
const MAX_REMEMBERED_ANSWERS = 4 * MAX_ADMINISTRATION_REQUESTS;

export class AdministrationDesk {
  readonly #raft: DeskRaft;
  readonly #limits: AutopilotLimits;
  readonly #send: (response: AdministrationResponse) => void;
  readonly #skip: (index: LogIndex) => SkipVerdict;
  readonly #wallClockMs: (nowMs: number) => number;
  readonly #heldByKey = new Map<string, HeldRequest>();
  readonly #answerByKey = new Map<string, AdministrationResponse>();

  constructor({ raft, limits, send, skip, wallClockMs }: DeskOptions) {
    this.#raft = raft;
    this.#limits = limits;
    this.#send = send;
    this.#skip = skip;
    this.#wallClockMs = wallClockMs;
  }

  get isIdle(): boolean {
    return this.#heldByKey.size === 0;
  }

  onRequest(request: AdministrationRequest, nowMs: number): void {
    // Whoever does not lead does not answer: the sender will hear of the leader.
    if (this.#raft.role !== 'leader') return;
    const { from, requestId, administration } = request;
    const key = `${from} ${requestId}`;
    const answer = this.#answerByKey.get(key);
    if (answer !== undefined) this.#send(answer);
    if (answer !== undefined || this.#heldByKey.has(key)) return;
    const held: HeldRequest = {
      key,
      from,
      requestId,
      administration,
      sinceMs: nowMs,
      isHandedOver: false,
      warning: null,
    };
    if (this.#heldByKey.size >= MAX_ADMINISTRATION_REQUESTS) {
      this.#refuse(held, 'Overloaded', 'too many administrative requests are waiting');
    } else {
      this.#heldByKey.set(key, held);
    }
  }

  /**
   * Goes on with what is held. True where a change was begun or has to be waited for: then nothing
   * else is to be proposed.
   */
  check(view: () => ClusterView, nowMs: number): boolean {
    if (this.#raft.role !== 'leader') {
      this.#heldByKey.clear();
      this.#answerByKey.clear();
      return false;
    }
    let isBusy = false;
    for (const held of this.#heldByKey.values()) {
      isBusy = this.#goOn(held, view, nowMs) || isBusy;
      if (this.#heldByKey.has(held.key) && nowMs - held.sinceMs >= HOLD_MS) this.#expire(held);
    }
    return isBusy;
  }

  #goOn(held: HeldRequest, view: () => ClusterView, nowMs: number): boolean {
    const { administration } = held;
    switch (administration.type) {
      case 'transfer':
        return this.#hand(held, administration.nodeId, view, nowMs);
      case 'remove':
      case 'leave':
        return this.#depart(held, administration, view, nowMs);
      case 'skip':
        this.#leaveOut(held, administration.index, nowMs);
        return false;
      case 'invite':
      case 'revoke-invite':
        return this.#changeInvites(held, administration, nowMs);
    }
  }

  /** An invite is to be known, or not any more. It is done when that is committed. */
  #changeInvites(held: HeldRequest, wish: InviteAdministration, nowMs: number): boolean {
    if (!this.#isSettled) return true;
    const { voters, learners, access } = this.#raft.configuration;
    const plan = planInvites(access, wish, this.#wallClockMs(nowMs));
    // What this leader appended for it is committed, whatever has become of the invite since.
    if (held.warning !== null || plan.type === 'done') {
      this.#finish(held, '');
      return false;
    }
    if (plan.type === 'refused') {
      this.#refuse(held, 'Refused', plan.message);
      return false;
    }
    const target = { voters, learners, access: plan.access };
    if (this.#raft.proposeConfiguration(target) === 'appended') held.warning = '';
    return true;
  }

  /** An entry is to be skipped. It is done when this leader has applied it as such. */
  #leaveOut(held: HeldRequest, index: LogIndex, nowMs: number): void {
    const verdict = this.#skip(index);
    if (verdict === 'done') this.#finish(held, '');
    else if (verdict === 'waiting') held.warning = '';
    else if (nowMs - held.sinceMs >= HEARING_MS) this.#refuse(held, 'Refused', verdict.refusal);
  }

  /** Leadership is to go to another voter. It is done when this leader no longer leads. */
  #hand(held: HeldRequest, wish: NodeId | null, view: () => ClusterView, nowMs: number): boolean {
    if (wish === this.#raft.nodeId) {
      this.#finish(held, '');
      return false;
    }
    if (held.isHandedOver) {
      if (this.#raft.transferTarget !== null) return true;
      this.#refuse(held, 'Refused', 'leadership was handed over, but nobody took over in time');
      return false;
    }
    const successor = chooseSuccessor(view(), wish, this.#limits);
    if ('refusal' in successor) {
      if (nowMs - held.sinceMs >= HEARING_MS) this.#refuse(held, 'Refused', successor.refusal);
      return false;
    }
    const outcome = this.#raft.transferLeadership(successor.nodeId);
    if (outcome === 'started') held.isHandedOver = true;
    if (outcome === 'not-eligible') {
      this.#refuse(held, 'Refused', `${successor.nodeId} cannot take over now`);
    }
    return outcome === 'started';
  }

  /** A member is to go. */
  #depart(held: HeldRequest, how: Departing, view: () => ClusterView, nowMs: number): boolean {
    const { configuration } = this.#raft;
    const leaving = how.nodeId;
    if (!this.#isSettled) return true;
    if (!membersOf(configuration).includes(leaving)) return this.#lockOut(held, how, nowMs);
    const departure = planDeparture(view(), leaving, this.#limits);
    const isGood = departure.type === 'planned' && departure.warning === '';
    if (!isGood && nowMs - held.sinceMs < HEARING_MS) return true;
    if (departure.type === 'refused') {
      this.#refuse(held, 'Refused', departure.message);
      return false;
    }
    if (leaving === this.#raft.nodeId && this.#handsOverFirst(held, view)) return true;
    const target = { ...departure.target, access: this.#accessAfter(how, nowMs) };
    const outcome = this.#raft.proposeConfiguration(target);
    if (outcome === 'appended') held.warning = departure.warning;
    return true;
  }

  /** It is no member. Whoever was let go because it stayed away could come back: not any more. */
  #lockOut(held: HeldRequest, how: Departing, nowMs: number): boolean {
    const { configuration } = this.#raft;
    const { voters, learners } = configuration;
    if (standingIn(configuration, how.nodeId) !== 'former') {
      this.#finish(held, held.warning ?? remainingWarning(voters.length));
      return false;
    }
    const target = { voters, learners, access: this.#accessAfter(how, nowMs) };
    if (this.#raft.proposeConfiguration(target) === 'appended') held.warning = '';
    return true;
  }

  /** Whoever is removed may know the invites that are open, from its log: they end with it. */
  #accessAfter({ type, nodeId }: Departing, nowMs: number): Access {
    const known = tidied(this.#raft.configuration.access, this.#wallClockMs(nowMs));
    const access = withRemoved(known, [nodeId]);
    return type === 'remove' ? { ...access, invites: [] } : access;
  }

  /** Whether leadership is on its way to another, so that this leader may leave as a follower. */
  #handsOverFirst(held: HeldRequest, view: () => ClusterView): boolean {
    if (held.isHandedOver) return this.#raft.transferTarget !== null;
    const successor = chooseSuccessor(view(), null, this.#limits);
    if ('refusal' in successor) return false;
    if (this.#raft.transferLeadership(successor.nodeId) !== 'started') return false;
    held.isHandedOver = true;
    return true;
  }

  /** The configuration in force is committed and final. */
  get #isSettled(): boolean {
    const { configuration, committedConfiguration } = this.#raft;
    return !isJoint(configuration) && committedConfiguration.configuration === configuration;
  }

  /** Time is up. What was appended may still be committed: then its caller's own time ends it. */
  #expire(held: HeldRequest): void {
    this.#heldByKey.delete(held.key);
    const isBegun = held.warning !== null || held.isHandedOver;
    if (!isBegun) this.#refuse(held, 'Timeout', 'the cluster could not change in time');
  }

  #finish(held: HeldRequest, warning: string): void {
    this.#answer(held, null, warning);
  }

  #refuse(held: HeldRequest, code: ErrorCode, message: string): void {
    this.#answer(held, { code, message }, '');
  }

  #answer(held: HeldRequest, error: AdministrationResponse['error'], warning: string): void {
    const { key, from: to, requestId } = held;
    this.#heldByKey.delete(key);
    const from = this.#raft.nodeId;
    const answer = {
      type: 'administration-response',
      from,
      to,
      requestId,
      error,
      warning,
    } as const;
    this.#answerByKey.set(key, answer);
    const [oldest] = this.#answerByKey.keys();
    if (this.#answerByKey.size > MAX_REMEMBERED_ANSWERS && oldest !== undefined) {
      this.#answerByKey.delete(oldest);
    }
    this.#send(answer);
  }
}
