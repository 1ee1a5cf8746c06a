/** How often something may be done: so many times at once, and so many times a second in the long run. */
export class Budget {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #refilledAtMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#refilledAtMs = nowMs;
  }

  /** False: not now. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(nowMs - this.#refilledAtMs, 0);
    this.#refilledAtMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + (passedMs * this.#perSecond) / 1_000);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
