/**
 * Who belongs to the cluster: founding, joining, and the leader's changes of configuration.
 *
 * - A founder's log begins with a configuration of itself alone. A joiner's log begins empty: it is
 *   in no configuration, never campaigns, and asks to join until its log says that it belongs.
 *   It asks whom it was told of, and whoever it hears: those may all have left meanwhile.
 * - Newcomers that may become learners do (admission.ts; thesis section 4.2.1). Who votes is planned
 *   by autopilot.ts; what operators ask for goes first (administration-desk.ts).
 * - A member whose profile or key the configuration does not know tells the leader by another request
 *   to join; it is noted with the next change.
 * - A member that was let go because it stayed away asks to join again, as what it was.
 *
 * The leader alone decides; followers pass requests on. Time comes in as arguments.
 */

import { isJoint, membersOf } from '../raft/configuration.ts';
import type { ConfigurationTarget } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Access, Configuration, LogIndex, LogRecord, NodeId, Term } from '../raft/types.ts';
import { standingIn, tidied, withFormer, withKeys } from './access.ts';
import { AdministrationDesk } from './administration-desk.ts';
import { AdministrationRequests, type AdministrationOutcome } from './administration.ts';
import { planConfiguration, type AutopilotLimits, type ClusterView } from './autopilot.ts';
import { ConfigurationNews } from './configuration-news.ts';
import { remainingWarning } from './departure.ts';
import { failure, type ErrorCode } from './errors.ts';
import { JOIN_INTERVAL_MS, MAX_LINKS, MAX_MEMBERS } from './limits.ts';
import { MemberNews } from './member-news.ts';
import { MemberWatch, type Hearsay } from './member-watch.ts';
import type {
  Administration,
  AdministrationRequest,
  AdministrationResponse,
  ConfigurationNotice,
  JoinRequest,
  JoinResponse,
  NodeMessage,
  Removed,
} from './messages.ts';
import { Newcomers } from './newcomers.ts';
import { configurationOfOne } from './recovery.ts';
import { Removal } from './removal.ts';
import type { SkipVerdict } from './stall.ts';

type MembershipMessage =
  | JoinRequest
  | JoinResponse
  | Removed
  | ConfigurationNotice
  | AdministrationRequest
  | AdministrationResponse;

/** The first record of a founder's log. It must be durable before the runtime starts. */
export function foundingRecord(nodeId: NodeId, profileId = '', key = ''): LogRecord {
  const term = 1 as Term;
  const configuration = configurationOfOne({ nodeId, profileId, key });
  return {
    hardState: { term, votedFor: null },
    snapshot: null,
    entries: [{ type: 'configuration', index: 1 as LogIndex, term, configuration }],
  };
}

export interface MembershipOptions {
  readonly raft: Raft;
  readonly limits: AutopilotLimits;
  /** Members to ask for admission while this node is in no configuration. */
  readonly contacts: readonly NodeId[];
  /** The browser profile this node lives in; '' where it knows none. */
  readonly profileId: string;
  /** This node's public key; '' where it has none. */
  readonly key: string;
  readonly hearsay: Hearsay;
  /** For the requests of this node's own operator; differs from one start of a node to the next. */
  readonly firstRequestId: number;
  readonly nowMs: number;
  /** The cluster's time, in milliseconds since 1970: never before any stamp in the log. */
  readonly wallClockMs: (nowMs: number) => number;
  readonly send: (message: NodeMessage) => void;
  /** This leader is asked to have an entry skipped. */
  readonly skip: (index: LogIndex) => SkipVerdict;
}

