/**
 * New builds of the state machine in a simulated world: now and then another one is deployed, or the one
 * before it again, and tabs are loaded anew one after the other. A tab that starts gets what is deployed,
 * or what its browser has kept. When the world is healed every tab is loaded anew, and the cluster has to
 * come to the build that they all have.
 *
 * Its draws are its own: a run without deployments goes as if there were none.
 */

import type { BuildName } from '../node/build.ts';
import { MILLION, type Random } from './random.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;
/** Of starts, while things go wrong. */
const KEPT_PER_MILLION = MILLION / 8;

export class Deployments {
  readonly #world: World;
  readonly #random: Random;
  readonly #isOn: boolean;
  #number = 1;
  #isActive = false;
  /** How often something was deployed. */
  count = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#isOn = random.chance(MILLION / 3);
    if (this.#isOn) world.buildFor = (server) => this.#load(server);
  }

  begin(): void {
    this.#isActive = true;
    if (this.#isOn) this.#scheduleNext();
  }

  /** Every tab is loaded anew that has not the build which is deployed. */
  heal(): void {
    this.#isActive = false;
    for (const { server } of this.#world.running) this.#reload(server);
  }

  /** What the cluster has not come to; null: nothing. */
  get missing(): string | null {
    if (!this.#isOn) return null;
    for (const { server, running } of this.#world.running) {
      const { build, goesOn } = running.machine.adopted;
      if (build === this.#deployed && !goesOn) continue;
      return `the comparison under ${this.#deployed} on ${server.nodeId}, which is at '${build}'`;
    }
    return null;
  }

  get #deployed(): BuildName {
    return `build ${String(this.#number).padStart(3, '0')}`;
  }

  #load(server: Server): BuildName {
    const isKept = this.#isActive && server.build !== '' && this.#random.chance(KEPT_PER_MILLION);
    return isKept ? server.build : this.#deployed;
  }

  #scheduleNext(): void {
    const { queue } = this.#world;
    queue.schedule(this.#random.between(SECOND_US, 12 * SECOND_US), () => {
      if (!this.#isActive) return;
      this.#deploy();
      this.#scheduleNext();
    });
  }

  #deploy(): void {
    const { queue, trace, servers } = this.#world;
    this.count += 1;
    const isTakenBack = this.#number > 1 && this.#random.chance(MILLION / 4);
    this.#number += isTakenBack ? -1 : 1;
    trace.record(queue.nowUs, 'fault', -1, [this.#number], () => `${this.#deployed} is deployed`);
    for (const server of servers) {
      queue.schedule(this.#random.between(0, 6_000) * MILLISECOND_US, () => {
        if (this.#isActive) this.#reload(server);
      });
    }
  }

  #reload(server: Server): void {
    if (server.running === null || server.build === this.#deployed) return;
    this.#world.crash(server);
    server.start();
  }
}
