/**
 * A story: a scripted run of the production core, told in steps. What a step claims is looked at when the
 * step is over, here as in the tests.
 */

import type { RuntimeLimits } from '../node/limits.ts';
import type { Script } from '../simulation/script.ts';
import type { World } from '../simulation/world.ts';
import type { LabStory, StoryOutline, StoryStepOutline } from './protocol.ts';
import { Scene } from './scene.ts';
import { labWorld, startCluster } from './set.ts';

export interface StoryStep extends StoryStepOutline {
  /** What happens; nothing in it is drawn at random. */
  run(scene: Scene): Script;
  /** Whether `claim` is true. */
  holds(scene: Scene): boolean;
}

export interface Story extends Omit<StoryOutline, 'steps'> {
  readonly seed: number;
  /** Bounds other than production's; the text says so. */
  readonly limits: Partial<RuntimeLimits>;
  readonly steps: readonly StoryStep[];
}

/** Checks of the state are another story. */
const NO_STATE_CHECKS_MS = 3_600_000;

export function storyWorld({ seed, servers, limits }: Story): World {
  return labWorld(seed, servers, { stateCheckIntervalMs: NO_STATE_CHECKS_MS, ...limits });
}

export function outlineOf({ id, title, text, servers, steps }: Story): StoryOutline {
  const outlines = steps.map((step) => ({
    title: step.title,
    text: step.text,
    section: step.section,
    claim: step.claim,
    servers: step.servers,
    messages: step.messages,
  }));
  return { id, title, text, servers, steps: outlines };
}

/** A story as it is being told. */
export class Telling {
  readonly #story: Story;
  readonly #scene: Scene;
  #step = -1;
  #isStepOver = true;
  #claimHolds: boolean | null = null;
  #isLeft = false;

  constructor(story: Story, world: World) {
    this.#story = story;
    this.#scene = new Scene(world);
  }

  /** Before the first step: the cluster is founded, grows, takes a write of each client, and rests. */
  *prologue(): Script {
    const { servers } = this.#story;
    startCluster(this.#scene.world, servers);
    const voters = (): number =>
      this.#scene.world.leader()?.running?.node.raft.configuration.voters.length ?? 0;
    yield* this.#scene.until('the cluster', () => voters() === servers);
    yield* this.#scene.calm();
    // Every server's client has its session: from now on a write is one entry.
    for (const { number } of this.#scene.world.servers) {
      this.#scene.act({ type: 'write', server: number });
    }
    yield* this.#scene.calm();
  }

  /** Null: there is nothing to begin. */
  begin(): { readonly script: Script; readonly title: string } | null {
    const step = this.#story.steps[this.#step + 1];
    if (step === undefined || !this.#isStepOver || this.#isLeft) return null;
    this.#step += 1;
    this.#isStepOver = false;
    this.#claimHolds = null;
    return { script: step.run(this.#scene), title: step.title };
  }

  /** The step's script has come to its end. */
  end(): void {
    if (this.#isStepOver || this.#isLeft) return;
    this.#isStepOver = true;
    this.#claimHolds = this.#story.steps[this.#step]?.holds(this.#scene) ?? null;
  }

  leave(): void {
    this.#isLeft = true;
  }

  get picture(): LabStory {
    const { id, steps } = this.#story;
    return {
      id,
      step: this.#step,
      isStepOver: this.#isStepOver,
      claimHolds: this.#claimHolds,
      isOver: this.#isStepOver && this.#step === steps.length - 1,
      isLeft: this.#isLeft,
    };
  }
}
