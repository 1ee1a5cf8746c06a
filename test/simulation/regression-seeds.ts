/** Seeds whose run once violated a property, and what was wrong then. They stay for ever. */

export interface RegressionSeed {
  readonly seed: number;
  readonly found: string;
}

const GAP = 'a late copy of a request made a new leader refuse its session as a gap for ever';
const FORGOTTEN = 'a learner whose admission was never committed waited for a leader for ever';

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  { seed: 40, found: GAP },
  { seed: 112, found: GAP },
  { seed: 600, found: FORGOTTEN },
  { seed: 615, found: FORGOTTEN },
];
