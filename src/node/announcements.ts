/**
 * What members tell each other of themselves, for display (the cluster panel of every tab shows all
 * of them) and for stamps. Nothing here is ever used for a decision about safety.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId } from '../raft/types.ts';
import type { BuildName } from './build.ts';
import {
  ANNOUNCE_INTERVAL_MS,
  LINK_SUSPECT_MS,
  MAX_CLOCK_ERROR_MS,
  MAX_MEMBERS,
} from './limits.ts';
import type { Announce, NodeMessage } from './messages.ts';
import type { Hearsay } from './member-watch.ts';
import type { Liveness, MemberStatus } from './status.ts';

/** What a node tells of the page and the browser that it lives in. */
export type HostState = Pick<Announce, 'visible' | 'mayBeEvicted'>;

export class Announcements implements Hearsay {
  readonly #raft: Raft;
  readonly #send: (message: NodeMessage) => void;
  readonly #wallClock: () => number;
  readonly #lastByNode = new Map<NodeId, Announce>();
  /** How far each member's wall clock is ahead of this node's monotone one. */
  readonly #clockOffsetMsByNode = new Map<NodeId, number>();
  readonly #contactMsByNode = new Map<NodeId, number>();
  readonly #linkedBuildByNode = new Map<NodeId, BuildName>();
  readonly #build: BuildName;
  #host: HostState = { visible: true, mayBeEvicted: false };
  #quarantined = false;
  #nextMs: number;

  constructor(
    raft: Raft,
    nowMs: number,
    wallClock: () => number,
    send: (message: NodeMessage) => void,
    build: BuildName,
  ) {
    this.#raft = raft;
    this.#build = build;
    this.#wallClock = wallClock;
    this.#send = send;
    this.#nextMs = nowMs;
  }

  nextDeadlineMs(): number {
    return this.#nextMs;
  }

  announceSoon(nowMs: number): void {
    this.#nextMs = Math.min(this.#nextMs, nowMs);
  }

  setHost(changes: Partial<HostState>, nowMs: number): void {
    this.#host = { ...this.#host, ...changes };
    this.announceSoon(nowMs);
  }

