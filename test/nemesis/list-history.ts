/**
 * What was asked of a cluster and what it answered, as seen from outside of all browsers: appends to
 * lists, each under a key, and linearizable reads of them. Every value is written at most once in a
 * run. At the end the history is judged by the simulator's own checker, key by key.
 *
 * The lists found at the end say what became of a write of unknown outcome: where its value stands,
 * or that it never took effect. So the checker has nothing to guess but its time. A write that was
 * refused ('no') takes part in nothing; where its value shows up all the same, no order explains it.
 */

import {
  LIST_MODEL,
  type ListInput,
  type ListOutput,
} from '../../src/simulation/checkers/key-models.ts';
import { checkLinearizable, type Call } from '../../src/simulation/checkers/linearizability.ts';
import { appended, EMPTY_LIST } from '../../src/simulation/model.ts';

export interface Append {
  readonly key: number;
  readonly value: number;
  readonly invokedAt: number;
  /** 'unknown' until the caller is told. */
  outcome: 'acknowledged' | 'refused' | 'unknown';
  answeredAt: number | null;
  /** What the answer said the list's length was; null: it committed, but the answer was lost. */
  length: number | null;
  /** Where it was refused: by whom, and with which words. */
  refusal: string | null;
}

interface Read {
  readonly key: number;
  readonly invokedAt: number;
  readonly answeredAt: number;
  readonly values: readonly number[];
}

/** Lists by key, as found in one state of the database. */
export type Lists = ReadonlyMap<number, readonly number[]>;

export interface Verdict {
  readonly linearizable: 'yes' | 'no' | 'undecided';
  /** Keys whose histories are not. */
  readonly badKeys: readonly number[];
  /** Values that were acknowledged and are not there. */
  readonly lost: readonly number[];
  /** Values that are there though they were refused, or that nobody wrote. */
  readonly invented: readonly number[];
  /** Values that are there more than once. */
  readonly repeated: readonly number[];
}

export class ListHistory {
  readonly #appends: Append[] = [];
  readonly #reads: Read[] = [];
  #now = 0;

  beginAppend(key: number, value: number): Append {
    const append: Append = {
      key,
      value,
      invokedAt: this.time(),
      outcome: 'unknown',
      answeredAt: null,
      length: null,
      refusal: null,
    };
    this.#appends.push(append);
    return append;
  }

  acknowledge(append: Append, length: number | null): void {
    append.outcome = 'acknowledged';
    append.answeredAt = this.time();
    append.length = length;
  }

  refuse(append: Append, refusal: string): void {
    append.outcome = 'refused';
    append.answeredAt = this.time();
    append.refusal = refusal;
  }

  /** For the account of a history that is wrong. */
  refusalOf(value: number): string {
    return this.#appends.find((append) => append.value === value)?.refusal ?? 'nobody refused it';
  }

  /** A moment behind all moments before it. */
  time(): number {
    this.#now += 1;
    return this.#now;
  }

  read(key: number, invokedAt: number, values: readonly number[]): void {
    this.#reads.push({ key, invokedAt, answeredAt: this.time(), values });
  }

  figures(): { acknowledged: number; refused: number; unknown: number; reads: number } {
    const count = (outcome: Append['outcome']): number =>
      this.#appends.filter((append) => append.outcome === outcome).length;
    return {
      acknowledged: count('acknowledged'),
      refused: count('refused'),
      unknown: count('unknown'),
      reads: this.#reads.length,
    };
  }

  /** `found`: a linearizable read of all lists, begun when every writer had ended. */
  judge(found: Lists): Verdict {
    const invokedAt = this.time();
    for (const [key, values] of found) this.read(key, invokedAt, values);
    const values = [...found.values()].flat();
    const there = new Set(values);
    const wanted = this.#appends.filter(({ outcome }) => outcome === 'acknowledged');
    const written = new Set(
      this.#appends.filter(({ outcome }) => outcome !== 'refused').map(({ value }) => value),
    );
    const keys = [...new Set([...this.#appends, ...this.#reads].map(({ key }) => key))];
    const verdicts = keys.map((key) => ({
      key,
      verdict: this.#judgeKey(key, found.get(key) ?? []),
    }));
    const badKeys = verdicts.filter(({ verdict }) => verdict === 'not linearizable');
    const undecided = verdicts.some(({ verdict }) => verdict === 'undecided');
    return {
      linearizable: badKeys.length > 0 ? 'no' : undecided ? 'undecided' : 'yes',
      badKeys: badKeys.map(({ key }) => key),
      lost: wanted.map(({ value }) => value).filter((value) => !there.has(value)),
      invented: [...there].filter((value) => !written.has(value)),
      repeated: repeatedIn(values),
    };
  }

  #judgeKey(key: number, found: readonly number[]): ReturnType<typeof checkLinearizable> {
    const calls: Call<ListInput, ListOutput>[] = [];
    for (const append of this.#appends) {
      if (append.key !== key || append.outcome === 'refused') continue;
      const place = found.indexOf(append.value) + 1;
      if (place === 0 && append.outcome === 'unknown') continue;
      const { invokedAt, answeredAt, value } = append;
      const output = append.length ?? (place === 0 ? null : place);
      calls.push({ input: { type: 'append', value }, output, invokedAt, answeredAt });
    }
    for (const { key: of, invokedAt, answeredAt, values } of this.#reads) {
      if (of !== key) continue;
      const output = values.reduce(appended, EMPTY_LIST);
      calls.push({ input: { type: 'read' }, output, invokedAt, answeredAt });
    }
    return checkLinearizable(LIST_MODEL, calls);
  }
}

function repeatedIn(values: readonly number[]): number[] {
  const seen = new Set<number>();
  return values.filter((value) => seen.size === seen.add(value).size);
}
