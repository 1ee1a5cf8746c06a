/**
 * The Raft-level test harness of MIT 6.824, with its bounds, over the production runtime.
 *
 * The course's `Start(command)` gives a server a command that may never be committed. Here that is
 * a forwarded registration of a session: the one request a leader appends without asking for what
 * came before it. Its nonce is the command. So commands pass through everything that a client's
 * writes pass through, and the log holds entries beside them: the configuration, a leader's no-op.
 * The course's absolute indexes are therefore compared relative to where the log ended before.
 */

import { decodeCommand } from '../../src/node/command.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { Server } from '../../src/simulation/server.ts';
import { Cluster, type Thread } from './cluster.ts';
import { MILLISECOND_US, SECOND_US } from './labrpc.ts';

/** The election timeout that the course's tests reckon with. */
export const ELECTION_TIMEOUT_US = SECOND_US;

/** The sessions that the state machines keep: no scenario uses one. */
const SESSIONS = 16;

/** What an entry holds that is no command of a test. */
const OTHER = -1;

export interface Started {
  readonly index: number;
  readonly term: number;
}

export class RaftHarness extends Cluster {
  /** By server: what it applied, by index. */
  readonly #applied = new Map<Server, number[]>();

  constructor(size: number, seed: number) {
    super({ size, seed, longDelays: true, maxSessions: SESSIONS });
  }

  protected override onServers(servers: readonly Server[]): void {
    for (const server of servers) {
      const { database } = server;
      const { events } = database;
      database.events = {
        applied: (applied) => {
          events.applied(applied);
          this.#onApplied(server, applied.entry);
        },
        restored: (index, digest) => {
          events.restored(index, digest);
          this.#appliedBy(server).length = index + 1;
        },
      };
    }
  }

  override restart(number: number): void {
    super.restart(number);
    const server = this.server(number);
    // What the database lost in the crash is applied again.
    this.#appliedBy(server).length = (server.running?.machine.appliedIndex ?? 0) + 1;
  }

  /** Gives a server a command; null where it does not lead. */
  start(number: number, command: number): Started | null {
    const server = this.server(number);
    const { running } = server;
    if (running === null) return null;
    const { node, loop } = running;
    const before = node.raft.lastIndex;
    if (node.raft.role !== 'leader') return null;
    loop.post('client', () => {
      node.receive({
        type: 'propose',
        from: this.server(number + 1).nodeId,
        to: server.nodeId,
        proposal: { type: 'register-session', nonce: command, durable: false },
      });
    });
    const { lastIndex, term } = node.raft;
    return lastIndex === before + 1 ? { index: lastIndex, term } : null;
  }

  /** The log's end on the server that leads: the course's tests count from there. */
  lastIndex(): number {
    return this.server(this.checkOneLeader()).running?.node.raft.lastIndex ?? 0;
  }

  /** How many servers applied `index`, and what; they must not differ. */
  nCommitted(index: number): { readonly count: number; readonly command: number | null } {
    let count = 0;
    let command: number | null = null;
    for (const server of this.servers) {
      const applied = this.#appliedBy(server)[index];
      if (applied === undefined) continue;
      if (command !== null && command !== applied) throw new Error(`differing values at ${index}`);
      command = applied;
      count += 1;
    }
    return { count, command };
  }

  /** Ten looks, 500 ms apart. At no look may a term have two leaders among the connected. */
  checkOneLeader(): number {
    for (let look = 0; look < 10; look += 1) {
      this.sleep(500 * MILLISECOND_US);
      const leaders = this.#connectedLeaders();
      const terms = leaders.map(({ term }) => term);
      if (new Set(terms).size < terms.length) throw new Error(`two leaders in a term: ${terms}`);
      const [newest] = leaders.toSorted((a, b) => b.term - a.term);
      if (newest !== undefined) return newest.number;
    }
    throw new Error('expected one leader, got none');
  }

  checkNoLeader(): void {
    const leaders = this.#connectedLeaders();
    if (leaders.length > 0) throw new Error(`server ${leaders[0]?.number} leads`);
  }

