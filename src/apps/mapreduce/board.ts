/**
 * What a worker sees of the jobs there are, by one small live query: whether there is a task for it to
 * claim, or when there may be. An idle worker costs nothing but that.
 *
 * When a lease ends, the log's clock says, and this tab's own may be wrong: what is told here is when
 * it is worth to ask. Whoever asks too early gets nothing, and asks again later.
 */

import type { Database } from '../../client/database.ts';
import { watchPromptly } from './prompt-query.ts';
import { ABANDONED_AFTER_S } from './submission.ts';

/** A failed claim is not repeated sooner than this, unless something has changed. */
const SHORTEST_PAUSE_MS = 200;
/** Where live queries cannot be had just now. */
const NEW_QUERY_PAUSE_MS = 5_000;

/** `due`: when a task may be claimed, or a job that is being prepared counts as abandoned. */
const QUERY = `select j.registered, j.lease_ms, j.state = 'preparing' as is_preparing,
    iif(j.state = 'preparing', j.touched_at + ${ABANDONED_AFTER_S},
      (select min(t.leased_until) from mapreduce_task t
        where t.job = j.id and t.phase = j.state and t.leased_until is not null)) as due
  from mapreduce_job j where j.ended_at is null`;

interface OpenJob {
  /** Null: its functions were typed in. */
  readonly registered: string | null;
  readonly lease_ms: number;
  readonly is_preparing: number;
  /** In seconds, by the log's clock; null: nothing of its phase is left to claim. */
  readonly due: number | null;
}

export interface BoardEvents {
  /** There is no database any more. */
  closed(): void;
}

export class Board {
  readonly #db: Database;
  readonly #canRun: (registered: string | null) => boolean;
  readonly #events: BoardEvents;
  #unsubscribe: () => void = () => undefined;
  /** Somebody waits for a change. */
  #isWaiting = false;
  #newQueryTimer: ReturnType<typeof setTimeout> | undefined;
  #jobs: readonly OpenJob[] = [];
  #changed: () => void = () => undefined;
  #isEnded = false;

  constructor(db: Database, canRun: (registered: string | null) => boolean, events: BoardEvents) {
    this.#db = db;
    this.#canRun = canRun;
    this.#events = events;
    this.#subscribe();
  }

  /** Ends whoever waits, too. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#newQueryTimer);
    this.#unsubscribe();
    this.#changed();
  }

  /**
   * Resolves when it is worth to claim: at once where something is due, but where the last claim got
   * nothing, only after something has changed or a moment has passed.
   */
  async untilDue(hasMissed: boolean): Promise<void> {
    if (hasMissed) await this.#changeOr(this.#delayMs(SHORTEST_PAUSE_MS));
    while (!this.#isEnded) {
      const delayMs = this.#delayMs(0);
      if (delayMs === 0) return;
      const hasChanged = await this.#changeOr(delayMs);
      if (!hasChanged) return;
    }
  }

  /** Some job's inputs have not come for long. */
  hasAbandoned(): boolean {
    const nowS = Date.now() / 1_000;
    return this.#jobs.some(({ is_preparing, due }) => is_preparing === 1 && (due ?? 0) <= nowS);
  }

  /** Until the first of them is due; null: none will be unless something changes. */
  #delayMs(leastMs: number): number | null {
    const delays = this.#jobs
      .filter(({ registered, is_preparing }) => is_preparing === 1 || this.#canRun(registered))
      .flatMap((job) => (job.due === null ? [] : [delayOf(job, job.due)]));
    return delays.length === 0 ? null : Math.max(leastMs, Math.min(...delays));
  }

  /** True: something has changed. */
  #changeOr(delayMs: number | null): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = delayMs === null ? undefined : setTimeout(() => end(false), delayMs);
      const end = (hasChanged: boolean): void => {
        clearTimeout(timer);
        this.#changed = () => undefined;
        this.#isWaiting = false;
        resolve(hasChanged);
      };
      this.#changed = () => end(true);
      this.#isWaiting = true;
      if (this.#isEnded) end(true);
    });
  }

  #subscribe(): void {
    this.#unsubscribe = watchPromptly<OpenJob>(this.#db, QUERY, [], {
      rows: (jobs) => {
        this.#jobs = jobs;
        this.#changed();
      },
      error: ({ code }) => {
        // A missing table is no error: it is made with the first job.
        if (code === 'Closed') this.#events.closed();
        else if (code === 'Overloaded') this.#subscribeLater();
      },
      isUrgent: () => this.#isWaiting,
    });
  }

  #subscribeLater(): void {
    if (this.#isEnded) return;
    this.#unsubscribe();
    this.#newQueryTimer = setTimeout(() => this.#subscribe(), NEW_QUERY_PAUSE_MS);
  }
}

function delayOf({ lease_ms, is_preparing }: OpenJob, due: number): number {
  const delayMs = Math.max(0, due * 1_000 - Date.now());
  // Clocks differ, and a wrong one is not to be waited for.
  return Math.min(delayMs, is_preparing === 1 ? ABANDONED_AFTER_S * 1_000 : lease_ms / 2);
}
