/**
 * The last readings of many series that are taken at the same times, in arrays of a fixed size: the
 * oldest go as new ones come, with them a series that has no younger ones, and of too many series the
 * one that has been silent for longest. Pure.
 */

export interface Readings {
  /** Milliseconds since 1970, in order. */
  readonly timesMs: readonly number[];
  /** A list a series that was asked for, a value a time; null: none was taken. */
  readonly series: readonly (readonly (number | null)[])[];
}

interface Series {
  readonly values: Float64Array;
  /** When it last had a value. */
  lastMs: number;
}

export class SampleRing {
  readonly #capacity: number;
  readonly #maxSeries: number;
  readonly #timesMs: Float64Array;
  readonly #seriesByKey = new Map<string, Series>();
  /** How many samples there were: the last one stands at the place before, modulo the capacity. */
  #count = 0;

  constructor(capacity: number, maxSeries: number) {
    this.#capacity = capacity;
    this.#maxSeries = maxSeries;
    this.#timesMs = new Float64Array(capacity);
  }

  get length(): number {
    return Math.min(this.#count, this.#capacity);
  }

  /** When the last sample was taken; null: there is none. */
  get lastMs(): number | null {
    return this.#count === 0 ? null : (this.#timesMs[this.#place(this.#count - 1)] ?? null);
  }

  /** In order of their first value. */
  get keys(): readonly string[] {
    return [...this.#seriesByKey.keys()];
  }

  /** Later than all before; what is not finite counts as not taken. */
  add(atMs: number, valueByKey: ReadonlyMap<string, number>): void {
    const place = this.#place(this.#count);
    this.#count += 1;
    this.#timesMs[place] = atMs;
    for (const { values } of this.#seriesByKey.values()) values[place] = Number.NaN;
    for (const [key, value] of valueByKey) {
      if (!Number.isFinite(value)) continue;
      const series = this.#seriesByKey.get(key) ?? this.#begin(key);
      series.values[place] = value;
      series.lastMs = atMs;
    }
    this.#dropGone();
  }

  /** Of the samples behind `afterMs`. A series that is not known has no values. */
  read(keys: readonly string[], afterMs: number): Readings {
    const places: number[] = [];
    for (let number = this.#count - this.length; number < this.#count; number += 1) {
      const place = this.#place(number);
      if ((this.#timesMs[place] ?? 0) > afterMs) places.push(place);
    }
    return {
      timesMs: places.map((place) => this.#timesMs[place] ?? 0),
      series: keys.map((key) => {
        const values = this.#seriesByKey.get(key)?.values;
        return places.map((place) => known(values?.[place]));
      }),
    };
  }

  /** One that stays as this one is now. */
  copy(): SampleRing {
    const copy = new SampleRing(this.#capacity, this.#maxSeries);
    copy.#timesMs.set(this.#timesMs);
    copy.#count = this.#count;
    for (const [key, { values, lastMs }] of this.#seriesByKey) {
      copy.#seriesByKey.set(key, { values: values.slice(), lastMs });
    }
    return copy;
  }

  #place(number: number): number {
    return number % this.#capacity;
  }

  #begin(key: string): Series {
    if (this.#seriesByKey.size >= this.#maxSeries) this.#dropMostSilent();
    const series = { values: new Float64Array(this.#capacity).fill(Number.NaN), lastMs: 0 };
    this.#seriesByKey.set(key, series);
    return series;
  }

  /** Series of which no value is kept. */
  #dropGone(): void {
    const oldestMs = this.#timesMs[this.#place(this.#count - this.length)] ?? 0;
    for (const [key, { lastMs }] of this.#seriesByKey) {
      if (lastMs < oldestMs) this.#seriesByKey.delete(key);
    }
  }

  #dropMostSilent(): void {
    const all = [...this.#seriesByKey];
    const [key] = all.reduce((one, other) => (other[1].lastMs < one[1].lastMs ? other : one));
    this.#seriesByKey.delete(key);
  }
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