export class Membership {
  readonly #raft: Raft;
  readonly #limits: AutopilotLimits;
  readonly #send: (message: NodeMessage) => void;
  readonly #profileId: string;
  readonly #key: string;
  readonly #wallClockMs: (nowMs: number) => number;
  readonly #requests: AdministrationRequests;
  readonly #desk: AdministrationDesk;
  readonly #removal: Removal;
  readonly #watch: MemberWatch;
  readonly #memberNews: MemberNews;
  /** What the leader has not got into the log yet. */
  readonly #newcomers = new Newcomers();
  readonly news: ConfigurationNews;
  /** Where a joiner asks: what the invite or the registry named, and what members answered. */
  readonly #contacts: Set<NodeId>;
  /** Who told since the last request that it has a log: members, be they none of the contacts. */
  readonly #heard = new Set<NodeId>();
  /** `peers` is asked at every turn, and changes only with what it is made of. */
  #knownPeers: {
    readonly configuration: Configuration;
    readonly contacts: number;
    readonly peers: readonly NodeId[];
  } | null = null;
  #nextCheckMs: number;
  /** As of the last input; for what this node sends to itself. */
  #nowMs: number;

  constructor(options: MembershipOptions) {
    const { raft, limits, contacts, profileId, hearsay, firstRequestId, nowMs, send } = options;
    const { nodeId } = raft;
    this.#raft = raft;
    this.#limits = limits;
    this.#send = send;
    this.#profileId = profileId;
    this.#key = options.key;
    this.#wallClockMs = options.wallClockMs;
    this.#requests = new AdministrationRequests(nodeId, firstRequestId, nowMs, (request) => {
      if (request.to === nodeId) this.#desk.onRequest(request, this.#nowMs);
      else send(request);
    });
    this.#desk = new AdministrationDesk({
      ...options,
      send: (response) => {
        if (response.to === nodeId) this.#requests.onResponse(response);
        else send(response);
      },
    });
    this.#removal = new Removal(raft, send);
    this.#watch = new MemberWatch(raft, hearsay, nowMs);
    this.#memberNews = new MemberNews(raft);
    this.news = new ConfigurationNews(raft, send);
    this.#contacts = new Set(contacts);
    this.#contacts.delete(nodeId);
    this.#nextCheckMs = nowMs;
    this.#nowMs = nowMs;
  }

  /** This node is in the configuration. */
  get belongs(): boolean {
    return this.isMember(this.#raft.nodeId);
  }

  isMember(id: NodeId): boolean {
    return membersOf(this.#raft.configuration).includes(id);
  }

  /** This node was removed and must stop; asked when everything that is ready was sent. */
  get isRemoved(): boolean {
    // Locked out for good, be it before it knew that it had been let in.
    const isLockedOut = standingIn(this.news.latest.configuration, this.#raft.nodeId) === 'removed';
    return this.#removal.check() || isLockedOut;
  }

  /** The servers to keep links with. */
  peers(): readonly NodeId[] {
    const { configuration, nodeId } = this.#raft;
    const contacts = this.#contacts.size;
    const known = this.#knownPeers;
    if (known?.configuration === configuration && known.contacts === contacts) return known.peers;
    const members = membersOf(configuration);
    const wanted = this.belongs ? members : [...members, ...this.#contacts];
    const peers = [...new Set(wanted)].filter((id) => id !== nodeId).toSorted();
    this.#knownPeers = { configuration, contacts, peers };
    return peers;
  }

  /** Whoever wants to get in asks at once where somebody can be asked. */
  linkUp(nowMs: number): void {
    if (this.#isOutside) this.#nextCheckMs = Math.min(this.#nextCheckMs, nowMs);
  }

  nextDeadlineMs(): number {
    return Math.min(this.#nextCheckMs, this.#requests.nextDeadlineMs());
  }

  /** What this node's operator asks of the cluster; answered when it is done or refused. */
  administer(
    administration: Administration,
    timeoutMs: number | null,
    nowMs: number,
    done: (outcome: AdministrationOutcome) => void,
  ): void {
    const isRemoval = administration.type === 'remove';
    if (isRemoval && !this.#mayBeRemoved(administration.nodeId)) {
      const message = `${administration.nodeId} is not a member`;
      done({ type: 'failed', failure: failure('Refused', 'no', message) });
      return;
    }
    this.#requests.request(administration, timeoutMs, nowMs, done);
  }

  /** Whoever was let go may come back, so it is to be locked out like a member. */
  #mayBeRemoved(id: NodeId): boolean {
    const standing = standingIn(this.#raft.configuration, id);
    return standing === 'member' || standing === 'former';
  }

  /** The node stops. */
  stop(code: ErrorCode, message: string): void {
    const left = this.belongs ? '' : remainingWarning(this.#raft.configuration.voters.length);
    this.#requests.stop(code, message, left);
  }

  check(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#requests.check(nowMs);
    const { leaderId, term } = this.#raft;
    this.#requests.flush(leaderId === null ? null : { id: leaderId, term }, nowMs);
    const isDue = nowMs >= this.#nextCheckMs;
    if (isDue) {
      this.#nextCheckMs = nowMs + JOIN_INTERVAL_MS;
      this.#watch.observe(nowMs);
      this.#ask();
    }
    const view = (): ClusterView => this.#view(nowMs);
    const isBusy = this.#desk.check(view, nowMs);
    if (this.#raft.role !== 'leader') {
      this.#newcomers.clear();
      this.#memberNews.keepOnly(() => false);
    } else if (isDue && !isBusy && this.#isSettled) {
      this.#changeConfiguration(view, this.#wallClockMs(nowMs));
    }
  }

  /** Every message passes here before it is taken. */
  onHeard(message: NodeMessage, nowMs: number): void {
    this.#removal.onHeard(message, nowMs);
    this.news.onHeard(message, nowMs);
    const isFromMember = message.type === 'announce' && message.lastIndex > 0;
    if (isFromMember && this.#heard.size < MAX_LINKS) this.#heard.add(message.from);
  }

  receive(message: MembershipMessage, nowMs: number): void {
    switch (message.type) {
      case 'join-request':
        this.#onJoinRequest(message, nowMs);
        return;
      case 'join-response':
        this.#onJoinResponse(message);
        return;
      case 'removed':
        this.#removal.onRemoved(message);
        return;
      case 'configuration-notice':
        this.news.onNotice(message);
        return;
      case 'administration-request':
        // Those that are let in to join, or to come back, have no say yet.
        if (this.isMember(message.from)) this.#desk.onRequest(message, nowMs);
        return;
      case 'administration-response':
        this.#requests.onResponse(message);
    }
  }

  #onJoinRequest(request: JoinRequest, nowMs: number): void {
    const { nodeId, leaderId, configuration } = this.#raft;
    // Only members pass on what others asked of them: what is proved was proved to them.
    if (request.from !== request.nodeId && !this.isMember(request.from)) return;
    const answer: JoinResponse = {
      type: 'join-response',
      from: nodeId,
      to: request.from,
      leaderId,
      members: membersOf(configuration),
    };
    if (request.from === request.nodeId) this.#send(answer);
    if (this.#raft.role === 'leader') {
      this.#takeIn(request, nowMs);
    } else if (leaderId !== null && leaderId !== request.from && request.from === request.nodeId) {
      // One hop only: a request passed on twice would be chasing a leader that moved.
      this.#send({ ...request, from: nodeId, to: leaderId });
    }
  }

  #onJoinResponse(response: JoinResponse): void {
    if (this.belongs) return;
    for (const id of response.members) {
      if (id !== this.#raft.nodeId && this.#contacts.size < MAX_MEMBERS) this.#contacts.add(id);
    }
  }

  #takeIn(request: JoinRequest, nowMs: number): void {
    const { nodeId, profileId, key } = request;
    const { configuration } = this.#raft;
    const isKnown = this.isMember(nodeId);
    if (!isKnown) {
      const isTaken = this.#newcomers.take(request, configuration, this.#wallClockMs(nowMs));
      if (!isTaken) return;
      this.#nextCheckMs = Math.min(this.#nextCheckMs, nowMs);
    }
    this.#memberNews.said(nodeId, profileId, key);
  }

  #ask(): void {
    const { nodeId, leaderId, configuration } = this.#raft;
    if (this.#isOutside) {
      this.#askToJoin([...membersOf(configuration), ...this.#contacts, ...this.#heard]);
    } else if (leaderId !== null && this.belongs && this.#isNews) {
      if (leaderId === nodeId) this.#memberNews.said(nodeId, this.#profileId, this.#key);
      else this.#askToJoin([leaderId]);
    }
    this.#heard.clear();
  }

  /** The configuration does not know this node's profile or key yet. */
  get #isNews(): boolean {
    const said = { profileId: this.#profileId, key: this.#key };
    return this.#memberNews.isNews(this.#raft.nodeId, said);
  }

  #askToJoin(members: readonly NodeId[]): void {
    const from = this.#raft.nodeId;
    for (const to of new Set(members)) {
      if (to !== from)
        this.#send({
          type: 'join-request',
          from,
          to,
          nodeId: from,
          profileId: this.#profileId,
          key: this.#key,
          // What it may rely on is what it proves to the other end (TR6).
          admission: { type: 'none' },
        });
    }
  }

  /**
   * Not a member yet; or the entry that admitted this node was never committed, and is gone from the
   * others' logs: then it waits as a learner for a leader that does not know of it. A member that is
   * being removed, or was while it was away, is not taken in again under its old id; one that was let
   * go is.
   */
  get #isOutside(): boolean {
    const { role, leaderId, nodeId } = this.#raft;
    const isLetGo = standingIn(this.news.latest.configuration, nodeId) === 'former';
    if (isLetGo) return leaderId === null || !this.belongs;
    if (this.#removal.wasEverMember) return false;
    return !this.belongs || (role === 'learner' && leaderId === null);
  }

  /** The configuration in force is committed and final. */
  get #isSettled(): boolean {
    const { configuration, committedConfiguration } = this.#raft;
    return !isJoint(configuration) && committedConfiguration.configuration === configuration;
  }

  #changeConfiguration(view: () => ClusterView, wallClockMs: number): void {
    const target =
      this.#newcomers.plan(this.#raft.configuration, wallClockMs) ??
      planConfiguration(view(), this.#limits) ??
      this.#changeOfNews();
    if (target === null) return;
    const { profiles, keys } = this.#memberNews;
    const access = tidied(withKeys(this.#accessOf(target), keys), wallClockMs);
    const outcome = this.#raft.proposeConfiguration({ ...target, profiles, access });
    if (outcome !== 'appended') return;
    this.#newcomers.forget(target.learners);
    this.#memberNews.keepOnly((id) => this.#newcomers.has(id) || this.isMember(id));
  }

  /** Whoever goes by a plan of the autopilot's stayed away, and may come back. */
  #accessOf(target: ConfigurationTarget): Access {
    if (target.access !== undefined) return target.access;
    const { configuration } = this.#raft;
    const stays = new Set([...target.voters, ...target.learners]);
    const gone = membersOf(configuration).filter((id) => !stays.has(id));
    return withFormer(configuration.access, gone);
  }

  /** Only what members said of themselves is to be noted. */
  #changeOfNews(): ConfigurationTarget | null {
    const { voters, learners } = this.#raft.configuration;
    return this.#memberNews.hasNewsOfMembers ? { voters, learners } : null;
  }

  #view(nowMs: number): ClusterView {
    const { configuration, nodeId } = this.#raft;
    const voters = new Set(configuration.voters);
    const members = membersOf(configuration).map((id) => ({
      nodeId: id,
      role: voters.has(id) ? ('voter' as const) : ('learner' as const),
      profileId: this.#memberNews.profileOf(id),
      ...this.#watch.viewOf(id, nowMs),
    }));
    const isFull = members.length >= MAX_MEMBERS;
    return { leaderId: nodeId, members, isCrowded: isFull && this.#newcomers.size > 0 };
  }
}
