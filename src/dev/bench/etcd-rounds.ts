/**
 * What etcd comes to, half of its rounds before and half behind all that runs in the browser: it is not
 * to run beside it, and starts too slowly to take turns with it.
 */

import {
  COMMITS,
  INSERTS,
  readingsOf,
  ROW_BYTES,
  scaled,
  WARM_UP_SHARE,
} from '../../bench/context.ts';
import { Gathering } from '../../bench/gathering.ts';
import type { Figure } from '../../bench/report.ts';
import { CLIENTS, concurrentName, ETCD, isAskedFor } from '../../bench/targets.ts';
import { EtcdCluster, etcdVersion, findEtcd } from './etcd.ts';
import { tellProgress, type Session } from './session.ts';

export class EtcdRounds {
  readonly #session: Session;
  readonly #gathered = new Gathering();
  /** Null where there is none, or nothing to compare with it. */
  readonly #path: string | null;

  constructor(session: Session) {
    this.#session = session;
    const isNeeded = CLIENTS.some((clients) => this.#figuresOf(clients).length > 0);
    this.#path = isNeeded ? findEtcd() : null;
    if (isNeeded && this.#path === null) session.note('there is no etcd on the PATH');
  }

  /** Gives no figures yet. */
  async firstHalf(): Promise<readonly Figure[]> {
    await this.#run(Math.ceil(this.#session.options.rounds / 2));
    return [];
  }

  async secondHalf(): Promise<readonly Figure[]> {
    if (this.#path === null) return [];
    await this.#run(Math.floor(this.#session.options.rounds / 2));
    const settings =
      `${etcdVersion(this.#path)}, 3 processes on loopback, as it is by default (fsync),` +
      ` puts of ${ROW_BYTES} bytes by gRPC at the leader`;
    return this.#gathered.figures(ETCD, settings);
  }

  async #run(rounds: number): Promise<void> {
    if (this.#path === null || rounds === 0) return;
    const cluster = await EtcdCluster.start(this.#path);
    try {
      for (const clients of CLIENTS) await this.#measure(cluster, clients, rounds);
      await cluster.verify();
    } finally {
      await cluster.stop();
    }
  }

  async #measure(cluster: EtcdCluster, clients: number, rounds: number): Promise<void> {
    const figures = this.#figuresOf(clients);
    if (figures.length === 0) return;
    const puts = scaled(this.#session.options, clients === 1 ? COMMITS : INSERTS);
    await cluster.put(clients, puts * WARM_UP_SHARE);
    for (let round = 1; round <= rounds; round += 1) {
      tellProgress({ measurement: figures.join(', '), subject: ETCD, round, rounds });
      const timings = await cluster.put(clients, puts);
      for (const figure of figures) {
        this.#gathered.add(
          figure === 'commit'
            ? [{ figure, unit: 'ms', values: timings.latenciesMs }]
            : readingsOf(figure, timings),
        );
      }
    }
  }

  #figuresOf(clients: number): string[] {
    const names = [concurrentName(clients), ...(clients === 1 ? ['commit'] : [])];
    return names.filter((name) => isAskedFor(name, this.#session.options.only));
  }
}
