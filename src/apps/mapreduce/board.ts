/**
 * What a worker sees of the jobs there are, by one small live query: whether there is a task for it to
 * claim, or when there may be. An idle worker costs nothing but that, and before there is any job the
 * query is not run for what others write.
 *
 * When a lease ends, the log's clock says, and this tab's own may be wrong: how far they are apart each
 * claim tells. Whoever asks too early nevertheless gets nothing, and asks again later and later.
 */

import type { Database } from '../../client/database.ts';
import { watchPromptly } from './prompt-query.ts';
import { ABANDONED_AFTER_S } from './submission.ts';

/** A failed claim is not repeated sooner than this, unless something has changed; it doubles. */
const FIRST_PAUSE_MS = 200;
/** Where live queries cannot be had just now. */
const NEW_QUERY_PAUSE_MS = 5_000;

/** `due`: when a task may be claimed, or a job that is being prepared counts as abandoned. */
const QUERY = `select j.id, j.registered, j.lease_ms, j.state = 'preparing' as is_preparing,
    iif(j.state = 'preparing', j.touched_at + ${ABANDONED_AFTER_S},
      (select min(t.leased_until) from mapreduce_task t
        where t.job = j.id and t.phase = j.state and t.leased_until is not null)) as due
  from mapreduce_job j where j.ended_at is null`;

interface OpenJob {
  readonly id: string;
  /** Null: its functions were typed in. */
  readonly registered: string | null;
  readonly lease_ms: number;
  readonly is_preparing: number;
  /** In seconds, by the log's clock; null: nothing of its phase is left to claim. */
  readonly due: number | null;
}

interface BoardPorts {
  /** Null: functions that were typed in. */
  readonly canRun: (registered: string | null) => boolean;
  /** For how long yet the job is for others, in milliseconds. */
  readonly passedOverMs: (jobId: string) => number;
  /** There is no database any more. */
  readonly onClosed: () => void;
}

export class Board {
  readonly #db: Database;
  readonly #ports: BoardPorts;
  #unsubscribe: () => void = () => undefined;
  /** Somebody waits for a change. */
  #isWaiting = false;
  #newQueryTimer: ReturnType<typeof setTimeout> | undefined;
  #jobs: readonly OpenJob[] = [];
  /** Claims that got nothing, since something changed. */
  #misses = 0;
  /** The log's clock less this tab's; null: not known yet. */
  #offsetMs: number | null = null;
  #changed: () => void = () => undefined;
  #isEnded = false;

  constructor(db: Database, ports: BoardPorts) {
    this.#db = db;
    this.#ports = ports;
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
  async untilDue(): Promise<void> {
    while (!this.#isEnded) {
      const delayMs = this.#delayMs();
      if (delayMs === 0) return;
      const hasChanged = await this.#changeOr(delayMs);
      if (!hasChanged) return;
      this.#misses = 0;
    }
  }

  /** What a claim came to, and when that was by the log's clock. */
  answered(nowMs: number, hasTask: boolean): void {
    this.#offsetMs = nowMs - Date.now();
    this.#misses = hasTask ? 0 : this.#misses + 1;
  }

  /** Some job's inputs have not come for long. */
  hasAbandoned(): boolean {
    const nowS = (Date.now() + (this.#offsetMs ?? 0)) / 1_000;
    return this.#jobs.some(({ is_preparing, due }) => is_preparing === 1 && (due ?? 0) <= nowS);
  }

  /** Until the first of them is due; null: none will be unless something changes. */
  #delayMs(): number | null {
    const { canRun } = this.#ports;
    const delays = this.#jobs
      .filter(({ registered, is_preparing }) => is_preparing === 1 || canRun(registered))
      .flatMap((job) => (job.due === null ? [] : [this.#delayOf(job, job.due)]));
    return delays.length === 0 ? null : Math.min(...delays);
  }

  #delayOf({ id, lease_ms, is_preparing }: OpenJob, due: number): number {
    const isPreparing = is_preparing === 1;
    const delayMs = Math.max(0, due * 1_000 - Date.now() - (this.#offsetMs ?? 0));
    // Clocks differ, and a wrong one is not to be waited for.
    const mostMs = isPreparing ? ABANDONED_AFTER_S * 1_000 : lease_ms / 2;
    const leastMs = this.#misses === 0 ? 0 : FIRST_PAUSE_MS * 2 ** (this.#misses - 1);
    const passedMs = isPreparing ? 0 : this.#ports.passedOverMs(id);
    return Math.max(Math.min(delayMs, mostMs), Math.min(leastMs, mostMs), passedMs);
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
        if (JSON.stringify(jobs) === JSON.stringify(this.#jobs)) return;
        this.#jobs = jobs;
        this.#changed();
      },
      error: ({ code }) => {
        // A missing table is no error: it is made with the first job.
        if (code === 'Closed') this.#ports.onClosed();
        else if (code === 'Overloaded') this.#subscribeLater();
      },
      isUrgent: () => this.#isWaiting && this.#jobs.length > 0,
    });
  }

  #subscribeLater(): void {
    if (this.#isEnded) return;
    this.#unsubscribe();
    this.#newQueryTimer = setTimeout(() => this.#subscribe(), NEW_QUERY_PAUSE_MS);
  }
}
