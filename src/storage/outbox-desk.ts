/**
 * Takes writes that may be queued, sends what is queued, and tells what came of it: what every tab of a
 * profile has of the outbox. A write goes to the cluster at once where a majority confirms a leader and
 * nothing waits before it; else into the outbox, from which one tab at a time sends. So nothing that is
 * queued is overtaken by what its own tab writes later.
 *
 * Its maker waits for the stored outcome, whichever tab sent it. If this tab goes first, the outcome is
 * in the outbox all the same.
 */

import { failure, type ErrorCode, type Failure } from '../node/errors.ts';
import {
  QUEUE_DECISION_MS,
  QUEUE_LOOK_MS,
  QUEUE_RETRY_MS,
  QUEUED_SQL_CHARACTERS,
} from '../node/limits.ts';
import type { ReadIndexOutcome } from '../node/reads.ts';
import type { ExecuteOutcome } from '../node/writes.ts';
import { newId } from './names.ts';
import {
  refusalOf,
  waitingIn,
  withCancelled,
  withEntry,
  withInherited,
  withoutEntry,
} from './outbox-changes.ts';
import type { Outbox, OutboxEntry } from './outbox-codec.ts';
import { OutboxSender, type OutboxRoute } from './outbox-sender.ts';
import type { OutboxChange, OutboxStore } from './outbox-store.ts';
import { HalfStoredError } from './storage-error.ts';
import type { ReleaseLock } from './web-lock.ts';

/** The node, as far as this needs it. */
export interface OutboxDeskRoute extends Omit<OutboxRoute, 'confirm'> {
  /** Asks a majority to confirm the leader. */
  confirm(timeoutMs: number | null): Promise<ReadIndexOutcome>;
  execute(body: Uint8Array, timeoutMs: number | null): Promise<ExecuteOutcome>;
}

export interface OutboxDeskOptions {
  readonly route: OutboxDeskRoute;
  readonly openStore: (
    onChange: (outbox: Outbox) => void,
  ) => Pick<OutboxStore, 'read' | 'change' | 'close'>;
  /** The sender's lock; null: others held it all the while. */
  readonly takeTurn: () => Promise<ReleaseLock | null>;
  readonly wallClock: () => number;
  /** How the outbox is now, whichever tab changed it. */
  readonly onChange: (outbox: Outbox) => void;
}

export interface Written {
  /** Its id in the outbox; null: it is not there. */
  readonly queuedAs: string | null;
  /** What came of it, be it that much later. */
  readonly outcome: Promise<ExecuteOutcome>;
}

/** Entries that are stored together, and which of them there was no room for. */
interface Batch {
  readonly entries: OutboxEntry[];
  readonly refused: Promise<ReadonlyMap<string, Failure>>;
}

/** With these a write was not taken because nobody leads: it may be later. */
const OFFLINE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NoQuorum', 'Timeout']);
const ANSWER_NOT_KEPT = failure(
  'TooLarge',
  'yes',
  'it took effect, and its answer was too large to be kept in the outbox',
);
const FORGOTTEN = failure('Internal', 'unknown', 'what came of it was dismissed by another tab');

export class OutboxDesk {
  readonly #options: OutboxDeskOptions;
  readonly #store: ReturnType<OutboxDeskOptions['openStore']>;
  readonly #sender: OutboxSender;
  /** Who waits for what came of an entry, by its id. */
  readonly #waiters = new Map<string, (outcome: ExecuteOutcome) => void>();
  /** Writes are queued in the order in which they were made. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends with whatever was handed to the cluster by the usual way. */
  #handed: Promise<unknown> = Promise.resolve();
  /** What is to be stored next. */
  #batch: Batch | null = null;
  #stored: Promise<unknown> = Promise.resolve();
  #isStoring = false;
  #last: Outbox | null = null;
  #onNextChange: () => void = () => undefined;
  #stopped: Failure | null = null;

