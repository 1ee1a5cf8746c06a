/** Seeds whose run once violated a property, and what was wrong then. They stay for ever. */

export interface RegressionSeed {
  readonly seed: number;
  readonly found: string;
}

const GAP = 'a late copy of a request made a new leader refuse its session as a gap for ever';
const FORGOTTEN = 'a learner whose admission was never committed waited for a leader for ever';

const UNHEARD = 'a newcomer asked nobody but the one member it was told of, which had left';
const STALE_HASH =
  'a late hash of an old state check put a server into quarantine that had been given a sound state';

const SKIPPED =
  'requests that a node skipped by a snapshot were duplicates to the leader and gaps behind them for ever';

const COPIES =
  'a node that asked for copies at every refusal made the log outgrow each snapshot that it was sent';

const USURPED =
  'a deposed leader sent a chunk that it had been reading as if it led the newer term';

const TAKEN_IN_AGAIN =
  'a server whose log lagged took an old configuration for its removal, though it had been taken in again';
const JUDGED_AGAIN =
  'a check applied again by a server that deviated passed for states that diverged';

export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  { seed: 40, found: GAP },
  { seed: 112, found: GAP },
  { seed: 600, found: FORGOTTEN },
  { seed: 615, found: FORGOTTEN },
  { seed: 7_700_333, found: UNHEARD },
  { seed: 360_798, found: STALE_HASH },
  { seed: 2_185_211_789, found: SKIPPED },
  { seed: 15_500_249, found: COPIES },
  { seed: 21_100_043, found: USURPED },
  { seed: 1_825, found: TAKEN_IN_AGAIN },
  { seed: 2_958, found: JUDGED_AGAIN },
  {
    seed: 5018,
    found: 'a newcomer that was removed before it knew that it had been let in asked for ever',
  },
  {
    seed: 2_256_012_055,
    found:
      'a build was taken back while a voter was gone for good, and nobody could apply anything',
  },
];
