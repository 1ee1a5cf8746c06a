/** Seeds whose run once violated a property, and what was wrong then. They stay for ever. */

export interface RegressionSeed {
  readonly seed: number;
  readonly found: string;
}

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  {
    seed: 8,
    found: 'a late copy of a request made the leader refuse its session as a gap for ever',
  },
];
