/**
 * One session of the Lab: a source, what was done by hand and when, and the world that follows from both.
 * Everything in it is a function of these two, so going back in time is running again.
 *
 * An act of a moment comes behind everything that is due in this moment, also when it is done again; so it
 * does not matter in which slices time passed before.
 */

import { MODEL_DATABASES } from '../simulation/model-database.ts';
import { SeedRun } from '../simulation/run.ts';
import type { Databases } from '../simulation/simulated-database.ts';
import { act, describeAction } from './hand.ts';
import {
  checkAction,
  checkSource,
  formatLink,
  LinkError,
  MAX_ACTIONS,
  MAX_TIME_US,
  parseLink,
} from './link.ts';
import { Names } from './names.ts';
import { pictureOf } from './picture.ts';
import type {
  HandAction,
  LabLink,
  LabPicture,
  LabSource,
  LabUpdate,
  StoryOutline,
  TimedAction,
} from './protocol.ts';
import { freeScript, labWorld } from './set.ts';
import { Stage } from './stage.ts';
import { STORIES } from './stories/catalogue.ts';
import { outlineOf, storyWorld, Telling } from './story.ts';
import { Watch } from './watch.ts';

const SECOND_US = 1_000_000;
/** The most that one call lets pass. */
const RUN_MAX_US = 60 * SECOND_US;
/** What `step` goes through in search of something notable. */
const STEPS_MAX = 1_000_000;

/** What the page shows before anybody has chosen anything. */
const FIRST_SOURCE: LabSource = { type: 'free', seed: 1, servers: 5, clients: 1 };

/** What is made anew whenever time goes back. */
interface Show {
  readonly stage: Stage;
  readonly names: Names;
  readonly watch: Watch;
  readonly telling: Telling | null;
  /** Whatever is gone through before the curtain rises. */
  readonly beginsAtUs: number;
}

export class Session {
  readonly #sql: () => Databases;
  #source: LabSource = FIRST_SOURCE;
  /** What was done, and behind that what will be done again. */
  #actions: readonly TimedAction[] = [];
  #done = 0;
  /** Those of the show, where it is a run on SQLite. */
  #sqlInUse: Databases | null = null;
  #show: Show;

  /** `sql`: the databases of runs on SQLite; throws where there are none. */
  constructor(sql: () => Databases) {
    this.#sql = sql;
    this.#show = this.#raise();
  }

  stories(): readonly StoryOutline[] {
    return STORIES.map(outlineOf);
  }

  /** Throws `LinkError` where the source makes no sense. */
  load(source: LabSource): LabUpdate {
    checkSource(source);
    return this.#load({ source, actions: [], atUs: null });
  }

  /** Throws `LinkError` where the fragment makes no sense. */
  open(fragment: string): LabUpdate {
    const link = parseLink(fragment);
    return this.#load(link ?? { source: FIRST_SOURCE, actions: [], atUs: null });
  }

  step(to: 'event' | 'notable'): LabUpdate {
    const { events } = this.#show.watch;
    const { notable } = events;
    for (let i = 0; i < STEPS_MAX && this.#advance(MAX_TIME_US); i += 1) {
      if (to === 'event' || events.notable > notable) break;
    }
    return this.#update();
  }

  run(durationUs: number): LabUpdate {
    checkNumber(durationUs, RUN_MAX_US);
    this.#runTo(this.#nowUs + durationUs);
    return this.#update();
  }

  runToEnd(): LabUpdate {
    const isEndless = this.#source.type === 'free' || this.#show.telling?.picture.isLeft === true;
    if (!isEndless) this.#runTo(MAX_TIME_US);
    return this.#update();
  }

