/** What a seed stands for: how large the cluster is, how it is used, and what goes wrong. */

import { MAX_SESSIONS, RAFT_LIMITS, RUNTIME_LIMITS, type RuntimeLimits } from '../node/limits.ts';
import type { RaftLimits } from '../raft/limits.ts';
import type { Workload } from './client.ts';
import { drawFaults, drawWeather, type FaultPlan } from './fault-plan.ts';
import { GOOD_NETWORK, type NetworkConditions } from './network.ts';
import { MILLION, type Random } from './random.ts';

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;

export interface Scenario {
  /** What the cluster begins with: the first founds, the others join. */
  readonly servers: number;
  /** What it grows to by its own membership rules. */
  readonly voters: number;
  /** False: things go wrong while the cluster is still growing. */
  readonly growsUndisturbed: boolean;
  readonly faultsLastUs: number;
  /** The network at the beginning of the faults. */
  readonly weather: NetworkConditions;
  readonly workload: Workload;
  readonly faults: FaultPlan;
  readonly limits: RuntimeLimits;
  readonly maxSessions: number;
}

/** What is fixed by whoever asks for the run; null: drawn. */
export interface ScenarioWishes {
  readonly servers: number | null;
  /** Clients in all, shared out among the servers. */
  readonly clients: number | null;
}

export const NO_WISHES: ScenarioWishes = { servers: null, clients: null };

export const SERVERS_MAX = 7;

/** Cluster sizes, each as often as it is likely to be drawn. */
const SIZES: readonly number[] = [1, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 6, 7];

export function drawScenario(random: Random, wishes: ScenarioWishes = NO_WISHES): Scenario {
  const servers = wishes.servers ?? random.pick(SIZES);
  const voters = servers % 2 === 1 ? servers : servers - 1;
  const keys = random.between(2, 8);
  const workload = drawWorkload(random.stream('workload'), keys);
  const clientsPerServer = Math.ceil((wishes.clients ?? servers) / servers);
  return {
    servers,
    voters,
    growsUndisturbed: random.chance((MILLION * 3) / 4),
    faultsLastUs: random.between(5, 30) * SECOND_US,
    weather: random.chance(MILLION / 3) ? GOOD_NETWORK : drawWeather(random.stream('weather')),
    workload: { ...workload, clients: clientsPerServer },
    faults: drawFaults(random.stream('faults'), keys, servers),
    limits: { ...drawLimits(random.stream('runtime limits')), maxVoters: Math.max(voters, 3) },
    // Few enough to be evicted, enough for one of each server.
    maxSessions: random.chance(MILLION / 4) ? servers + random.between(3, 6) : MAX_SESSIONS,
  };
}

function drawWorkload(random: Random, keys: number): Workload {
  const pauseMinUs = random.between(5, 100) * MILLISECOND_US;
  return {
    clients: 1,
    pauseMinUs,
    pauseMaxUs: pauseMinUs + random.between(10, 900) * MILLISECOND_US,
    readsPerMillion: random.between(200_000, 700_000),
    burstsPerMillion: random.chance(MILLION / 2) ? random.below(50_000) : 0,
    burstMax: random.between(4, 32),
    pendingMax: random.between(1, 64),
    keys,
  };
}

/** Bounds so small that logs are compacted and snapshots sent in most runs; else production's. */
function drawLimits(random: Random): RuntimeLimits {
  const raft = drawRaftLimits(random.stream('raft'));
  // Always frequent: a changed database is to be found out before a run ends.
  const stateCheckIntervalMs = random.between(500, 5_000);
  if (random.chance(MILLION / 8)) return { ...RUNTIME_LIMITS, raft, stateCheckIntervalMs };
  const logKeepEntries = random.between(1, random.chance(MILLION / 2) ? 8 : 64);
  const logCompactEntries = logKeepEntries * random.between(4, 8);
  const logKeepBytes = random.chance(MILLION / 2)
    ? RUNTIME_LIMITS.logKeepBytes
    : random.between(64, 1_024);
  const logCompactBytes = Math.min(4 * logKeepBytes, RUNTIME_LIMITS.logCompactBytes);
  return {
    ...RUNTIME_LIMITS,
    raft,
    logKeepEntries,
    logCompactEntries,
    logKeepBytes,
    logCompactBytes,
    logHeldBytes: 4 * logCompactBytes,
    snapshotChunkBytes: random.between(16, 512),
    snapshotWindowChunks: random.between(1, 8),
    snapshotResendMs: random.between(200, 2_000),
    snapshotGiveUpMs: random.between(2_000, 10_000),
    stateCheckIntervalMs,
    voterSilenceMs: random.chance(MILLION / 2)
      ? random.between(4_000, 10_000)
      : RUNTIME_LIMITS.voterSilenceMs,
    // So short that some who are away for a while have to come back.
    learnerForgetMs: random.chance(MILLION / 3)
      ? random.between(1_000, 4_000)
      : RUNTIME_LIMITS.learnerForgetMs,
  };
}

/** Mostly production's; else small bounds, so that they are reached, and other intervals. */
function drawRaftLimits(random: Random): RaftLimits {
  if (random.chance((MILLION * 2) / 3)) return RAFT_LIMITS;
  const heartbeatIntervalMs = random.between(20, 120);
  const electionTimeoutMinMs = heartbeatIntervalMs * random.between(5, 12);
  return {
    ...RAFT_LIMITS,
    heartbeatIntervalMs,
    commitDelayMs: random.between(0, 19),
    spareDelayMs: random.between(0, 19),
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
