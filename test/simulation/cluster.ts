/**
 * A grown, undisturbed cluster of production servers in virtual time, for tests that do one thing to
 * it on purpose. Every wait has a bound in virtual time; every event is watched by the checkers.
 */

import type { LogIndex } from '../../src/raft/types.ts';
import { whatIsMissing } from '../../src/simulation/checkers/convergence.ts';
import { checkHistory } from '../../src/simulation/checkers/history-check.ts';
import type { Server } from '../../src/simulation/server.ts';
import { World, type WorldOptions } from '../../src/simulation/world.ts';

export const SECOND_US = 1_000_000;
export const MILLISECOND_US = 1_000;

/** The list that these tests append to. */
const KEY = 0;

export class Cluster {
  readonly world: World;
  /** Every line of the trace. */
  readonly trace: string[] = [];

  /** 1, 3 or 5 servers, all voters. */
  constructor(
    size: number,
    seed = 1,
    options: Pick<WorldOptions, 'maxSessions' | 'limits' | 'databases'> = {},
  ) {
    this.world = new World({ seed, text: (line) => this.trace.push(line), ...options });
    this.world.addCluster(size);
    const isGrown = () =>
      this.servers.every((s) => s.running?.node.raft.configuration.voters.length === size);
    this.waitFor(isGrown, 30 * SECOND_US, `${size} voters`);
    this.converge();
  }

  get servers(): readonly Server[] {
    return this.world.servers;
  }

  get values(): readonly number[] {
    return this.on(this.leader()).machine.model.values(KEY);
  }

  on(server: Server) {
    if (server.running === null) throw new Error(`server ${server.number} is down`);
    return server.running;
  }

  /** The leader of the highest term, waiting for one. */
  leader(among: readonly Server[] = this.servers): Server {
    let leader: Server | null = null;
    this.waitFor(
      () => {
        const leading = among.filter((server) => server.running?.node.raft.role === 'leader');
        leader = leading.toSorted((a, b) => term(b) - term(a))[0] ?? null;
        return leader !== null;
      },
      10 * SECOND_US,
      'a leader',
    );
    if (leader === null) throw new Error('no leader');
    return leader;
  }

  followers(): Server[] {
    const leader = this.leader();
    return this.servers.filter((server) => server !== leader);
  }

  waitFor(condition: () => boolean, limitUs: number, what: string): void {
    if (!this.world.runUntil(condition, limitUs)) throw new Error(`${what}: not in time`);
  }

  pass(durationUs: number): void {
    this.world.runFor(durationUs);
  }

  /** Begins to append through `server`; the value is the number that identifies it. */
  append(server: Server, timeoutMs: number | null = null): Attempt {
    const attempt: Attempt = { value: 0, state: 'pending' };
    const { loop, client } = this.on(server);
    loop.post('client', () => {
      client.write({ type: 'append', key: KEY }, timeoutMs, (ok) => {
        attempt.state = ok ? 'ok' : 'failed';
      });
      attempt.value = this.world.history.operations.length;
    });
    return attempt;
  }

  /** Begins a read of the list through `server`. */
  read(
    server: Server,
    level: 'none' | 'weak' | 'linearizable' | 'strong',
    timeoutMs: number | null = null,
  ): Attempt {
    const attempt: Attempt = { value: 0, state: 'pending' };
    const { loop, client } = this.on(server);
    loop.post('client', () => {
      client.read(level, KEY, timeoutMs, (ok) => {
        attempt.state = ok ? 'ok' : 'failed';
      });
      attempt.value = this.world.history.operations.length;
    });
    return attempt;
  }

  /** Asks through `server` that the entry is skipped: 'done' or why not; null as yet. */
  skip(server: Server, index: number): () => string | null {
    let answer: string | null = null;
    const { loop, node } = this.on(server);
    loop.post('client', () => {
      node.administer({ type: 'skip', index: index as LogIndex }, 8_000, (outcome) => {
        answer = outcome.type === 'done' ? 'done' : outcome.failure.message;
      });
    });
    return () => answer;
  }

  /** Appends through `server`, or the leader among the connected, and waits for the answer. */
  commit(server: Server = this.leader(), limitUs = 10 * SECOND_US): number {
    const attempt = this.append(server);
    this.waitFor(() => attempt.state === 'ok', limitUs, `write ${attempt.value}`);
    return attempt.value;
  }

  /** Until `count` servers have applied everything that any has. */
  waitApplied(count: number, limitUs = 10 * SECOND_US): void {
    const end = this.world.check.committedIndex;
    const caughtUp = () =>
      this.servers.filter((server) => (server.running?.machine.appliedIndex ?? 0) >= end);
    this.waitFor(() => caughtUp().length >= count, limitUs, `${count} servers applied ${end}`);
  }

  /** All states that servers have. */
  hashes(): ReadonlySet<string> {
    return new Set(this.servers.map((server) => this.on(server).machine.hash()));
  }

  /** Only servers of one group can hear each other. */
  partition(...groups: readonly (readonly Server[])[]): void {
    const { network } = this.world;
    network.unblockAll();
    const groupOf = (server: Server) => groups.findIndex((group) => group.includes(server));
    for (const a of this.servers) {
      for (const b of this.servers) {
        if (a !== b && groupOf(a) !== groupOf(b)) network.block(a.nodeId, b.nodeId);
      }
    }
  }

  isolate(...cut: readonly Server[]): void {
    this.partition(
      this.servers.filter((server) => !cut.includes(server)),
      ...cut.map((s) => [s]),
    );
  }

  heal(): void {
    this.world.network.unblockAll();
  }

  crash(...servers: readonly Server[]): void {
    for (const server of servers) this.world.crash(server);
  }

  restart(...servers: readonly Server[]): void {
    for (const server of servers) server.start();
  }

  /** All servers agree, and everything that clients were told is true. */
  converge(): void {
    const limitUs = 30 * SECOND_US;
    if (!this.world.runUntil(() => whatIsMissing(this.world) === null, limitUs)) {
      throw new Error(`not converged: ${whatIsMissing(this.world)}`);
    }
    checkHistory(this.world.history);
  }
}

export interface Attempt {
  value: number;
  state: 'pending' | 'ok' | 'failed';
}

function term(server: Server): number {
  return server.running?.node.raft.term ?? 0;
}
