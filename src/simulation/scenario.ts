/** What a seed stands for: how large the cluster is, how it is used, and what goes wrong. */

import { MAX_SESSIONS, RAFT_LIMITS } from '../node/limits.ts';
import type { RaftLimits } from '../raft/limits.ts';
import type { Workload } from './client.ts';
import { drawWeather, FAULT_KINDS, type FaultKind, type FaultPlan } from './faults.ts';
import { GOOD_NETWORK, type NetworkConditions } from './network.ts';
import { MILLION, type Random } from './random.ts';

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;

export interface Scenario {
  /** 3 or 5: what the cluster grows to by its own membership rules. */
  readonly voters: number;
  /** One more server than voters: a learner that stays one. */
  readonly learner: boolean;
  /** False: things go wrong while the cluster is still growing. */
  readonly growsUndisturbed: boolean;
  readonly faultsLastUs: number;
  /** The network at the beginning of the faults. */
  readonly weather: NetworkConditions;
  readonly workload: Workload;
  readonly faults: FaultPlan;
  readonly raftLimits: RaftLimits;
  readonly maxSessions: number;
}

export function drawScenario(random: Random): Scenario {
  const voters = random.chance(MILLION / 2) ? 5 : 3;
  const keys = random.between(2, 8);
  return {
    voters,
    learner: random.chance(MILLION / 4),
    growsUndisturbed: random.chance((MILLION * 3) / 4),
    faultsLastUs: random.between(5, 40) * SECOND_US,
    weather: random.chance(MILLION / 3) ? GOOD_NETWORK : drawWeather(random.stream('weather')),
    workload: drawWorkload(random.stream('workload'), keys),
    faults: drawFaults(random.stream('faults'), keys, voters),
    raftLimits: drawLimits(random.stream('limits')),
    // Few enough to be evicted, enough for one of each server.
    maxSessions: random.chance(MILLION / 4) ? voters + random.between(3, 6) : MAX_SESSIONS,
  };
}

function drawWorkload(random: Random, keys: number): Workload {
  const pauseMinUs = random.between(5, 100) * MILLISECOND_US;
  return {
    pauseMinUs,
    pauseMaxUs: pauseMinUs + random.between(10, 900) * MILLISECOND_US,
    readsPerMillion: random.between(200_000, 700_000),
    burstsPerMillion: random.chance(MILLION / 2) ? random.below(100_000) : 0,
    burstMax: random.between(4, 32),
    pendingMax: random.between(1, 64),
    keys,
  };
}

function drawFaults(random: Random, keys: number, voters: number): FaultPlan {
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
    serversMax: voters + 2,
  };
}

/** Mostly production's; else small bounds, so that they are reached, and other intervals. */
function drawLimits(random: Random): RaftLimits {
  if (random.chance((MILLION * 2) / 3)) return RAFT_LIMITS;
  const heartbeatIntervalMs = random.between(20, 120);
  const electionTimeoutMinMs = heartbeatIntervalMs * random.between(5, 12);
  return {
    ...RAFT_LIMITS,
    heartbeatIntervalMs,
    electionTimeoutMinMs,
    electionTimeoutMaxMs: electionTimeoutMinMs * 2,
    maxAppendEntries: random.between(1, 16),
    maxAppendBytes: random.between(64, 2_048),
    maxInflightMessages: random.between(1, 8),
    maxInflightBytes: random.between(256, 8_192),
    maxUncommittedBytes: random.between(2_048, 16_384),
    maxPendingReads: random.between(1, 64),
    maxApplyEntries: random.between(1, 32),
    maxApplyBytes: random.between(64, 4_096),
  };
}
