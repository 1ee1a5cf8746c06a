/**
 * What goes wrong in a simulated world, and when, drawn from a seed. Every fault ends by itself or
 * with `heal`; none breaks what the ports promise (a durable record stays, a disk is lost only where
 * the cluster can afford it). Each run has its own mixture: a fault that is left out of some runs
 * lets others go further.
 */

import { configurationText } from './entry-digest.ts';
import { GOOD_DISK } from './disk.ts';
import { GOOD_DATABASE } from './model-state-machine.ts';
import { GOOD_NETWORK, type NetworkConditions } from './network.ts';
import { MILLION, type Random } from './random.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;

export const FAULT_KINDS = [
  'crash-one',
  'crash-leader',
  'crash-many',
  'crash-all',
  'wipe-database',
  'partition',
  'isolate-leader',
  'one-way',
  'bridge',
  'reset-link',
  'weather',
  'pause',
  'pause-leader',
  'slow-disk',
  'fail-disk',
  'slow-database',
  'fail-database',
  'wall-clock',
  'join',
  'destroy',
  'burst',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultPlan {
  /** Between two faults. */
  readonly pauseMinUs: number;
  readonly pauseMaxUs: number;
  /** How often each kind is chosen, relative to the others; 0: not in this run. */
  readonly weights: Readonly<Record<FaultKind, number>>;
  /** How long crashed servers stay down, and partitions stay. */
  readonly lastsMaxUs: number;
  /** The largest burst of writes. */
  readonly burstMax: number;
  readonly keys: number;
  /** No more servers than these join. */
  readonly serversMax: number;
}

/** The network as bad as the MIT 6.824 one, or worse, or good. */
export function drawWeather(random: Random): NetworkConditions {
  const latencyMinUs = random.between(0, 5 * MILLISECOND_US);
  return {
    latencyMinUs,
    latencyMaxUs: latencyMinUs + random.between(1, random.chance(MILLION / 5) ? 200_000 : 27_000),
    lossPerMillion: random.chance(MILLION / 2) ? random.below(200_000) : 0,
    duplicatesPerMillion: random.chance(MILLION / 2) ? random.below(200_000) : 0,
    longDelaysPerMillion: random.chance(MILLION / 4) ? random.below(600_000) : 0,
    longDelayMinUs: 200 * MILLISECOND_US,
    longDelayMaxUs:
      random.between(300, random.chance(MILLION / 4) ? 10_000 : 2_200) * MILLISECOND_US,
    reorders: random.chance(MILLION / 2),
    lateAfterBreakPerMillion: random.chance(MILLION / 2) ? random.below(MILLION) : 0,
    dialMinUs: 10 * MILLISECOND_US,
    dialMaxUs: random.between(50, 1_500) * MILLISECOND_US,
    detectMinUs: 1 * MILLISECOND_US,
    detectMaxUs: random.between(100, 6_000) * MILLISECOND_US,
  };
}

export class Faults {
  /** How often each kind was done. */
  readonly counts: Record<FaultKind, number>;
  readonly #world: World;
  readonly #plan: FaultPlan;
  readonly #random: Random;
  readonly #kinds: readonly FaultKind[];
  #active = false;
  /** How many there were so far: the end of an older one does not end a newer one. */
  #partitions = 0;

  constructor(world: World, plan: FaultPlan, random: Random) {
    this.#world = world;
    this.#plan = plan;
    this.#random = random;
    this.#kinds = FAULT_KINDS.flatMap((kind) =>
      Array.from({ length: plan.weights[kind] }, () => kind),
    );
    const counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0]));
    this.counts = counts as Record<FaultKind, number>;
    world.onStorageStop = (server) => {
      world.queue.schedule(this.#lastsUs(), () => this.#restart(server));
    };
  }

  begin(): void {
    this.#active = true;
    this.#scheduleNext();
  }

  /** Ends every fault: all servers that still have a disk run, undisturbed, on a good network. */
  heal(): void {
    this.#active = false;
    const { network, servers } = this.#world;
    network.conditions = GOOD_NETWORK;
    network.unblockAll();
    for (const server of servers) {
      server.disk.failNext = false;
      server.disk.conditions = GOOD_DISK;
      server.database.failNext = false;
      server.database.conditions = GOOD_DATABASE;
      server.resume();
    }
    this.restartAll();
  }

  /** Starts whatever is down and has its disk. */
  restartAll(): void {
    for (const server of this.#world.servers) this.#restart(server);
  }

  #scheduleNext(): void {
    if (this.#kinds.length === 0) return;
    const { pauseMinUs, pauseMaxUs } = this.#plan;
    this.#world.queue.schedule(this.#random.between(pauseMinUs, pauseMaxUs), () => {
      if (!this.#active) return;
      this.#strike(this.#random.pick(this.#kinds));
      this.#scheduleNext();
    });
  }

  #strike(kind: FaultKind): void {
    const { queue, trace } = this.#world;
    this.counts[kind] += 1;
    trace.record(queue.nowUs, 'fault', -1, [FAULT_KINDS.indexOf(kind)], () => kind);
    switch (kind) {
      case 'crash-one':
      case 'crash-leader':
      case 'crash-many':
      case 'crash-all':
      case 'wipe-database':
        this.#crash(kind);
        return;
      case 'partition':
      case 'isolate-leader':
      case 'one-way':
      case 'bridge':
        this.#partition(kind);
        return;
      case 'pause':
      case 'pause-leader':
        this.#pause(kind === 'pause' ? this.#anyRunning() : this.#world.leader());
        return;
      case 'slow-disk':
      case 'fail-disk':
      case 'slow-database':
      case 'fail-database':
        this.#storage(kind, this.#anyRunning());
        return;
      default:
        this.#other(kind);
    }
  }

  #other(kind: 'reset-link' | 'weather' | 'wall-clock' | 'join' | 'destroy' | 'burst'): void {
    const { network, servers } = this.#world;
    const random = this.#random;
    switch (kind) {
      case 'reset-link':
        network.reset(random.pick(servers).nodeId, random.pick(servers).nodeId);
        return;
      case 'weather':
        network.conditions = drawWeather(random);
        return;
      case 'wall-clock':
        random.pick(servers).clock.wallOffsetMs += random.between(-3_600_000, 3_600_000);
        return;
      case 'join':
        this.#join();
        return;
      case 'destroy':
        this.#destroy();
        return;
      case 'burst': {
        const running = this.#anyRunning()?.running;
        running?.loop.post('client', () =>
          running.client.burst(this.#plan.burstMax, this.#plan.keys),
        );
      }
    }
  }

  #anyRunning(): Server | null {
    const { running } = this.#world;
    return running.length === 0 ? null : this.#random.pick(running).server;
  }

  #lastsUs(): number {
    return this.#random.between(20 * MILLISECOND_US, this.#plan.lastsMaxUs);
  }

  #crash(kind: 'crash-one' | 'crash-leader' | 'crash-many' | 'crash-all' | 'wipe-database'): void {
    for (const server of this.#victims(kind)) {
      this.#world.crash(server);
      if (kind === 'wipe-database') server.database.wipe();
      this.#world.queue.schedule(this.#lastsUs(), () => this.#restart(server));
    }
  }

  #victims(kind: FaultKind): readonly Server[] {
    const running = this.#world.running.map(({ server }) => server);
    const one = kind === 'crash-leader' ? this.#world.leader() : this.#anyRunning();
    if (kind === 'crash-all') return running;
    if (kind === 'crash-many') {
      return this.#random.shuffle(running).slice(0, this.#random.between(0, running.length));
    }
    return one === null ? [] : [one];
  }

  #restart(server: Server): void {
    if (server.running === null && !server.destroyed) server.start();
  }

  /** One partition at a time: a new one takes the place of the one before. */
  #partition(kind: 'partition' | 'isolate-leader' | 'one-way' | 'bridge'): void {
    const { network, servers, queue } = this.#world;
    network.unblockAll();
    const ids = this.#random.shuffle(servers).map((server) => server.nodeId);
    const leader = this.#world.leader()?.nodeId;
    const cut = this.#random.between(1, Math.max(ids.length - 1, 1));
    const isolated = kind === 'isolate-leader' && leader !== undefined ? [leader] : null;
    const one = isolated ?? ids.slice(0, cut);
    // A bridge belongs to both sides: they see it, and it sees them, but not each other.
    const bridge = kind === 'bridge' ? ids.at(-1) : undefined;
    const outgoing = this.#random.chance(MILLION / 2);
    for (const a of one) {
      for (const b of ids) {
        if (one.includes(b) || a === bridge || b === bridge) continue;
        if (kind !== 'one-way' || outgoing) network.block(a, b);
        if (kind !== 'one-way' || !outgoing) network.block(b, a);
      }
    }
    this.#partitions += 1;
    const partition = this.#partitions;
    queue.schedule(this.#lastsUs(), () => {
      if (this.#partitions === partition) network.unblockAll();
    });
  }

  #pause(server: Server | null): void {
    const running = server?.running;
    if (server === null || running === null || running === undefined) return;
    server.pause(this.#random.chance(MILLION / 2));
    const lastsUs = this.#random.between(100 * MILLISECOND_US, 6 * SECOND_US);
    this.#world.queue.schedule(lastsUs, () => {
      if (server.running === running) server.resume();
    });
  }

  #storage(
    kind: 'slow-disk' | 'fail-disk' | 'slow-database' | 'fail-database',
    server: Server | null,
  ): void {
    if (server === null) return;
    const { queue } = this.#world;
    const slowUs = this.#random.between(10 * MILLISECOND_US, 2 * SECOND_US);
    switch (kind) {
      case 'slow-disk':
        server.disk.conditions = { writeMinUs: slowUs >> 3, writeMaxUs: slowUs };
        queue.schedule(this.#lastsUs(), () => {
          server.disk.conditions = GOOD_DISK;
        });
        return;
      case 'slow-database':
        server.database.conditions = { applyMinUs: slowUs >> 3, applyMaxUs: slowUs };
        queue.schedule(this.#lastsUs(), () => {
          server.database.conditions = GOOD_DATABASE;
        });
        return;
      case 'fail-disk':
        server.disk.failNext = true;
        return;
      case 'fail-database':
        server.database.failNext = true;
    }
  }

  #join(): void {
    const { servers } = this.#world;
    const alive = servers.filter((server) => !server.destroyed);
    if (alive.length >= this.#plan.serversMax) return;
    const contacts = this.#random.shuffle(alive).slice(0, 2);
    this.#world.addServer(contacts.map((server) => server.nodeId)).start();
  }

  /**
   * Loses a voter's machine for ever, where the others remain a majority of every configuration that
   * may be in force: all servers run, and agree on one that is not changing.
   */
  #destroy(): void {
    const { servers, running } = this.#world;
    const alive = servers.filter((server) => !server.destroyed);
    const configurations = running.map(({ running: { node } }) => node.raft.configuration);
    const [configuration] = configurations;
    if (configuration === undefined || running.length < alive.length) return;
    const same = new Set(configurations.map(configurationText)).size === 1;
    if (!same || configuration.outgoingVoters.length > 0) return;
    const { voters } = configuration;
    const lost = servers.filter((server) => server.destroyed && voters.includes(server.nodeId));
    if (2 * (lost.length + 1) >= voters.length) return;
    const victim = this.#random.pick(alive.filter((server) => voters.includes(server.nodeId)));
    this.#world.destroy(victim);
    this.#join();
  }
}
