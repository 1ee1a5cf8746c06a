/**
 * A bank in a simulated cluster: tellers at every server move money between accounts by interactive
 * transactions, and read all balances, each a statement at a time with pauses between, in which the
 * state moves on. What runs is `Speculation`, as in a tab's SQL worker; it gives way at the end of
 * every task.
 *
 * A transfer writes what it computed from what it read, so an update that is lost or a state that is
 * mixed changes the total; and every row tells its version and who wrote it, for the checker.
 */

import { SEED_BYTES } from '../../node/command.ts';
import { failure, type Failure } from '../../node/errors.ts';
import type { ExecuteRequest, Statement, StatementResult } from '../../node/sql.ts';
import type { LogIndex } from '../../raft/types.ts';
import { encodeRequest } from '../../sqlite/request-codec.ts';
import { decodeResponse } from '../../sqlite/response-codec.ts';
import { Speculation } from '../../sqlite/speculation.ts';
import { refused, SqlFailure } from '../../sqlite/sql-error.ts';
import {
  checkStrictSerializability,
  type ObservedTransaction,
  type ObservedVersion,
  type RowVersion,
} from '../checkers/strict-serializability.ts';
import { Violation } from '../checkers/violation.ts';
import { MILLION, type Random } from '../random.ts';
import type { Running } from '../server.ts';
import type { World } from '../world.ts';
import { SqlStateMachine } from './sql-state-machine.ts';

const ACCOUNTS = 6;
const BALANCE = 100;
const TOTAL = ACCOUNTS * BALANCE;
/** Between two statements of a transaction, and between two attempts. */
const PAUSE_MAX_US = 20_000;
const MAX_ATTEMPTS = 20;

const SCHEMA: readonly string[] = [
  `CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL,
    version INTEGER NOT NULL, writer INTEGER NOT NULL)`,
  `WITH RECURSIVE n(id) AS (VALUES(1) UNION ALL SELECT id + 1 FROM n WHERE id < ${ACCOUNTS})
    INSERT INTO account SELECT id, ${BALANCE}, 0, 0 FROM n`,
];
const READ_ONE = 'SELECT id, balance, version, writer FROM account WHERE id = ?';
const READ_SOME = 'SELECT id, balance, version, writer FROM account WHERE id BETWEEN ? AND ?';
const WRITE = 'UPDATE account SET balance = ?, version = ?, writer = ? WHERE id = ?';

/** The transaction that opened the accounts. */
const OPENING: ObservedTransaction = {
  id: 0,
  invokedUs: -2,
  completedUs: -1,
  reads: [],
  writes: Array.from({ length: ACCOUNTS }, (_, at) => ({ key: at + 1, version: 0 })),
};

interface Account extends ObservedVersion {
  readonly balance: number;
}

export function openAccounts(): Uint8Array {
  const statements = SCHEMA.map((sql) => ({ sql }));
  const request: ExecuteRequest = {
    statements,
    mode: 'atomic',
    foreignKeys: true,
    bail: false,
    rows: false,
  };
  return encodeRequest(request);
}

