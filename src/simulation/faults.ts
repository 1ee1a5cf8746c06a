/**
 * What goes wrong in a simulated world, and when, drawn from a seed. Every fault ends by itself or
 * with `heal`; none breaks what the ports promise, and nothing is lost that the cluster cannot spare.
 * Each run has its own mixture: a fault that is left out of some runs lets others go further.
 */

import type { Administration } from '../node/messages.ts';
import { GOOD_DISK } from './disk.ts';
import {
  FAULT_KINDS,
  isClockFault,
  isNetworkFault,
  isProcessFault,
  isStorageFault,
  type ClockFault,
  type FaultKind,
  type FaultPlan,
} from './fault-plan.ts';
import { strikeMembership } from './membership-faults.ts';
import { strikeNetwork } from './network-faults.ts';
import { GOOD_NETWORK } from './network.ts';
import { strikeProcess } from './process-faults.ts';
import { MILLION, type Random } from './random.ts';
import type { Server } from './server.ts';
import { GOOD_DATABASE } from './simulated-database.ts';
import { strikeStorage } from './storage-faults.ts';
import type { World } from './world.ts';

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;

/** What the kinds of faults work with. */
export interface FaultTools {
  readonly world: World;
  readonly random: Random;
  /** How often each kind struck. */
  readonly counts: Record<FaultKind, number>;
  readonly keys: number;
  readonly serversMax: number;
  /** Of all invites that operators asked for. */
  readonly inviteIds: string[];
  /** False once the world is healed: what was prepared does not come any more. */
  readonly active: boolean;
  /** A server may be about to leave: nothing else is to be lost meanwhile. */
  readonly areLossesHeld: boolean;
  holdLosses(durationMs: number): void;
  /** What an operator asked for is done. */
  onAdministered(type: Administration['type']): void;
  anyRunning(): Server | null;
  lastsUs(): number;
  /** The server dies, and starts again after a while. */
  crashForAWhile(server: Server): void;
}

export class Faults implements FaultTools {
  readonly counts: Record<FaultKind, number>;
  readonly world: World;
  readonly random: Random;
  readonly inviteIds: string[] = [];
  readonly #plan: FaultPlan;
  readonly #kinds: readonly FaultKind[];
  #active = false;
  #lossesHeldUntilUs = 0;
  /** What operators asked for and got. */
  readonly administered = {
    remove: 0,
    leave: 0,
    transfer: 0,
    skip: 0,
    invite: 0,
    'revoke-invite': 0,
  };

  constructor(world: World, plan: FaultPlan, random: Random) {
    this.world = world;
    this.random = random;
    this.#plan = plan;
    this.#kinds = FAULT_KINDS.flatMap((kind) =>
      Array.from({ length: plan.weights[kind] }, () => kind),
    );
    const counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0]));
    this.counts = counts as Record<FaultKind, number>;
    world.onStorageStop = (server) => this.#restartLater(server);
  }

  get active(): boolean {
    return this.#active;
  }

  get keys(): number {
    return this.#plan.keys;
  }

  get serversMax(): number {
    return this.#plan.serversMax;
  }

  get areLossesHeld(): boolean {
    return this.world.queue.nowUs < this.#lossesHeldUntilUs;
  }

  holdLosses(durationMs: number): void {
    this.#lossesHeldUntilUs = this.world.queue.nowUs + durationMs * MILLISECOND_US;
  }

  onAdministered(type: Administration['type']): void {
    this.administered[type] += 1;
  }

  begin(): void {
    this.#active = true;
    this.#scheduleNext();
  }

  /** Ends every fault: all servers that still have a disk run, undisturbed, on a good network. */
  heal(): void {
    this.#active = false;
    const { network, servers } = this.world;
    network.conditions = GOOD_NETWORK;
    network.unblockAll();
    network.slowNobody();
    for (const server of servers) {
      server.disk.failNext = false;
      server.disk.conditions = GOOD_DISK;
      server.disk.onWriting = null;
      server.database.failNext = false;
      server.database.stuckAt = 0;
      server.database.conditions = GOOD_DATABASE;
      server.database.onSnapshotStep = null;
      server.resume();
    }
    this.restartAll();
  }

  /** Starts whatever is down and has its disk. */
  restartAll(): void {
    for (const server of this.world.servers) this.#restart(server);
  }

  anyRunning(): Server | null {
    const { running } = this.world;
    return running.length === 0 ? null : this.random.pick(running).server;
  }

  lastsUs(): number {
    return this.random.between(20 * MILLISECOND_US, this.#plan.lastsMaxUs);
  }

  crashForAWhile(server: Server): void {
    this.world.crash(server);
    this.#restartLater(server);
  }

  #scheduleNext(): void {
    if (this.#kinds.length === 0) return;
    const { pauseMinUs, pauseMaxUs } = this.#plan;
    this.world.queue.schedule(this.random.between(pauseMinUs, pauseMaxUs), () => {
      if (!this.#active) return;
      this.#strike(this.random.pick(this.#kinds));
      this.#scheduleNext();
    });
  }

  #strike(kind: FaultKind): void {
    const { queue, trace } = this.world;
    trace.record(queue.nowUs, 'fault', -1, [FAULT_KINDS.indexOf(kind)], () => kind);
    if (this.#struck(kind)) this.counts[kind] += 1;
  }

  #struck(kind: FaultKind): boolean {
    if (isProcessFault(kind)) return strikeProcess(kind, this);
    if (isStorageFault(kind)) return strikeStorage(kind, this);
    if (isNetworkFault(kind)) return strikeNetwork(kind, this);
    if (isClockFault(kind)) return this.#strikeClock(kind);
    return kind === 'burst' ? this.#burst() : strikeMembership(kind, this);
  }

  #strikeClock(kind: ClockFault): boolean {
    const { random } = this;
    const { clock } = random.pick(this.world.servers);
    if (kind === 'wall-clock') clock.wallOffsetMs += random.between(-3_600_000, 3_600_000);
    else clock.skippedUs += random.between(1, random.chance(MILLION / 4) ? 600 : 5) * SECOND_US;
    return true;
  }

  #burst(): boolean {
    const running = this.anyRunning()?.running;
    const { burstMax, keys } = this.#plan;
    running?.loop.post('client', () => running.client.burst(burstMax, keys));
    return running !== undefined && running !== null;
  }

  #restartLater(server: Server): void {
    this.world.queue.schedule(this.lastsUs(), () => this.#restart(server));
  }

  #restart(server: Server): void {
    if (server.running === null && !server.destroyed) server.start();
  }
}
