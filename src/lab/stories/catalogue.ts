/** All stories, in the order in which they are best read. */

import type { Story } from '../story.ts';
import { LEADER_ELECTION } from './leader-election.ts';

export const STORIES: readonly Story[] = [LEADER_ELECTION];