  act(action: HandAction): LabUpdate {
    checkAction(action);
    if (this.#done >= MAX_ACTIONS) return this.#update('Too much was done by hand already.');
    if (!this.#isEnded) this.#settle();
    if (this.#isEnded) return this.#update('This world has come to its end.');
    const atUs = this.#nowUs;
    const refusal = this.#perform(action);
    if (refusal !== null) return this.#update(refusal);
    this.#actions = [...this.#actions.slice(0, this.#done), { ...action, atUs }];
    this.#done += 1;
    return this.#update();
  }

  goTo(atUs: number): LabUpdate {
    checkNumber(atUs, MAX_TIME_US);
    if (atUs < this.#nowUs) this.#show = this.#raise();
    this.#runTo(atUs);
    return this.#update();
  }

  reset(): LabUpdate {
    return this.#load({ source: this.#source, actions: [], atUs: null });
  }

  /** Also where it has gone on for as long as any may. */
  get #isEnded(): boolean {
    const { verdict } = this.#show.stage;
    return verdict !== null || this.#nowUs >= MAX_TIME_US;
  }

  get #nowUs(): number {
    return this.#show.stage.nowUs;
  }

  #load({ source, actions, atUs }: LabLink): LabUpdate {
    const isKnown = source.type !== 'story' || STORIES.some(({ id }) => id === source.id);
    if (!isKnown) throw new LinkError('There is no such story.');
    this.#source = source;
    this.#actions = actions;
    this.#show = this.#raise();
    if (atUs !== null) this.#runTo(atUs);
    return this.#update();
  }

  /** The world of the source at its beginning. */
  #raise(): Show {
    this.#done = 0;
    // Of the show before, of which nothing is left.
    this.#sqlInUse?.clear();
    this.#sqlInUse = null;
    const source = this.#source;
    switch (source.type) {
      case 'free': {
        const { seed, servers, clients } = source;
        const world = labWorld(seed, servers, {});
        return this.#watched(world, freeScript(world, servers, clients), 'flows', null);
      }
      case 'run': {
        const { seed, servers, clients, engine } = source;
        if (engine === 'sql') this.#sqlInUse = this.#sql();
        const databases = this.#sqlInUse ?? MODEL_DATABASES;
        const run = new SeedRun(seed, null, { servers, clients }, databases);
        return this.#watched(run.world, run.script(), 'ends', null);
      }
      case 'story': {
        const story = STORIES.find(({ id }) => id === source.id);
        if (story === undefined) throw new LinkError('There is no such story.');
        const world = storyWorld(story);
        const telling = new Telling(story, world);
        const show = this.#watched(world, telling.prologue(), 'stands', telling);
        while (show.stage.advance(MAX_TIME_US)) continue;
        show.watch.events.take();
        return { ...show, beginsAtUs: show.stage.nowUs };
      }
    }
  }

  #watched(
    world: Stage['world'],
    script: ConstructorParameters<typeof Stage>[1],
    rest: ConstructorParameters<typeof Stage>[2],
    telling: Telling | null,
  ): Show {
    const names = new Names(world);
    const watch = new Watch(world, names);
    const stage = new Stage(world, script, rest, () => watch.look());
    return { stage, names, watch, telling, beginsAtUs: 0 };
  }

  #runTo(limitUs: number): void {
    while (this.#advance(Math.min(limitUs, MAX_TIME_US))) continue;
  }

  /** One event, one act of the script, or one that is done again; false: nothing is left up to then. */
  #advance(limitUs: number): boolean {
    const { stage, watch } = this.#show;
    if (stage.verdict !== null) return false;
    const next = this.#actions[this.#done];
    if (stage.advance(next === undefined ? limitUs : Math.min(limitUs, next.atUs))) {
      this.#noticeEnd();
      return true;
    }
    if (next === undefined || next.atUs > Math.min(this.#nowUs, limitUs)) return false;
    const refusal = this.#perform(next);
    if (refusal === null) {
      this.#done += 1;
    } else {
      watch.tell('hand', null, `not done again: ${describeAction(next)}. ${refusal}`);
      this.#actions = this.#actions.filter((action) => action !== next);
    }
    return true;
  }

  #settle(): void {
    this.#show.stage.settle();
    this.#noticeEnd();
  }

  #noticeEnd(): void {
    const { stage, watch, telling } = this.#show;
    if (stage.isStanding) telling?.end();
    if (stage.verdict === null) return;
    const { type, property, evidence } = stage.verdict;
    if (type === 'held') watch.tell('end', null, 'The run is over, and everything held.');
    else watch.tell('violation', null, `${property}: ${evidence}`);
  }

  #perform(action: HandAction): string | null {
    const { stage, watch, telling } = this.#show;
    if (action.type === 'next') {
      const begun = telling?.begin() ?? null;
      if (begun === null) return 'There is no step that could begin now.';
      watch.tell('step', null, begun.title);
      stage.play(begun.script);
      return null;
    }
    const refusal = act(stage.world, action);
    if (refusal !== null) return refusal;
    if (telling !== null && !telling.picture.isLeft) {
      telling.leave();
      stage.leave();
    }
    watch.look();
    return null;
  }

  #update(refused: string | null = null): LabUpdate {
    return { picture: this.#picture(), ...this.#show.watch.events.take(), refused };
  }

  #picture(): LabPicture {
    const { stage, names, watch, telling, beginsAtUs } = this.#show;
    const { verdict, steps, nowUs, world } = stage;
    const done = this.#actions.slice(0, this.#done);
    const atUs = nowUs === beginsAtUs && done.length === 0 ? null : nowUs;
    return {
      ...pictureOf(world, names, watch.timers),
      source: this.#source,
      steps,
      phase: watch.phase,
      story: telling?.picture ?? null,
      ended: this.#isEnded,
      verdict,
      actions: this.#actions,
      actionsDone: this.#done,
      link: formatLink({ source: this.#source, actions: done, atUs }),
    };
  }
}

function checkNumber(value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return;
  throw new LinkError(`A whole number from 0 to ${most} is needed.`);
}