export class Bank {
  readonly counters = { conflicts: 0, failed: 0 };
  readonly #world: World;
  readonly #random: Random;
  readonly #transactions = new Map<number, ObservedTransaction>([[OPENING.id, OPENING]]);
  #nextId = 1;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Begins a transfer, or a read of all balances, at this start of a server. */
  act(running: Running): void {
    const id = this.#nextId;
    this.#nextId += 1;
    new Teller(this, this.#world, this.#random, running, id).begin();
  }

  /** It took effect, or may have where `completedUs` is null. */
  note(transaction: ObservedTransaction): void {
    this.#transactions.set(transaction.id, transaction);
  }

  /** It has had no effect. */
  forget(id: number): void {
    this.#transactions.delete(id);
  }

  /** How many transfers and reads of all balances are known to have taken effect, and may have. */
  get known(): { readonly transfers: number; readonly reads: number; readonly unknown: number } {
    const all = [...this.#transactions.values()];
    const answered = all.filter(({ completedUs }) => completedUs !== null);
    const transfers = answered.filter(({ writes }) => writes.length > 0).length;
    const reads = answered.length - transfers;
    return { transfers, reads, unknown: all.length - answered.length };
  }

  /** Throws `Violation`. */
  check(): void {
    checkStrictSerializability([...this.#transactions.values()]);
  }
}

/** What a transaction has read and written when its statements are done. */
interface Ending {
  readonly reads: readonly ObservedVersion[];
  readonly writes: readonly RowVersion[];
}

type Program = Generator<Statement, Ending, StatementResult>;

interface Attempt {
  readonly machine: SqlStateMachine;
  readonly speculation: Speculation;
  readonly barrier: LogIndex;
  readonly program: Program;
}

/** One transaction through one start of a server, in as many attempts as it takes. */
class Teller {
  readonly #bank: Bank;
  readonly #world: World;
  readonly #random: Random;
  readonly #running: Running;
  readonly #id: number;
  readonly #invokedUs: number;
  readonly #isTransfer: boolean;
  #attempts = 0;

  constructor(bank: Bank, world: World, random: Random, running: Running, id: number) {
    this.#bank = bank;
    this.#world = world;
    this.#random = random;
    this.#running = running;
    this.#id = id;
    this.#invokedUs = world.queue.nowUs;
    this.#isTransfer = random.chance((MILLION * 3) / 4);
  }

  begin(): void {
    const { loop, node } = this.#running;
    loop.post('client', () => {
      node.readIndex('linearizable', null, (outcome) => {
        if (outcome.type === 'failed') this.#bank.counters.failed += 1;
        else this.#begin(outcome.index);
      });
    });
  }

  #begin(barrier: LogIndex): void {
    this.#attempts += 1;
    const { machine } = this.#running;
    if (!(machine instanceof SqlStateMachine)) throw new Error('a bank needs SQL');
    machine.whenApplied(barrier, () => {
      const stampMs = machine.state.lastStampMs;
      const speculation = new Speculation({ stampMs, seed: this.#random.bytes(SEED_BYTES) });
      const program = this.#isTransfer ? this.#transfer() : readAll(this.#id);
      this.#goOn({ machine, speculation, barrier, program }, program.next());
    });
  }

  /** Runs one statement or several; it has given way when the task ends. */
  #goOn(attempt: Attempt, first: IteratorResult<Statement, Ending>): void {
    const { machine, speculation, barrier, program } = attempt;
    let next = first;
    try {
      if (machine.quarantined) throw refused('Quarantined', 'the data are not to be trusted');
      if (machine.appliedIndex < barrier) throw refused('Conflict', 'the state went back');
      while (next.done !== true) {
        const outcome = speculation.run(machine.state.database, next.value, false, Infinity);
        if (outcome.type === 'error') throw new Error(outcome.error.message);
        next = program.next(outcome.result);
        if (this.#random.chance(MILLION / 3)) continue;
        const rest = next;
        this.#later(() => this.#goOn(attempt, rest));
        return;
      }
      this.#finish(attempt, next.value);
    } catch (error) {
      if (!(error instanceof SqlFailure)) throw error;
      this.#onFailure(error.failure, barrier);
    } finally {
      speculation.park();
    }
  }

  #finish({ machine, speculation, barrier }: Attempt, ending: Ending): void {
    const observed = { id: this.#id, invokedUs: this.#invokedUs, ...ending };
    const { queue } = this.#world;
    if (!speculation.hasWritten) {
      this.#bank.note({ ...observed, completedUs: queue.nowUs });
      return;
    }
    const body = encodeRequest(speculation.finish(machine.state.database, Infinity));
    // Its server may die, and the entry take effect all the same.
    this.#bank.note({ ...observed, completedUs: null });
    this.#running.node.execute(body, null, (outcome) => {
      if (outcome.type === 'failed') {
        if (outcome.failure.applied !== 'no') return;
        this.#bank.forget(this.#id);
        this.#onFailure(outcome.failure, barrier);
      } else if (decodeResponse(outcome.response).committed) {
        this.#bank.note({ ...observed, completedUs: queue.nowUs });
      } else {
        this.#bank.forget(this.#id);
        this.#onFailure(failure('Conflict', 'no', 'the entry had no effect'), barrier);
      }
    });
  }

  #onFailure({ code }: Failure, barrier: LogIndex): void {
    const { counters } = this.#bank;
    if (code === 'Conflict') counters.conflicts += 1;
    if (code === 'Conflict' && this.#attempts < MAX_ATTEMPTS)
      this.#later(() => this.#begin(barrier));
    else counters.failed += 1;
  }

  #later(run: () => void): void {
    const { loop } = this.#running;
    this.#world.queue.schedule(this.#random.below(PAUSE_MAX_US), () => loop.post('client', run));
  }

  *#transfer(): Program {
    const id = this.#random.between(1, ACCOUNTS);
    const others = [id, 1 + (id % ACCOUNTS)];
    const accounts: Account[] = [];
    for (const other of others) accounts.push(...accountsOf(yield readOne(other)));
    const amount = this.#random.between(1, 40);
    const writes: RowVersion[] = [];
    for (const [at, { key, balance, version }] of accounts.entries()) {
      const changed = balance + (at === 0 ? -amount : amount);
      yield { sql: WRITE, params: [changed, version + 1, this.#id, key] };
      writes.push({ key, version: version + 1 });
    }
    return { reads: accounts, writes };
  }
}

/** In two statements, which must show one state. */
function* readAll(id: number): Program {
  const middle = ACCOUNTS / 2;
  const reads = [
    ...accountsOf(yield { sql: READ_SOME, params: [1, middle] }),
    ...accountsOf(yield { sql: READ_SOME, params: [middle + 1, ACCOUNTS] }),
  ];
  const total = reads.reduce((sum, { balance }) => sum + balance, 0);
  if (total === TOTAL && reads.length === ACCOUNTS) return { reads, writes: [] };
  const evidence = `${id} saw ${total} in ${reads.length} accounts, not ${TOTAL}`;
  throw new Violation('strict serializability', 'thesis 6.3', evidence);
}

function readOne(id: number): Statement {
  return { sql: READ_ONE, params: [id] };
}

function accountsOf({ rows }: StatementResult): Account[] {
  return rows.map(([key, balance, version, writer]) => ({
    key: Number(key),
    balance: Number(balance),
    version: Number(version),
    writer: Number(writer),
  }));
}