  /** The term that all connected servers agree on. */
  checkTerms(): number {
    const terms = this.servers
      .filter(({ number }) => this.connected[number])
      .map(({ number }) => this.term(number));
    const [first, ...others] = new Set(terms);
    if (first === undefined || others.length > 0) throw new Error(`servers disagree: ${terms}`);
    return first;
  }

  term(number: number): number {
    return this.server(number).running?.node.raft.term ?? 0;
  }

  /**
   * Until `count` servers applied `index`: at most 30 looks, 10 ms and then up to 1,280 ms apart.
   * Null where a server has moved on from `startTerm`.
   */
  *wait(index: number, count: number, startTerm: number | null): Thread<number | null> {
    let pauseUs = 10 * MILLISECOND_US;
    for (let look = 0; look < 30 && this.nCommitted(index).count < count; look += 1) {
      yield pauseUs;
      if (pauseUs < SECOND_US) pauseUs *= 2;
      if (startTerm === null) continue;
      if (this.servers.some(({ number }) => this.term(number) > startTerm)) return null;
    }
    const committed = this.nCommitted(index);
    if (committed.count < count) {
      throw new Error(`only ${committed.count} decided for index ${index}; wanted ${count}`);
    }
    return committed.command;
  }

  /**
   * Full agreement within 10 s: finds who takes the command, waits up to 2 s, looking every 20 ms,
   * for `count` servers to have applied it, and else tries again; so it may be committed more than
   * once. Returns its index.
   */
  *one(command: number, count: number): Thread<number> {
    const { queue } = this.world;
    const endUs = queue.nowUs + 10 * SECOND_US;
    let from = 0;
    while (queue.nowUs < endUs) {
      let started: Started | null = null;
      for (let tried = 0; tried < this.size && started === null; tried += 1) {
        from = (from + 1) % this.size;
        if (this.connected[from] === true) started = this.start(from, command);
      }
      if (started === null) {
        yield 50 * MILLISECOND_US;
        continue;
      }
      const retryUs = queue.nowUs + 2 * SECOND_US;
      while (queue.nowUs < retryUs) {
        const committed = this.nCommitted(started.index);
        if (committed.count >= count && committed.command === command) return started.index;
        yield 20 * MILLISECOND_US;
      }
    }
    throw new Error(`one(${command}) failed to reach agreement of ${count} within 10 s`);
  }

  /** `one` in the main thread, for a new command unless one is named. */
  agree(count: number, command: number = this.newCommand()): number {
    return this.run(this.one(command, count));
  }

  /** As the course's tests draw them; two are hardly ever equal. */
  newCommand(): number {
    return this.random.below(2 ** 40);
  }

  /** 50 commands that only `number` and whoever it can reach will ever have. */
  startFifty(number: number): void {
    for (let i = 0; i < 50; i += 1) this.start(number, this.newCommand());
  }

  startAllDown(): void {
    for (const server of this.servers) if (server.running === null) this.restart(server.number);
    this.connectAll();
  }

  #connectedLeaders(): { readonly number: number; readonly term: number }[] {
    return this.servers.flatMap(({ number, running }) => {
      if (this.connected[number] !== true || running?.node.raft.role !== 'leader') return [];
      return [{ number, term: running.node.raft.term }];
    });
  }

  #appliedBy(server: Server): number[] {
    let applied = this.#applied.get(server);
    if (applied === undefined) {
      applied = [OTHER];
      this.#applied.set(server, applied);
    }
    return applied;
  }

  #onApplied(server: Server, entry: Entry): void {
    const applied = this.#appliedBy(server);
    if (entry.index !== applied.length) {
      throw new Error(`server ${server.number} apply out of order: ${entry.index}`);
    }
    applied.push(commandOf(entry));
    this.nCommitted(entry.index);
  }
}

function commandOf(entry: Entry): number {
  if (entry.type !== 'command') return OTHER;
  const command = decodeCommand(entry.data);
  return command.type === 'register-session' ? command.nonce : OTHER;
}