  constructor(options: OutboxDeskOptions) {
    const { route } = options;
    this.#options = options;
    this.#store = options.openStore((outbox) => this.#changed(outbox));
    this.#sender = new OutboxSender(this.#store, {
      confirm: async () => (await route.confirm(null)).type === 'ready',
      request: (request) => route.request(request),
      outcomeOf: (executed) => route.outcomeOf(executed),
      newNonce: () => route.newNonce(),
    });
  }

  /** Sends what is queued, now and from now on. */
  start(): void {
    void this.#run();
  }

  /**
   * Resolves when the write was handed to the cluster, or is in the outbox, or nobody can tell. Throws
   * `StorageError`, and has no effect then.
   */
  async write(
    body: Uint8Array,
    about: Pick<OutboxEntry, 'sql' | 'statements'>,
    timeoutMs: number | null,
  ): Promise<Written> {
    // What follows waits for the decision alone, so that writes made together are stored together.
    const decided = this.#turn.then(async () => {
      if (await this.#isOnline()) {
        const written = this.#hand(body, about, timeoutMs);
        this.#handed = Promise.allSettled([this.#handed, written]);
        return { written };
      }
      // One that was made before, and handed to the cluster in vain, is queued before this one.
      await this.#handed;
      return { written: this.#queue(body, about) };
    });
    this.#turn = decided.catch(() => undefined);
    return (await decided).written;
  }

  read(): Promise<Outbox> {
    return this.#store.read();
  }

  /** Null: it is cancelled, and has no effect. */
  async cancel(id: string): Promise<Failure | null> {
    const isCancelled = await this.#store.change((outbox) => {
      const cancelled = withCancelled(outbox, id);
      return { outbox: cancelled ?? outbox, result: cancelled !== null };
    });
    if (isCancelled) return null;
    return failure('Refused', 'no', 'it was sent already, or is not in the outbox');
  }

  /** Null: the outbox has it no more. */
  async dismiss(id: string): Promise<Failure | null> {
    const isGone = await this.#store.change((outbox) => {
      const without = withoutEntry(outbox, id);
      return { outbox: without ?? outbox, result: without !== null };
    });
    return isGone ? null : failure('Refused', 'no', 'it still waits to be sent: cancel it');
  }

  /**
   * What waits in the outboxes of clusters that went on as this one, the last of them first, waits here
   * from now on: but for what the one took over from another.
   */
  async inherit(
    formerIds: readonly string[],
    read: (formerId: string) => Promise<Outbox>,
  ): Promise<void> {
    const takenOver = new Set<string>();
    for (const formerId of formerIds) {
      const former = await read(formerId);
      for (const id of former.inherited) takenOver.add(id);
      if (takenOver.has(formerId)) continue;
      await this.#store.change((outbox) => {
        return { outbox: withInherited(outbox, formerId, former), result: null };
      });
    }
  }

  /** This tab sends nothing any more. What is queued stays queued. */
  stop(code: ErrorCode, message: string): void {
    if (this.#stopped !== null) return;
    this.#stopped = failure(code, 'unknown', `${message}; the write is still in the outbox`);
    this.#store.close();
    this.#onNextChange();
    for (const resolve of this.#waiters.values()) {
      resolve({ type: 'failed', failure: this.#stopped });
    }
    this.#waiters.clear();
  }

  async #hand(
    body: Uint8Array,
    about: Pick<OutboxEntry, 'sql' | 'statements'>,
    timeoutMs: number | null,
  ): Promise<Written> {
    const outcome = await this.#options.route.execute(body, timeoutMs);
    const isUntouched = outcome.type === 'failed' && outcome.failure.applied === 'no';
    if (isUntouched && OFFLINE.has(outcome.failure.code)) return this.#queue(body, about);
    return { queuedAs: null, outcome: Promise.resolve(outcome) };
  }

  /** Whether the write may go to the cluster now. */
  async #isOnline(): Promise<boolean> {
    if (this.#batch !== null || this.#isStoring) return false;
    if (waitingIn(await this.#store.read()).length > 0) return false;
    const confirmed = await this.#options.route.confirm(QUEUE_DECISION_MS);
    if (confirmed.type === 'ready') return true;
    // What else there is to say the node says itself, of the write.
    return !OFFLINE.has(confirmed.failure.code);
  }

  async #queue(
    body: Uint8Array,
    { sql, statements }: Pick<OutboxEntry, 'sql' | 'statements'>,
  ): Promise<Written> {
    const entry: OutboxEntry = {
      id: newId(),
      sql: sql.slice(0, QUEUED_SQL_CHARACTERS),
      statements,
      queuedAtMs: this.#options.wallClock(),
      body,
      sent: null,
      outcome: null,
    };
    const refused = await this.#add(entry);
    if (refused !== null) {
      const failed = { type: 'failed', failure: refused } as const;
      return { queuedAs: null, outcome: Promise.resolve(failed) };
    }
    const outcome = new Promise<ExecuteOutcome>((resolve) => {
      if (this.#stopped !== null) resolve({ type: 'failed', failure: this.#stopped });
      else this.#waiters.set(entry.id, resolve);
    });
    // It may have been sent already, by another tab.
    if (this.#last !== null) this.#settle(this.#last);
    return { queuedAs: entry.id, outcome };
  }

  /** Null: it is stored. What comes while others are being stored is stored together. */
  async #add(entry: OutboxEntry): Promise<Failure | null> {
    if (this.#stopped !== null) {
      return failure(this.#stopped.code, 'no', 'this node stopped before the write was queued');
    }
    this.#batch ??= this.#newBatch();
    const { entries, refused } = this.#batch;
    entries.push(entry);
    try {
      return (await refused).get(entry.id) ?? null;
    } catch (error) {
      if (!(error instanceof HalfStoredError)) throw error;
      const message = `${error.message} The write may be in the outbox all the same.`;
      return failure(error.code, 'unknown', message);
    }
  }

  #newBatch(): Batch {
    const entries: OutboxEntry[] = [];
    const refused = this.#stored.then(async () => {
      this.#batch = null;
      this.#isStoring = true;
      try {
        return await this.#store.change((outbox) => withAll(outbox, entries));
      } finally {
        this.#isStoring = false;
      }
    });
    this.#stored = refused.catch(() => undefined);
    return { entries, refused };
  }

  #changed(outbox: Outbox): void {
    this.#last = outbox;
    this.#settle(outbox);
    this.#options.onChange(outbox);
    this.#onNextChange();
  }

  #settle({ entries }: Outbox): void {
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    for (const [id, resolve] of this.#waiters) {
      const entry = byId.get(id);
      if (entry !== undefined && entry.outcome === null) continue;
      this.#waiters.delete(id);
      resolve(entry === undefined ? { type: 'failed', failure: FORGOTTEN } : answerOf(entry));
    }
  }

  async #run(): Promise<void> {
    // Whoever does not get to send tells, too. That it cannot be read is told to whoever asks for it.
    await this.#store.read().catch(() => undefined);
    while (this.#stopped === null) {
      try {
        const release = await this.#options.takeTurn();
        if (release === null) continue;
        try {
          await this.#sendWhileItGoes();
        } finally {
          release();
        }
      } catch {
        // Storage fails: whoever asks is told, and this tries again.
      }
      await new Promise((resolve) => setTimeout(resolve, QUEUE_RETRY_MS));
    }
  }

  async #sendWhileItGoes(): Promise<void> {
    while (this.#stopped === null) {
      const change = new Promise<void>((resolve) => {
        this.#onNextChange = resolve;
      });
      const outcome = await this.#sender.step();
      if (outcome === 'blocked') return;
      if (outcome !== 'idle' || this.#stopped !== null) continue;
      const timer = setTimeout(() => this.#onNextChange(), QUEUE_LOOK_MS);
      await change;
      clearTimeout(timer);
    }
  }
}

function withAll(
  before: Outbox,
  entries: readonly OutboxEntry[],
): OutboxChange<ReadonlyMap<string, Failure>> {
  const result = new Map<string, Failure>();
  let outbox = before;
  for (const entry of entries) {
    const refused = refusalOf(outbox, entry.body);
    if (refused === null) outbox = withEntry(outbox, entry);
    else result.set(entry.id, refused);
  }
  return { outbox, result };
}

function answerOf({ outcome }: OutboxEntry): ExecuteOutcome {
  const { response = null, entry = null, failure = null } = outcome ?? {};
  if (response !== null && entry !== null) return { type: 'executed', ...entry, response };
  return { type: 'failed', failure: failure ?? ANSWER_NOT_KEPT };
}
