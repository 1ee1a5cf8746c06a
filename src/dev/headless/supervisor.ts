/**
 * Keeps a headless node alive: one browser after the other, each with the page in it, for as long as nobody
 * says otherwise. Whatever is wrong with a page or its browser is cured by another browser, since nothing of
 * the old one is left then that could hold the node's identity.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { isSandboxed } from './chromium-start.ts';
import type { Line } from './chronicle.ts';
import { CommandError, EXIT } from './exit.ts';
import { NodePage } from './node-page.ts';
import type { HeadlessOptions } from './options.ts';
import type { Place } from './place.ts';
import { NEWER_BUILD, verdictOn } from './verdict.ts';
import { WatchedLife } from './watched-life.ts';

const LOOK_INTERVAL_MS = 500;
const ASK_INTERVAL_MS = 30_000;
const LEAVE_WAIT_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** Whoever lived so long is not the one who fails at every start. */
const SOUND_LIFE_MS = 60_000;

export class Supervisor {
  readonly #place: Place;
  readonly #options: HeadlessOptions;
  readonly #tell: (line: Line) => void;
  #isMember: boolean;
  #isRenewed = false;
  /** A page was loaded since the command began. */
  #hasLived = false;

  constructor(place: Place, options: HeadlessOptions, tell: (line: Line) => void) {
    this.#place = place;
    this.#options = options;
    this.#tell = tell;
    this.#isMember = place.nodeId !== null;
  }

  /** Resolves when the node has ended as asked: by `stop`, or it has left. Throws `CommandError`. */
  async run(stop: AbortSignal): Promise<void> {
    this.#tellStart();
    let pauseMs = FIRST_PAUSE_MS;
    while (!stop.aborted) {
      const beganMs = performance.now();
      const why = await this.#live(stop);
      if (why === null) break;
      this.#isRenewed = why === NEWER_BUILD;
      if (performance.now() - beganMs >= SOUND_LIFE_MS) pauseMs = FIRST_PAUSE_MS;
      const text = `${why}; starts again in ${pauseMs / 1_000} s`;
      this.#tell({ event: 'again', text, why, pauseMs });
      await pause(pauseMs, null, { signal: stop }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
    this.#tell({ event: 'ended', text: 'ended' });
  }

  #tellStart(): void {
    const { clusterId, page, folder } = this.#place;
    const text = `node of cluster ${clusterId} at ${page.href}, kept in ${folder}`;
    this.#tell({ event: 'starts', text, clusterId, page: page.href, profile: folder });
    if (isSandboxed(this.#options)) return;
    this.#tell({ event: 'no-sandbox', text: 'Chromium runs without its sandbox' });
  }

  /** One life; answers why there is to be another one, or null: none. */
  async #live(stop: AbortSignal): Promise<string | null> {
    const life = new WatchedLife(this.#place, this.#isMember, this.#tell);
    let page: NodePage;
    try {
      page = await NodePage.open(this.#place, this.#options, (told) => life.told(told), stop);
    } catch (error) {
      if (stop.aborted) return null;
      if (error instanceof CommandError && this.#isPassing(error)) {
        return error.message.replace(/\.$/, '');
      }
      throw error;
    }
    this.#hasLived = true;
    try {
      return await this.#watch(page, life, stop);
    } finally {
      this.#isMember ||= life.isMember;
      await page.close();
    }
  }

  /** The machine may come up before its network; a browser may be changed for a newer one. */
  #isPassing({ exitCode }: CommandError): boolean {
    if (!this.#isMember || this.#options.leave) return false;
    return this.#hasLived || exitCode === EXIT.page;
  }

  async #watch(page: NodePage, life: WatchedLife, stop: AbortSignal): Promise<string | null> {
    life.loaded();
    let ended: string | null = null;
    void page.ended.then((why) => (ended = why));
    const watch = new PageWatch(page);
    try {
      for (;;) {
        if (stop.aborted) return await this.#end(page, life);
        if (ended !== null && life.isMember) return ended;
        if (ended !== null) throw new CommandError(EXIT.page, `It has not joined: ${ended}.`);
        if (this.#options.leave && (await this.#leave(page, life))) return null;
        const verdict = verdictOn(life.account(watch.unanswered, this.#isRenewed));
        if (verdict !== null && 'final' in verdict) throw verdict.final;
        if (verdict !== null) {
          life.isEnding = true;
          await page.putAway();
          return verdict.again;
        }
        await pause(LOOK_INTERVAL_MS, null, { signal: stop }).catch(() => undefined);
        await life.settled();
        this.#place.checkHeld();
      }
    } finally {
      watch.end();
    }
  }

  async #end(page: NodePage, life: WatchedLife): Promise<null> {
    life.isEnding = true;
    this.#tell({ event: 'ends', text: 'ends: puts its data away' });
    const leaderId = await page.putAway();
    if (leaderId === null) return null;
    const text = `has handed the leadership over to ${leaderId}`;
    this.#tell({ event: 'handed-over', text, leaderId });
    return null;
  }

  /** Whether it has left, as soon as it can. */
  async #leave(page: NodePage, life: WatchedLife): Promise<boolean> {
    if (life.report?.state !== 'running' || life.report.leaderId === null) {
      if (life.ageMs < LEAVE_WAIT_MS) return false;
      throw new CommandError(EXIT.failed, 'The node cannot leave: it finds no leader.');
    }
    life.isEnding = true;
    const warning = await page.leave();
    const text = warning === '' ? 'has left the cluster' : `has left the cluster: ${warning}`;
    this.#tell({ event: 'left', text, warning });
    return true;
  }
}

/** Asks the page now and then whether it is still there. */
class PageWatch {
  unanswered = 0;
  readonly #page: NodePage;
  readonly #timer: NodeJS.Timeout;

  constructor(page: NodePage) {
    this.#page = page;
    this.#timer = setInterval(() => void this.#ask(), ASK_INTERVAL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const answered = await this.#page.answers();
    this.unanswered = answered ? 0 : this.unanswered + 1;
  }
}
