/**
 * Three etcd processes on this machine, for as long as they are measured: on loopback and free ports,
 * with data in a temporary folder, and otherwise as etcd is by default, which flushes before it answers.
 * The client is the same kind of loop as the page's, in this process, by gRPC, and speaks to the leader.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Etcd3 } from 'etcd3';

import { COMMITS, INSERTS, readingsOf, ROW_BYTES, scaled } from '../../bench/context.ts';
import type { Gathering } from '../../bench/gathering.ts';
import { runClients, type Timings } from '../../bench/load.ts';
import { textOf } from '../../bench/rows.ts';
import { CLIENTS, isAskedFor } from '../../bench/targets.ts';
import { isExecutable } from '../executable.ts';
import type { BenchOptions } from './options.ts';
import { waitFor } from './tab.ts';

const MEMBERS = 3;
const START_TIMEOUT_MS = 30_000;
const WARM_UP_SHARE = 0.25;
const PREFIX = 'row-';

export const ETCD_SETTINGS = `${MEMBERS} processes on loopback, put by gRPC at the leader, default settings (fsync)`;

/** Null where there is none on the PATH. */
export function findEtcd(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'etcd')).find(isExecutable) ?? null;
}

/** So many rounds of single puts, with as many clients and as many bytes as the page's inserts. */
export async function measureEtcd(
  path: string,
  { only, scale }: BenchOptions,
  rounds: number,
  gathered: Gathering,
): Promise<void> {
  const names = ['commit', ...CLIENTS.map((clients) => `concurrent-${clients}`)];
  if (rounds === 0 || !names.some((name) => isAskedFor(name, only))) return;
  const cluster = await EtcdCluster.start(path);
  try {
    for (const clients of CLIENTS) {
      const figure = `concurrent-${clients}`;
      if (!isAskedFor(figure, only) && !(clients === 1 && isAskedFor('commit', only))) continue;
      const puts = scaled({ scale }, clients === 1 ? COMMITS : INSERTS);
      await cluster.put(clients, Math.ceil(puts * WARM_UP_SHARE));
      for (let round = 1; round <= rounds; round += 1) {
        console.error(`${figure}: etcd, round ${round} of ${rounds}`);
        const timings = await cluster.put(clients, puts);
        if (isAskedFor(figure, only)) gathered.add(readingsOf(figure, timings));
        if (clients > 1 || !isAskedFor('commit', only)) continue;
        gathered.add([{ figure: 'commit', unit: 'ms', values: timings.latenciesMs }]);
      }
    }
    await cluster.verify();
  } finally {
    await cluster.stop();
  }
}

class EtcdCluster {
  readonly #folder: string;
  readonly #processes: readonly ChildProcess[];
  readonly #client: Etcd3;
  readonly #value = textOf(ROW_BYTES);
  #puts = 0;

  private constructor(folder: string, processes: readonly ChildProcess[], client: Etcd3) {
    this.#folder = folder;
    this.#processes = processes;
    this.#client = client;
  }

  static async start(path: string): Promise<EtcdCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'resqlite-etcd-'));
    const ports = await freePorts(2 * MEMBERS);
    const members = Array.from({ length: MEMBERS }, (_, at) => ({
      name: `member${at}`,
      client: `http://127.0.0.1:${ports[2 * at]}`,
      peer: `http://127.0.0.1:${ports[2 * at + 1]}`,
    }));
    const initial = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    const processes = members.map(({ name, client, peer }) => {
      const args = ['--name', name, '--data-dir', join(folder, name)];
      args.push('--listen-client-urls', client, '--advertise-client-urls', client);
      args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
      args.push('--initial-cluster', initial, '--initial-cluster-state', 'new');
      return spawn(path, args, { stdio: 'ignore' });
    });
    try {
      const leader = await leaderAmong(members.map(({ client }) => client));
      return new EtcdCluster(folder, processes, new Etcd3({ hosts: leader }));
    } catch (error) {
      await end(processes, folder);
      throw error;
    }
  }

  put(clients: number, count: number): Promise<Timings> {
    const first = this.#puts;
    this.#puts += count;
    return runClients(clients, count, async (number) => {
      await this.#client.put(`${PREFIX}${first + number}`).value(this.#value);
    });
  }

  async verify(): Promise<void> {
    const count = await this.#client.getAll().prefix(PREFIX).count();
    if (count !== this.#puts) throw new Error(`etcd: ${count} keys where ${this.#puts} should be`);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await end(this.#processes, this.#folder);
  }
}

async function leaderAmong(hosts: readonly string[]): Promise<string> {
  let leader: string | undefined;
  await waitFor('etcd to have a leader', START_TIMEOUT_MS, async () => {
    for (const host of hosts) {
      const client = new Etcd3({ hosts: host });
      try {
        const { leader: leaderId, header } = await client.maintenance.status();
        if (leaderId !== '0' && leaderId === header.member_id) leader = host;
      } catch {
        // It does not listen yet.
      } finally {
        client.close();
      }
    }
    return leader !== undefined;
  });
  return leader ?? '';
}

async function end(processes: readonly ChildProcess[], folder: string): Promise<void> {
  for (const child of processes) {
    if (child.exitCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** All of them different, since all are held until all are found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no free port');
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