  /** This node's state is lost or wrong, or is sound again. */
  setQuarantined(quarantined: boolean, nowMs: number): void {
    if (this.#quarantined === quarantined) return;
    this.#quarantined = quarantined;
    this.announceSoon(nowMs);
  }

  /** What the member said last of its own state; true where it said nothing. */
  isQuarantined(member: NodeId): boolean {
    if (member === this.#raft.nodeId) return this.#quarantined;
    return this.#lastByNode.get(member)?.quarantined ?? true;
  }

  /** Whether the member said last that its storage may be deleted; false where it said nothing. */
  mayBeEvicted(member: NodeId): boolean {
    if (member === this.#raft.nodeId) return this.#host.mayBeEvicted;
    return this.#lastByNode.get(member)?.mayBeEvicted ?? false;
  }

  /** What the member has applied, as it said last; null where it said nothing. */
  appliedBy(member: NodeId): LogIndex | null {
    return this.#lastByNode.get(member)?.lastApplied ?? null;
  }

  /** Which build the member runs, as it said since it was last linked; null where it said nothing. */
  buildOf(member: NodeId): BuildName | null {
    return this.#linkedBuildByNode.get(member) ?? null;
  }

  /** Behind the link another start of the member may come, with another page. */
  onLinkLost(member: NodeId): void {
    this.#linkedBuildByNode.delete(member);
  }

  /** When anything was last received from the member; null: never. */
  contactMs(member: NodeId): number | null {
    return this.#contactMsByNode.get(member) ?? null;
  }

  onContact(from: NodeId, nowMs: number): void {
    if (this.#contactMsByNode.size >= 2 * MAX_MEMBERS) this.#forgetStrangers();
    this.#contactMsByNode.set(from, nowMs);
  }

  onAnnounce(announce: Announce, nowMs: number): void {
    this.#lastByNode.set(announce.from, announce);
    this.#linkedBuildByNode.set(announce.from, announce.build);
    this.#clockOffsetMsByNode.set(announce.from, announce.wallClockMs - nowMs);
  }

  /**
   * The time for a stamp: the own wall clock, held near the median of the voters' clocks, so that
   * one wrong clock does not date everybody's rows.
   */
  stampMs(nowMs: number): number {
    const own = this.#wallClock();
    const clocks = [own];
    for (const voter of this.#raft.configuration.voters) {
      const offsetMs = this.#clockOffsetMsByNode.get(voter);
      if (offsetMs !== undefined && voter !== this.#raft.nodeId) clocks.push(nowMs + offsetMs);
    }
    clocks.sort((a, b) => a - b);
    const median = clocks[(clocks.length - 1) >> 1] ?? own;
    return Math.min(Math.max(own, median - MAX_CLOCK_ERROR_MS), median + MAX_CLOCK_ERROR_MS);
  }

  check(nowMs: number, connected: ReadonlySet<NodeId>): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + ANNOUNCE_INTERVAL_MS;
    const reaches = this.#reaches(connected, nowMs);
    for (const to of connected) this.#send(this.#announcement(to, reaches));
  }

  /** All members, in order of id; what is not heard of them is null. */
  members(connected: ReadonlySet<NodeId>, nowMs: number): MemberStatus[] {
    const { configuration, nodeId: own } = this.#raft;
    const voters = new Set([...configuration.voters, ...configuration.outgoingVoters]);
    const reaches = this.#reaches(connected, nowMs);
    return membersOf(configuration).map((nodeId) => {
      const isOwn = nodeId === own;
      const heard = isOwn
        ? this.#announcement(own, reaches)
        : connected.has(nodeId)
          ? this.#lastByNode.get(nodeId)
          : undefined;
      const contactMs = this.#contactMsByNode.get(nodeId);
      return {
        nodeId,
        voter: voters.has(nodeId),
        profileId: configuration.profiles[nodeId] ?? null,
        quarantined: heard?.quarantined ?? null,
        build: heard?.build ?? null,
        connected: isOwn || connected.has(nodeId),
        liveness: isOwn ? 'connected' : this.#livenessOf(nodeId, connected, nowMs),
        reaches: heard?.reaches ?? null,
        role: heard?.role ?? null,
        term: heard?.term ?? null,
        commitIndex: heard?.commitIndex ?? null,
        lastApplied: heard?.lastApplied ?? null,
        visible: heard?.visible ?? null,
        mayBeEvicted: heard?.mayBeEvicted ?? null,
        matchIndex: isOwn
          ? this.#raft.durableIndex
          : (this.#raft.progress(nodeId)?.matchIndex ?? null),
        lastContactMs: isOwn ? 0 : contactMs === undefined ? null : nowMs - contactMs,
      };
    });
  }

  #livenessOf(member: NodeId, connected: ReadonlySet<NodeId>, nowMs: number): Liveness {
    if (!connected.has(member)) return 'away';
    const heardMs = this.#contactMsByNode.get(member);
    return heardMs === undefined || nowMs - heardMs < LINK_SUSPECT_MS ? 'connected' : 'suspect';
  }

  /** Newcomers that are linked before they are members are no part of it. */
  #reaches(connected: ReadonlySet<NodeId>, nowMs: number): NodeId[] {
    return membersOf(this.#raft.configuration)
      .filter((member) => this.#livenessOf(member, connected, nowMs) === 'connected')
      .slice(0, MAX_MEMBERS);
  }

  #announcement(to: NodeId, reaches: readonly NodeId[]): Announce {
    const { nodeId: from, role, term, leaderId, commitIndex, appliedIndex, lastIndex } = this.#raft;
    return {
      type: 'announce',
      from,
      to,
      role,
      term,
      leaderId,
      commitIndex,
      lastApplied: appliedIndex,
      lastIndex,
      ...this.#host,
      quarantined: this.#quarantined,
      build: this.#build,
      reaches,
      wallClockMs: this.#wallClock(),
    };
  }

  #forgetStrangers(): void {
    const members = new Set(membersOf(this.#raft.configuration));
    for (const id of this.#contactMsByNode.keys()) {
      if (members.has(id)) continue;
      this.#contactMsByNode.delete(id);
      this.#lastByNode.delete(id);
      this.#linkedBuildByNode.delete(id);
      this.#clockOffsetMsByNode.delete(id);
    }
  }
}
