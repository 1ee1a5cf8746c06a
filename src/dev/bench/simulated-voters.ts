/**
 * What a commit waits for with more voters, and more learners, than one machine has room for as tabs: the
 * production core and runtime in the simulator, under delays that are chosen and the same for all. Its
 * times are simulated: what they say of a real cluster is how they grow with its size, and how many
 * messages a commit takes.
 */

import { COMMITS, INSERTS, scaled, type Scale } from '../../bench/context.ts';
import { Gathering } from '../../bench/gathering.ts';
import { rateOf } from '../../bench/load.ts';
import type { Figure, Reading } from '../../bench/report.ts';
import {
  isAskedFor,
  SIMULATED_CLIENTS,
  SIMULATED_CLUSTERS,
  simulatedConcurrentName,
  simulatedName,
  simulatedSubject,
  type SimulatedCluster,
} from '../../bench/targets.ts';
import { LOAD_DELAYS, LoadedCluster, type LoadTimings } from '../../simulation/closed-load.ts';
import type { Progress } from './session.ts';

/** Any would do; with one the figures of a build are the same wherever it runs. */
const SEED = 1;
const WARM_UP_SHARE = 0.25;

interface Options {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly scale: Scale;
  readonly onProgress: (progress: Progress) => void;
}

/** Throws what the simulator's checkers find. */
export function measureSimulatedVoters(options: Options): Figure[] {
  return SIMULATED_CLUSTERS.filter((cluster) =>
    isAskedFor(simulatedName(cluster), options.only),
  ).flatMap((cluster) => measureOne(cluster, options));
}

function measureOne(cluster: SimulatedCluster, options: Options): Figure[] {
  const measurement = simulatedName(cluster);
  const subject = simulatedSubject(cluster);
  const concurrent = simulatedConcurrentName(cluster);
  const { rounds } = options;
  const inserts = scaled(options, INSERTS);
  const loaded = new LoadedCluster({ seed: SEED, ...cluster });
  const gathered = new Gathering();
  loaded.run(SIMULATED_CLIENTS, Math.ceil(inserts * WARM_UP_SHARE));
  for (let round = 1; round <= rounds; round += 1) {
    options.onProgress({ measurement, subject, round, rounds });
    const alone = loaded.run(1, scaled(options, COMMITS));
    const together = loaded.run(SIMULATED_CLIENTS, inserts);
    gathered.add([
      { figure: measurement, unit: 'simulated ms', values: alone.latenciesMs },
      messagesOf(measurement, alone),
      { figure: concurrent, unit: '/simulated s', values: [rateOf(together)] },
      { figure: `${concurrent}-latency`, unit: 'simulated ms', values: together.latenciesMs },
      messagesOf(concurrent, together),
    ]);
  }
  loaded.verify();
  return gathered.figures(subject, settings());
}

/** Sent by all servers, for each write; heartbeats and the like are among them. */
function messagesOf(figure: string, { messages, operations }: LoadTimings): Reading {
  return { figure: `${figure}-messages`, unit: 'count', values: [messages / operations] };
}

function settings(): string {
  const { network, disk, apply } = LOAD_DELAYS;
  return (
    `the simulator, at the leader; network ${shown(network)} one way, disk ${shown(disk)}, ` +
    `applying ${shown(apply)}, processors take no time; not to be compared with tabs`
  );
}

function shown({ minUs, maxUs }: { readonly minUs: number; readonly maxUs: number }): string {
  const [min, max] = [minUs / 1_000, maxUs / 1_000];
  return min === max ? `${min} ms` : `${min} to ${max} ms`;
}
