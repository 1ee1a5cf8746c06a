/** What a scenario measured, beside the bound it had to keep: printed with its result. */

export class Facts {
  readonly #lines: string[] = [];

  /** Fails where `measured` is above `most`. */
  atMost(what: string, measured: number, most: number): void {
    this.between(what, measured, 0, most);
  }

  between(what: string, measured: number, least: number, most: number): void {
    const bound = least > 0 ? `${least} to ${most}` : `at most ${most}`;
    this.note(`${what}: ${measured} (${bound})`);
    if (measured < least || measured > most) throw new Error(`${what}: ${measured}, not ${bound}`);
  }

  note(line: string): void {
    this.#lines.push(line);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

/** One test of the course, by its own name. */
export type Scenario = (facts: Facts, seed: number) => void;
