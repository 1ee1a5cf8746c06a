/**
 * Three etcd processes on this machine, for as long as they are measured: on loopback and free ports,
 * with data in a temporary folder, and otherwise as etcd is by default, which flushes before it answers.
 * The client is the same kind of loop as the page's, in this process, by gRPC, and speaks to the leader.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Etcd3 } from 'etcd3';

import { ROW_BYTES } from '../../bench/context.ts';
import { runClients, type Timings } from '../../bench/load.ts';
import { textOf } from '../../bench/rows.ts';
import { isExecutable } from '../executable.ts';
import { waitFor } from './tab.ts';

const MEMBERS = 3;
const START_TIMEOUT_MS = 30_000;
const PREFIX = 'row-';

/** As it says itself. */
export function etcdVersion(path: string): string {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return stdout.split('\n')[0]?.replace('Version: ', '') ?? 'etcd';
}

/** Null where there is none on the PATH. */
export function findEtcd(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'etcd')).find(isExecutable) ?? null;
}

export class EtcdCluster {
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
