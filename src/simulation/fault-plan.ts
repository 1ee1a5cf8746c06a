/** The kinds of faults by name, and how many of which a run is to have. */

import { GOOD_NETWORK, type NetworkConditions } from './network.ts';
import { MILLION, type Random } from './random.ts';

const MILLISECOND_US = 1_000;

const PROCESS_FAULTS = [
  'crash-one',
  'crash-leader',
  'crash-many',
  'crash-all',
  'crash-in-persist',
  'crash-in-snapshot',
  'pause',
  'pause-leader',
] as const;

const STORAGE_FAULTS = [
  'slow-disk',
  'fail-disk',
  'corrupt-record',
  'wipe-copy',
  'wipe-copy-everywhere',
  'slow-database',
  'fail-database',
  'refuse-snapshots',
  'wipe-database',
  'deviate',
] as const;

const NETWORK_FAULTS = [
  'partition',
  'isolate-leader',
  'isolate-all',
  'one-way',
  'bridge',
  'reset-link',
  'slow-link',
  'weather',
] as const;

const CLOCK_FAULTS = ['wall-clock', 'clock-gap'] as const;

/** A machine lost with its storage comes back under a new id, as a newcomer. */
const MEMBERSHIP_FAULTS = [
  'join',
  'wipe-storage',
  'remove',
  'leave',
  'transfer',
  'invite',
  'revoke-invite',
  'intrude',
] as const;

export type ProcessFault = (typeof PROCESS_FAULTS)[number];
export type StorageFault = (typeof STORAGE_FAULTS)[number];
export type NetworkFault = (typeof NETWORK_FAULTS)[number];
export type ClockFault = (typeof CLOCK_FAULTS)[number];
export type MembershipFault = (typeof MEMBERSHIP_FAULTS)[number];

export const FAULT_KINDS = [
  ...PROCESS_FAULTS,
  ...STORAGE_FAULTS,
  ...NETWORK_FAULTS,
  ...CLOCK_FAULTS,
  ...MEMBERSHIP_FAULTS,
  'burst',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export function isProcessFault(kind: FaultKind): kind is ProcessFault {
  return (PROCESS_FAULTS as readonly FaultKind[]).includes(kind);
}

export function isStorageFault(kind: FaultKind): kind is StorageFault {
  return (STORAGE_FAULTS as readonly FaultKind[]).includes(kind);
}

export function isNetworkFault(kind: FaultKind): kind is NetworkFault {
  return (NETWORK_FAULTS as readonly FaultKind[]).includes(kind);
}

export function isClockFault(kind: FaultKind): kind is ClockFault {
  return (CLOCK_FAULTS as readonly FaultKind[]).includes(kind);
}

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

export function drawFaults(random: Random, keys: number, servers: number): FaultPlan {
  const weights = Object.fromEntries(
    FAULT_KINDS.map((kind) => [kind, random.chance(MILLION / 2) ? random.between(1, 8) : 0]),
  ) as Record<FaultKind, number>;
  const pauseMinUs = random.between(20, 500) * MILLISECOND_US;
  return {
    pauseMinUs,
    pauseMaxUs: pauseMinUs + random.between(100, 3_000) * MILLISECOND_US,
    weights,
    lastsMaxUs: random.between(500, 6_000) * MILLISECOND_US,
    burstMax: 64,
    keys,
    serversMax: servers + 2,
  };
}

/** The network as bad as the MIT 6.824 one, or worse, or good. */
export function drawWeather(random: Random): NetworkConditions {
  const latencyMinUs = random.between(0, 5 * MILLISECOND_US);
  return {
    ...GOOD_NETWORK,
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
