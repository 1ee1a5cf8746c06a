/** All mutants, by topic. */

import { ACCESS_MUTANTS } from './access-mutants.ts';
import { BUILD_MUTANTS } from './build-mutants.ts';
import { DURABILITY_MUTANTS } from './durability-mutants.ts';
import { ELECTION_MUTANTS } from './election-mutants.ts';
import { MEMBERSHIP_MUTANTS } from './membership-mutants.ts';
import type { Mutant } from './mutant.ts';
import { READ_MUTANTS } from './read-mutants.ts';
import { REPLICATION_MUTANTS } from './replication-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';
import { SNAPSHOT_MUTANTS } from './snapshot-mutants.ts';
import { SQLITE_MUTANTS } from './sqlite-mutants.ts';
import { STORAGE_MUTANTS } from './storage-mutants.ts';
import { TRANSACTION_MUTANTS } from './transaction-mutants.ts';
import { TRANSPORT_MUTANTS } from './transport-mutants.ts';

export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...REPLICATION_MUTANTS,
  ...DURABILITY_MUTANTS,
  ...SNAPSHOT_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...ACCESS_MUTANTS,
  ...READ_MUTANTS,
  ...SESSION_MUTANTS,
  ...STORAGE_MUTANTS,
  ...SQLITE_MUTANTS,
  ...TRANSACTION_MUTANTS,
  ...BUILD_MUTANTS,
  ...TRANSPORT_MUTANTS,
];
