/** All stories, in the order in which they are best read. */

import type { Story } from '../story.ts';
import { FIGURE_8, FIGURE_8_COMMITTED } from './figure-8.ts';
import { LEADER_ELECTION } from './leader-election.ts';
import { LEADERSHIP_TRANSFER } from './leadership-transfer.ts';
import { LOG_REPAIR } from './log-repair.ts';
import { LOG_REPLICATION } from './log-replication.ts';
import { MEMBERSHIP_CHANGE } from './membership-change.ts';
import { MINORITY_LEADER } from './minority-leader.ts';
import { SNAPSHOT } from './snapshot.ts';
import { SPLIT_VOTE } from './split-vote.ts';

export const STORIES: readonly Story[] = [
  LOG_REPLICATION,
  LEADER_ELECTION,
  SPLIT_VOTE,
  LOG_REPAIR,
  MINORITY_LEADER,
  FIGURE_8,
  FIGURE_8_COMMITTED,
  LEADERSHIP_TRANSFER,
  MEMBERSHIP_CHANGE,
  SNAPSHOT,
];
